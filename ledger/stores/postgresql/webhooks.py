"""Webhooks and their deliveries in the schema of their ledger."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ledger.stores.postgresql.connections import Connection, Database, run
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.webhook_statements import WebhookTables, WebhookWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ledger.stores.postgresql.places import Place


class PostgresqlWebhooks(WebhookTables):
    """See ``ledger.stores.webhooks.WebhookStore``."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._database = Database(place.url)

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        with ledger_errors(self._place.name):
            return self._database.rows(_with_names(statement, self._place), *values)

    @contextmanager
    def writing(self) -> Iterator[WebhookWriter]:
        with (
            ledger_errors(self._place.name, ": nothing was changed"),
            self._database.transaction() as connection,
        ):
            yield _Writer(connection, self._place)

    def close(self) -> None:
        self._database.close()


class _Writer(WebhookWriter):
    def __init__(self, connection: Connection, place: Place) -> None:
        self._connection = connection
        self._place = place

    def run(self, statement: str, values: Sequence[Any]) -> int:
        return run(self._connection, _with_names(statement, self._place), values).rowcount

    def run_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        named: Any = _with_names(statement, self._place)
        with self._connection.cursor() as cursor:
            cursor.executemany(named, list(rows))


def wanted_kinds(place: Place) -> frozenset[str]:
    """The kinds that the webhooks of a ledger receive."""
    with ledger_errors(place.name), Database(place.url) as database:
        rows = database.rows(f"SELECT events FROM {place.table('webhooks')}")
    return frozenset(kind for (events,) in rows for kind in events.split())


def _with_names(statement: str, place: Place) -> str:
    for table in ("webhooks", "deliveries"):
        statement = statement.replace(f"{{{table}}}", place.table(table))
    return statement.replace("?", "%s")
