"""Short looks at what is kept of one ledger, none of which writes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.errors import LedgerError
from ledger.stores.events import Row
from ledger.stores.examination import Examination, PartCheck
from ledger.stores.postgresql.connections import Database
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.postgresql.projection_tables import has_tables
from ledger.stores.postgresql.table_transactions import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.stores.postgresql.places import Place

_PAGE = 2000
_NEWEST = (
    "SELECT position, originator_id, originator_version, topic, state FROM {events}"
    " ORDER BY position DESC LIMIT 1"
)
_IDS = (
    "SELECT position, uuid_send(event_id) FROM {events} WHERE position > %s"
    " ORDER BY position LIMIT %s"
)
_COUNTS = "SELECT (SELECT head FROM {writer}), count(*), coalesce(max(position), 0) FROM {events}"


class PostgresqlExamination(Examination):
    """See ``ledger.stores.examination.Examination``; ``files`` looks at the keys."""

    def __init__(self, place: Place, files: Examination) -> None:
        self._place = place
        self._files = files

    def newest_event(self) -> Row | None:
        with ledger_errors(self._place.name), Database(self._place.url) as database:
            rows = database.rows(self._with_tables(_NEWEST))
        return Row(*rows[0]) if rows else None

    @contextmanager
    def event_ids(self) -> Iterator[Iterator[bytes]]:
        with Database(self._place.url) as database:
            yield self._ids(database)

    def part_checks(self) -> list[PartCheck]:
        checks = [self._events(), *self._files.part_checks()]
        if self._has_projections():
            said = "the database checks its own pages"
            checks.append(PartCheck("projections", True, said, has_projections=True))
        return checks

    def projections_position(self) -> int | None:
        table = self._place.table(f"{PREFIX}generations")
        with ledger_errors(self._place.name), Database(self._place.url) as database:
            ((reached,),) = database.rows(f"SELECT max(position) FROM {table}")
        return None if reached is None else int(reached)

    def _ids(self, database: Database) -> Iterator[bytes]:
        position = 0
        while True:
            with ledger_errors(self._place.name):
                rows = database.rows(self._with_tables(_IDS), position, _PAGE)
            yield from (event_id for _, event_id in rows)
            if len(rows) < _PAGE:
                return
            position = rows[-1][0]

    def _events(self) -> PartCheck:
        try:
            with ledger_errors(self._place.name), Database(self._place.url) as database:
                ((head, count, newest),) = database.rows(self._with_tables(_COUNTS))
        except LedgerError as error:
            return PartCheck("events", False, str(error))
        sound = head == count == newest
        said = f"the writer stands at {head}, {count} events stand up to {newest}"
        return PartCheck("events", sound, said)

    def _has_projections(self) -> bool:
        with ledger_errors(self._place.name), Database(self._place.url) as database:
            return database.query(lambda connection: has_tables(connection, self._place))

    def _with_tables(self, statement: str) -> str:
        for table in ("events", "writer"):
            statement = statement.replace(f"{{{table}}}", self._place.table(table))
        return statement
