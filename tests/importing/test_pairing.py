"""Which purchase a refund gives back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from api.service.importing.pairing import Pairing
from domain.errors import Invalid
from domain.events.commerce import PurchaseMade, PurchaseReversed
from domain.events.governance import EventRetracted
from domain.recorded import RecordedEvent

if TYPE_CHECKING:
    from domain.events import Event

ANN, BEN = UUID(int=1), UUID(int=2)


class Recorded:
    """What is recorded of Ann; of Ben there is nothing."""

    def __init__(self) -> None:
        self.events: list[RecordedEvent] = []

    def add(self, at: int, event: Event) -> UUID:
        place = len(self.events) + 1
        recorded = RecordedEvent(
            contact_id=ANN,
            version=place,
            position=place,
            id=UUID(int=100 + place),
            recorded_at=1000,
            occurred_at=at,
            is_dated_behind=False,
            source="pos",
            actor=None,
            causation_id=None,
            event=event,
        )
        self.events.append(recorded)
        return recorded.id

    def buy(self, at: int, purchase_id: str, amount_minor: int) -> UUID:
        data = {"amount_minor": amount_minor, "currency": "GBP", "initiated_by": "contact"}
        return self.add(at, PurchaseMade.read({"purchase_id": purchase_id, **data}))

    def give_back(self, at: int, purchase_id: str, amount_minor: int) -> UUID:
        data = {"purchase_id": purchase_id, "amount_minor": amount_minor, "currency": "GBP"}
        return self.add(at, PurchaseReversed.read(data))

    def stream(self, contact_id: UUID) -> list[RecordedEvent]:
        return list(self.events) if contact_id == ANN else []


def recorded(*bought: tuple[int, str, int]) -> Recorded:
    made = Recorded()
    for purchase in bought:
        made.buy(*purchase)
    return made


def taken(known: Recorded, at: int, amount_minor: int, currency: str = "GBP") -> str:
    return Pairing(known.stream).take(uuid4(), ANN, at, amount_minor, currency)


def test_exactly_the_amount_wins_over_a_newer_purchase_with_more() -> None:
    assert taken(recorded((1, "exact", 500), (2, "more", 900)), 3, 500) == "exact"


def test_of_several_exact_ones_the_newest_wins() -> None:
    assert taken(recorded((2, "newer", 500), (1, "older", 500)), 3, 500) == "newer"


@pytest.mark.parametrize("names", [("one", "two"), ("two", "one")])
def test_of_two_at_the_same_instant_the_later_recorded_wins(names: tuple[str, str]) -> None:
    first, second = names
    assert taken(recorded((1, first, 500), (1, second, 500)), 3, 500) == second


def test_without_an_exact_one_the_newest_with_more_wins() -> None:
    assert taken(recorded((1, "older", 900), (2, "newer", 700)), 3, 500) == "newer"


def test_what_was_given_back_is_not_left_any_more() -> None:
    paired = Pairing(recorded((1, "a", 900)).stream)
    assert paired.take(uuid4(), ANN, 2, 500, "GBP") == "a"
    assert paired.take(uuid4(), ANN, 3, 400, "GBP") == "a"
    with pytest.raises(Invalid, match="at most 0"):
        paired.take(uuid4(), ANN, 4, 1, "GBP")


def test_what_the_ledger_knows_to_be_given_back_is_not_left() -> None:
    known = recorded((1, "a", 900))
    known.give_back(2, "a", 500)
    assert taken(known, 3, 400) == "a"
    with pytest.raises(Invalid, match="at most 400"):
        taken(known, 3, 401)


def test_a_refund_that_was_retracted_gave_nothing_back() -> None:
    known = recorded((1, "a", 900))
    refund = known.give_back(2, "a", 500)
    known.add(3, EventRetracted.read({"target": str(refund), "reason": "typed twice"}))
    assert taken(known, 4, 900) == "a"


def test_a_refund_that_is_recorded_keeps_its_purchase() -> None:
    known = recorded((1, "a", 900), (1, "exact", 500))
    refund = known.give_back(2, "a", 500)
    assert Pairing(known.stream).take(refund, ANN, 2, 500, "GBP") == "a"


def test_a_purchase_later_in_time_cannot_be_given_back_yet() -> None:
    with pytest.raises(Invalid, match="bought nothing before it in GBP"):
        taken(recorded((5, "later", 500)), 4, 500)


def test_currencies_and_contacts_do_not_mix() -> None:
    paired = Pairing(recorded((1, "a", 500)).stream)
    for contact_id, currency in ((BEN, "GBP"), (ANN, "EUR")):
        with pytest.raises(Invalid) as refused:
            paired.take(uuid4(), contact_id, 2, 500, currency)
        assert refused.value.errors[0].code == "unpaired"


def test_more_than_any_purchase_has_left_is_said_with_the_figures() -> None:
    with pytest.raises(
        Invalid, match="800 is more than is left of any earlier purchase, at most 700"
    ):
        taken(recorded((1, "a", 700), (2, "b", 600)), 3, 800)
