"""A ledger copied into files of this machine, to try things on or to verify it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.stores.postgresql.connections import Connection, Database, fetch, run
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.postgresql.projection_tables import SNAPSHOT
from ledger.stores.transparency_log import StoredCheckpoint, VerifierKey
from ledger.transparency.tiles import TileAt

if TYPE_CHECKING:
    from ledger.stores.postgresql.places import Place
    from ledger.stores.restoring import RestoredEvents, RestoredLog
    from ledger.stores.store import LedgerStore

_PAGE = 5000
_HASH_BYTES = 32
_ROWS = (
    "SELECT position, uuid_send(originator_id), originator_version, topic, state, "
    "uuid_send(event_id) FROM {events} WHERE position > %s ORDER BY position LIMIT %s"
)
_CHECKPOINTS = (
    "SELECT size, root, note, signed_at FROM {checkpoints} WHERE size > %s ORDER BY size LIMIT %s"
)
_TILES = (
    "SELECT level, n, hashes FROM {tiles} WHERE (level, n) > (%s, %s) ORDER BY level, n LIMIT %s"
)


def copy_ledger(place: Place, into: LedgerStore) -> None:
    """Copy the events and the log, as of one instant, into a new ledger that has neither.

    Raises:
        Unavailable: they cannot be read, or not be written.
    """
    with (
        ledger_errors(place.name),
        Database(place.url) as database,
        database.transaction(SNAPSHOT) as connection,
    ):
        with into.restore_events() as events:
            _copy_events(connection, place, events)
        log = f"SELECT origin FROM {place.table('log')}"
        origin = run(connection, log).fetchone()
        listed = f"SELECT public, made_at, retired_at FROM {place.table('verifier_keys')}"
        keys = [VerifierKey(*row) for row in fetch(connection, listed)]
        if origin is not None and keys:
            with into.restore_log(origin[0], keys) as restored:
                _copy_log(connection, place, restored)


def _copy_events(connection: Connection, place: Place, events: RestoredEvents) -> None:
    statement = _ROWS.replace("{events}", place.table("events"))
    while rows := fetch(connection, statement, (events.position, _PAGE)):
        events.add(rows)


def _copy_log(connection: Connection, place: Place, log: RestoredLog) -> None:
    statement = _CHECKPOINTS.replace("{checkpoints}", place.table("checkpoints"))
    size = -1
    while rows := fetch(connection, statement, (size, _PAGE)):
        log.add([StoredCheckpoint(*row) for row in rows])
        size = rows[-1][0]
    statement = _TILES.replace("{tiles}", place.table("tiles"))
    level = n = -1
    while tiles := fetch(connection, statement, (level, n, _PAGE)):
        for level, n, hashes in tiles:
            log.put(TileAt(level, n, len(hashes) // _HASH_BYTES), hashes)
