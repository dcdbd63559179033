"""Long questions in this process: with a progress bar, into a file that is there whole."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from api.cli.archives.files import require_folder_of
from api.cli.output import progress
from api.service.replays.lines import Lines
from projections.operations import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any, BinaryIO

    from projections.operations import Progress


def answer_with_progress(
    label: str, answer: Callable[[Lines, Work], dict[str, Any]], out: Path | None, *, quiet: bool
) -> dict[str, Any]:
    """The account of a long question, once its lines stand in ``out``, if there is one."""
    with whole_file(out) as file, progress(label, 100, quiet=quiet) as advance:

        def show_progress(done: Progress) -> None:
            note = f"{done.done:,} of {done.total:,} events, {done.rate:,}/s"
            advance(100 * done.done / max(done.total, 1), note)

        return answer(Lines(file), Work(show_progress))


@contextmanager
def whole_file(path: Path | None) -> Iterator[BinaryIO | None]:
    """A file under another name, which it gets once all is written; None where none is named.

    Raises:
        FolderUnusable: there is no folder for it.
    """
    if path is None:
        yield None
        return
    require_folder_of(path)
    unfinished = path.with_name(f".{path.name}.new")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
