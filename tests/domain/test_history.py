"""The effective history: retractions and corrections, by position. Domain document, section 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.events.commerce import PurchaseMade
from domain.events.governance import EventCorrected
from domain.events.referrals import ReferralReceived
from domain.history import History, RetractedEvent, effective_history
from tests.domain.scenario import ANN, BEN, Scenario, fact, on_day, registered

if TYPE_CHECKING:
    from domain.recorded import RecordedEvent


def told() -> tuple[Scenario, RecordedEvent, RecordedEvent]:
    """Ann's purchases of days 1 and 2."""
    scenario = registered()
    first = scenario.record(fact("purchase-made", purchase_id="a"), on_day(1))
    second = scenario.record(fact("purchase-made", purchase_id="b"), on_day(2))
    return scenario, first, second


def of_ann(scenario: Scenario) -> History:
    events = [event for event in scenario.events if event.contact_id == ANN]
    return effective_history(events, ANN)


def test_facts_stand_in_the_order_in_which_they_occurred() -> None:
    scenario, *_ = told()
    scenario.record(fact("visit-made"), on_day(-5))
    assert of_ann(scenario).facts[0].event.TYPE == "visit-made"


def test_facts_of_one_instant_stand_in_the_order_of_their_positions() -> None:
    scenario, first, _ = told()
    later = scenario.record(fact("visit-made"), on_day(1))
    facts = of_ann(scenario).facts
    assert [fact_.id for fact_ in facts if fact_.occurred_at == on_day(1)] == [first.id, later.id]


def test_a_retracted_event_is_excluded_with_the_retraction_that_says_so() -> None:
    scenario, first, _ = told()
    retraction = scenario.record(fact("event-retracted", target=str(first.id)), on_day(9))
    history = of_ann(scenario)
    assert first.id not in {fact_.id for fact_ in history.facts}
    assert history.retracted == (RetractedEvent(first.occurred_at, first.id, retraction.id),)


def test_retractions_work_by_position_whatever_their_own_instant() -> None:
    scenario, first, _ = told()
    scenario.record(fact("event-retracted", target=str(first.id)), on_day(-300))
    assert first.id not in {fact_.id for fact_ in of_ann(scenario).facts}


def correct(scenario: Scenario, target: RecordedEvent, **changes: object) -> RecordedEvent:
    return scenario.record(fact("event-corrected", target=str(target.id), **changes), on_day(9))


def test_only_the_last_correction_counts_and_replaces_all_it_gives() -> None:
    scenario, first, _ = told()
    data = fact("purchase-made", purchase_id="a", amount_minor=7)
    moved = scenario.record(
        EventCorrected(target=first.id, occurred_at=on_day(5), data=data), on_day(9)
    )
    fact_ = next(f for f in of_ann(scenario).facts if f.id == first.id)
    assert isinstance(fact_.event, PurchaseMade)
    assert (fact_.occurred_at, fact_.event.amount_minor) == (on_day(5), 7)
    assert fact_.position == first.position
    correct(scenario, first, occurred_at="2026-01-04T12:00:00Z")
    fact_ = next(f for f in of_ann(scenario).facts if f.id == first.id)
    assert isinstance(fact_.event, PurchaseMade)
    assert (fact_.occurred_at, fact_.event.amount_minor) == (on_day(3), 100)
    assert moved.id not in {f.id for f in of_ann(scenario).facts}


def test_retracting_a_correction_brings_the_one_before_it_back() -> None:
    scenario, first, _ = told()
    correct(scenario, first, occurred_at="2026-01-04T12:00:00Z")
    mistaken = correct(scenario, first, occurred_at="2026-01-08T12:00:00Z")
    scenario.record(fact("event-retracted", target=str(mistaken.id)), on_day(10))
    fact_ = next(f for f in of_ann(scenario).facts if f.id == first.id)
    assert fact_.occurred_at == on_day(3)


def test_data_of_another_type_than_its_target_corrects_nothing() -> None:
    scenario, first, _ = told()
    wrong = EventCorrected(target=first.id, data=fact("visit-made"))
    scenario.record(wrong, on_day(9))
    fact_ = next(f for f in of_ann(scenario).facts if f.id == first.id)
    assert fact_.event == first.event


def test_a_received_referral_is_retracted_and_corrected_with_its_other() -> None:
    scenario = registered()
    made, received = scenario.append(fact("referral-made"), on_day(1))
    level_five = fact("referral-made", level=5)
    scenario.record(
        EventCorrected(target=made.id, occurred_at=on_day(4), data=level_five), on_day(5)
    )
    of_ben = [e for e in scenario.events if e.contact_id == BEN or e.type.startswith("event-")]
    facts = effective_history(of_ben, BEN).facts
    shared = next(f for f in facts if f.id == received.id)
    assert isinstance(shared.event, ReferralReceived)
    assert (shared.occurred_at, shared.event.level, shared.event.by) == (on_day(4), 5, ANN)
    scenario.record(fact("event-retracted", target=str(made.id)), on_day(6))
    of_ben = [e for e in scenario.events if e.contact_id == BEN or e.type.startswith("event-")]
    assert received.id not in {f.id for f in effective_history(of_ben, BEN).facts}


def test_the_time_zone_is_the_survivors_by_the_newest_amendment() -> None:
    scenario = registered(ANN)
    ben = fact("contact-registered", time_zone="Pacific/Auckland")
    scenario.record(ben, on_day(50), BEN)
    scenario.record(fact("registration-amended", time_zone="America/New_York"), on_day(20))
    scenario.record(fact("registration-amended", time_zone="Europe/Paris"), on_day(10))
    assert effective_history(scenario.events, ANN).time_zone == "America/New_York"
    assert effective_history(scenario.events, BEN).time_zone == "Pacific/Auckland"


def test_ids_of_merged_contacts_do_not_collide() -> None:
    scenario = registered()
    scenario.record(fact("purchase-made", purchase_id="1"), on_day(1))
    scenario.record(fact("purchase-made", purchase_id="1"), on_day(2), BEN)
    scopes = {f.contact_id: f.scope for f in effective_history(scenario.events, ANN).facts}
    assert scopes == {ANN: 0, BEN: 1}
