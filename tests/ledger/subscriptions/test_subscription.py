"""A subscription takes in everything, waits for what comes, and ends whenever it is told to."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from domain.errors import Corrupt, Unavailable, unusable_file
from ledger.subscriptions.pacing import Pacing
from ledger.subscriptions.signals import Signals
from tests.fixtures.patience import END_SECONDS
from tests.ledger.subscriptions.made_up import (
    MadeUpLog,
    MadeUpSubscriber,
    MadeUpTime,
    subscribed,
)

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE = Pacing(retry_seconds=1.0)


def raising(error: Exception) -> Callable[[], object]:
    def fail() -> object:
        raise error

    return fail


def test_what_is_there_is_taken_in_step_by_step_and_then_it_sleeps() -> None:
    log, one, passing = MadeUpLog(25), MadeUpSubscriber(), MadeUpTime()
    subscription = subscribed(log, one, pacing=AT_ONCE, passing=passing)
    subscription.run()
    assert one.steps == [25, 25, 25]
    assert (subscription.position, subscription.lag(5)) == (25, 20)
    assert passing.waits == [("sleep", None)]


def test_a_commit_wakes_it() -> None:
    log, one = MadeUpLog(), MadeUpSubscriber()
    subscription = subscribed(log, one, pacing=AT_ONCE)
    subscription.start()
    for head in (3, 30, 31):
        log.append(head - log.position)
        assert one.reaches(head)
    assert subscription.is_running
    subscription.close()
    assert not subscription.is_running


def test_a_commit_during_a_turn_is_not_slept_over() -> None:
    """It is woken, so the real sleep ends at once, and without a poll nothing else would end it."""
    log, one = MadeUpLog(1), MadeUpSubscriber()
    subscription = subscribed(log, one, pacing=AT_ONCE)

    def append_once() -> None:
        one.before_step = lambda: None
        log.append(0)  # told of, and so looked at again

    one.before_step = append_once
    subscription.start()
    with one.moved:
        assert one.moved.wait_for(lambda: len(one.steps) == 2, END_SECONDS)
    subscription.close()


def test_it_looks_by_itself_where_it_polls() -> None:
    log, one = MadeUpLog(), MadeUpSubscriber()
    passing = MadeUpTime(lambda: setattr(log, "position", 4))  # by another process: nobody tells
    subscribed(log, one, pacing=Pacing(poll_seconds=0.5), passing=passing).run()
    assert one.position == 4
    assert passing.waits == [("sleep", 0.5), ("sleep", 0.5)]


def test_it_sleeps_no_longer_than_until_something_is_due() -> None:
    log, one, passing = MadeUpLog(), MadeUpSubscriber(), MadeUpTime()
    one.due = 0.25
    subscribed(log, one, pacing=Pacing(poll_seconds=0.5), passing=passing).run()
    one.due = 0.0
    again = MadeUpTime()
    subscribed(log, one, pacing=Pacing(), passing=again).run()
    assert passing.waits == [("sleep", 0.25)]
    assert again.waits == [("sleep", 0.001)], "what is overdue does not make it spin"


def test_it_stops_while_it_waits_and_nothing_wakes_it_any_more() -> None:
    log, one = MadeUpLog(1), MadeUpSubscriber()
    subscription = subscribed(log, one, pacing=AT_ONCE)
    subscription.start()
    assert one.reaches(1)
    assert len(log.listeners) == 1
    subscription.close()
    subscription.close()
    assert (subscription.is_stopped, subscription.is_running) == (True, False)
    assert log.listeners == []
    log.append(1)
    assert one.position == 1


def test_it_stops_while_it_is_paused() -> None:
    log, one = MadeUpLog(), MadeUpSubscriber()
    subscription = subscribed(log, one, pacing=AT_ONCE)
    with subscription.pause():
        subscription.start()
        subscription.close()
    assert one.steps == []


def test_it_stops_in_the_midst_of_a_rest() -> None:
    log, one = MadeUpLog(1), MadeUpSubscriber()
    subscription = subscribed(log, one, pacing=Pacing(turn_seconds=3600.0))
    subscription.start()
    assert one.reaches(1)
    subscription.close()
    assert not subscription.is_running


def test_one_that_was_never_started_is_closed_without_a_step() -> None:
    log, one = MadeUpLog(1), MadeUpSubscriber()
    subscribed(log, one, pacing=Pacing(last_seconds=3600.0)).close()
    assert one.steps == []


def test_while_it_is_paused_no_subscriber_moves() -> None:
    log, one = MadeUpLog(), MadeUpSubscriber()
    subscription = subscribed(log, one, pacing=AT_ONCE)
    subscription.start()
    with subscription.pause():
        log.append(5)
        before = one.position
        assert subscription.take_turn() is False, "but by the hand of whoever paused it"
        assert (before, one.position) == (0, 5)
        log.append(5)
    assert one.reaches(10)
    subscription.close()


def test_trouble_is_said_once_and_the_step_is_tried_again_until_it_passes() -> None:
    log, one = MadeUpLog(1), MadeUpSubscriber()
    one.before_step = raising(OSError(28, "No space left on device"))
    seen: list[str | None] = []

    def look() -> None:
        seen.append(subscription.trouble("one"))

    def mend() -> None:
        look()
        one.before_step = lambda: None

    passing = MadeUpTime(look, mend, look)
    subscription = subscribed(log, one, pacing=AT_ONCE, passing=passing)
    subscription.run()
    assert passing.waits[:3] == [("sleep", 1.0), ("sleep", 1.0), ("sleep", None)]
    trouble = str(unusable_file(OSError(28, ""), "a file"))
    assert one.said == [f"waits: {trouble}"]
    assert seen == [trouble, trouble, None]
    assert one.position == 1


def test_trouble_of_one_keeps_no_other_from_going_on() -> None:
    log, one, two = MadeUpLog(5), MadeUpSubscriber(), MadeUpSubscriber("two")
    one.before_step = raising(Unavailable("locked"))
    subscription = subscribed(log, one, two, pacing=AT_ONCE, passing=MadeUpTime())
    subscription.run()
    assert (one.position, two.position) == (0, 5)
    assert (subscription.trouble("one"), subscription.trouble("two")) == ("locked", None)
    subscription.forget_trouble("one")
    assert subscription.trouble("one") is None


@pytest.mark.parametrize("error", [ValueError("a bug"), Corrupt("damage")])
def test_one_that_fails_is_told_so_and_takes_no_more_steps(error: Exception) -> None:
    log, one, two = MadeUpLog(5), MadeUpSubscriber(), MadeUpSubscriber("two")
    one.before_step = raising(error)
    passing = MadeUpTime(lambda: log.append(1))
    subscription = subscribed(log, one, two, pacing=AT_ONCE, passing=passing)
    subscription.run()
    assert one.said == [f"failed: {error}"]
    assert (one.position, two.position) == (0, 6)
    assert subscription.trouble("one") is None


def test_one_that_fails_in_the_end_is_in_no_trouble_any_more() -> None:
    log, one = MadeUpLog(5), MadeUpSubscriber()
    one.before_step = raising(Unavailable("locked"))

    def fail_next() -> None:
        one.before_step = raising(ValueError("a bug"))

    subscription = subscribed(log, one, pacing=AT_ONCE, passing=MadeUpTime(fail_next))
    subscription.run()
    assert one.said == ["waits: locked", "failed: a bug"]
    assert subscription.trouble("one") is None


def test_a_hurry_is_for_the_turn_under_way_and_a_stop_for_all() -> None:
    signals = Signals()
    signals.hurry()
    assert signals.rest(0) is False
    assert signals.begin()
    assert signals.rest(0) is True
    signals.stop()
    assert (signals.rest(0), signals.breathe(0), signals.begin()) == (False, False, False)


def test_one_that_cannot_take_in_more_is_left_alone_until_it_wakes_it() -> None:
    log, one = MadeUpLog(1), MadeUpSubscriber()
    subscription = subscribed(log, one, pacing=AT_ONCE)
    subscription.start()
    assert one.reaches(1)
    with subscription.pause():
        one.follows = False
        log.append(1)
        assert subscription.take_turn() is False
        assert one.position == 1
        one.follows = True
    subscription.wake()
    assert one.reaches(2)
    subscription.close()


def test_at_its_end_it_takes_in_what_is_left() -> None:
    log, one = MadeUpLog(0), MadeUpSubscriber()

    def append_unseen_and_stop() -> None:
        log.position = 35
        subscription.stop()

    passing = MadeUpTime(append_unseen_and_stop)
    subscription = subscribed(log, one, pacing=Pacing(last_seconds=10.0), passing=passing)
    subscription.run()
    assert one.position == 35


def test_its_end_takes_no_longer_than_it_may() -> None:
    """A step that is under way then is told to come to its end."""
    log, one = MadeUpLog(0), MadeUpSubscriber()
    breaths: list[bool] = []

    def append_unseen_and_stop() -> None:
        log.position = 100
        subscription.stop()

    passing = MadeUpTime(append_unseen_and_stop)

    def work(breathe: Callable[[], bool]) -> None:
        for _ in range(2):
            passing.work(2.0)
            breaths.append(breathe())

    one.part = work
    subscription = subscribed(log, one, pacing=Pacing(last_seconds=10.0), passing=passing)
    subscription.run()
    assert one.position == 30, "three steps of four seconds, the last one begun in time"
    assert breaths[2:] == [True, True, True, True, False, False]


def test_a_breath_is_as_long_as_the_part_before_it_and_has_an_end() -> None:
    log, one, passing = MadeUpLog(1), MadeUpSubscriber(), MadeUpTime()

    def work(breathe: Callable[[], bool]) -> None:
        for seconds in (0.004, 0.002, 0.5):
            passing.work(seconds)
            assert breathe()

    one.part = work
    subscribed(log, one, pacing=Pacing(breath_seconds=0.01), passing=passing).run()
    breaths = [seconds for kind, seconds in passing.waits if kind == "breath"]
    assert breaths == pytest.approx([0.004, 0.002, 0.01])


def test_close_waits_for_the_step_under_way() -> None:
    log, one = MadeUpLog(1), MadeUpSubscriber()
    subscription = subscribed(log, one, pacing=AT_ONCE)
    began, may_end = threading.Event(), threading.Event()

    def work(_breathe: Callable[[], bool]) -> None:
        began.set()
        assert may_end.wait(END_SECONDS)

    one.part = work
    subscription.start()
    assert began.wait(END_SECONDS)
    subscription.stop()
    assert subscription.is_running
    may_end.set()
    subscription.close()
    assert one.position == 1
