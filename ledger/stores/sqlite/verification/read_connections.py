"""Connections that read an SQLite file and leave no trace beside it.

A plain read-only connection makes files beside a database in write-ahead mode all the same,
``-wal`` and ``-shm``, and leaves them behind; where it may not make them, it cannot be opened. So a
file at rest is read as one that cannot change (and looked at afterwards whether it did), and one
that a server holds open is read through that server's own index of its log, mapped for reading.
Source: SQLite, "Write-Ahead Logging", "Read-Only Databases"; "URI Filenames".
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from domain.errors import Corrupt, Unavailable
from ledger.stores.sqlite.errors import damage
from ledger.temp_folders import throwaway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_AT_REST = "mode=ro&immutable=1"
_SERVED = "mode=ro&readonly_shm=1"


class ChangedMeanwhile(Unavailable):
    """Someone wrote to a file that was at rest when the reading began."""


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that can only read, in autocommit mode.

    What a crash left in a write-ahead log without its index is read from a copy among the system's
    temporary files, which takes the file's room there.

    Raises:
        Corrupt: the file is missing or no database.
        Unavailable: it may not be read.
        ChangedMeanwhile: at the end, where what was read may be no one state of the file.
    """
    if not path.is_file():
        raise Corrupt(f"{path.parent.name}/{path.name} is missing")
    log, index = (path.with_name(f"{path.name}-{part}") for part in ("wal", "shm"))
    if log.exists() and index.exists():
        with closing(_connect(path, _SERVED)) as connection:
            yield connection
    elif log.exists() and log.stat().st_size:
        with throwaway() as made:
            copy = made / path.name
            shutil.copyfile(path, copy)
            shutil.copyfile(log, copy.with_name(log.name))
            with closing(_connect(copy, "")) as connection:
                yield connection
    else:
        # An empty log may lie there: who only reads makes one, and it is copied with the file.
        before = _identity(path), log.exists()
        with closing(_connect(path, _AT_REST)) as connection:
            yield connection
        logged = log.exists() and (not before[1] or log.stat().st_size > 0)
        if logged or _identity(path) != before[0]:
            name = f"{path.parent.name}/{path.name}"
            raise ChangedMeanwhile(f"{name} was written to while it was read: verify again")


def _connect(path: Path, how: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?{how}", uri=True, isolation_level=None
        )
        try:
            connection.execute("PRAGMA cache_size=-16000")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise Corrupt(damage(error, path)) from error
    return connection


def _identity(path: Path) -> tuple[int, int, int]:
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
