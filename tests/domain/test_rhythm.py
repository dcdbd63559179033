"""Rhythm, silence and what they mean when, with numbers worked out by hand. Section 3."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import DAY, HOUR, parse_instant
from domain.presets import PRESETS
from domain.rhythm import PurchaseDays
from tests.domain.folding import bought, changed, relate, versions
from tests.domain.scenario import Scenario, fact, on_day, registered

if TYPE_CHECKING:
    from domain.commerce import Silence


def silence_of(scenario: Scenario, day: float) -> Silence | None:
    return relate(scenario, on_day(day)).silence


def last_at(scenario: Scenario, day: float) -> int:
    silence = silence_of(scenario, day)
    assert silence is not None
    return silence.last_at


@pytest.mark.parametrize(
    ("days", "expected_gap_days", "rho_hours"),
    [
        ((), 7, 168),  # (0 + 48 x 7) // 2
        ((0,), 2, 48),
        ((0, 10), 7, (12 * 1 * 20 + 336) // 3),
        ((0, 7, 14), 7, 168),  # even number of gaps: 7 + 7
        ((0, 1, 4), 7, (12 * 2 * (1 + 3) + 336) // 4),
        ((0, 3, 4, 14), 7, (12 * 3 * 6 + 336) // 5),  # odd: twice the middle gap of 3
    ],
)
def test_the_rhythm_is_twice_the_median_gap_shrunk_to_the_expected_one(
    days: tuple[int, ...], expected_gap_days: int, rho_hours: int
) -> None:
    purchase_days = PurchaseDays()
    for day in days:
        purchase_days.add(day, day * DAY)
    assert purchase_days.rho_hours(expected_gap_days) == rho_hours


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), max_size=30),
    st.lists(st.integers(0, 29), max_size=30),
)
def test_the_rhythm_is_that_of_the_days_left_after_refunds(
    bought_on: list[tuple[int, int]], refunded: list[int]
) -> None:
    purchase_days, left = PurchaseDays(), []
    for day, hour in bought_on:
        purchase_days.add(day, day * DAY + hour * HOUR)
        left.append((day, day * DAY + hour * HOUR))
    for place in refunded:
        if place < len(left):
            purchase_days.remove(*left.pop(place))
    gaps = [later - earlier for earlier, later in pairwise(sorted({day for day, _ in left}))]
    median2 = int(2 * median(gaps)) if gaps else 0
    assert purchase_days.days == sorted({day for day, _ in left})
    assert purchase_days.rho_hours(7) == (12 * len(gaps) * median2 + 48 * 7) // (len(gaps) + 2)


class _Day(int):
    """A day that counts how often a gap from or to one is measured."""

    measured = 0

    def __sub__(self, other: int) -> int:
        _Day.measured += 1
        return int(self) - int(other)


@pytest.mark.parametrize("step", [1, -1])
def test_a_refund_measures_the_gaps_beside_its_day_and_no_others(step: int) -> None:
    purchase_days, count = PurchaseDays(), 400
    days = [_Day(number) for number in range(count)]
    for day in days:
        purchase_days.add(day, day * DAY)
    _Day.measured = 0
    for day in days[::step]:
        purchase_days.remove(day, day * DAY)
    assert _Day.measured <= 2 * count


def test_several_purchases_on_one_day_are_one_purchase_day() -> None:
    assert relate(bought(0, 0.1, 0.2), on_day(1)).signals()[1].value["purchase_days"] == 1


def test_a_day_is_one_of_the_contacts_time_zone() -> None:
    """23:30 and 00:30 in Auckland are two days there and one in UTC."""
    scenario = registered()
    scenario.record(fact("registration-amended", time_zone="Pacific/Auckland"), on_day(0))
    for number, text in enumerate(("2026-06-01T11:30:00Z", "2026-06-01T12:30:00Z")):
        scenario.record(fact("purchase-made", purchase_id=str(number)), parse_instant(text))
    assert relate(scenario, on_day(200)).signals()[1].value["purchase_days"] == 2


def test_a_refund_in_full_takes_the_purchase_out_of_the_rhythm() -> None:
    scenario = bought(0, 7)
    scenario.record(fact("purchase-reversed", purchase_id="p1", amount_minor=60), on_day(8))
    assert last_at(scenario, 9) == on_day(7)
    scenario.record(fact("purchase-reversed", purchase_id="p1", amount_minor=40), on_day(9))
    relationship = relate(scenario, on_day(9))
    assert last_at(scenario, 9) == on_day(0)
    assert [e.reason for e in relationship.exclusions()] == ["reversed"]
    assert relate(scenario, on_day(8.5)).signals()[1].value["purchase_days"] == 2


def test_a_purchase_reversed_before_it_occurred_never_counts() -> None:
    scenario = registered()
    scenario.record(fact("purchase-made", purchase_id="p"), on_day(5))
    scenario.record(fact("purchase-reversed", purchase_id="p"), on_day(4))
    assert relate(scenario, on_day(6)).stage == "contact"


def test_a_free_purchase_counts_until_it_is_reversed() -> None:
    scenario = bought(0, amount_minor=0)
    assert relate(scenario, on_day(1)).stage == "customer"
    scenario.record(fact("purchase-reversed", purchase_id="p0", amount_minor=0), on_day(2))
    assert relate(scenario, on_day(2)).stage == "contact"


def test_a_subscription_is_no_silence_and_runs_out_after_its_grace() -> None:
    """30 days of term and 10 of grace from the start; a renewal after that starts it again."""
    scenario = registered().given("subscription-started", at=on_day(0))
    assert silence_of(scenario, 39) is None
    assert last_at(scenario, 40) == on_day(40)
    scenario.record(fact("subscription-renewed"), on_day(60))
    assert silence_of(scenario, 60) is None
    assert relate(scenario, on_day(60)).next_breakpoint == on_day(100)


def test_a_cancellation_ends_a_subscription_and_begins_the_silence() -> None:
    scenario = registered().given("subscription-started", at=on_day(0))
    scenario.record(fact("subscription-cancelled"), on_day(12))
    assert last_at(scenario, 13) == on_day(12)


def test_there_is_no_silence_while_an_engagement_is_open() -> None:
    scenario = bought(0).given("engagement-opened", at=on_day(1))
    assert silence_of(scenario, 300) is None
    scenario.record(fact("engagement-closed"), on_day(300))
    assert last_at(scenario, 301) == on_day(300)


def test_they_are_due_after_their_rhythm_and_fall_some_days_after_that() -> None:
    silence = silence_of(bought(0, 30, 60, 90), 91)
    assert silence is not None
    rho = (12 * 3 * 60 + 48 * 7) // 5 * HOUR
    assert silence.due_at == on_day(90) + rho
    assert silence.quiet_at == on_day(90) + 2 * rho
    assert silence.regular_until_at == on_day(90) + 2 * rho
    assert silence.demote_at == silence.lapse_at(was_ever_client=False)
    assert silence.demote_at == on_day(90) + rho + 180 * DAY
    assert silence.lapse_at(was_ever_client=True) == on_day(90) + rho + 360 * DAY


def test_a_further_purchase_never_brings_the_fall_nearer() -> None:
    """Sixty days apart at first, then daily: the rhythm shortens, what they are due by stays."""
    before = silence_of(bought(0, 60, 120, 180), 180)
    after = silence_of(bought(0, 60, 120, 180, 181, 182, 183, 184), 184)
    assert before is not None
    assert after is not None
    assert after.last_at + after.rho_hours * HOUR < before.due_at
    assert after.due_at >= before.due_at


def test_the_quiet_comes_at_the_latest_halfway_to_the_fall() -> None:
    cafe = versions((0, PRESETS["cafe"]))
    silence = relate(bought(0, 60, 120), on_day(121), cafe).silence
    assert silence is not None
    assert silence.quiet_at == silence.due_at + 35 * DAY // 2


def test_the_end_of_a_subscription_is_due_again_after_the_expected_gap() -> None:
    scenario = registered().given("subscription-started", at=on_day(0))
    silence = silence_of(scenario, 40)
    assert silence is not None
    assert (silence.last_at, silence.due_at) == (on_day(40), on_day(47))


def test_a_purchase_that_is_given_back_was_never_due_again() -> None:
    """Also those after it are due as if it had not been."""
    scenario = bought(0, 60, 120, 121)
    refund = fact("purchase-reversed", purchase_id="p1", amount_minor=100)
    scenario.record(refund, on_day(122))
    given_back, without = silence_of(scenario, 123), silence_of(bought(0, 120, 121), 123)
    assert given_back == without


def test_whoever_is_past_quiet_at_is_flagged_quiet() -> None:
    scenario = bought(0)
    assert "quiet" not in relate(scenario, on_day(14) - 1).flags
    assert "quiet" in relate(scenario, on_day(14)).flags


def test_a_cafe_counts_purchase_days_in_a_window_of_28_days() -> None:
    days = [2 * number for number in range(12)]
    cafe = versions((0, PRESETS["cafe"]))
    assert relate(bought(*days), on_day(22), cafe).signals()[1].on
    spread = [3 * number for number in range(12)]
    assert not relate(bought(*spread), on_day(33), cafe).signals()[1].on


def test_the_window_closes_28_days_after_the_oldest_day_that_is_needed() -> None:
    cafe = versions((0, changed("cafe", rhythm={"expected_gap_days": 300})))
    scenario = bought(*range(12))
    assert relate(scenario, on_day(28) - 1, cafe).signals()[1].on
    assert relate(scenario, on_day(27), cafe).signals()[1].value["runs_out_at"] == on_day(28)
    signal = relate(scenario, on_day(28), cafe).signals()[1]
    assert (signal.on, signal.value["purchase_days"]) == (False, 11)
    assert signal.value["runs_out_at"] == on_day(28)
