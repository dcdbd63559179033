"""Which purchase a refund gives back, where the file does not say.

The rule: of the same contact's purchases in the same currency and not later in time, whether this
file brought them or not, the newest of which exactly that amount is left; if there is none, the
newest of which more is left. Of two at the same instant the one that was recorded later is the
newer. Nothing else is guessed. A refund that is recorded already keeps its purchase, unless undoing
an import took it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import Invalid
from domain.events.commerce import PurchaseMade, PurchaseReversed
from domain.events.governance import EventRetracted
from domain.history import effective_history
from domain.imports import is_undone_by

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent

_ADVICE = ": append the refund with its purchase_id, or import the file with the purchase first"


@dataclass(slots=True)
class _Purchase:
    occurred_at: int
    position: int
    currency: str
    left_minor: int


class _Dealings:
    """What one contact bought, and what is left of it."""

    def __init__(self, stream: Sequence[RecordedEvent], contact_id: UUID) -> None:
        by_id = {one.id: one for one in stream if isinstance(one.event, PurchaseReversed)}
        self.undone = {
            one.event.target
            for one in stream
            if isinstance(one.event, EventRetracted)
            and (target := by_id.get(one.event.target)) is not None
            and is_undone_by(target, one)
        }
        self.recorded = {
            event_id: one.event.purchase_id
            for event_id, one in by_id.items()
            if isinstance(one.event, PurchaseReversed)
        }
        self.purchases: dict[str, _Purchase] = {}
        facts = effective_history(stream, contact_id).facts
        for fact in facts:
            event = fact.event
            if isinstance(event, PurchaseMade):
                bought = _Purchase(
                    fact.occurred_at, fact.position, event.currency, event.amount_minor
                )
                self.purchases.setdefault(event.purchase_id, bought)
        for fact in facts:
            event = fact.event
            if isinstance(event, PurchaseReversed) and event.purchase_id in self.purchases:
                self.purchases[event.purchase_id].left_minor -= event.amount_minor


class Pairing:
    """Finds the purchases of refunds, which come in the order of their time.

    What was bought is read from the ledger, once for each contact, when its first refund comes.
    """

    def __init__(
        self,
        stream_of: Callable[[UUID], Sequence[RecordedEvent]],
        renewed: Callable[[UUID, int], UUID] = lambda event_id, _undone: event_id,
    ) -> None:
        """``renewed`` is the id of an event once undoing has taken it back so often."""
        self._stream_of = stream_of
        self._renewed = renewed
        self._contacts: dict[UUID, _Dealings] = {}

    def take(
        self, refund: UUID, contact_id: UUID, occurred_at: int, amount_minor: int, currency: str
    ) -> str:
        """The id of the purchase that is given back, in part or whole.

        ``refund`` is the id that the event that gives it back has at first.

        Raises:
            Invalid: there is none; the detail says why.
        """
        dealings = self._contacts.get(contact_id)
        if dealings is None:
            dealings = _Dealings(self._stream_of(contact_id), contact_id)
            self._contacts[contact_id] = dealings
        undone = 0
        while (event_id := self._renewed(refund, undone)) in dealings.undone:
            undone += 1
        if event_id in dealings.recorded:
            return dealings.recorded[event_id]
        prior = {
            purchase_id: one
            for purchase_id, one in dealings.purchases.items()
            if one.currency == currency and one.occurred_at <= occurred_at
        }
        if not prior:
            detail = f"the contact bought nothing before it in {currency}{_ADVICE}"
            raise Invalid.at("/purchase_id", "unpaired", detail)
        enough = [one for one, purchase in prior.items() if purchase.left_minor >= amount_minor]
        if not enough:
            most = max(purchase.left_minor for purchase in prior.values())
            detail = (
                f"{amount_minor} is more than is left of any earlier purchase, at most {most}"
                f"{_ADVICE}"
            )
            raise Invalid.at("/purchase_id", "unpaired", detail)

        def rank(purchase_id: str) -> tuple[bool, int, int]:
            one = prior[purchase_id]
            return one.left_minor == amount_minor, one.occurred_at, one.position

        best = max(enough, key=rank)
        prior[best].left_minor -= amount_minor
        return best
