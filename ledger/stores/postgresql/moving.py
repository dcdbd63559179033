"""A database as an end of a move: see ``ledger.stores.moving``.

The copies of a move to it are in schemas whose names no ledger has, and the part ``moving <move>``
of the server's schema says whose they are, so that no server takes the database meanwhile. What was
served before a move away stays in schemas that nobody opens, until somebody drops them.
"""

from __future__ import annotations

import json
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from ledger.data_layout import DATABASE_FILE, FolderUnusable, unusable
from ledger.files import write_whole
from ledger.stores.postgresql.binding import (
    OF_FOLDER,
    OF_MOVE,
    folder_database,
    parts_like,
)
from ledger.stores.postgresql.connections import Connection, Database, connect, fetch, run
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.postgresql.places import Place
from ledger.stores.postgresql.reading import ROWS
from ledger.stores.postgresql.restoring import copy_events
from ledger.stores.postgresql.schemas import (
    LEDGER,
    LEDGER_SCHEMA,
    SERVER,
    SERVER_SCHEMA,
    drop_schema,
    identifier,
    layout_of,
    migrate,
)
from ledger.stores.postgresql.store import PostgresqlLedgerStore, PostgresqlStore, migrate_once

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ledger.stores.reading import EventColumns
    from ledger.stores.store import StoreOf

COPY = f"{LEDGER_SCHEMA}.copy-"
MOVED_AWAY = f"{LEDGER_SCHEMA}.moved-"
"""Begin the names of schemas that are of no ledger: yet, or any more."""

_COPIES = "SELECT nspname FROM pg_catalog.pg_namespace WHERE starts_with(nspname, %s) ORDER BY 1"


