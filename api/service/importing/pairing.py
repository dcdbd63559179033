"""Which purchase a cancellation gives back, where the file does not say.

The rule: of the same contact's purchases that stand above the cancellation in the file, in the same
currency and not later in time, the newest of which exactly that amount is left; if there is none,
the newest of which more is left. Of two at the same instant the lower in the file is the newer.
Nothing else is guessed, and rows added below change no pairing above them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import Invalid

if TYPE_CHECKING:
    from uuid import UUID


_ELSEWHERE = (
    "; purchases in other files are not looked at: join the files into one, or append the refund "
    "with its purchase_id"
)


@dataclass(slots=True)
class _Open:
    occurred_at: int
    place: int
    purchase_id: str
    currency: str
    left_minor: int


class Pairing:
    """The purchases of a file that something is left of. Memory grows with their number."""

    def __init__(self) -> None:
        self._open: dict[UUID, list[_Open]] = {}
        self._place = 0

    def add_purchase(
        self, contact_id: UUID, occurred_at: int, purchase_id: str, amount_minor: int, currency: str
    ) -> None:
        """Remember a purchase that later rows may give back."""
        self._place += 1
        bought = _Open(occurred_at, self._place, purchase_id, currency, amount_minor)
        self._open.setdefault(contact_id, []).append(bought)

    def take(self, contact_id: UUID, occurred_at: int, amount_minor: int, currency: str) -> str:
        """The id of the purchase that is given back, in part or whole.

        Raises:
            Invalid: there is none; the detail says why.
        """
        prior = [
            purchase
            for purchase in self._open.get(contact_id, ())
            if purchase.currency == currency and purchase.occurred_at <= occurred_at
        ]
        if not prior:
            detail = f"no earlier purchase of this contact stands above it in the file{_ELSEWHERE}"
            raise Invalid.at("/purchase_id", "unpaired", detail)
        enough = [purchase for purchase in prior if purchase.left_minor >= amount_minor]
        if not enough:
            most = max(purchase.left_minor for purchase in prior)
            detail = (
                f"{amount_minor} is more than is left of any earlier purchase, at most {most}"
                f"{_ELSEWHERE}"
            )
            raise Invalid.at("/purchase_id", "unpaired", detail)
        best = max(
            enough, key=lambda one: (one.left_minor == amount_minor, one.occurred_at, one.place)
        )
        best.left_minor -= amount_minor
        return best.purchase_id
