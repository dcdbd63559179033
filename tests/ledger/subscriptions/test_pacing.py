"""How a subscription makes room: for those who append, for those who wait, for the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger.subscriptions.pacing import PROJECTIONS, SIGNER, TAILS, Pacing
from ledger.subscriptions.resting import Rests
from tests.ledger.subscriptions.made_up import (
    MadeUpLog,
    MadeUpSubscriber,
    MadeUpTime,
    subscribed,
)

POURING = replace(PROJECTIONS, quiet_seconds=1000.0)
"""Whatever was appended was appended just now."""


def rests(passing: MadeUpTime) -> list[float | None]:
    return [seconds for kind, seconds in passing.waits if kind == "rest"]


def test_by_itself_a_pacing_has_no_rest() -> None:
    assert [TAILS.rest_after(took, 1000) for took in (0.0, 0.5)] == [0.0, 0.0]
    assert TAILS.rest_between(5.0) == 0.0


def test_the_signer_s_turns_are_as_far_apart_however_long_they_took() -> None:
    assert SIGNER.rest_after(0.3, 5000) == pytest.approx(0.5)
    assert SIGNER.rest_after(3.0, 5000) == 0.0


def test_a_long_last_step_has_a_rest_as_long_and_many_events_a_short_one() -> None:
    assert PROJECTIONS.rest_after(0.1, 1) == 0.1
    assert PROJECTIONS.rest_after(9.0, 1) == PROJECTIONS.most_rest_seconds
    assert PROJECTIONS.rest_after(0.001, PROJECTIONS.many_events) == PROJECTIONS.rest_seconds
    assert PROJECTIONS.rest_after(0.001, PROJECTIONS.many_events - 1) == 0.0


@pytest.mark.parametrize(("took", "rested"), [(0.03, 0.03), (9.0, 0.25)])
def test_while_events_pour_in_it_rests_as_long_as_it_worked(took: float, rested: float) -> None:
    log, one, passing = MadeUpLog(20), MadeUpSubscriber(), MadeUpTime(lambda: None)
    pacing = replace(POURING, far_behind_events=0)
    subscription = subscribed(log, one, pacing=pacing, passing=passing)
    one.before_step = lambda: passing.work(took)
    subscription.wake()
    subscription.run()
    assert rests(passing)[0] == rested
    assert one.position == 20


def test_while_nothing_was_appended_lately_it_takes_step_after_step() -> None:
    log, one, passing = MadeUpLog(40), MadeUpSubscriber(), MadeUpTime()
    subscription = subscribed(log, one, pacing=replace(POURING, rest_seconds=99), passing=passing)
    one.before_step = lambda: passing.work(0.5)
    subscription.run()
    assert one.steps == [40, 40, 40, 40]
    assert rests(passing) == []


def test_whoever_waits_makes_an_end_of_every_rest() -> None:
    log, one, passing = MadeUpLog(40), MadeUpSubscriber(), MadeUpTime()
    subscription = subscribed(log, one, pacing=POURING, passing=passing, is_awaited=lambda: True)
    one.before_step = lambda: passing.work(0.5)
    subscription.wake()
    subscription.run()
    assert one.position == 40
    assert rests(passing) == []


def waits_of_a_flood(*commits: int, far_behind: int = 1000) -> tuple[int, int]:
    """How many rests it takes while commits of so many events come, and what it is behind then."""
    log, one = MadeUpLog(20), MadeUpSubscriber()
    heads: list[int] = []

    def commit(count: int) -> None:
        heads.append(one.position)
        log.append(count)

    happenings = [lambda count=count: commit(count) for count in commits]
    passing = MadeUpTime(*happenings)
    pacing = replace(POURING, flood_events=10, far_behind_events=far_behind)
    subscription = subscribed(log, one, pacing=pacing, passing=passing)
    log.on_commit(lambda _head: subscription.wake())
    subscription.wake()
    subscription.run()
    return heads.count(10), log.position


def test_a_flood_is_waited_out_until_its_commits_are_small() -> None:
    assert waits_of_a_flood(30, 30, 3)[0] == 3


def test_many_single_appends_are_no_flood() -> None:
    """What counts is how many events a commit has, and not how many come together."""
    log, one = MadeUpLog(20), MadeUpSubscriber()

    def append_one_by_one() -> None:
        for _ in range(30):
            log.append(1)

    passing = MadeUpTime(append_one_by_one)
    pacing = replace(POURING, flood_events=10, far_behind_events=1000)
    subscription = subscribed(log, one, pacing=pacing, passing=passing)
    log.on_commit(lambda _head: subscription.wake())
    subscription.wake()
    subscription.run()
    assert one.steps[:2] == [20, 50]


def test_a_flood_is_not_waited_out_once_it_is_far_behind() -> None:
    assert waits_of_a_flood(30, 30, 30, 30, far_behind=60)[0] == 2


def test_a_flood_is_not_waited_out_once_somebody_hurries() -> None:
    log, one = MadeUpLog(20), MadeUpSubscriber()

    def flood_and_hurry() -> None:
        log.append(30)
        subscription.hurry()

    passing = MadeUpTime(flood_and_hurry)
    pacing = replace(POURING, flood_events=10, far_behind_events=1000, rest_seconds=99)
    subscription = subscribed(log, one, pacing=pacing, passing=passing)
    log.on_commit(lambda _head: subscription.wake())
    subscription.wake()
    subscription.run()
    assert passing.waits[0] == ("rest", pacing.most_rest_seconds)
    assert one.steps[:2] == [20, 50]


def giving_way(step_events: int = 10) -> MadeUpSubscriber:
    found = MadeUpSubscriber("second", step_events=step_events)
    found.gives_way = True
    return found


def test_what_gives_way_takes_its_turn_once_the_others_have_nothing_to_do() -> None:
    log, first, second = MadeUpLog(30), MadeUpSubscriber("first"), giving_way()
    subscription = subscribed(log, second, first, pacing=Pacing(), passing=MadeUpTime())
    assert [subscription.take_turn() for _ in range(3)] == [True, True, True]
    assert (first.position, second.position) == (30, 10)
    assert [subscription.take_turn() for _ in range(2)] == [True, False]
    assert second.position == 30


def test_what_gives_way_waits_for_what_else_is_busy() -> None:
    busy = [True]
    log, second = MadeUpLog(5), giving_way()
    pacing = Pacing(poll_seconds=1.0, quiet_seconds=0.1)
    passing = MadeUpTime(busy.clear)
    subscription = subscribed(
        log, second, pacing=pacing, passing=passing, is_busy=lambda: bool(busy)
    )
    subscription.run()
    assert second.position == 5
    assert passing.waits == [("sleep", 0.1), ("sleep", 1.0)], "it looks again soon"


def test_what_gives_way_waits_until_nothing_pours_in_but_not_for_ever() -> None:
    log, second = MadeUpLog(50), giving_way()
    passing = MadeUpTime()
    pacing = Pacing(quiet_seconds=0.1, starved_seconds=1.0)
    subscription = subscribed(log, second, pacing=pacing, passing=passing)

    def position_after(seconds: float, *, woken: bool) -> int:
        passing.seconds += seconds
        if woken:
            subscription.wake()
        subscription.take_turn()
        return second.position

    assert position_after(0.0, woken=True) == 0
    assert position_after(0.9, woken=True) == 0
    assert position_after(0.1, woken=True) == 10, "it has waited for a second"
    assert position_after(0.5, woken=True) == 10
    assert position_after(0.1, woken=False) == 20, "it is quiet"


def test_what_gives_way_does_not_where_somebody_waits() -> None:
    log, second = MadeUpLog(5), giving_way()
    subscription = subscribed(
        log, second, pacing=POURING, passing=MadeUpTime(), is_awaited=lambda: True
    )
    subscription.wake()
    subscription.take_turn()
    assert second.position == 5


def test_what_gives_way_rests_after_dear_steps_unless_somebody_waits() -> None:
    awaited: list[bool] = []
    log, second, passing = MadeUpLog(50), giving_way(), MadeUpTime()
    subscription = subscribed(
        log, second, pacing=PROJECTIONS, passing=passing, is_awaited=lambda: bool(awaited)
    )
    second.is_dear = True
    second.before_step = lambda: passing.work(0.5)
    for seconds, position in ((0.0, 10), (4.4, 10), (0.2, 20), (4.4, 20)):
        passing.seconds += seconds
        subscription.take_turn()
        assert second.position == position
    awaited.append(True)
    subscription.take_turn()
    assert second.position == 30


def test_dear_steps_are_followed_by_a_rest_in_proportion_to_all_of_them() -> None:
    now = [100.0]
    dear = Rests(PROJECTIONS, lambda: now[0])
    dear.spend("one", 0.5, wrote=False, is_dear=False)
    assert not dear.is_resting("one")
    dear.spend("one", 0.25, wrote=True, is_dear=True)
    now[0] += 0.75 * PROJECTIONS.dear_times - 0.01
    assert dear.is_resting("one")
    now[0] += 0.02
    assert not dear.is_resting("one")


def test_a_rest_has_an_end_and_steps_worth_their_cost_have_none() -> None:
    now = [100.0]
    dear = Rests(PROJECTIONS, lambda: now[0])
    dear.spend("one", 1000.0, wrote=True, is_dear=True)
    now[0] += PROJECTIONS.most_dear_seconds
    assert not dear.is_resting("one")
    dear.spend("one", 5.0, wrote=True, is_dear=True)
    dear.spend("one", 5.0, wrote=True, is_dear=False)
    assert not dear.is_resting("one")
