"""The store in PostgreSQL: a schema for each ledger, and one for the server.

The keys stay out of it, in files of the data folder: a backup of the database holds none, and an
erasure is not undone by one. What only this machine needs is there too::

    database.json                       which database the folder belongs to
    ledgers/<id>/keys.sqlite            of a ledger, by the id that its schema has
    ledgers/<id>/imports, results, valuations
"""

from __future__ import annotations

import shutil
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg

from domain.errors import LedgerError
from ledger.data_layout import DATABASE_FILE, LEDGERS, is_ledger_name, unusable
from ledger.stores.postgresql import ledger_parts
from ledger.stores.postgresql.access_keys import PostgresqlAccessKeys
from ledger.stores.postgresql.binding import bind
from ledger.stores.postgresql.connections import Database, connect, run
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.postgresql.notices import Growth
from ledger.stores.postgresql.places import Place
from ledger.stores.postgresql.schemas import (
    LEDGER,
    LEDGER_SCHEMA,
    SERVER,
    SERVER_SCHEMA,
    UNFINISHED,
    abandoned_schemas,
    drop_schema,
    hold_schema,
    identifier,
    layout_of,
    migrate,
    require_layout,
)
from ledger.stores.postgresql.snapshots import oldest_snapshot
from ledger.stores.postgresql.trail import PostgresqlTrail
from ledger.stores.postgresql.trail_heads import PostgresqlTrailHeads
from ledger.stores.postgresql.upgrading import layouts, upgrade
from ledger.stores.store import Store
from ledger.stores.upgrading import refuse_newer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.stores.store import StoreOf
    from ledger.stores.upgrading import PartLayout

_SCHEMAS = "SELECT nspname FROM pg_catalog.pg_namespace WHERE starts_with(nspname, %s)"
_ACCESS, _TRAIL = "access-keys", "trail"


class PostgresqlLedgerStore(ledger_parts.LedgerParts):
    """The schema of one ledger; see ``ledger.stores.store.LedgerStore``."""

    def server(self) -> PostgresqlStore:
        return PostgresqlStore(self.place.url, self.folder, self.files_of)


