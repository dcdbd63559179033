"""The contestant's projection: the library's own runner into a table in SQLite or PostgreSQL.

The library's SQLite recorder takes no subscriptions, so the runner reads its events from memory.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from eventsourcing.persistence import TrackingRecorder
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder
from psycopg.sql import SQL, Identifier

from benchmarks import stock

if TYPE_CHECKING:
    from pathlib import Path

    from eventsourcing.persistence import ApplicationRecorder, Tracking

_TABLE = (
    "CREATE TABLE IF NOT EXISTS spent (customer TEXT PRIMARY KEY,"
    " purchases INTEGER NOT NULL, spent_minor INTEGER NOT NULL)"
)
_COUNT_IN = (
    "INSERT INTO {table} VALUES ({place}, {place}, {place}) ON CONFLICT (customer) DO UPDATE SET"
    " purchases = {table}.purchases + excluded.purchases,"
    " spent_minor = {table}.spent_minor + excluded.spent_minor"
)


class View(NamedTuple):
    """A kind of view, and the library's settings for where it is kept."""

    kind: type[SpentView]
    settings: dict[str, str]


class SpentView(TrackingRecorder, ABC):
    """How often each customer bought, and for how much: a table beside the tracking."""

    @abstractmethod
    def add(self, customer: UUID, purchases: int, amount_minor: int, tracking: Tracking) -> None:
        """Count one event in, and remember it as seen, in one transaction."""

    @abstractmethod
    def rows(self) -> dict[UUID, tuple[int, int]]:
        """Purchases and their sum by customer."""


class SqliteSpentView(SQLiteTrackingRecorder, SpentView):
    """The view in a file."""

    def construct_create_table_statements(self) -> list[str]:
        return [*super().construct_create_table_statements(), _TABLE]

    def add(self, customer: UUID, purchases: int, amount_minor: int, tracking: Tracking) -> None:
        """Count one event in, and remember it as seen, in one transaction."""
        with self.datastore.transaction(commit=True) as c:
            self._insert_tracking(c, tracking)
            c.execute(
                _COUNT_IN.format(table="spent", place="?"), (customer.hex, purchases, amount_minor)
            )

    def rows(self) -> dict[UUID, tuple[int, int]]:
        """Purchases and their sum by customer."""
        with self.datastore.transaction(commit=False) as c:
            c.execute("SELECT customer, purchases, spent_minor FROM spent")
            return {UUID(row[0]): (row[1], row[2]) for row in c.fetchall()}


class PostgresqlSpentView(PostgresTrackingRecorder, SpentView):
    """The view in a database."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._spent = Identifier(self.datastore.schema, "spent")
        table = SQL(_TABLE.replace(" spent ", " {table} ")).format(table=self._spent)
        self.sql_create_statements.append(table)

    def add(self, customer: UUID, purchases: int, amount_minor: int, tracking: Tracking) -> None:
        """Count one event in, and remember it as seen, in one transaction."""
        count_in = SQL(_COUNT_IN).format(table=self._spent, place=SQL("%s"))
        with self.datastore.transaction(commit=True) as c:
            self._insert_tracking(c, tracking)
            c.execute(count_in, (customer.hex, purchases, amount_minor), prepare=True)

    def rows(self) -> dict[UUID, tuple[int, int]]:
        """Purchases and their sum by customer."""
        select = SQL("SELECT customer, purchases, spent_minor FROM {}").format(self._spent)
        with self.datastore.transaction(commit=False) as c:
            c.execute(select)
            return {
                UUID(row["customer"]): (row["purchases"], row["spent_minor"])
                for row in c.fetchall()
            }


def in_file(path: Path) -> View:
    """A view in a new file."""
    return View(SqliteSpentView, stock.stored_in(path))


def in_postgresql(url: str) -> View:
    """A view in a new database."""
    parts = urlsplit(url)
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    return View(
        PostgresqlSpentView,
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": parts.path.removeprefix("/"),
            "POSTGRES_HOST": asked["host"],
            "POSTGRES_PORT": "5432",
            "POSTGRES_USER": asked["user"],
            "POSTGRES_PASSWORD": "none",
        },
    )


class Spending(Projection[SpentView]):
    """Keeps the view."""

    name = "spending"

    def __init__(self, view: SpentView) -> None:
        super().__init__(view)
        self.seen = threading.Semaphore(0)

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        amount_minor = getattr(domain_event, "amount_minor", None)
        self.view.add(
            domain_event.originator_id, int(amount_minor is not None), amount_minor or 0, tracking
        )
        self.seen.release()


def project(shop: stock.Shop, view: View, event_count: int) -> dict[UUID, tuple[int, int]]:
    """The view of the shop's events, so many, made by the library's runner."""

    class Recorded(stock.Shop):
        """The runner makes its application itself; this one has the events already."""

        name = stock.Shop.name

        def construct_recorder(self) -> ApplicationRecorder:
            return shop.recorder

    with ProjectionRunner(
        application_class=Recorded,
        projection_class=Spending,
        view_class=view.kind,
        env={f"SPENDING_{name}": value for name, value in view.settings.items()},
    ) as runner:
        assert isinstance(runner.projection, Spending)
        for _ in range(event_count):
            if not runner.projection.seen.acquire(timeout=60):
                raise TimeoutError("the stock runner stands still")
        return runner.view.rows()
