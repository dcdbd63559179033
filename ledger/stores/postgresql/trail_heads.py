"""What is known of each audit trail's newest entry, in PostgreSQL, kept apart from the trails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.stores.access import TrailHeads
from ledger.stores.postgresql.connections import Database, run
from ledger.stores.postgresql.errors import ledger_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.stores.postgresql.places import Place


class PostgresqlTrailHeads(TrailHeads):
    """See ``ledger.stores.access.TrailHeads``. ``place`` makes the tables, where that is asked."""

    def __init__(self, place: Callable[[bool], Place | None]) -> None:
        self._place = place

    def heads(self) -> dict[str, tuple[int, str]]:
        place = self._place(False)
        if place is None:
            return {}
        select = f"SELECT trail, number, hash FROM {place.table('trail_heads')}"
        with ledger_errors(place.name), Database(place.url) as database:
            return {trail: (number, found) for trail, number, found in database.rows(select)}

    def advance(self, trail: str, number: int, newest: str) -> None:
        place = self._place(True)
        assert place is not None, "it was made"
        table = place.table("trail_heads")
        statement = (
            f"INSERT INTO {table} AS known VALUES (%s, %s, %s) ON CONFLICT (trail) DO UPDATE "
            "SET number = excluded.number, hash = excluded.hash "
            "WHERE excluded.number > known.number"
        )
        with (
            ledger_errors(place.name),
            Database(place.url) as database,
            database.lend() as connection,
        ):
            run(connection, statement, (trail, number, newest))

    def forget(self, trail: str) -> None:
        place = self._place(False)
        if place is None:
            return
        statement = f"DELETE FROM {place.table('trail_heads')} WHERE trail = %s"
        with (
            ledger_errors(place.name),
            Database(place.url) as database,
            database.lend() as connection,
        ):
            run(connection, statement, (trail,))
