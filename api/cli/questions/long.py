"""Replays and previews in this process: with a progress bar, into a file that is there whole."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from api.bootstrap import now
from api.cli.folders import opened_to_read
from api.cli.output import progress
from api.service.known_aliases import KnownAliases
from api.service.questions import moment_of
from api.service.replays.lines import Lines
from projections.operations import Work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any, BinaryIO

    from api.service.questions import At
    from ledger.ledger import Ledger
    from projections.folding import Moment
    from projections.operations import Progress


@contextmanager
def asking(folder: Path | None, name: str, asked: At) -> Iterator[tuple[Ledger, Moment]]:
    """A ledger of a folder that exists, and the point in both times that is asked about.

    Raises:
        LedgerError: the folder cannot be used, or the question is none.
    """
    with opened_to_read(folder, name) as ledger:
        yield ledger, moment_of(ledger, KnownAliases(ledger), asked, now())


def answered(
    label: str, answer: Callable[[Lines, Work], dict[str, Any]], out: Path | None, *, quiet: bool
) -> dict[str, Any]:
    """The account of a long question, once its lines stand in ``out``, if there is one."""
    with _whole(out) as file, progress(label, 100, quiet=quiet) as advance:

        def tell(done: Progress) -> None:
            note = f"{done.done:,} of {done.total:,} events, {done.rate:,}/s"
            advance(100 * done.done // max(done.total, 1), note)

        work = Work(tell)
        account = answer(Lines(file), work)
        seconds = work.seconds()
    return {**account, "seconds": round(seconds, 3)}


@contextmanager
def _whole(path: Path | None) -> Iterator[BinaryIO | None]:
    """A file under another name, which it gets once all is written."""
    if path is None:
        yield None
        return
    unfinished = path.with_name(f".{path.name}.new")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
