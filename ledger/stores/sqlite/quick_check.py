"""Whether a database can be served: whole as far as that is quickly known, and writable."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from domain.errors import Corrupt
from ledger.stores.sqlite.connections import LAYOUT, connect
from ledger.stores.sqlite.errors import ledger_errors

if TYPE_CHECKING:
    from pathlib import Path

MOST_CHECKED_BYTES = 64 * 2**20
"""Up to which size every page is looked at, which takes as long as reading the file.

Of a larger one only that is read which opening it reads anyway: its head, schema and tail.
"""


def check(path: Path, application_id: int) -> None:
    """Look at the file, and begin to write to it without writing anything.

    Raises:
        Corrupt: it is damaged, another program's or no database.
        Unavailable: it cannot be read or written.
    """
    with ledger_errors(path), closing(connect(path, application_id)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        # On a file that may not be written, the lock alone is quietly one for reading.
        connection.execute(f"PRAGMA user_version={LAYOUT}")
        connection.execute("ROLLBACK")
        if path.stat().st_size > MOST_CHECKED_BYTES:
            return
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise Corrupt(f"{path} is damaged: restore it from a backup")
