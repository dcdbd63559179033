"""Short ways of saying what happened between contacts, for the tests of referrals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.events.commerce import PurchaseMade, PurchaseReversed
from domain.events.referrals import (
    ReferralClosed,
    ReferralLevelRaised,
    ReferralMade,
    ReferralQualified,
)
from domain.first_purchases import Commerce, commerce_of
from domain.history import History, effective_history
from domain.instants import DAY
from domain.recorded import RecordedEvent
from domain.referrals import Edge, edges_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from domain.events import Event

ANNA, BEN, CLEO, DORA = (UUID(int=0xA000 + number) for number in range(4))


@dataclass(frozen=True)
class Told:
    """One event of a contact on a day; its place in a list of these is its position."""

    contact_id: UUID
    day: float
    event: Event
    id: UUID | None = None


def recorded(told: Sequence[Told]) -> list[RecordedEvent]:
    """What the ledger holds once it was told all of this, in this order; ids count from 1."""
    versions: dict[UUID, int] = {}
    found = []
    for position, one in enumerate(told, start=1):
        versions[one.contact_id] = versions.get(one.contact_id, 0) + 1
        found.append(
            RecordedEvent(
                contact_id=one.contact_id,
                version=versions[one.contact_id],
                position=position,
                id=one.id or UUID(int=position),
                occurred_at=round(one.day * DAY),
                recorded_at=10**16 + position,
                source=None,
                actor=None,
                causation_id=None,
                event=one.event,
            )
        )
    return found


@dataclass(frozen=True)
class Town:
    """Everybody's edges and commerce after a story."""

    edges: Mapping[UUID, tuple[Edge, ...]]
    commerce: Mapping[UUID, Commerce]

    def edges_from(self, contact_id: UUID) -> tuple[Edge, ...]:
        """The referrals that a contact made."""
        return self.edges.get(contact_id, ())

    def edges_to(self, contact_id: UUID) -> list[Edge]:
        """The referrals of a contact."""
        return [edge for own in self.edges.values() for edge in own if edge.other == contact_id]


def histories(told: Sequence[Told]) -> dict[UUID, History]:
    """Each contact's effective history."""
    events = recorded(told)
    return {
        contact_id: effective_history(
            [one for one in events if one.contact_id == contact_id], contact_id
        )
        for contact_id in sorted({one.contact_id for one in events})
    }


def town(*told: Told | Iterable[Told]) -> Town:
    """What a story, told in this order, leaves behind."""
    flat: list[Told] = []
    for one in told:
        flat.extend([one] if isinstance(one, Told) else one)
    known = histories(flat)
    return Town(
        {who: edges_of(history, who, lambda contact: contact) for who, history in known.items()},
        {who: commerce_of(history) for who, history in known.items()},
    )


def refers(
    day: float,
    other: UUID = BEN,
    level: int = 3,
    *,
    by: UUID = ANNA,
    name: str = "r1",
    direction: str = "inbound",
) -> Told:
    """A referral is made."""
    event = ReferralMade(referral_id=name, direction=direction, other=other, level=level)
    return Told(by, day, event)


def raises(day: float, level: int, *, by: UUID = ANNA, name: str = "r1") -> Told:
    """The referrer goes further."""
    return Told(by, day, ReferralLevelRaised(referral_id=name, level=level))


def qualifies(day: float, *, by: UUID = ANNA, name: str = "r1") -> Told:
    """The referred contact turns out to be somebody to serve."""
    return Told(by, day, ReferralQualified(referral_id=name))


def closes(
    day: float,
    outcome: str,
    amount_minor: int | None = None,
    *,
    by: UUID = ANNA,
    name: str = "r1",
) -> Told:
    """It is known what came of a referral."""
    currency = None if amount_minor is None else "EUR"
    event = ReferralClosed(
        referral_id=name, outcome=outcome, amount_minor=amount_minor, currency=currency
    )
    return Told(by, day, event)


def buys(day: float, amount_minor: int = 10_000, *, who: UUID = BEN, name: str = "p1") -> Told:
    """A contact buys something."""
    event = PurchaseMade(
        purchase_id=name, amount_minor=amount_minor, currency="EUR", initiated_by="contact"
    )
    return Told(who, day, event)


def refunds(day: float, amount_minor: int = 10_000, *, who: UUID = BEN, name: str = "p1") -> Told:
    """A purchase is reversed, in part or whole."""
    event = PurchaseReversed(purchase_id=name, amount_minor=amount_minor, currency="EUR")
    return Told(who, day, event)
