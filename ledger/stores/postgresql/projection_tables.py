"""The tables in which a ledger's projections are kept, in the schema of the ledger.

Everything in them is derived, so a commit may be lost with the machine, and is then made again.
"""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
from eventsourcing.persistence import ConnectionPoolClosedError
from psycopg import pq

from domain.errors import LedgerError, Unavailable
from ledger.stores.postgresql.connections import Connection, Database, connect, run
from ledger.stores.postgresql.errors import derived_error, ledger_errors
from ledger.stores.postgresql.places import Place
from ledger.stores.postgresql.schemas import (
    APART,
    drop_schema,
    hold_schema,
    make_schema_apart,
)
from ledger.stores.postgresql.table_transactions import PREFIX, PostgresqlTransaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SNAPSHOT = "ISOLATION LEVEL REPEATABLE READ READ ONLY"

LAYOUT = 1
"""The number of the layout of ``generations``; the tables of another one are made again."""

_GENERATIONS = (
    "projection TEXT NOT NULL",
    "generation INTEGER NOT NULL",
    "version INTEGER NOT NULL",
    "position INTEGER NOT NULL",
    "as_of INTEGER NOT NULL",
    "tip BLOB",
    "state TEXT NOT NULL",
    "problem TEXT",
)

_DEFINITIONS = (
    "SELECT c.relname, coalesce(pg_get_indexdef(i.indexrelid), ("
    "SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),"
    " a.attnotnull, a.attcollation), ',' ORDER BY a.attnum) FROM pg_catalog.pg_attribute AS a"
    " WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))"
    " FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid"
    " WHERE n.nspname = %s AND c.relkind IN ('r', 'i') AND starts_with(c.relname, %s)"
)

_SCHEMA_OF = re.compile(r' ON (?:"[^"]*"|\w+)\.')
"""The schema of the table of an index, as its definition names it."""


class PostgresqlTableReader:
    """Tables that are only read: many at a time, each with a snapshot.

    Raises:
        Unavailable: they cannot be used now: they are not there yet, say. So do all its methods.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._database = Database(place.url)
        self._seen = False

    @contextmanager
    def _ledger_errors(self) -> Iterator[None]:
        """Raise errors of the database as errors of ours, also where other code wrapped them."""
        try:
            yield
        except ConnectionPoolClosedError:
            raise Unavailable(f"{self.place.name} is closed") from None
        except Exception as error:
            trouble = (
                None if isinstance(error, LedgerError) else derived_error(error, self.place.name)
            )
            if trouble is not None:
                raise trouble from error
            raise

    @contextmanager
    def read(self) -> Iterator[PostgresqlTransaction]:
        """A snapshot: everything read inside is of one instant, whatever is written meanwhile."""
        with self._ledger_errors(), self._database.transaction(SNAPSHOT) as connection:
            transaction = PostgresqlTransaction(connection, self.place)
            if not self._seen:
                if not has_tables(connection, self.place):
                    raise Unavailable(f"{self.place.name} is not there")
                self._seen = True
            yield transaction

    def look_again(self) -> None:
        """Nothing: every read looks at what is there."""

    def close(self) -> None:
        """Let the connections go; readers still at work continue until they are done."""
        self._database.close()


class PostgresqlTableStore(PostgresqlTableReader):
    """The same with one writer, on a connection of its own."""

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._write_lock = threading.Lock()
        self._writer: Connection | None = None
        self._is_closed = False
        try:
            with self.write() as transaction:
                _make(transaction, place)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def write(self) -> Iterator[PostgresqlTransaction]:
        """A transaction: all that is written inside is kept, or, on any error, nothing."""
        with self._ledger_errors(), self._write_lock:
            connection = self._writing()
            run(connection, "BEGIN")
            try:
                yield PostgresqlTransaction(connection, self.place)
                run(connection, "COMMIT")
            except BaseException:
                if connection.info.transaction_status != pq.TransactionStatus.IDLE:
                    _take_back(connection)
                raise

    def close(self) -> None:
        """Let the connections go; readers still at work continue until they are done."""
        super().close()
        with self._write_lock:
            self._is_closed = True
            if self._writer is not None:
                self._writer.close()

    def _writing(self) -> Connection:
        if self._is_closed:
            raise ConnectionPoolClosedError
        if self._writer is None or self._writer.closed:
            self._writer = connect(self.place.url, synchronous_commit="off")
        return self._writer


class TablesApart(PostgresqlTableStore):
    """Empty tables in a schema of their own, which is gone when they are closed."""

    def __init__(self, url: str, name: str) -> None:
        schema = f"{APART}{uuid4()}"
        self._holding = hold_schema(url, schema)
        try:
            make_schema_apart(self._holding, schema)
            super().__init__(Place(url, schema, name))
        except BaseException:
            self._holding.close()
            raise

    def close(self) -> None:
        """Drop the tables."""
        super().close()
        with self._holding:
            drop_schema(self._holding, self.place.schema)


class TablesAtRest:
    """The tables as they are in one instant, for as long as they are looked at."""

    def __init__(self, connection: Connection, place: Place) -> None:
        self._connection = connection
        self._place = place

    @contextmanager
    def read(self) -> Iterator[PostgresqlTransaction]:
        """The tables."""
        with ledger_errors(self._place.name):
            yield PostgresqlTransaction(self._connection, self._place)

    def damage(self) -> Iterator[str]:
        """Nothing: the database checks its own pages."""
        return iter(())

    def differing_tables(self, make: Callable[[PostgresqlTransaction], None]) -> Iterator[str]:
        """The tables and indexes that are not as ``make`` makes them beside the store's own."""
        found = self._definitions(self._connection, self._place)
        model = self._place._replace(schema=f"{APART}{uuid4()}")
        with connect(self._place.url) as connection:
            run(connection, "BEGIN")
            make_schema_apart(connection, model.schema)
            transaction = PostgresqlTransaction(connection, model)
            transaction.create_table("generations", _GENERATIONS, ("projection", "generation"), ())
            make(transaction)
            wanted = self._definitions(connection, model)
            run(connection, "ROLLBACK")
        for name in sorted(wanted.keys() | found.keys()):
            if wanted.get(name, "") != found.get(name, ""):
                yield name.removeprefix(PREFIX)

    def _definitions(self, connection: Connection, place: Place) -> dict[str, str]:
        rows = run(connection, _DEFINITIONS, (place.schema, PREFIX)).fetchall()
        return {name: _SCHEMA_OF.sub(" ON ", definition) for name, definition in rows}


def has_tables(connection: Connection, place: Place) -> bool:
    """Whether there are tables of projections."""
    select = f"SELECT 1 FROM {place.table('parts')} WHERE name = %s"
    return run(connection, select, (_part(),)).fetchone() is not None


def _make(transaction: PostgresqlTransaction, place: Place) -> None:
    if has_tables(transaction.connection, place):
        return
    for name in transaction.table_names():
        transaction.drop_table(name)
    transaction.create_table("generations", _GENERATIONS, ("projection", "generation"), ())
    run(transaction.connection, f"INSERT INTO {place.table('parts')} VALUES (%s)", (_part(),))


def _part() -> str:
    return f"projections-{LAYOUT}"


def _take_back(connection: Connection) -> None:
    try:
        connection.rollback()
    except psycopg.Error:
        connection.close()
