"""What one busy contact costs: twice as many events cost about twice as many facts folded."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from domain.events.commerce import PurchaseMade
from domain.instants import DAY, SECOND
from domain.restatement import MINUTE
from domain.stages import StageMachine
from tests.domain.scenario import ANN, DAN
from tests.fixtures.clock import Clock
from tests.fixtures.faults import Call, calls_of
from tests.projections.hands import Hands
from tests.projections.memory import NOW, MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


FEW, MANY = 3000, 6000
MOST_RATIOS = {"restatements": 2.2, "status": 2.5}
"""The status takes a first step of fewer events than there are, which weighs more on the few."""

MOST_FOLDS = 2.5
"""How often each event may be folded."""

SALES_A_DAY = 4


ON_AN_ADDRESS = "in order, on an address"


def sold(order: str, events: int, pause: int) -> tuple[MemoryLedger, Clock]:
    """A contact known for a day, whose sales dated by the day arrive in that order.

    On an address they stand on the stream of a name that nobody registered.
    """
    clock = Clock(NOW - DAY)
    ledger = MemoryLedger(clock)
    ledger.tell(ANN, "contact-registered", NOW - 9000 * DAY)
    stream = ANN
    if order == ON_AN_ADDRESS:
        stream = DAN
        ledger.tell(DAN, "contact-merged", NOW - 9000 * DAY, into=str(ANN))
    days = [number // SALES_A_DAY for number in range(events)]
    if order == "newest first":
        days.reverse()
    elif order == "shuffled":
        Random(17).shuffle(days)
    clock.instant = NOW
    for number, day in enumerate(days):
        clock.instant += pause
        made = PurchaseMade(
            purchase_id=str(number), amount_minor=500, currency="EUR", initiated_by="contact"
        )
        at = NOW - NOW % DAY - (events // SALES_A_DAY - day) * DAY
        ledger.record(stream, made, at, None, number + 2)
    return ledger, clock


@pytest.fixture
def absorbed() -> Iterator[list[Call]]:
    """The facts that were folded, in the one place."""
    with calls_of(StageMachine, "absorb") as calls:
        yield calls


@pytest.mark.parametrize("name", list(MOST_RATIOS))
@pytest.mark.parametrize("order", ["in order", "newest first", "shuffled", ON_AN_ADDRESS])
def test_twice_as_many_events_of_one_contact_cost_twice_as_much(
    tmp_path: Path, absorbed: list[Call], order: str, name: str
) -> None:
    costs = []
    for events in (FEW, MANY):
        ledger, clock = sold(order, events, 0)
        hands = Hands(ledger, clock, tmp_path / f"{events}.sqlite")
        absorbed.clear()
        while hands.follow(name, ledger.head()):
            pass
        costs.append(len(absorbed))
        hands.close()
    assert costs[1] <= MOST_RATIOS[name] * costs[0]
    assert costs[1] <= MOST_FOLDS * MANY


@pytest.mark.parametrize("name", ["restatements", "status"])
def test_sales_dated_by_the_day_that_arrive_in_order_are_folded_few_times(
    tmp_path: Path, absorbed: list[Call], name: str
) -> None:
    """A step and a minute for each of them, and still each is folded a few times at most."""
    ledger, clock = sold("in order", 200, MINUTE)
    hands = Hands(ledger, clock, tmp_path / "each.sqlite")
    while hands.follow(name, 1):
        pass
    assert hands.digest(name).position == ledger.head()
    assert len(absorbed) <= 3 * 200
    hands.close()


def test_a_busy_contact_is_restated_alike_in_any_steps(tmp_path: Path) -> None:
    """Over some minutes, by 700 at a time, and by all at once."""
    ledger, clock = sold("shuffled", 3000, SECOND // 20)
    hands = Hands(ledger, clock, tmp_path / "parts.sqlite")
    name = "restatements"
    while hands.digest(name).position < ledger.head():
        upto = min(hands.digest(name).position + 700, ledger.head())
        while hands.follow(name, upto - hands.digest(name).position):
            pass
    assert hands.projections.restatements().items
    assert hands.digest(name).digest == hands.built_anew(name, ledger.head())
    hands.close()
