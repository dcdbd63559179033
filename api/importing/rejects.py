"""The reject file: a CSV with a line for every row that became no event, and why."""

from __future__ import annotations

import csv
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

    from api.importing.importer import Reject

HEADINGS = ("line", "code", "detail", "row")
"""The columns: the line in the data file, the reason as a code and in words, the row as it was."""


class RejectFile:
    """Collects rejects; made with the first, so that a clean run leaves no file.

    A file left by an earlier run goes when this one begins: it would say what is no longer so.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._closing = ExitStack()
        self._writer = None
        if path is None:
            self._writer = csv.writer(sys.stdout)
            self._writer.writerow(HEADINGS)
        else:
            path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.close()

    def write(self, reject: Reject) -> None:
        """Add one reject."""
        if self._writer is None:
            assert self.path is not None
            opened = self.path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._closing.enter_context(opened))
            self._writer.writerow(HEADINGS)
        self._writer.writerow((reject.line, reject.code, reject.detail, reject.row))
