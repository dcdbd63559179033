"""The entries of one audit trail in PostgreSQL, whose table refuses to change them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ledger.stores.access import Act, TrailStore, act_of, canonical
from ledger.stores.postgresql.connections import Connection, Database, fetch, run
from ledger.stores.postgresql.errors import ledger_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.stores.postgresql.places import Place

_COLUMNS = "number, at, principal, act, subject, detail, previous, hash, outcome, ordered_by"

_TELLS_OF = (
    "SELECT 1 FROM {acts} AS ordered WHERE act = %s AND ordered_by IS NULL AND number > "
    "(SELECT coalesce(max(number), 0) FROM {acts} WHERE act = %s) AND NOT EXISTS "
    "(SELECT 1 FROM {acts} AS ended WHERE ended.ordered_by = ordered.number"
    " AND ended.outcome IN ('refused', 'failed')) LIMIT 1"
)


class PostgresqlTrail(TrailStore):
    """The store of one trail; see ``ledger.stores.access.TrailStore``."""

    def __init__(self, place: Place) -> None:
        self.name = place.name
        self._acts = place.table("acts")
        self._database = Database(place.url)
        self._adding: Connection | None = None

    @contextmanager
    def adding(self, told: str) -> Iterator[None]:
        lock = f"LOCK TABLE {self._acts} IN SHARE ROW EXCLUSIVE MODE"
        with (
            ledger_errors(self.name, told),
            self._database.transaction() as connection,
        ):
            run(connection, lock)
            self._adding = connection
            try:
                yield
            finally:
                self._adding = None

    def newest(self) -> tuple[int, str, int] | None:
        rows = self._rows("SELECT number, hash, at FROM {acts} ORDER BY number DESC LIMIT 1")
        return rows[0] if rows else None

    def hash_of(self, number: int) -> str | None:
        rows = self._rows("SELECT hash FROM {acts} WHERE number = %s", number)
        return rows[0][0] if rows else None

    def insert(self, entry: Act) -> None:
        assert self._adding is not None, "an entry is added in a transaction"
        run(
            self._adding,
            f"INSERT INTO {self._acts} ({_COLUMNS}) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
            (
                entry.number, entry.at, entry.principal, entry.act, entry.subject,
                canonical(entry.detail), entry.previous, entry.hash,
                None if entry.of is None else entry.outcome, entry.of,
            ),
        )  # fmt: skip  # one value a line would bury the columns

    def entries(self, after: int, limit: int) -> list[Act]:
        select = f"SELECT {_COLUMNS} FROM {{acts}} WHERE number > %s ORDER BY number LIMIT %s"
        return [act_of(row, self.name) for row in self._rows(select, after, limit)]

    def tells_of(self, act: str, since: str | None) -> bool:
        return bool(self._rows(_TELLS_OF, act, since))

    def close(self) -> None:
        self._database.close()

    def _rows(self, statement: str, *values: object) -> list[Any]:
        named = statement.replace("{acts}", self._acts)
        with ledger_errors(self.name):
            if self._adding is not None:
                return fetch(self._adding, named, values)
            return self._database.rows(named, *values)
