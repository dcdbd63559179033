"""Which purchase of a contact is its first, at any instant: what wins a referral and is rewarded.

A purchase of amount 0 is none of these: it wins no referral and earns no reward. Source: the domain
document, section 6, and the errata, 6 ("the first unreversed purchase above 0 wins").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from domain.events.commerce import PurchaseMade, PurchaseReversed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.history import Fact, History


class Reversal(NamedTuple):
    """A part of a purchase that was given back, and the event that says so."""

    at: int
    amount_minor: int
    position: int
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase above 0 and its reversals, oldest first. Instants are microseconds."""

    occurred_at: int
    position: int
    event_id: UUID
    amount_minor: int
    currency: str
    reversals: tuple[Reversal, ...] = ()

    @property
    def last_reversal(self) -> Reversal | None:
        """The reversal with which it is reversed in full, which may lie before it occurred."""
        reversed_minor = 0
        for reversal in self.reversals:
            reversed_minor += reversal.amount_minor
            if reversed_minor >= self.amount_minor:
                return reversal
        return None

    @property
    def gone_at(self) -> int | None:
        """The instant from which it is reversed in full, which may lie before it occurred."""
        last = self.last_reversal
        return None if last is None else last.at

    def is_gone(self, at: int) -> bool:
        """It is reversed in full by that instant."""
        gone_at = self.gone_at
        return gone_at is not None and gone_at <= at

    def counts(self, at: int) -> bool:
        """It has occurred and is not reversed in full."""
        return self.occurred_at <= at and not self.is_gone(at)

    def reversed_minor(self, at: int) -> int:
        """How much of it has been reversed by the instant, at most its amount."""
        total_minor = sum(one.amount_minor for one in self.reversals if one.at <= at)
        return min(total_minor, self.amount_minor)


class Turn(NamedTuple):
    """From ``at`` on a purchase is the first one; ``after`` is the one whose place it took."""

    at: int
    purchase: Purchase
    after: Purchase | None


@dataclass(frozen=True, slots=True)
class Commerce:
    """The purchases that are, at one instant or another, a contact's first unreversed one.

    In the order of (``occurred_at``, ``position``), and so in that of the instants at which they
    are reversed in full. No other purchase can win a referral or earn a reward, so ten years of
    coffee are kept as a single row.
    """

    purchases: tuple[Purchase, ...] = ()

    def first_unreversed(self, at: int) -> Purchase | None:
        """The first purchase that counts at the instant."""
        return next((purchase for purchase in self.purchases if purchase.counts(at)), None)

    def turns(self) -> Iterator[Turn]:
        """Each purchase with the instant from which it is the first, in that order."""
        before: Purchase | None = None
        for purchase in self.purchases:
            gone_at = purchase.occurred_at if before is None else before.gone_at
            assert gone_at is not None, "after one that is not reversed no other is ever the first"
            yield Turn(max(purchase.occurred_at, gone_at), purchase, before)
            before = purchase

    def pack(self) -> list[object]:
        """The commerce in msgpack's own types."""
        return [
            [
                purchase.occurred_at,
                purchase.position,
                purchase.event_id.bytes,
                purchase.amount_minor,
                purchase.currency,
                [
                    [one.at, one.amount_minor, one.position, one.event_id.bytes]
                    for one in purchase.reversals
                ],
            ]
            for purchase in self.purchases
        ]

    @classmethod
    def unpack(cls, packed: Sequence[Any]) -> Commerce:
        """The commerce that was packed."""
        return cls(
            tuple(
                Purchase(
                    occurred_at,
                    position,
                    UUID(bytes=event_id),
                    amount_minor,
                    currency,
                    tuple(
                        Reversal(at, reversed_minor, place, UUID(bytes=event))
                        for at, reversed_minor, place, event in reversals
                    ),
                )
                for occurred_at, position, event_id, amount_minor, currency, reversals in packed
            )
        )


def commerce_of(history: History) -> Commerce:
    """The purchases in a history that are the first unreversed one above 0 at some instant."""
    made: dict[tuple[int, str], tuple[Fact, PurchaseMade]] = {}
    reversals: dict[tuple[int, str], list[Reversal]] = {}
    for fact in history.facts:
        event = fact.event
        if isinstance(event, PurchaseMade):
            made.setdefault((fact.scope, event.purchase_id), (fact, event))
        elif isinstance(event, PurchaseReversed):
            reversal = Reversal(fact.occurred_at, event.amount_minor, fact.position, fact.id)
            reversals.setdefault((fact.scope, event.purchase_id), []).append(reversal)
    firsts: list[Purchase] = []
    covered_until: int | None = None
    for key, (fact, event) in made.items():
        if event.amount_minor == 0:
            continue
        purchase = Purchase(
            fact.occurred_at,
            fact.position,
            fact.id,
            event.amount_minor,
            event.currency,
            tuple(reversals.get(key, ())),
        )
        gone_at = purchase.gone_at
        if gone_at is None:
            firsts.append(purchase)
            break
        # The earlier ones are all there by now, so it is first only once the last of them is gone.
        if gone_at > max(purchase.occurred_at, covered_until or purchase.occurred_at):
            firsts.append(purchase)
            covered_until = gone_at
    return Commerce(tuple(firsts))
