"""Files in which the answers of long questions wait to be fetched, for a while.

They hold ids, stages and figures, and nothing personal. Whatever is there at the start is from a
process that is gone, and is removed.
"""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from domain.errors import NotFound, unusable_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from uuid import UUID

MOST_KEPT = 10
"""How many answers are kept; the oldest gives way."""

KEPT_SECONDS = 24 * 3600.0
"""How long an answer is kept at most."""


class ResultNotFound(NotFound):
    """There is no such answer: none was made, or it was swept."""


class Results:
    """The answers of one ledger's operations, by operation. Any thread may call."""

    def __init__(
        self,
        folder: Path,
        *,
        most_kept: int = MOST_KEPT,
        kept_seconds: float = KEPT_SECONDS,
        beside: bool = False,
    ) -> None:
        """Nobody else may use the folder; it is made when something is to be kept.

        ``beside`` says that it is another process's after all, so that it is left alone.

        Raises:
            Unavailable: what is left in it cannot be removed.
        """
        self._folder = folder
        self._most_kept = most_kept
        self._kept_seconds = kept_seconds
        self._lock = threading.Lock()
        self._made_at: dict[UUID, float] = {}
        with _telling(folder):
            if not beside and folder.exists():
                shutil.rmtree(folder)

    @contextmanager
    def write(self, operation_id: UUID) -> Iterator[BinaryIO]:
        """A file for the answer, which is there once this ends without an error, and whole.

        Raises:
            Unavailable: it cannot be written: the disk is full, say.
        """
        self._sweep(self._most_kept - 1)
        unfinished = self._path(operation_id).with_suffix(".new")
        with _telling(self._folder):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            try:
                with unfinished.open("wb") as file:
                    yield file
                with self._lock:
                    unfinished.replace(self._path(operation_id))
                    self._made_at[operation_id] = time.monotonic()
            finally:
                unfinished.unlink(missing_ok=True)

    def open(self, operation_id: UUID) -> BinaryIO:
        """The answer, to be read and closed; sweeping it meanwhile does not disturb.

        Raises:
            ResultNotFound: there is none, or none any more.
        """
        self._sweep(self._most_kept)
        try:
            return self._path(operation_id).open("rb")
        except FileNotFoundError:
            raise ResultNotFound(
                "there is no such result, or not any more: the same question has the same answer"
            ) from None

    def _path(self, operation_id: UUID) -> Path:
        return self._folder / f"{operation_id}.jsonl"

    def _sweep(self, most: int) -> None:
        """Remove results that are too old, and the oldest beyond ``most``."""
        with self._lock, _telling(self._folder):
            oldest_first = sorted(self._made_at, key=self._made_at.__getitem__)
            too_many = len(oldest_first) - most
            for place, operation_id in enumerate(oldest_first):
                age = time.monotonic() - self._made_at[operation_id]
                if place < too_many or age > self._kept_seconds:
                    self._path(operation_id).unlink(missing_ok=True)
                    del self._made_at[operation_id]


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """Say in words what is wrong with the folder."""
    try:
        yield
    except OSError as error:
        raise unusable_file(error, folder.name) from error
