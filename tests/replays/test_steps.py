"""The walk through one contact: the fold, stopped at every instant, and nothing else."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings

from api.cli.questions.one_contact import stage_told
from api.service.answers.steps import Step as ShownStep
from api.service.questions import At, Knowledge, group_of
from api.service.replays.steps import Step, steps
from domain.history import effective_history
from domain.instants import DAY, format_instant
from domain.relationship import fold
from tests.domain.scenario import ANN, BEN, CAT
from tests.fixtures.clock import Clock
from tests.projections.histories import CONTACTS, seeds
from tests.projections.memory import NOW, MemoryLedger
from tests.replays.asked import moment
from tests.replays.test_time_travel import some_instant, told

if TYPE_CHECKING:
    from uuid import UUID

    from projections.folding import Moment


def walked(ledger: MemoryLedger, at: Moment, contact: UUID = ANN) -> list[Step]:
    survivor, group = group_of(ledger, at.aliases, at.position, contact)
    return list(steps(group, effective_history(group, survivor), at))


def show(step: Step) -> dict[str, Any]:
    return ShownStep.of(step).plain()


def shop(clock: Clock) -> MemoryLedger:
    """Ann, Ben and Cat, registered a year ago."""
    ledger = MemoryLedger(clock)
    for contact in (ANN, BEN, CAT):
        ledger.tell(contact, "contact-registered", NOW - 365 * DAY)
    return ledger


@settings(max_examples=40)
@given(seed=seeds)
def test_the_steps_end_where_the_fold_does_and_change_what_it_changes(seed: int) -> None:
    """Of random contacts at random points in both times: the same stages, causes and scores."""
    ledger, clock, chance = told(seed)
    for contact in CONTACTS:
        position = chance.randint(1, ledger.head())
        asked = At(some_instant(chance, clock), Knowledge(position=position))
        at = moment(ledger, clock(), asked)
        survivor, group = group_of(ledger, at.aliases, position, contact)
        history = effective_history(group, survivor)
        found = fold(history, at.policies, at.time_zone, at.at)
        walk = list(steps(group, history, at))
        turns = [(one.at, one.stage, one.cause) for one in walk if one.stage != one.stage_before]
        assert turns == [(one.from_at, one.stage, one.cause) for one in found.intervals]
        assert (walk[-1].score if walk else 0) == found.score
        assert [one.at for one in walk] == sorted({one.at for one in walk})
        for before, after in pairwise(walk):
            assert (after.score_before, after.stage_before) == (before.score, before.stage)
            assert after.underlying_before in (None, before.underlying)
        counted = [one.fact for step in walk for one in step.came if one.fact]
        assert counted == [fact for fact in history.facts if fact.occurred_at <= at.at]
        last = {one.name: one.after for step in walk for one in step.signals}
        for signal in found.signals():
            told_last = last.get(signal.name)
            shown = (told_last.on, told_last.points) if told_last else (False, 0)
            assert shown == (signal.on, signal.points)
        assert all(show(one) for one in walk)


def test_what_does_not_count_is_marked_where_it_stands() -> None:
    """A retracted purchase between two, one that is refunded, and one that is corrected."""
    clock = Clock(NOW)
    ledger = shop(clock)
    ids = [
        ledger.tell(ANN, "purchase-made", NOW - days * DAY, purchase_id=str(days))
        for days in (90, 60, 30)
    ]
    retraction = ledger.tell(ANN, "event-retracted", target=str(ids[1]))
    refund = ledger.tell(ANN, "purchase-reversed", NOW - 20 * DAY, purchase_id="30")
    correction = ledger.tell(
        ANN, "event-corrected", target=str(ids[0]), occurred_at="2025-09-01T12:00:00Z", data=None
    )
    at = moment(ledger, clock())
    marked = {
        one.recorded.id: (step.at, one.exclusion and (one.exclusion.reason, one.exclusion.by))
        for step in walked(ledger, at)
        for one in step.came
    }
    assert marked[ids[1]] == (NOW - 60 * DAY, ("retracted", retraction))
    assert marked[ids[2]] == (NOW - 30 * DAY, ("reversed", refund))
    (moved,) = [s for s in walked(ledger, at) if s.came and s.came[0].recorded.id == ids[0]]
    assert show(moved)["at"] == "2025-09-01T12:00:00Z"
    assert show(moved)["events"][0]["corrected_by"] == str(correction)
    assert show(moved)["events"][0]["occurred_at"] != "2025-09-01T12:00:00Z"
    (alone,) = [s for s in walked(ledger, at) if s.at == NOW - 60 * DAY]
    assert alone.cause is None
    assert not alone.changed


def test_a_breakpoint_is_a_step_of_its_own_and_says_what_ran_out() -> None:
    clock = Clock(NOW)
    ledger = shop(clock)
    ledger.tell(ANN, "purchase-made", NOW - 300 * DAY)
    *_, bought, lapsed = walked(ledger, moment(ledger, clock()))
    assert (bought.stage_before, bought.stage) == ("contact", "customer")
    assert lapsed.came == ()
    assert (lapsed.stage_before, lapsed.stage) == ("customer", "lapsed_customer")
    assert lapsed.cause is not None
    assert (lapsed.cause.kind, lapsed.cause.name) == ("breakpoint", "lapse_at")
    assert lapsed.at == NOW - 300 * DAY + (7 + 180) * DAY


def test_only_the_signals_that_changed_are_told() -> None:
    clock = Clock(NOW)
    ledger = shop(clock)
    ledger.tell(ANN, "testimonial-given", NOW - 100 * DAY)
    ledger.tell(ANN, "preference-learned", NOW - 50 * DAY)
    told_of = [[one.name for one in step.signals] for step in walked(ledger, moment(ledger, NOW))]
    assert told_of == [[], ["testimonial"], ["known"]]


def test_a_merged_contact_s_events_are_walked_with_the_survivor_s() -> None:
    clock = Clock(NOW)
    ledger = shop(clock)
    ledger.tell(BEN, "purchase-made", NOW - 20 * DAY)
    ledger.tell(BEN, "contact-merged", into=str(ANN))
    at = moment(ledger, clock())
    assert walked(ledger, at, BEN) == walked(ledger, at, ANN)
    whose = {one.recorded.contact_id for step in walked(ledger, at) for one in step.came}
    assert whose == {ANN, BEN}


def test_what_the_rules_do_under_an_override_is_a_step_too() -> None:
    """A lapse while the stage is set by hand changes no signal, no score and no stage shown."""
    clock = Clock(NOW)
    ledger = shop(clock)
    ledger.tell(ANN, "purchase-made", NOW - 300 * DAY)
    until = format_instant(NOW - 90 * DAY)
    by_hand = {"stage": "client", "reason": "by hand", "expires_at": until}
    ledger.tell(ANN, "stage-overridden", NOW - 290 * DAY, **by_hand)
    *_, set_by_hand, lapsed, expired = walked(ledger, moment(ledger, clock()))
    assert (set_by_hand.stage_before, set_by_hand.stage) == ("customer", "client")
    assert set_by_hand.underlying_before == set_by_hand.underlying == "customer"
    assert (lapsed.at, lapsed.stage_before, lapsed.stage) == (NOW - 113 * DAY, "client", "client")
    assert (lapsed.underlying_before, lapsed.underlying) == ("customer", "lapsed_customer")
    assert show(lapsed)["underlying_before"] == "customer"
    assert stage_told(lapsed) == "client (by the rules customer -> lapsed_customer)"
    assert stage_told(expired) == "client -> lapsed_customer"
