"""Standing properties of the fold over random histories."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calibration import account_of
from domain.events.governance import StageOverridden
from domain.explanation import STAGE_WORDS, explain, explain_interval
from domain.history import effective_history
from domain.instants import DAY
from domain.relationship import fold
from domain.stages import StageMachine
from tests.domain.folding import versions
from tests.domain.oracle import judge
from tests.domain.random_histories import (
    INSTANTS,
    OF_A_TRADE,
    OF_BUYERS,
    TIMELINES,
    buyers,
    masked_scenarios,
    scenarios,
)
from tests.domain.scenario import ANN, BEN, fact, on_day

if TYPE_CHECKING:
    from random import Random

    from domain.history import History
    from domain.relationship import Relationship
    from domain.timeline import PolicyTimeline
    from tests.domain.oracle import Answer
    from tests.domain.scenario import Scenario


def row(relationship: Any) -> tuple[object, ...]:
    """What a projection would keep of a relationship."""
    return (
        relationship.stage,
        relationship.score,
        relationship.since,
        relationship.flags,
        relationship.intervals,
        relationship.policy_version,
        account_of(relationship),
    )


def falls(relationship: Relationship) -> list[int]:
    """The instants at which silence ended a time as a client."""
    return [spell.fall.at for spell in relationship.client_spells if spell.fall is not None]


def scores(history: History, timeline: PolicyTimeline, expected: Answer) -> list[tuple[int, int]]:
    """The scores at the instants of the second reading, which looks at more than breakpoints."""
    machine, absorbed = StageMachine(timeline, history.time_zone or "UTC"), 0
    found = []
    for at, _ in expected.scores:
        absorbed += machine.run(history.facts[absorbed:], at)
        found.append((at, machine.score))
    return found


@settings(max_examples=200)
@given(scenarios(), TIMELINES, INSTANTS)
def test_the_fold_agrees_with_a_slow_second_reading_of_the_rules(
    scenario: Scenario, timeline: PolicyTimeline, at: int
) -> None:
    history = effective_history(scenario.events, ANN)
    relationship = fold(history, timeline, None, at)
    expected = judge(list(history.facts), timeline, "America/New_York", at)
    assert [(i.from_at, i.stage) for i in relationship.intervals] == expected.intervals
    assert relationship.score == expected.score
    assert falls(relationship) == [at for at, _, _ in expected.falls]
    assert scores(history, timeline, expected) == expected.scores


@settings(max_examples=150)
@given(buyers())
def test_who_buys_falls_and_comes_back_agrees_with_the_second_reading(scenario: Scenario) -> None:
    timeline = versions((0, OF_BUYERS))
    history = effective_history(scenario.events, ANN)
    expected = judge(list(history.facts), timeline, history.time_zone or "UTC", on_day(400))
    relationship = fold(history, timeline, None, on_day(400))
    assert [(i.from_at, i.stage) for i in relationship.intervals] == expected.intervals
    assert falls(relationship) == [at for at, _, _ in expected.falls]
    assert scores(history, timeline, expected) == expected.scores


@settings(max_examples=200)
@given(scenarios(most_themes=1))
def test_each_signal_by_itself_agrees_with_a_slow_second_reading(scenario: Scenario) -> None:
    """With windows that end among the events, at every instant at which anything could change."""
    timeline = versions((0, OF_A_TRADE))
    history = effective_history(scenario.events, ANN)
    expected = judge(list(history.facts), timeline, "America/New_York", on_day(300))
    assert scores(history, timeline, expected) == expected.scores


@settings(max_examples=250)
@given(masked_scenarios(), TIMELINES, INSTANTS)
def test_overrides_mask_what_goes_on_underneath_until_they_expire(
    scenario: Scenario, timeline: PolicyTimeline, at: int
) -> None:
    """Lapses, falls, promotions and endings under overrides of any length, in any order."""
    history = effective_history(scenario.events, ANN)
    relationship = fold(history, timeline, None, at)
    expected = judge(list(history.facts), timeline, "America/New_York", at)
    assert [(i.from_at, i.stage) for i in relationship.intervals] == expected.intervals
    assert relationship.score == expected.score
    assert falls(relationship) == [at for at, _, _ in expected.falls]
    assert scores(history, timeline, expected) == expected.scores


@settings(max_examples=150)
@given(scenarios(), TIMELINES, INSTANTS)
def test_nothing_that_is_shown_changes_between_breakpoints(
    scenario: Scenario, timeline: PolicyTimeline, at: int
) -> None:
    history = effective_history(scenario.events, ANN)
    relationship = fold(history, timeline, None, at)
    until_at = relationship.next_breakpoint
    later = until_at - 1 if until_at is not None else at + 5000 * DAY
    assert row(fold(history, timeline, None, later)) == row(relationship)
    between = (at + later) // 2
    assert row(fold(history, timeline, None, between)) == row(relationship)


@settings(max_examples=150)
@given(st.one_of(buyers(), scenarios()), TIMELINES, INSTANTS, st.integers(0, 40))
def test_a_further_purchase_never_brings_a_fall_nearer(
    scenario: Scenario, timeline: PolicyTimeline, at: int, days: int
) -> None:
    """Evaluation by one version, and later than all that is known."""
    before = effective_history(scenario.events, ANN)
    version = timeline.only(timeline.in_force(at).version)
    bought_at = max([at, *[one.occurred_at for one in before.facts]]) + days * DAY
    fallen = fold(before, version, None, bought_at).silence
    scenario.record(fact("purchase-made", purchase_id="further"), bought_at)
    bought = fold(effective_history(scenario.events, ANN), version, None, bought_at).silence
    if fallen is not None and bought is not None:
        assert bought.due_at >= fallen.due_at
        assert bought.demote_at >= fallen.demote_at
        assert bought.lapse_client_at >= fallen.lapse_client_at


@settings(max_examples=150)
@given(scenarios(), TIMELINES)
def test_stages_change_only_at_events_policies_and_announced_breakpoints(
    scenario: Scenario, timeline: PolicyTimeline
) -> None:
    history, until_at = effective_history(scenario.events, ANN), on_day(900)
    for interval in fold(history, timeline, None, until_at).intervals[1:]:
        before = fold(history, timeline, None, interval.from_at - 1)
        assert before.next_breakpoint == interval.from_at
        assert before.stage != interval.stage
        occurred = {one.occurred_at for one in history.facts}
        assert interval.cause.kind != "event" or interval.from_at in occurred


@settings(max_examples=150)
@given(scenarios(), TIMELINES)
def test_no_stage_flaps_without_an_event(scenario: Scenario, timeline: PolicyTimeline) -> None:
    """Nobody falls and rises again, or the other way round, at the very next instant."""
    history = effective_history(scenario.events, ANN)
    occurred = {one.occurred_at for one in history.facts}
    starts = {one.effective_from for one in timeline.versions}
    expiries = {
        one.event.expires_at for one in history.facts if isinstance(one.event, StageOverridden)
    }
    for interval in fold(history, timeline, None, on_day(900)).intervals:
        if interval.to_at is not None and interval.to_at - interval.from_at == 1:
            assert {interval.from_at, interval.to_at} & (occurred | starts | expiries)


@settings(max_examples=150)
@given(scenarios(), TIMELINES, INSTANTS)
def test_every_relationship_can_be_told_in_sentences(
    scenario: Scenario, policies: PolicyTimeline, at: int
) -> None:
    history = effective_history(scenario.events, ANN)
    relationship = fold(history, policies, None, at)
    told = explain(relationship)
    assert told
    assert all(not one[0].islower() and one.endswith(".") for one in told)
    named = "Nothing is known" if relationship.since is None else STAGE_WORDS[relationship.stage]
    assert told[0].startswith(named)
    for interval in relationship.intervals:
        assert explain_interval(interval, relationship.machine.time_zone).endswith(".")


@given(scenarios(), TIMELINES, INSTANTS)
def test_evaluating_again_on_unchanged_facts_changes_nothing(
    scenario: Scenario, timeline: PolicyTimeline, at: int
) -> None:
    history = effective_history(scenario.events, ANN)
    relationship = fold(history, timeline, None, at)
    machine = relationship.machine.ahead()
    if machine.judged is not None:
        cause = relationship.intervals[-1].cause
        machine.evaluate(at + 1 if machine.judged.at == at else at, cause)
        assert machine.stage == relationship.stage


@settings(max_examples=150)
@given(scenarios(), TIMELINES, INSTANTS)
def test_as_of_an_instant_equals_a_ledger_that_stopped_there(
    scenario: Scenario, timeline: PolicyTimeline, at: int
) -> None:
    known = [event for event in scenario.events if event.occurred_at <= at]
    stopped = fold(effective_history(known, ANN), timeline, "America/New_York", at)
    whole = fold(effective_history(scenario.events, ANN), timeline, None, at)
    assert row(stopped) == row(whole)


@settings(max_examples=100)
@given(scenarios(), TIMELINES, INSTANTS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_matters_only_between_events_of_one_instant(
    scenario: Scenario, timeline: PolicyTimeline, at: int, random: Random
) -> None:
    """Late or early, the answer is the same: positions are dealt out anew within each instant."""
    ranked = sorted(scenario.events, key=lambda e: (e.occurred_at, e.position))
    shuffled = list(scenario.events)
    random.shuffle(shuffled)
    renumbered = [replace(event, position=place) for place, event in enumerate(ranked, start=1)]
    random.shuffle(renumbered)
    whole = fold(effective_history(shuffled, ANN), timeline, None, at)
    late = fold(effective_history(renumbered, ANN), timeline, None, at)
    assert row(late) == row(whole)


@settings(max_examples=100)
@given(scenarios(), TIMELINES, INSTANTS)
def test_will_change_comes_true_when_nothing_happens(
    scenario: Scenario, timeline: PolicyTimeline, at: int
) -> None:
    known = [event for event in scenario.events if event.occurred_at <= at]
    history = effective_history(known, ANN)
    relationship = fold(history, timeline, "America/New_York", at)
    will_change = relationship.will_change()
    later = at + 5000 * DAY if will_change is None else will_change.at
    then = fold(history, timeline, "America/New_York", later)
    if will_change is None:
        assert then.stage == relationship.stage
    else:
        assert then.stage == will_change.stage
        assert fold(history, timeline, None, later - 1).stage == relationship.stage


@settings(max_examples=60)
@given(scenarios(), TIMELINES)
def test_the_streams_of_merged_contacts_fold_like_one_with_distinct_ids(
    scenario: Scenario, timeline: PolicyTimeline
) -> None:
    """Ids in data are scoped by stream: Ben's equal ids are other things than Ann's."""
    doubled = list(scenario.events)
    for event in scenario.events[1:]:
        position = len(doubled) + 1
        twin = replace(event, contact_id=BEN, position=position, id=UUID(int=5000 + position))
        doubled.append(twin)
    relationship = fold(effective_history(doubled, ANN), timeline, None, on_day(300))
    facts = list(effective_history(doubled, ANN).facts)
    expected = judge(facts, timeline, "America/New_York", on_day(300))
    assert [(i.from_at, i.stage) for i in relationship.intervals] == expected.intervals


def told(relationship: Any) -> tuple[object, ...]:
    """Everything that a relationship says, evidence and outlook included."""
    return (
        *row(relationship),
        relationship.rests_on,
        relationship.signals(),
        relationship.exclusions(),
        relationship.would_change(),
        relationship.will_change(),
        relationship.engagements(),
    )


@settings(max_examples=250)
@given(scenarios(), TIMELINES, INSTANTS, st.integers(0, 1), st.floats(0, 1))
def test_nothing_that_is_said_changes_while_it_holds(
    scenario: Scenario, timeline: PolicyTimeline, at: int, past: int, share: float
) -> None:
    history = effective_history(scenario.events, ANN)
    relationship = fold(history, timeline, None, at + past)
    until_at = relationship.holds_until
    later = until_at - 1 if until_at is not None else at + 5000 * DAY
    assert later >= relationship.at
    for instant in (later, relationship.at + int((later - relationship.at) * share)):
        assert told(fold(history, timeline, None, instant)) == told(relationship)
