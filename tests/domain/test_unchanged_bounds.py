"""What need not be judged: the stages are the same, and most facts cost no judgement."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.history import effective_history
from domain.instants import DAY, HOUR
from domain.presets import PRESETS
from domain.stages import StageMachine
from tests.domain.folding import bought, changed, relate, stages, versions
from tests.domain.random_histories import TIMELINES, scenarios
from tests.domain.scenario import ANN, Scenario, fact, on_day
from tests.fixtures.faults import calls_of

if TYPE_CHECKING:
    from domain.timeline import PolicyTimeline

GENEROUS = changed(
    "retail",
    rhythm={"expected_gap_days": 1, "demote_after_days": 3},
    signals={
        "regularity": {"points": 60, "purchase_days": 3},
        "custom": {"tasting": {"points": 9}},
    },
    stage={"dwell_days": 1},
)
"""Under which clients come and go quickly."""


@st.composite
def habits(draw: st.DrawFn) -> Scenario:
    """Purchases mostly, days or weeks apart, with a little of everything else between them."""
    scenario = draw(scenarios())
    at = on_day(0)
    for number in range(draw(st.integers(0, 60))):
        at += draw(st.sampled_from([0, 6 * HOUR, DAY, DAY, 4 * DAY, 30 * DAY, 90 * DAY]))
        kind = draw(st.sampled_from(["purchase-made"] * 6 + ["visit-made", "touch-made", "custom"]))
        data: dict[str, Any] = {}
        if kind == "purchase-made":
            data["purchase_id"] = f"h{number}"
        elif kind == "custom":
            kind, data = "custom-recorded", {"kind": "tasting"}
        scenario.record(fact(kind, **data), at)
    return scenario


@settings(max_examples=200)
@given(habits(), st.one_of(TIMELINES, st.just(versions((0, GENEROUS)))))
def test_judging_every_instant_comes_to_the_same(
    scenario: Scenario, timeline: PolicyTimeline
) -> None:
    facts = effective_history(scenario.events, ANN).facts
    until_at = on_day(6000)
    at_once, step_by_step = (StageMachine(timeline, "America/New_York") for _ in range(2))
    at_once.run(facts, until_at)
    for at, together in groupby(facts, key=attrgetter("occurred_at")):
        step_by_step.run(tuple(together), at)
    step_by_step.run((), until_at)
    assert _said(at_once) == _said(step_by_step)


def test_a_thousand_purchases_are_judged_a_few_times() -> None:
    with calls_of(StageMachine, "evaluate") as judged:
        assert stages(relate(bought(*range(1000)), on_day(1000))) == ["customer"]
    assert 0 < len(judged) < 10
    frequent = versions((0, PRESETS["purchases-only"]))
    with calls_of(StageMachine, "evaluate") as judged:
        assert stages(relate(bought(*range(1000)), on_day(1000), frequent))[-1] == "client"
    assert 0 < len(judged) < 20


def test_a_client_who_is_silent_between_two_purchases_was_none_meanwhile() -> None:
    scenario = bought(*range(10), 210, 211, 212, 213)
    frequent = versions((0, PRESETS["purchases-only"]))
    assert stages(relate(scenario, on_day(214), frequent)) == [
        "customer",
        "client",
        "customer",
        "client",
    ]


def test_a_complaint_left_lying_ends_a_client_between_two_purchases() -> None:
    scenario = bought(*range(30))
    scenario.record(fact("complaint-raised", severity=3), on_day(20))
    frequent = versions((0, PRESETS["purchases-only"]))
    ended = relate(scenario, on_day(29), frequent).intervals[-1]
    assert (ended.stage, ended.from_at) == ("customer", on_day(22))


def test_the_purchase_that_makes_a_client_does_so_though_more_follow() -> None:
    scenario = bought(*range(30))
    scenario.record(fact("wallet-share-reported", share_percent=90), on_day(1))
    won = relate(scenario, on_day(29)).intervals[-1]
    assert (won.stage, won.from_at) == ("client", on_day(5))


def _said(machine: StageMachine) -> tuple[object, ...]:
    assert machine.judged is not None
    return (
        machine.intervals,
        machine.client_spells,
        machine.score,
        machine.underlying,
        machine.silence,
        machine.judged,
        machine.next_breakpoint(),
        [(reading, judged) for _, reading, judged in machine.readings_at(machine.judged.at)],
    )
