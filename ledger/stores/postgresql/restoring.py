"""A new ledger being filled with what was recorded elsewhere, before anybody opens it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.stores.postgresql.connections import Connection, Database, run
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.postgresql.transparency_log import LogStatements, columns_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ledger.stores.postgresql.places import Place
    from ledger.stores.reading import EventColumns
    from ledger.stores.transparency_log import StoredCheckpoint, VerifierKey
    from ledger.transparency.tiles import TileAt

_COPY = (
    "COPY {events} (position, originator_id, originator_version, topic, state, event_id)"
    " FROM STDIN (FORMAT BINARY)"
)
_TYPES = ("int8", "uuid", "int8", "text", "bytea", "uuid")


def copy_events(connection: Connection, place: Place, rows: Sequence[EventColumns]) -> None:
    """Put events into a table that nobody else writes.

    Raises:
        psycopg.Error: none of them is there.
    """
    copy = _COPY.replace("{events}", place.table("events"))
    with connection.cursor() as cursor, cursor.copy(copy.encode()) as copying:
        copying.set_types(_TYPES)
        for position, stream, version, topic, state, key in rows:
            event_id = UUID(bytes=key)
            copying.write_row((position, UUID(bytes=stream), version, topic, state, event_id))


class PostgresqlRestoredEvents:
    """The events of a ledger that is being filled; what was added is there, finished or not."""

    def __init__(self, connection: Connection, place: Place) -> None:
        self._connection = connection
        self._place = place
        self.position = 0

    def add(self, rows: Sequence[EventColumns]) -> None:
        """Keep these events, which continue from those before.

        Raises:
            Unavailable: they could not be written.
        """
        with ledger_errors(self._place.name):
            copy_events(self._connection, self._place, rows)
        self.position = rows[-1][0]


@contextmanager
def restoring_events(place: Place) -> Iterator[PostgresqlRestoredEvents]:
    """Fill a new ledger; its writer begins where this ends."""
    head = f"UPDATE {place.table('writer')} SET epoch = epoch + 1, head = %s"
    with (
        ledger_errors(place.name),
        Database(place.url) as database,
        database.lend() as connection,
    ):
        restored = PostgresqlRestoredEvents(connection, place)
        yield restored
        run(connection, head, (restored.position,))


class PostgresqlRestoredLog:
    """A log being filled; the caller has checked that everything fits together."""

    def __init__(self, connection: Connection, place: Place) -> None:
        self._connection = connection
        self._statements = LogStatements(place)

    def add(self, checkpoints: Iterable[StoredCheckpoint]) -> None:
        """Keep these checkpoints."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                self._statements.add_checkpoint.encode(), map(columns_of, checkpoints)
            )

    def put(self, at: TileAt, hashes: bytes) -> None:
        """Keep a tile with all its hashes."""
        run(self._connection, self._statements.put_tile, (at.level, at.n, hashes))


@contextmanager
def restoring_log(
    place: Place, origin: str, keys: Sequence[VerifierKey]
) -> Iterator[PostgresqlRestoredLog]:
    """Fill a new ledger with the log of that origin, which has these keys, in one transaction."""
    statements = LogStatements(place)
    with (
        ledger_errors(place.name),
        Database(place.url) as database,
        database.transaction() as connection,
    ):
        run(connection, statements.begin, (origin, min(key.made_at for key in keys)))
        for key in keys:
            run(connection, statements.add_key, (key.public, key.made_at, key.retired_at))
        yield PostgresqlRestoredLog(connection, place)
