"""The file in which a ledger's projections are kept.

Everything in it is derived, so durability is cheap (a commit may be lost with the machine, and is
then made again) and a file that cannot be trusted is set aside and rebuilt.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from domain.errors import Corrupt, LedgerError, Unavailable, unusable_file
from ledger.stores.sqlite.errors import derived_file_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
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


class SqliteTransaction:
    """A connection inside a transaction. Source of the methods: ``projections.tables``."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.execute = connection.execute
        self.executemany = connection.executemany

    def name(self, table: str) -> str:
        """The name that a table has in statements: its own."""
        return table

    def create_table(
        self, name: str, columns: Sequence[str], key: Sequence[str], indexes: Sequence[str]
    ) -> None:
        """Make an empty table: columns as SQL declares them, the key's names, and the indexes."""
        declared = ", ".join((*columns, f"PRIMARY KEY ({', '.join(key)})"))
        self.execute(f"CREATE TABLE {name} ({declared}) WITHOUT ROWID")
        self.create_indexes(name, indexes)

    def create_indexes(self, name: str, indexes: Sequence[str]) -> None:
        """Make the indexes of a table that was made without any."""
        for place, index in enumerate(indexes):
            self.execute(f"CREATE INDEX {name}_by_{place} ON {name} {index}")

    def drop_table(self, name: str) -> None:
        """Drop a table, where it exists."""
        self.execute(f"DROP TABLE IF EXISTS {name}")

    def table_names(self) -> list[str]:
        """The names of all tables."""
        rows = self.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        return [name for (name,) in rows]


class SqliteTableReader:
    """One SQLite file that is only read: many at a time, each with a snapshot.

    Raises:
        Unavailable: the file cannot be used now: it is not there yet, say. So do all its methods.
        Corrupt: the file is damaged. So do all its methods.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._closed = False
        self._idle: deque[SqliteTransaction] = deque()
        self._looks = 0

    @contextmanager
    def _ledger_errors(self) -> Iterator[None]:
        """Raise errors of the file as errors of ours, also where other code wrapped them."""
        try:
            yield
        except OSError as error:
            raise unusable_file(error, self.path.name) from error
        except Exception as error:
            trouble = derived_file_error(error, self.path.name)
            if trouble is not None:
                raise trouble from error
            if isinstance(error, sqlite3.Error):  # a fault of ours
                raise LedgerError(f"a statement to {self.path.name} is wrong") from error
            raise

    @contextmanager
    def read(self) -> Iterator[SqliteTransaction]:
        """A snapshot: everything read inside is of one instant, whatever is written meanwhile."""
        with self._ledger_errors():
            looks = self._looks
            transaction = self._reader()
            try:
                transaction.execute("BEGIN")
                yield transaction
            finally:
                # An error may have ended it already.
                if transaction.connection.in_transaction:
                    transaction.execute("ROLLBACK")
                if looks == self._looks:
                    self._idle.append(transaction)
                else:
                    transaction.connection.close()
                if self._closed:
                    self._close_idle()

    def look_again(self) -> None:
        """Open the file again for what is read from now on."""
        self._looks += 1
        self._close_idle()

    def close(self) -> None:
        """Close the file; readers still at work close theirs when they are done."""
        self._closed = True
        self._close_idle()

    def _reader(self) -> SqliteTransaction:
        try:
            return self._idle.pop()
        except IndexError:
            connection = self._connect("ro")
            try:
                connection.execute("PRAGMA query_only=1")
                if not _number(connection, "application_id"):
                    raise Unavailable(f"{self.path.name} is being made") from None
            except BaseException:
                connection.close()
                raise
            return SqliteTransaction(connection)

    def _close_idle(self) -> None:
        while self._idle:
            self._idle.pop().connection.close()

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.resolve().as_uri()}?mode={mode}",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )


class SqliteTableStore(SqliteTableReader):
    """The same with one writer. A file that cannot be trusted is set aside and made again."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._write_lock = threading.Lock()
        try:
            with self._ledger_errors():
                self._open()
        except sqlite3.Error as error:
            raise Unavailable(f"{path.name} cannot be used: {error}") from error

    def _open(self) -> None:
        problem = _distrust(self.path)
        if problem is not None:
            logger.warning("%s is set aside and rebuilt: %s", self.path.name, problem)
            _set_aside(self.path)
        self._writer = SqliteTransaction(self._connect("rwc"))
        try:
            self._writer.execute("PRAGMA journal_mode=WAL")
            self._writer.execute("PRAGMA synchronous=NORMAL")
            self._create()
        except BaseException:
            self._writer.connection.close()
            raise

    @contextmanager
    def write(self) -> Iterator[SqliteTransaction]:
        """A transaction: all that is written inside is kept, or, on any error, nothing."""
        with self._ledger_errors(), self._write_lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled it back already, or have refused the commit.
                if self._writer.connection.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file; readers still at work close theirs when they are done."""
        super().close()
        with self._write_lock:
            self._writer.connection.close()

    def _create(self) -> None:
        with self.write() as transaction:
            connection = transaction.connection
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


class TablesAtRest:
    """A copy of a file of projections as it was in one instant, in a file of its own.

    A verification reads a file at rest: errors name what cannot be read.
    """

    def __init__(self, path: Path, copied: sqlite3.Connection) -> None:
        """Copy what the connection reads into a new file at ``path``.

        Raises:
            Corrupt: it cannot be read.
        """
        with self._errors_told():
            self._connection = sqlite3.connect(path)
            try:
                copied.backup(self._connection)
            except BaseException:
                self._connection.close()
                raise

    @contextmanager
    def _errors_told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise Corrupt(str(error)) from error

    @contextmanager
    def read(self) -> Iterator[SqliteTransaction]:
        """The tables. Raises ``Corrupt`` where they cannot be read."""
        with self._errors_told():
            yield SqliteTransaction(self._connection)

    def damage(self) -> Iterator[str]:
        """What is wrong with the file: its header and its pages.

        Raises:
            Corrupt: it cannot be read at all.
        """
        with self._errors_told():
            for pragma, wanted in (
                ("application_id", APPLICATION_ID),
                ("user_version", SCHEMA_VERSION),
            ):
                (value,) = self._connection.execute(f"PRAGMA {pragma}").fetchone()
                if value != wanted:
                    yield f"the header's {pragma} is {value}, not {wanted}"
            for (said,) in self._connection.execute("PRAGMA integrity_check(5)"):
                if said != "ok":
                    yield f"integrity_check: {said}"

    def differing_tables(self, make: Callable[[SqliteTransaction], None]) -> Iterator[str]:
        """The tables and indexes that are not as ``make`` makes them beside the store's own.

        Raises:
            Corrupt: the file cannot be read.
        """
        with self._errors_told(), closing(sqlite3.connect(":memory:")) as model:
            model.execute(SCHEMA)
            make(SqliteTransaction(model))
            query = "SELECT name, sql FROM sqlite_schema"
            wanted = dict(model.execute(query).fetchall())
            found = dict(self._connection.execute(query).fetchall())
            for name in sorted(wanted.keys() | found.keys()):
                if wanted.get(name, "") != found.get(name, ""):
                    yield name

    def close(self) -> None:
        """Close the copy."""
        self._connection.close()