class PostgresqlCopiedEvents:
    """The table of a copy; see ``ledger.stores.moving.CopiedEvents``."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._database = Database(place.url)
        with ledger_errors(place.name):
            select = f"SELECT coalesce(max(position), 0) FROM {place.table('events')}"
            ((self.position,),) = self._database.rows(select)

    def add(self, rows: Sequence[EventColumns]) -> None:
        """Keep these events, and that a writer begins where they end, in one transaction."""
        newest = rows[-1][0]
        head = f"UPDATE {self._place.table('writer')} SET epoch = 1, head = %s"
        with ledger_errors(self._place.name), self._database.transaction() as connection:
            copy_events(connection, self._place, rows)
            run(connection, head, (newest,))
        self.position = newest

    def rows(self, after: int, upto: int, limit: int) -> list[Any]:
        """A page of the events beyond a position up to another, in order."""
        statement = ROWS.replace("{events}", self._place.table("events"))
        with ledger_errors(self._place.name):
            return self._database.rows(statement, after, upto, limit)

    def close(self) -> None:
        """Let the connections go."""
        self._database.close()


class _CopiesStore(PostgresqlStore):
    """The database, in which the ledgers are the copies."""

    def __init__(self, url: str, folder: Path, files_of: StoreOf) -> None:
        super().__init__(url, folder, files_of)
        self._where = url, folder, files_of

    def ledger(self, name: str) -> PostgresqlLedgerStore:
        url, folder, files_of = self._where
        return PostgresqlLedgerStore(Place(url, f"{COPY}{name}", name), folder, files_of)


class DatabaseCopies:
    """See ``ledger.stores.moving.Copies``."""

    def __init__(self, url: str, folder: Path, files_of: StoreOf) -> None:
        self._url = url
        self._server = Place(url, SERVER_SCHEMA, "the database")
        self.store = _CopiesStore(url, folder, files_of)

    def receive(self, move: UUID) -> None:
        """Get ready for the copies of that move, which may have begun before."""
        with self._connection() as connection:
            migrate_once(connection, SERVER_SCHEMA, SERVER)
            with connection.transaction():
                run(connection, f"LOCK TABLE {self._server.table('parts')}")
                moves = parts_like(connection, self._server, OF_MOVE)
                if moves == [move]:
                    return
                if moves:
                    raise FolderUnusable(
                        "another move into this database was begun and not completed: complete it, "
                        "or drop the schemas whose names begin with rapport"
                    )
                if parts_like(connection, self._server, OF_FOLDER):
                    raise FolderUnusable(
                        "the database belongs to a data folder already: name another database"
                    )
                insert = f"INSERT INTO {self._server.table('parts')} VALUES (%s)"
                run(connection, insert, (f"{OF_MOVE}{move}",))

    def names(self) -> list[str]:
        """The names of the ledgers of which there is a copy, or the beginning of one."""
        with self._connection() as connection:
            return [schema.removeprefix(COPY) for (schema,) in fetch(connection, _COPIES, (COPY,))]

    def ledger(self, name: str) -> PostgresqlLedgerStore:
        """The copy of that ledger, begun where there is none."""
        place = Place(self._url, f"{COPY}{name}", name)
        identity = (
            f"INSERT INTO {place.table('identity')} SELECT %s"
            f" WHERE NOT EXISTS (SELECT FROM {place.table('identity')})"
        )
        with self._connection() as connection:
            if layout_of(connection, place.schema) is None:
                migrate(connection, place.schema, LEDGER)
            run(connection, identity, (uuid4(),))
        return self.store.ledger(name)

    def events(self, name: str) -> PostgresqlCopiedEvents:
        """The events of a copy that was begun."""
        return PostgresqlCopiedEvents(Place(self._url, f"{COPY}{name}", name))

    def identities(self) -> dict[str, UUID]:
        """Under which id the keys of each copy will be."""
        names = self.names()
        with self._connection() as connection:
            return {
                name: _identity(connection, Place(self._url, f"{COPY}{name}", name))
                for name in names
            }

    def drop(self, name: str) -> None:
        """Take a copy away."""
        with self._connection() as connection:
            drop_schema(connection, f"{COPY}{name}")

    def flush(self) -> None:
        """Every commit of a copy is durable already."""

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with ledger_errors(self._server.name), connect(self._url) as connection:
            yield connection


class DatabaseEnd:
    """A database; see ``ledger.stores.moving.MoveEnd``."""

    kind = "database"

    def __init__(self, url: str, folder: Path, files_of: StoreOf) -> None:
        """``folder`` is the data folder, which keeps the keys, in the store of ``files_of``."""
        self._url = url
        self._folder = folder
        self._server = Place(url, SERVER_SCHEMA, "the database")
        self.store = PostgresqlStore(url, folder, files_of)
        self.copies = DatabaseCopies(url, folder, files_of)

    def require_served(self) -> None:
        """Let pass a database and a folder that belong together."""
        of_folder = folder_database(self._folder)
        with self._connection() as connection:
            served = layout_of(connection, SERVER_SCHEMA) is not None
            ids = parts_like(connection, self._server, OF_FOLDER) if served else []
        if of_folder is None or ids != [of_folder]:
            raise FolderUnusable(
                f"the ledgers of the data folder {self._folder} are not in this database: check "
                "the database's URL"
            )

    def identities(self) -> dict[str, UUID]:
        """Under which id the keys of each ledger are."""
        names = self.store.ledger_names()
        with self._connection() as connection:
            return {name: _identity(connection, self._place_of(name)) for name in names}

    @contextmanager
    def fence(self) -> Iterator[None]:
        """Take the right to record in every ledger, and keep it."""
        with ExitStack() as held:
            for name in self.store.ledger_names():
                ledger = self.store.ledger(name)
                with ledger.event_errors():
                    factory = ledger.event_factory()
                    held.enter_context(closing(factory))
                    factory.application_recorder()
            yield

    def put_aside(self, move: UUID, ledgers: Mapping[str, UUID]) -> None:
        """Rename the schemas, in one transaction."""
        with self._connection() as connection, connection.transaction():
            if layout_of(connection, SERVER_SCHEMA) is None:
                return  # it was done before
            for name, identity in ledgers.items():
                _rename(connection, f"{LEDGER_SCHEMA}{name}", f"{MOVED_AWAY}{identity}")
            _rename(connection, SERVER_SCHEMA, f"{MOVED_AWAY}{move}")

    def take(self, move: UUID, ledgers: Mapping[str, UUID]) -> None:
        """Rename the schemas of the copies, and have the database be the folder's: at once."""
        parts = self._server.table("parts")
        with self._connection() as connection, connection.transaction():
            if parts_like(connection, self._server, OF_FOLDER) == [move]:
                return  # it was done before
            if parts_like(connection, self._server, OF_MOVE) != [move]:
                raise FolderUnusable("this is not the database into which the ledgers were copied")
            for name in ledgers:
                _rename(connection, f"{COPY}{name}", f"{LEDGER_SCHEMA}{name}")
            update = f"UPDATE {parts} SET name = %s WHERE name = %s"
            run(connection, update, (f"{OF_FOLDER}{move}", f"{OF_MOVE}{move}"))

    def complete(self, move: UUID) -> None:
        """Have the data folder belong to the database."""
        content = json.dumps({"database": str(move)}).encode()
        try:
            write_whole(self._folder / DATABASE_FILE, content)
        except OSError as error:
            raise unusable(self._folder, error) from error

    def _place_of(self, name: str) -> Place:
        return Place(self._url, f"{LEDGER_SCHEMA}{name}", name)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with ledger_errors(self._server.name), connect(self._url) as connection:
            yield connection


def _identity(connection: Connection, place: Place) -> UUID:
    ((identity,),) = run(connection, f"SELECT id FROM {place.table('identity')}").fetchall()
    assert isinstance(identity, UUID)
    return identity


def _rename(connection: Connection, schema: str, other: str) -> None:
    old, new = identifier(schema), identifier(other)
    run(connection, f"ALTER SCHEMA {old} RENAME TO {new}")
