"""Short looks into single files, through connections that cannot write."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import Corrupt
from ledger.stores.events import Row
from ledger.stores.sqlite.errors import ledger_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIBRARY_VERSION = sqlite3.sqlite_version
"""The version of the database library."""


def newest_event(events: Path) -> Row | None:
    """The newest event in a file of events; None where there is none.

    Raises:
        Corrupt: the file is damaged.
        Unavailable: it cannot be read now, or holds no such table.
    """
    with ledger_errors(events), closing(_read_only(events)) as connection:
        row = connection.execute(
            "SELECT position, originator_id, originator_version, topic, state FROM stored_events"
            " ORDER BY position DESC LIMIT 1"
        ).fetchone()
    if row is None:
        return None
    position, stream, version, topic, state = row
    return Row(position, UUID(bytes=stream), version, topic, state)


@contextmanager
def event_ids(events: Path) -> Iterator[Iterator[bytes]]:
    """The ids by which the events are found again, in the order of their positions.

    Raises:
        Corrupt: the file is damaged. So does reading on.
        Unavailable: it cannot be read now. So does reading on.
    """
    with ledger_errors(events), closing(_read_only(events)) as connection:
        rows = connection.execute("SELECT event_id FROM stored_events ORDER BY position")
        yield (event_id for (event_id,) in rows)


def quick_check(path: Path) -> str:
    """What the database's own quick check says of the file: ``ok``, or what is wrong.

    Raises:
        Corrupt: the file cannot be checked; the text is the library's.
    """
    try:
        with closing(_read_only(path)) as connection:
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise Corrupt(str(error)) from error
    return str(said)


def projections_reach(path: Path) -> int | None:
    """The position that the furthest projection in the file reflects; None where there is none.

    Raises:
        Corrupt: the file is damaged.
        Unavailable: it cannot be read now.
    """
    with ledger_errors(path), closing(_read_only(path)) as connection:
        (reached,) = connection.execute("SELECT max(position) FROM generations").fetchone()
    return None if reached is None else int(reached)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
