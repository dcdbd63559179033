"""Short looks into the files of one ledger, through connections that cannot write."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.stores.events import Row
from ledger.stores.examination import Examination, PartCheck
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.sqlite.file_names import EVENTS_FILE, PROJECTIONS_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


class SqliteExamination(Examination):
    """Looks into a ledger's folder; see ``ledger.stores.examination.Examination``."""

    def __init__(self, folder: Path, of_keys: Callable[[], Sequence[PartCheck]]) -> None:
        """``of_keys`` looks at keys that are no file of the folder."""
        self._folder = folder
        self._of_keys = of_keys

    def newest_event(self) -> Row | None:
        path = self._folder / EVENTS_FILE
        with ledger_errors(path), closing(_read_only(path)) as connection:
            row = connection.execute(
                "SELECT position, originator_id, originator_version, topic, state"
                " FROM stored_events ORDER BY position DESC LIMIT 1"
            ).fetchone()
        if row is None:
            return None
        position, stream, version, topic, state = row
        return Row(position, UUID(bytes=stream), version, topic, state)

    @contextmanager
    def event_ids(self) -> Iterator[Iterator[bytes]]:
        path = self._folder / EVENTS_FILE
        with ledger_errors(path), closing(_read_only(path)) as connection:
            rows = connection.execute("SELECT event_id FROM stored_events ORDER BY position")
            yield (event_id for (event_id,) in rows)

    def part_checks(self) -> list[PartCheck]:
        files = [_part_check(path) for path in sorted(self._folder.glob("*.sqlite"))]
        return [*files, *self._of_keys()]

    def projections_position(self) -> int | None:
        path = self._folder / PROJECTIONS_FILE
        with ledger_errors(path), closing(_read_only(path)) as connection:
            (reached,) = connection.execute("SELECT max(position) FROM generations").fetchone()
        return None if reached is None else int(reached)


def _part_check(path: Path) -> PartCheck:
    has_projections = path.name == PROJECTIONS_FILE
    try:
        with closing(_read_only(path)) as connection:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return PartCheck(path.name, False, str(error), has_projections)
    return PartCheck(path.name, said == "ok", f"quick_check: {said}", has_projections)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
