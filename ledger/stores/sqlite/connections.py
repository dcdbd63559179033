"""Connections to our SQLite files: durable, marked as ours, and refused where they are not.

Every commit is flushed before it is acknowledged (write-ahead log, ``synchronous=FULL``). The
header of each file carries our application id and the number of its layout, so that another
program's database, or one of a newer Rapport, is never written to.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from eventsourcing.persistence import OperationalError
from eventsourcing.sqlite import (
    SQLITE3_DEFAULT_LOCK_TIMEOUT,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

from domain.errors import Corrupt
from ledger.stores.sqlite.errors import ledger_errors, to_ledger_error
from ledger.stores.upgrading import newer, older

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

APPLICATION_ID = 0x52505045
"""Marks ``events.sqlite`` as ours: "RPPE". Source: SQLite file format, offset 68."""

LAYOUT = 1
"""The number of the table layout, in ``user_version``."""


def connect(
    path: Path | str,
    application_id: int,
    lock_timeout_seconds: float = SQLITE3_DEFAULT_LOCK_TIMEOUT,
) -> sqlite3.Connection:
    """A connection in autocommit mode to a file that is ours, or was empty.

    Raises:
        Corrupt: the file is no SQLite database, is damaged, or is not ours.
        Unavailable: it cannot be opened, or a new one cannot be written.
    """
    try:
        connection = sqlite3.connect(
            str(path),
            uri=str(path).startswith("file:"),
            check_same_thread=False,
            isolation_level=None,
            timeout=lock_timeout_seconds,
        )
    except sqlite3.Error as error:
        raise to_ledger_error(error, path) from error
    try:
        _claim(connection, path, application_id)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA cache_size=-16000")
    except sqlite3.Error as error:
        connection.close()
        raise to_ledger_error(error, path) from error
    except Corrupt:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path, application_id: int) -> sqlite3.Connection:
    """A connection that cannot write, also beside a process that does.

    Raises:
        Corrupt: the file is missing, damaged, or not ours.
        Unavailable: it cannot be opened.
    """
    if not path.is_file():
        raise Corrupt(f"{path} is missing: restore it from a backup")
    with ledger_errors(path):
        connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro",
            uri=True,
            check_same_thread=False,
            isolation_level=None,
        )
        try:
            require_ours(connection, path, application_id)
        except BaseException:
            connection.close()
            raise
    return connection


def require_ours(connection: sqlite3.Connection, path: Path, application_id: int) -> None:
    """Let pass a file of ours in a layout that is known.

    Raises:
        Corrupt: it is another program's, or a newer Rapport's.
    """
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    (layout,) = connection.execute("PRAGMA user_version").fetchone()
    if found != application_id:
        raise Corrupt(f"{path} is another program's database: move it away")
    if layout > LAYOUT:
        raise newer(str(path), layout, LAYOUT)
    if layout < LAYOUT:
        raise older(str(path), layout, LAYOUT)


def _claim(connection: sqlite3.Connection, path: Path | str, application_id: int) -> None:
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    (layout,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if found == application_id:
        if layout > LAYOUT:
            raise newer(str(path), layout, LAYOUT)
        if layout < LAYOUT:
            raise older(str(path), layout, LAYOUT)
        return
    if found or layout or tables:
        raise Corrupt(f"{path} is another program's database: move it away")
    connection.execute(f"PRAGMA application_id={application_id}")
    connection.execute(f"PRAGMA user_version={LAYOUT}")


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that has the write lock from its beginning; an error rolls it back."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class LedgerTransaction(SQLiteTransaction):
    """A transaction that takes the write lock first if it is going to write.

    The library's deferred ``BEGIN`` can fail half-way, when what was read is no longer the newest.
    """

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE" if self.commit else "BEGIN")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        return cursor

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        try:
            super().__exit__(exc_type, exc_val, exc_tb)
        except Exception:
            # A commit that failed (a full disk) leaves the transaction open on the connection.
            self.connection.rollback()
            raise


class LedgerConnection(SQLiteConnection):
    """The library's connection with our transactions."""

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        """A cursor in a transaction that is rolled back unless it is to ``commit``."""
        with LedgerTransaction(self, commit=commit) as cursor, cursor:
            yield cursor


class LedgerConnectionPool(SQLiteConnectionPool):
    """The library's pool with our connections, which closes none that is in use.

    The library's closes them all, and the process crashes when a connection is closed under a
    thread that is reading with it.
    """

    def close(self) -> None:
        """Close what is idle now, and what is in use when it is returned."""
        with self._put_condition:
            self._closed = True
            while self._pool:
                self._pool.popleft().close()

    def put_connection(self, conn: SQLiteConnection) -> None:
        """Take a connection back."""
        with self._put_condition:
            if not self._closed:
                super().put_connection(conn)
            elif self._in_use.pop(id(conn), None) is not None:
                conn.close()

    def _create_connection(self) -> SQLiteConnection:
        timeout = self.lock_timeout
        connection = connect(
            self.db_name,
            APPLICATION_ID,
            SQLITE3_DEFAULT_LOCK_TIMEOUT if timeout is None else timeout,
        )
        connection.row_factory = sqlite3.Row
        return LedgerConnection(sqlite_conn=connection, max_age=self.max_age)


class ReadingConnectionPool(LedgerConnectionPool):
    """The same with connections that cannot write, beside a process that does."""

    def _create_connection(self) -> SQLiteConnection:
        connection = connect_to_read(Path(self.db_name), APPLICATION_ID)
        connection.row_factory = sqlite3.Row
        return LedgerConnection(sqlite_conn=connection, max_age=self.max_age)


class LedgerDatastore(SQLiteDatastore):
    """The library's datastore with our pool."""

    def __init__(
        self,
        db_name: str,
        *,
        lock_timeout: int | None = None,
        single_row_tracking: bool = True,
        originator_id_type: Literal["uuid", "text"] = "uuid",
        reads_only: bool = False,
    ) -> None:
        super().__init__(
            db_name,
            lock_timeout=lock_timeout,
            single_row_tracking=single_row_tracking,
            originator_id_type=originator_id_type,
        )
        # The library names its pool class in __init__; no connection has been made yet.
        pool = ReadingConnectionPool if reads_only else LedgerConnectionPool
        self.pool = pool(db_name=db_name, lock_timeout=lock_timeout)
