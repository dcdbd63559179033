"""The file in which a ledger's projections are kept.

Everything in it is derived, so durability is cheap (a commit may be lost with the machine, and is
then made again) and a file that cannot be trusted is set aside and built anew.
"""

from __future__ import annotations

import errno
import logging
import sqlite3
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.errors import Corrupt, LedgerError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

APPLICATION_ID = 0x52507072
"""Says that a file is one of ours. Source: SQLite's PRAGMA application_id."""

SCHEMA_VERSION = 1

_CHECKED_BYTES = 64 * 2**20
_BUSY_SECONDS = 10.0

SCHEMA = """
CREATE TABLE generations (
    projection TEXT NOT NULL, generation INTEGER NOT NULL, version INTEGER NOT NULL,
    position INTEGER NOT NULL, as_of INTEGER NOT NULL, tip BLOB,
    state TEXT NOT NULL, problem TEXT,
    PRIMARY KEY (projection, generation)
) WITHOUT ROWID
"""


_FULL = "cannot be written: the disk is full or no more may be written to it"
_WITHHELD = "cannot be opened or written: look at the permissions of the file and its folder"
_TROUBLES = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk is full or fails",
    sqlite3.SQLITE_BUSY: "is locked by another program",
    sqlite3.SQLITE_LOCKED: "is locked by another program",
    sqlite3.SQLITE_PROTOCOL: "is locked by another program",
    sqlite3.SQLITE_READONLY: _WITHHELD,
    sqlite3.SQLITE_CANTOPEN: _WITHHELD,
    sqlite3.SQLITE_PERM: _WITHHELD,
    sqlite3.SQLITE_NOMEM: "cannot be read or written: there is no memory left",
}
_DAMAGES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def trouble_of(error: Exception, name: str) -> LedgerError | None:
    """What an error says of the file of that name, for people; None where it is a bug of ours."""
    if isinstance(error, LedgerError):
        return error
    if isinstance(error, OSError) and error.errno is not None:
        return Unavailable(f"{name} {_FULL if error.errno in _FULL_ERRNOS else _WITHHELD}")
    if not isinstance(error, sqlite3.Error):
        return None
    # Above the lowest byte stands which kind of the same trouble it is.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _DAMAGES:
        return Corrupt(f"{name} is damaged")
    return Unavailable(f"{name} {_TROUBLES[code]}") if code in _TROUBLES else None


class Store:
    """One SQLite file: many readers at a time, each with a snapshot, and one writer.

    Raises:
        Unavailable: the file cannot be used now: the disk is full, say. So do all its methods.
        Corrupt: the file is damaged. So do all its methods.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._closed = False
        self._idle: deque[sqlite3.Connection] = deque()
        self._write_lock = threading.Lock()
        with self._telling():
            problem = _distrust(path)
            if problem is not None:
                logger.warning("%s is set aside and built anew: %s", path.name, problem)
                _set_aside(path)
            self._writer = self._connect()
            try:
                self._writer.execute("PRAGMA journal_mode=WAL")
                self._writer.execute("PRAGMA synchronous=NORMAL")
                self._create()
            except BaseException:
                self._writer.close()
                raise

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Say in words what is wrong with the file."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            trouble = trouble_of(error, self.path.name)
            if trouble is None:
                raise
            raise trouble from error

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A snapshot: everything read inside is of one instant, whatever is written meanwhile."""
        with self._telling():
            connection = self._reader()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                # An error may have ended it already.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                self._idle.append(connection)
                if self._closed:
                    self._close_idle()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all that is written inside is kept, or, on any error, nothing."""
        with self._telling(), self._write_lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled it back already, or have refused the commit.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file; readers still at work close theirs when they are done."""
        self._closed = True
        self._close_idle()
        with self._write_lock:
            self._writer.close()

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            connection = self._connect()
            try:
                connection.execute("PRAGMA query_only=1")
            except BaseException:
                connection.close()
                raise
            return connection

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )

    def _create(self) -> None:
        with self.write() as connection:
            if _number(connection, "application_id") == APPLICATION_ID:
                return
            connection.execute(SCHEMA)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")


def _number(connection: sqlite3.Connection, pragma: str) -> int:
    (value,) = connection.execute(f"PRAGMA {pragma}").fetchone()
    assert isinstance(value, int)
    return value


def _distrust(path: Path) -> str | None:
    """Why the file must not be used; None where there is none or it is sound."""
    if not path.exists() or not path.stat().st_size:
        return None
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    try:
        if _number(connection, "application_id") != APPLICATION_ID:
            return "it is another program's file"
        if _number(connection, "user_version") != SCHEMA_VERSION:
            return "it has another version's layout"
        # A whole check reads the whole file; beyond this size it would delay every start.
        if path.stat().st_size <= _CHECKED_BYTES:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            return None if verdict == "ok" else "it is damaged"
        return None
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return "it is damaged or no database"
    finally:
        connection.close()


def _set_aside(path: Path) -> None:
    """Rename the file and what belongs to it, over what was set aside before."""
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(path.with_name(path.name + ".set-aside" + suffix))
