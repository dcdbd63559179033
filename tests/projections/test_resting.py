"""What one contact may cost: what gives way rests in proportion to steps that are dear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.instants import DAY
from projections.resting import MOST_SECONDS, TIMES, Rests
from tests.domain.scenario import ANN
from tests.projections.memory import NOW

if TYPE_CHECKING:
    from tests.projections.hands import Hands
    from tests.projections.memory import Clock, MemoryLedger

NAME = "restatements"


def test_dear_steps_are_followed_by_a_rest_in_proportion_to_all_of_them() -> None:
    now = [100.0]
    rests = Rests(lambda: now[0])
    rests.spend(NAME, 0.5, wrote=False, is_dear=False)
    assert not rests.is_resting(NAME)
    rests.spend(NAME, 0.25, wrote=True, is_dear=True)
    now[0] += 0.75 * TIMES - 0.01
    assert rests.is_resting(NAME)
    now[0] += 0.02
    assert not rests.is_resting(NAME)


def test_a_rest_has_an_end_and_steps_worth_their_cost_have_none() -> None:
    now = [100.0]
    rests = Rests(lambda: now[0])
    rests.spend(NAME, 1000.0, wrote=True, is_dear=True)
    now[0] += MOST_SECONDS
    assert not rests.is_resting(NAME)
    rests.spend(NAME, 5.0, wrote=True, is_dear=True)
    rests.spend(NAME, 5.0, wrote=True, is_dear=False)
    assert not rests.is_resting(NAME)


def test_the_follower_lets_late_events_of_a_long_history_come_together(
    hands: Hands, ledger: MemoryLedger, clock: Clock
) -> None:
    """Until somebody waits for them."""
    for day in range(1, 60):
        ledger.tell(ANN, "purchase-made", NOW - day * DAY, purchase_id=str(day))
    follower = hands.projections._follower
    build = follower.build(NAME)
    while follower._cycle() or build.position < ledger.head():
        pass
    clock.now += DAY
    ledger.tell(ANN, "purchase-made", NOW - 70 * DAY, purchase_id="late")
    follower._cycle()
    assert build.position == ledger.head()
    assert build.is_dear
    assert follower._rests.is_resting(NAME)
    follower._rests._until[NAME] += 1000
    ledger.tell(ANN, "purchase-made", NOW - 80 * DAY, purchase_id="later")
    follower._cycle()
    assert build.position == ledger.head() - 1
    follower.when_reached(ledger.head(), NAME, lambda: None)
    follower._cycle()
    assert build.position == ledger.head()
