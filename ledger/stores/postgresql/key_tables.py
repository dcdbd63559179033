"""The keys of one ledger in tables of a database that has nothing else: to read them, and to count.

The statements are about one store, by its id; see ``migrations/keys``.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from domain.errors import Corrupt
from ledger.stores.postgresql.connections import Database, run
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.wrapped_signing_keys import WrappedSigningKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from ledger.stores.postgresql.connections import Connection
    from ledger.stores.postgresql.places import Place
    from ledger.stores.wrapped_signing_keys import SigningColumns

TABLES = ("stores", "data_keys", "signing_keys", "destroyed")

_DATA_KEYS = (
    "SELECT contact, wrapped FROM {data_keys} WHERE store = %s AND contact > %s"
    " ORDER BY contact LIMIT %s"
)
_SIGNING_KEYS = (
    "SELECT public, made_at, wrapped FROM {signing_keys} WHERE store = %s AND name = %s"
    " ORDER BY made_at, public"
)
_ADD_SIGNING_KEY = "INSERT INTO {signing_keys} VALUES (%s, %s, %s, %s, %s)"
_CHANGE = "UPDATE {stores} SET changes = changes + 1 WHERE id = %s"


class KeyTables(NamedTuple):
    """The tables, as one ledger uses them; ``store`` is the id of its keys."""

    place: Place
    store: UUID

    def with_tables(self, statement: str) -> str:
        """The statement with the names of the tables."""
        for table in TABLES:
            statement = statement.replace(f"{{{table}}}", self.place.table(table))
        return statement

    def rows(self, database: Database, statement: str, *values: object) -> list[Any]:
        """What a question answers, whose first value is the store."""
        return database.rows(self.with_tables(statement), self.store, *values)

    def run(self, connection: Connection, statement: str, *values: object) -> int:
        """How many rows a statement changed, whose first value is the store."""
        return run(connection, self.with_tables(statement), (self.store, *values)).rowcount

    @contextmanager
    def changing(self, database: Database) -> Iterator[Connection]:
        """A transaction that changes the store, and waits for any other one.

        Raises:
            Corrupt: the store is gone.
        """
        with database.transaction() as connection:
            if not self.run(connection, _CHANGE):
                raise Corrupt(f"{self.place.name} are gone: restore them from a backup")
            yield connection


class PostgresqlSigningKeys(WrappedSigningKeys):
    """The signing keys of one ledger. Any thread may call."""

    def __init__(
        self,
        tables: KeyTables,
        database: Database,
        *,
        wrap: Callable[[bytes, bytes], bytes],
        unwrap: Callable[[bytes, bytes], bytes],
        entropy: Callable[[int], bytes],
    ) -> None:
        """For what has the database open."""
        super().__init__(tables.place.name, wrap=wrap, unwrap=unwrap, entropy=entropy)
        self._tables = tables
        self._database = database

    def _rows(self, name: str) -> list[SigningColumns]:
        with ledger_errors(self._place):
            return self._tables.rows(self._database, _SIGNING_KEYS, name)

    def _insert(self, name: str, row: SigningColumns) -> None:
        public, made_at, wrapped = row
        with ledger_errors(self._place), self._tables.changing(self._database) as connection:
            self._tables.run(connection, _ADD_SIGNING_KEY, public, name, made_at, wrapped)


class PostgresqlKeyReader:
    """See ``ledger.stores.reading.KeyReader``."""

    def __init__(self, tables: KeyTables) -> None:
        self._tables = tables
        self._database = Database(tables.place.url)

    def close(self) -> None:
        """Let the database go."""
        self._database.close()

    def data_keys(self, after: bytes, limit: int) -> Sequence[tuple[bytes, bytes]]:
        """A page of the contacts beyond one with their wrapped keys, by contact."""
        with ledger_errors(self._tables.place.name):
            return self._tables.rows(self._database, _DATA_KEYS, after, limit)

    def signing_keys(self, unwrap: Callable[[bytes, bytes], bytes]) -> PostgresqlSigningKeys:
        """The keys that sign the log; none can be made."""
        return PostgresqlSigningKeys(
            self._tables, self._database, wrap=_no_more, unwrap=unwrap, entropy=_no_more
        )


def _no_more(*_: object) -> NoReturn:
    raise AssertionError("a reader makes no keys")
