"""Policies fitted to businesses whose truth is known, and the estimate that it rests on."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calibration import Share
from domain.fitting.buyers import Buyer, buyer_of
from domain.fitting.fit import DAYS, WAIT, Abstention, Fit, Fitting, Target
from domain.fitting.product_limit import SCALE, Estimate, Observation, product_limit
from domain.history import effective_history
from tests.domain.folding import bought
from tests.domain.scenario import ANN, fact, on_day, registered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.domain.scenario import Scenario

YEAR = 365
WEEK = 7


def buyer(scenario: Scenario, expected_gap_days: int = WEEK) -> Buyer | None:
    return buyer_of(effective_history(scenario.events, ANN).facts, "UTC", expected_gap_days)


def fitted(
    contacts: Sequence[Sequence[float]], *, expected_gap_days: int = WEEK,
    usual_days: int | None = 6, target: Target | None = None, amounts: Sequence[int] = (),
) -> Fit:  # fmt: skip  # one argument a line says no more
    """A fit to contacts who bought on these days, each for an amount of their own."""
    told = [
        bought(*days, amount_minor=amounts[place] if amounts else 100)
        for place, days in enumerate(contacts)
    ]
    buyers = [one for scenario in told if (one := buyer(scenario, expected_gap_days)) is not None]
    return Fitting(buyers, expected_gap_days, target or Target()).fit(usual_days)


def regulars(count: int, gap_days: int, until_day: int, chance: Random) -> list[list[float]]:
    """Contacts who buy at a steady pace until they leave for good, on a day of their own."""
    found: list[list[float]] = []
    for _ in range(count):
        first, last = chance.randrange(0, 200), chance.randrange(200, until_day)
        found.append([float(day) for day in range(first, last, gap_days)])
    return [days for days in found if days]


def with_pauses(
    count: int, pause_days: int, part: float, until_day: int, chance: Random
) -> list[list[float]]:
    """Weekly buyers who stop now and then, some to come back after a pause, the others for good."""
    found = []
    for _ in range(count):
        day, days = float(chance.randrange(0, 100)), list[float]()
        while day < until_day:
            days.append(day)
            if chance.random() < 0.04:
                if chance.random() >= part:
                    break
                day += pause_days
            else:
                day += 7
        found.append(days)
    return found


def test_who_never_pauses_is_let_go_after_the_shortest_wait() -> None:
    """Nobody ever comes back, so any wait will do."""
    fit = fitted(regulars(120, 10, 900, Random(1)))
    assert fit.demote_after_days == 7


@pytest.mark.parametrize("pause_days", [40, 75])
def test_the_wait_is_as_long_as_the_pauses_are(pause_days: int) -> None:
    """Six of ten who stop come back after it: shorter waits would let them go too early."""
    fit = fitted(with_pauses(90, pause_days, 0.6, 900, Random(2)))
    assert fit.demote_after_days is not None
    rhythm_days = 7
    assert pause_days - rhythm_days <= fit.demote_after_days < pause_days + 2 * WEEK


@pytest.mark.parametrize("target", [Target(1, 2), Target(2, 3), Target(9, 10)])
def test_where_most_come_back_within_a_year_no_wait_is_proposed(target: Target) -> None:
    """Their pauses end later than 90 days after a short wait, so that it would seem to be right."""
    fit = fitted(with_pauses(150, 130, 0.9, 1000, Random(2)), target=target)
    assert fit.demote_after_days is None or fit.demote_after_days >= 130 - 7
    assert fit.demote_after_days is not None or WAIT in [one.field for one in fit.abstained]


def test_where_people_come_daily_the_waits_lie_three_days_apart() -> None:
    daily = regulars(100, 1, 420, Random(3))
    assert fitted(daily, expected_gap_days=2).demote_after_days == 3


def test_who_comes_once_a_year_is_not_let_go_between_the_seasons() -> None:
    """After a short wait many come back within 90 days, and after any everybody within a year."""
    chance = Random(4)
    yearly = [[year * YEAR + chance.randrange(0, 20) for year in range(8)] for _ in range(100)]
    fit = fitted(yearly)
    assert fit.demote_after_days is None
    assert WAIT in [one.field for one in fit.abstained]


def test_too_small_a_business_gets_no_proposal_and_the_reason() -> None:
    fit = fitted(regulars(20, 10, 900, Random(5)))
    assert (fit.demote_after_days, fit.purchase_days) == (None, None)
    because = {one.field: one.because for one in fit.abstained}
    assert because.keys() == {WAIT, DAYS}
    assert all("fewer than 30" in one for one in because.values())


def test_nobody_gets_no_proposal() -> None:
    fit = fitted([])
    assert [one.field for one in fit.abstained] == [WAIT, DAYS]
    assert fit.hold_outs == ()


def test_the_purchase_days_are_the_fewest_that_tell_clients_from_others() -> None:
    """Those who bought four times go on for years; the others bought at most three times."""
    chance, contacts = Random(6), list[list[float]]()
    for _ in range(80):
        first = chance.randrange(0, 200)
        contacts.append([float(day) for day in range(first, 900, 14)])
    for _ in range(300):
        first = chance.randrange(0, 500)
        count = chance.choice((1, 2, 3, 3))
        contacts.append([float(first + 14 * number) for number in range(count)])
    fit = fitted(contacts)
    assert fit.purchase_days is not None
    assert 2 <= fit.purchase_days <= 4
    assert fit.abstained == ()


def test_where_clients_bring_no_more_the_purchase_days_are_left_alone() -> None:
    """New contacts bring as much as old ones; the wait is fitted for the days of the policy."""
    chance = Random(7)
    old = [[float(day) for day in range(one, 700 + 2 * one, 20)] for one in range(100)]
    new = [[float(day) for day in range(chance.randrange(505, 530), 890, 20)] for _ in range(60)]
    fit = fitted([*old, *new])
    assert fit.purchase_days is None
    assert fit.demote_after_days is not None
    assert [one.field for one in fit.abstained] == [DAYS]


def test_a_policy_without_regularity_gets_no_proposal() -> None:
    """Under it purchases make nobody a client."""
    fit = fitted(regulars(120, 10, 900, Random(1)), usual_days=None)
    because = "the policy does not judge by purchase days: its regularity is off"
    assert fit.abstained == (Abstention(WAIT, because), Abstention(DAYS, because))
    assert (fit.demote_after_days, fit.purchase_days) == (None, None)


def test_a_stricter_target_asks_for_a_longer_wait() -> None:
    contacts = with_pauses(120, 60, 0.3, 900, Random(8))
    loose = fitted(contacts, target=Target(1, 2)).demote_after_days
    strict = fitted(contacts, target=Target(19, 20)).demote_after_days
    assert loose is not None
    assert strict is not None
    assert loose < strict


def test_the_same_purchases_give_the_same_fit() -> None:
    """Whatever the order in which the contacts come."""
    contacts = with_pauses(80, 40, 0.5, 900, Random(9))
    assert fitted(contacts) == fitted(contacts[::-1]) == fitted(contacts)


def test_each_hold_out_knows_nothing_of_what_it_is_tried_on() -> None:
    """Up to the middle pauses are short, and later they are long: only later cuts see that."""
    chance = Random(10)
    contacts = with_pauses(90, 20, 0.6, 600, chance)
    later = [[day + 600 for day in days] for days in with_pauses(90, 80, 0.95, 600, chance)]
    waits = [one.demote_after_days for one in fitted([*contacts, *later]).hold_outs]
    assert [one.at_percent for one in fitted(contacts).hold_outs] == [50, 60, 70, 80]
    assert waits[0] is not None
    assert waits[-1] is not None
    assert waits[0] < 30 < waits[-1]


def test_a_hold_out_counts_the_falls_whose_ninety_days_are_known() -> None:
    hold_outs = fitted(with_pauses(150, 40, 0.6, 900, Random(2))).hold_outs
    assert [one.outcome.whole for one in hold_outs] == [one.falls for one in hold_outs]
    falls, bought = sum(one.falls for one in hold_outs), sum(one.outcome.part for one in hold_outs)
    assert falls > 60
    assert bought * 3 <= falls


def test_subscribers_and_refunded_purchases_are_left_out() -> None:
    assert buyer(registered()) is None
    subscribed = bought(1, 2).given("subscription-started", at=on_day(3))
    assert buyer(subscribed) is None
    refunded = bought(1, 10, 20)
    refund = fact("purchase-reversed", purchase_id="p1", amount_minor=100)
    refunded.record(refund, on_day(12))
    found = buyer(refunded)
    assert found is not None
    assert [one.bought_at for one in found.silences()] == [on_day(1), on_day(20)]
    assert [one.purchase_days for one in found.silences()] == [1, 2]
    assert found.net_minor("EUR", on_day(0), on_day(30)) == 200


@st.composite
def observations(draw: st.DrawFn) -> list[Observation]:
    pairs = st.tuples(st.integers(0, 20), st.booleans())
    return [Observation(*one) for one in draw(st.lists(pairs, min_size=1, max_size=40))]


@given(observations())
def test_the_estimate_is_the_product_limit(seen: list[Observation]) -> None:
    """Against exact fractions, from the definition: rounding adds at most a millionth."""
    remaining, variance = Fraction(1), Fraction(0)
    for at in sorted({one.duration for one in seen if one.is_event}):
        at_risk = sum(one.duration >= at for one in seen)
        events = sum(one.duration == at and one.is_event for one in seen)
        remaining *= Fraction(at_risk - events, at_risk)
        if at_risk > events:
            variance += Fraction(events, at_risk * (at_risk - events))
    error = float(remaining) * float(variance) ** 0.5
    found = product_limit(seen)
    assert 0 <= found.part / SCALE - (1 - float(remaining)) < 1e-6
    assert abs(found.error / SCALE - error) < 1e-6


def test_a_fraction_is_held_only_with_the_margin_of_one_error() -> None:
    third = SCALE // 3
    assert Estimate(third - 10, 10).is_surely_at_most(1, 3)
    assert not Estimate(third - 10, 12).is_surely_at_most(1, 3)


def test_nothing_was_watched() -> None:
    assert product_limit([]) == Estimate(0, 0)
    assert Share(0, 0).percent is None
