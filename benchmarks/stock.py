"""The contestant: the same shop as a plain program of the stock ``eventsourcing`` library.

Aggregates and JSON, as its documentation shows them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from benchmarks.purchases import Purchase

_CONTACTS_A_SAVE = 200


class Customer(Aggregate):
    """Who buys, and what they spent."""

    @staticmethod
    def create_id(name: str) -> UUID:
        """The id that follows from the name."""
        return uuid5(NAMESPACE_URL, name)

    @event("Registered")
    def __init__(self, kind: str, name: str, refs: dict[str, str], occurred_at: datetime) -> None:
        self.kind, self.name, self.refs = kind, name, refs
        self.registered_at = occurred_at
        self.purchases = self.spent_minor = self.visits = self.touches = 0

    @event("PurchaseMade")
    def purchase(
        self,
        purchase_id: str,
        amount_minor: int,
        currency: str,
        category: str,
        initiated_by: str,
        occurred_at: datetime,
    ) -> None:
        """They bought something."""
        self.purchases += 1
        self.spent_minor += amount_minor

    @event("VisitMade")
    def visit(self, guests: int, occurred_at: datetime) -> None:
        """They came by."""
        self.visits += 1

    @event("TouchMade")
    def touch(self, direction: str, purpose: str, channel: str, occurred_at: datetime) -> None:
        """We talked."""
        self.touches += 1


class Shop(Application[UUID]):
    """The program."""


def stored_in(path: Path) -> dict[str, str]:
    """The library's settings for SQLite in that file."""
    return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}


def record(shop: Shop, purchases: Iterable[Purchase]) -> int:
    """Write the purchases and a registration of each contact; answers how many events that is."""
    customers: dict[str, Customer] = {}
    events = 0
    for place, purchase in enumerate(purchases, 1):
        at = instant(purchase.occurred_at)
        customer = customers.get(purchase.customer)
        if customer is None:
            if len(customers) == _CONTACTS_A_SAVE:
                shop.save(*customers.values())
                customers.clear()
            customer = register(purchase.customer, at)
            customers[purchase.customer] = customer
            events += 1
        purchase_id = f"{at:%Y%m%d}-{purchase.discs}-{place}"
        customer.purchase(purchase_id, purchase.amount_minor, "USD", "music", "contact", at)
        events += 1
    shop.save(*customers.values())
    return events


def register(reference: str, at: datetime) -> Customer:
    """A new customer of that reference."""
    return Customer("person", f"CDNOW customer {reference}", {"cdnow": reference}, at)


def customer_id(reference: str) -> UUID:
    """The id under which the customer of that reference is kept."""
    return Customer.create_id(f"CDNOW customer {reference}")


def instant(occurred_at: int) -> datetime:
    """Microseconds of UTC as the library's programs keep instants."""
    return datetime.fromtimestamp(occurred_at / 1_000_000, UTC)
