"""The contestant's projection: the library's own runner into a table in SQLite.

The library's SQLite recorder takes no subscriptions, so the runner reads its events from memory.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from uuid import UUID

from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteTrackingRecorder

from benchmarks import stock

if TYPE_CHECKING:
    from pathlib import Path

    from eventsourcing.persistence import ApplicationRecorder, Tracking


class SpentView(SQLiteTrackingRecorder):
    """How often each customer bought, and for how much: a table beside the tracking."""

    def construct_create_table_statements(self) -> list[str]:
        statement = (
            "CREATE TABLE IF NOT EXISTS spent (customer TEXT PRIMARY KEY,"
            " purchases INTEGER NOT NULL, spent_minor INTEGER NOT NULL)"
        )
        return [*super().construct_create_table_statements(), statement]

    def add(self, customer: UUID, purchases: int, amount_minor: int, tracking: Tracking) -> None:
        """Count one event in, and remember it as seen, in one transaction."""
        with self.datastore.transaction(commit=True) as c:
            self._insert_tracking(c, tracking)
            c.execute(
                "INSERT INTO spent VALUES (?, ?, ?) ON CONFLICT (customer) DO UPDATE SET"
                " purchases = purchases + excluded.purchases,"
                " spent_minor = spent_minor + excluded.spent_minor",
                (customer.hex, purchases, amount_minor),
            )

    def rows(self) -> dict[UUID, tuple[int, int]]:
        """Purchases and their sum by customer."""
        with self.datastore.transaction(commit=False) as c:
            c.execute("SELECT customer, purchases, spent_minor FROM spent")
            return {UUID(row[0]): (row[1], row[2]) for row in c.fetchall()}


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


def project(shop: stock.Shop, view_path: Path, event_count: int) -> dict[UUID, tuple[int, int]]:
    """The view of the shop's events, so many, made by the library's runner in a file of its own."""

    class Recorded(stock.Shop):
        """The runner makes its application itself; this one has the events already."""

        name = stock.Shop.name

        def construct_recorder(self) -> ApplicationRecorder:
            return shop.recorder

    with ProjectionRunner(
        application_class=Recorded,
        projection_class=Spending,
        view_class=SpentView,
        env={f"SPENDING_{name}": value for name, value in stock.stored_in(view_path).items()},
    ) as runner:
        assert isinstance(runner.projection, Spending)
        for _ in range(event_count):
            if not runner.projection.seen.acquire(timeout=60):
                raise TimeoutError("the stock runner stands still")
        return runner.view.rows()