class PostgresqlStore(Store):
    """The schemas in a database; see ``ledger.stores.store.Store``."""

    own_files = frozenset({LEDGERS, DATABASE_FILE})

    def __init__(self, url: str, folder: Path, files_of: StoreOf) -> None:
        """``files_of`` gives the store of what stays in files, and of copies."""
        self._url = url
        self._folder = folder
        self._files_of = files_of
        self._place = Place(url, SERVER_SCHEMA, "the database")
        self.access_name = "the access keys in the database"

    @property
    def library(self) -> tuple[str, str]:
        with self._connection() as connection:
            version = connection.info.server_version
        return "postgresql", f"{version // 10000}.{version % 10000}"

    def ledger(self, name: str) -> PostgresqlLedgerStore:
        place = Place(self._url, f"{LEDGER_SCHEMA}{name}", name)
        return PostgresqlLedgerStore(place, self._folder, self._files_of)

    def oldest_snapshot(self) -> tuple[float, int]:
        return oldest_snapshot(self._url)

    def layouts(self) -> list[PartLayout]:
        of_files = self._files_of(self._folder).layouts()
        return [*layouts(self._url, self.ledger_names()), *of_files]

    def upgrade(self) -> None:
        files = self._files_of(self._folder)
        refuse_newer(files.layouts())
        upgrade(self._url, self.ledger_names())
        files.upgrade()

    def beside(self, folder: Path) -> Store:
        return self._files_of(self._folder).beside(folder)

    def prepare_keys(self) -> None:
        self._files_of(self._folder).prepare_keys()

    def prepare(self) -> None:
        self.prepare_keys()
        with ledger_errors(self._place.name), connect(self._url) as connection:
            migrate_once(connection, SERVER_SCHEMA, SERVER)
            bind(connection, self._place, self._folder, has_ledgers=bool(self.ledger_names()))
            try:
                (self._folder / LEDGERS).mkdir(mode=0o700, exist_ok=True)
            except OSError as error:
                raise unusable(self._folder, error) from error
            for schema in abandoned_schemas(connection):
                with suppress(LedgerError):  # of keys that are out of reach: the next start does it
                    self._drop(connection, schema)

    def ledger_names(self) -> list[str]:
        with ledger_errors(self._place.name), Database(self._url) as database:
            rows = database.rows(_SCHEMAS, LEDGER_SCHEMA)
        names = (name.removeprefix(LEDGER_SCHEMA) for (name,) in rows)
        return sorted(name for name in names if is_ledger_name(name))

    @contextmanager
    def unfinished_ledger(self) -> Iterator[str]:
        schema = f"{UNFINISHED}{uuid4()}"
        with ledger_errors(self._place.name):
            holding = hold_schema(self._url, schema)
        with closing(holding):
            with ledger_errors(self._place.name):
                migrate(holding, schema, LEDGER)
                identity, place = uuid4(), self._place._replace(schema=schema)
                insert = f"INSERT INTO {place.table('identity')} VALUES (%s)"
                run(holding, insert, (identity,))
            try:
                (self._folder / LEDGERS / str(identity)).mkdir(mode=0o700, parents=True)
                yield schema.removeprefix(LEDGER_SCHEMA)
            except OSError as error:
                raise unusable(self._folder, error) from error
            finally:
                # What is left of it is swept at the next start.
                with suppress(psycopg.Error, LedgerError), connect(self._url) as connection:
                    if layout_of(connection, schema) is not None:
                        self._drop(connection, schema)

    def finish_ledger(self, unfinished: str, name: str) -> None:
        self._rename(unfinished, name)

    def remove_ledger(self, name: str) -> None:
        gone = f"{UNFINISHED}{uuid4()}"
        self._rename(name, gone.removeprefix(LEDGER_SCHEMA))
        with suppress(psycopg.Error, LedgerError), connect(self._url) as connection:
            self._drop(connection, gone)

    def ledgers_with_trail(self) -> list[str]:
        return [name for name in self.ledger_names() if self.ledger(name).has_trail()]

    def has_access_keys(self) -> bool:
        return self._has(_ACCESS)

    def open_access_keys(self) -> PostgresqlAccessKeys:
        return PostgresqlAccessKeys(self._make(_ACCESS))

    def has_trail(self) -> bool:
        return self._has(_TRAIL)

    def open_trail(self) -> PostgresqlTrail:
        return PostgresqlTrail(self._make(_TRAIL).of_part("trail"))

    def growth(self) -> Growth:
        return Growth(self._url)

    def trail_heads(self) -> PostgresqlTrailHeads:
        return PostgresqlTrailHeads(self._server_place)

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        with (
            ledger_errors(self._place.name),
            Database(self._url) as database,
            database.lend() as connection,
        ):
            yield connection

    def _server_place(self, make: bool) -> Place | None:
        with self._connection() as connection:
            if not require_layout(connection, SERVER_SCHEMA, SERVER):
                if not make:
                    return None
                migrate(connection, SERVER_SCHEMA, SERVER)
        return self._place

    def _has(self, part: str) -> bool:
        if self._server_place(make=False) is None:
            return False
        with self._connection() as connection:
            return ledger_parts.has_part(connection, self._place, part)

    def _make(self, part: str) -> Place:
        self._server_place(make=True)
        with self._connection() as connection:
            ledger_parts.make_part(connection, self._place, part)
        return self._place

    def _rename(self, name: str, other: str) -> None:
        old, new = (identifier(f"{LEDGER_SCHEMA}{one}") for one in (name, other))
        with self._connection() as connection:
            run(connection, f"ALTER SCHEMA {old} RENAME TO {new}")

    def _drop(self, connection: psycopg.Connection[tuple[object, ...]], schema: str) -> None:
        """Take a schema away, the keys first: what is left of it names them for the next try."""
        place = self._place._replace(schema=schema)
        with suppress(psycopg.errors.UndefinedTable):
            select = f"SELECT id FROM {place.table('identity')}"
            for (identity,) in run(connection, select).fetchall():
                assert isinstance(identity, UUID)
                self._files_of(self._folder).ledger(str(identity)).remove_keys()
                shutil.rmtree(self._folder / LEDGERS / str(identity), ignore_errors=True)
        drop_schema(connection, schema)


def migrate_once(
    connection: psycopg.Connection[tuple[object, ...]], schema: str, kind: str
) -> None:
    """Make the schema where there is none; one that is there has this program's layout."""
    if not require_layout(connection, schema, kind):
        migrate(connection, schema, kind)
