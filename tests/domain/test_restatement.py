"""What an event restates of the past, from single stories and for any history in any order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.history import effective_history
from domain.instants import DAY, HOUR, SECOND
from domain.presets import PRESETS
from domain.relationship import fold
from domain.restatement import GRACE, Belief, RestatedInterval, restated_intervals
from tests.domain.folding import bought, versions
from tests.domain.random_histories import TIMELINES, scenarios
from tests.domain.scenario import ANN, Scenario, fact, on_day, registered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.intervals import Interval
    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline

RETAIL = versions((0, PRESETS["retail"]))


def believed(events: Sequence[RecordedEvent], at: int) -> Belief:
    return Belief(effective_history(events, ANN), RETAIL, None, at)


def learnt(scenario: Scenario, recorded_at: int) -> tuple[RestatedInterval, ...]:
    """What the newest event of a scenario restates, recorded at that instant."""
    belief = believed(scenario.events[:-1], recorded_at)
    return belief.learn(effective_history(scenario.events, ANN), RETAIL, recorded_at)


def test_a_late_purchase_restates_the_time_until_it_was_recorded() -> None:
    scenario = bought(10)
    assert learnt(scenario, on_day(30)) == (
        RestatedInterval(on_day(10), on_day(30), "contact", "customer"),
    )


def test_what_is_recorded_as_it_happens_restates_nothing() -> None:
    scenario = bought(10)
    assert learnt(scenario, on_day(10)) == ()
    assert learnt(scenario, on_day(10) + GRACE - 1) == ()
    assert len(learnt(scenario, on_day(10) + GRACE)) == 1


def test_nothing_is_restated_where_nothing_was_believed() -> None:
    """Nobody believed anything of a contact before the first event about them."""
    assert learnt(registered(), on_day(50)) == ()


def test_a_late_purchase_that_ends_a_silence_restates_the_silence_only() -> None:
    scenario = bought(0, 7, 14, 300)
    scenario.record(fact("purchase-made", purchase_id="late"), on_day(90))
    lapsed = fold(effective_history(scenario.events[:-1], ANN), RETAIL, None, on_day(299))
    since = next(one.from_at for one in lapsed.intervals if one.stage == "lapsed_customer")
    (found,) = learnt(scenario, on_day(310))
    assert (found.believed, found.known) == ("lapsed_customer", "customer")
    assert found.from_at == max(since, on_day(90))
    assert found.to_at <= on_day(300)


def test_a_retraction_restates_back_to_what_never_happened() -> None:
    scenario = bought(10)
    target = str(scenario.events[-1].id)
    scenario.record(fact("event-retracted", target=target), on_day(40))
    assert learnt(scenario, on_day(40)) == (
        RestatedInterval(on_day(10), on_day(40), "customer", "contact"),
    )


def test_a_policy_for_the_past_restates_by_its_own_lines() -> None:
    scenario = bought(*range(0, 60, 7))
    history = effective_history(scenario.events, ANN)
    counting = versions((0, PRESETS["retail"]), (on_day(20), PRESETS["purchases-only"]))
    found = Belief(history, RETAIL, None, on_day(80)).learn(history, counting, on_day(80))
    assert [(one.believed, one.known) for one in found] == [("customer", "client")]
    assert found[0].from_at >= on_day(20)
    assert found[0].to_at == on_day(80)


@settings(max_examples=150)
@given(scenarios(), TIMELINES, st.lists(st.integers(0, 60), min_size=42, max_size=42), st.data())
def test_the_stretches_are_where_beliefs_differ_in_any_order_of_arrival(
    scenario: Scenario, policies: PolicyTimeline, pauses: list[int], data: st.DataObject
) -> None:
    """Event by event, against two folds from nothing, looked at from many instants."""
    clock, events = on_day(0), []
    for recorded, pause in zip(scenario.events, pauses, strict=False):
        clock += pause * 12 * HOUR
        events.append(replace(recorded, recorded_at=clock))
        if recorded.event.TYPE != "contact-registered" and data.draw(st.integers(0, 5)) == 0:
            target = fact("event-retracted", target=str(recorded.id))
            taken_back = replace(recorded, event=target, id=UUID(int=5000 + len(events)))
            events.append(replace(taken_back, recorded_at=clock + SECOND, occurred_at=clock))
    events = [replace(one, position=place) for place, one in enumerate(events, start=1)]
    belief = Belief(effective_history(events[:1], ANN), policies, None, events[0].recorded_at)
    for count in range(2, len(events) + 1):
        at = events[count - 1].recorded_at
        found = belief.learn(effective_history(events[:count], ANN), policies, at)
        before = _stages(events[: count - 1], policies, at)
        after = _stages(events[:count], policies, at)
        assert tuple(restated_intervals(before, after, at)) == found
        for instant in range(on_day(0) + HOUR, at, 10 * DAY):
            differs = _stage(before, instant) != _stage(after, instant)
            assert differs == any(one.from_at <= instant < one.to_at for one in found)
        for one in found:
            assert one.from_at < one.to_at <= at
            assert one.believed != one.known


def _stages(
    events: Sequence[RecordedEvent], policies: PolicyTimeline, at: int
) -> tuple[Interval, ...]:
    return fold(effective_history(events, ANN), policies, None, at).intervals


def _stage(intervals: Sequence[Interval], at: int) -> str:
    return next((one.stage for one in reversed(intervals) if one.from_at <= at), "contact")
