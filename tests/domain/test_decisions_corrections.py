"""What is taken back and what is put right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from domain.decisions import ALREADY_SO, Request, decide
from domain.errors import Invalid, Refused
from domain.events.governance import EventCorrected
from domain.instants import format_instant
from domain.presets import PRESETS
from tests.domain.scenario import ANN, BEN, CAT, EXAMPLES, Scenario, fact, on_day, registered

if TYPE_CHECKING:
    from domain.events import Event
    from domain.recorded import RecordedEvent

FINAL = ["contact-registered", "contact-merged", "merge-reversed", "personal-data-erased"]


def retraction(target: RecordedEvent, reason: str = "wrong till") -> Event:
    return fact("event-retracted", target=str(target.id), reason=reason)


def correction(target: RecordedEvent, at: int | None = None, **data: Any) -> Event:
    """A correction; ``data`` replaces what differs from the example of the target's type."""
    return fact(
        "event-corrected",
        target=str(target.id),
        occurred_at=None if at is None else format_instant(at),
        data={**EXAMPLES[target.type], **data} if data else None,
    )


def test_an_event_of_another_stream_is_unknown() -> None:
    scenario = registered()
    elsewhere = scenario.record(fact("visit-made"), contact_id=BEN)
    assert scenario.refusal(retraction(elsewhere)).reason == "event-unknown"
    assert scenario.refusal(correction(elsewhere, guests=2)).reason == "event-unknown"


@pytest.mark.parametrize("type_name", FINAL)
def test_registrations_merges_and_erasures_are_final(type_name: str) -> None:
    scenario = registered(ANN, BEN)
    target = scenario.events[0]
    if type_name != "contact-registered":
        if type_name == "merge-reversed":
            scenario.given("contact-merged")
        target = scenario.record(fact(type_name))
        if type_name == "contact-merged":
            scenario.given("merge-reversed")
        if type_name == "personal-data-erased":
            # an erased contact takes no reason, which is personal: only a correction gets so far
            assert scenario.refusal(correction(target, on_day(1))).reason == "not-correctable"
            return
    assert scenario.refusal(retraction(target)).reason == "not-retractable"
    assert scenario.refusal(correction(target, on_day(1))).reason == "not-correctable"


def test_a_received_referral_shares_the_fate_of_the_one_made() -> None:
    scenario = registered()
    made, received = scenario.append(fact("referral-made"))
    for event in (retraction(received), correction(received, on_day(1))):
        refused = scenario.refusal(event, contact_id=BEN)
        assert refused.reason in {"not-retractable", "not-correctable"}
    assert scenario.append(retraction(made))


def test_a_retraction_is_final_and_a_correction_can_only_be_retracted() -> None:
    scenario = registered().given("purchase-made")
    (purchase,) = scenario.events[2:]
    (corrected,) = scenario.append(correction(purchase, amount_minor=50))
    assert scenario.refusal(correction(corrected, on_day(1))).reason == "not-correctable"
    (retracted,) = scenario.append(retraction(corrected))
    assert scenario.refusal(retraction(retracted)).reason == "not-retractable"
    assert scenario.refusal(correction(retracted, on_day(1))).reason == "not-correctable"


def test_retracting_again_is_already_so_only_for_the_same_reason() -> None:
    scenario = registered()
    visit = scenario.record(fact("visit-made"))
    scenario.append(retraction(visit))
    assert scenario.decide(retraction(visit), on_day(8)) == ALREADY_SO
    assert scenario.refusal(retraction(visit, "a ghost")).reason == "already-retracted"


def test_a_retracted_purchase_never_happened_but_its_id_stays_used() -> None:
    scenario = registered()
    purchase = scenario.record(fact("purchase-made"))
    scenario.append(retraction(purchase))
    assert scenario.refusal(fact("purchase-reversed")).reason == "purchase-unknown"
    refused = scenario.refusal(fact("purchase-made"))
    assert (refused.reason, refused.fields()["event"]) == ("id-in-use", str(purchase.id))


def test_a_retracted_ending_leaves_its_opening_open() -> None:
    scenario = registered().given("promise-made", "subscription-started")
    broken = scenario.record(fact("promise-broken"))
    cancelled = scenario.record(fact("subscription-cancelled"))
    scenario.append(retraction(broken))
    scenario.append(retraction(cancelled))
    assert scenario.append(fact("promise-kept"))
    assert scenario.append(fact("subscription-renewed"), on_day(30))


def test_a_retracted_reversal_gives_back_what_is_left() -> None:
    scenario = registered().given("purchase-made")
    refund = scenario.record(fact("purchase-reversed"))
    scenario.append(retraction(refund))
    assert scenario.append(fact("purchase-reversed"))


def test_later_decisions_see_what_was_corrected() -> None:
    scenario = registered()
    purchase = scenario.record(fact("purchase-made"))
    scenario.append(correction(purchase, amount_minor=50))
    refused = scenario.refusal(fact("purchase-reversed", amount_minor=51))
    assert refused.fields()["left_minor"] == 50


def test_a_retracted_correction_revives_the_version_before_it() -> None:
    scenario = registered()
    purchase = scenario.record(fact("purchase-made"))
    scenario.append(correction(purchase, amount_minor=50))
    (second,) = scenario.append(correction(purchase, amount_minor=70))
    assert scenario.refusal(fact("purchase-reversed", amount_minor=99)).fields()["left_minor"] == 70
    scenario.append(retraction(second))
    assert scenario.refusal(fact("purchase-reversed", amount_minor=99)).fields()["left_minor"] == 50


def test_of_several_corrections_the_last_counts_as_a_whole() -> None:
    scenario = registered()
    purchase = scenario.record(fact("purchase-made"))
    scenario.append(correction(purchase, amount_minor=50))
    scenario.append(correction(purchase, on_day(3)))
    assert scenario.decide(fact("purchase-reversed", amount_minor=100))


def test_a_correction_comes_back_read_as_the_type_of_its_target() -> None:
    scenario = registered()
    purchase = scenario.record(fact("purchase-made"))
    (decided,) = scenario.decide(correction(purchase, amount_minor=50))
    assert isinstance(decided.event, EventCorrected)
    assert decided.event.data == fact("purchase-made", amount_minor=50)
    assert decided.event.show()["data"] == {**EXAMPLES["purchase-made"], "amount_minor": 50}


def test_data_that_does_not_fit_the_target_is_invalid_with_pointers() -> None:
    scenario = registered()
    purchase = scenario.record(fact("purchase-made"))
    with pytest.raises(Invalid) as caught:
        scenario.decide(correction(purchase, amount_minor=-1, plan="box"))
    found = {(error.pointer, error.code) for error in caught.value.errors}
    assert found == {
        ("/data/data/amount_minor", "out-of-range"),
        ("/data/data/plan", "unknown-field"),
    }


def test_a_correction_again_is_a_new_fact() -> None:
    scenario = registered()
    purchase = scenario.record(fact("purchase-made"))
    scenario.append(correction(purchase, amount_minor=50))
    assert scenario.decide(correction(purchase, amount_minor=50)) != ALREADY_SO


def test_correcting_what_is_retracted_is_accepted_and_changes_nothing() -> None:
    scenario = registered()
    purchase = scenario.record(fact("purchase-made"))
    refund = scenario.record(fact("purchase-reversed"))
    scenario.append(retraction(purchase))
    scenario.append(retraction(refund))
    assert scenario.append(correction(refund, amount_minor=500))
    assert scenario.append(correction(purchase, amount_minor=50))
    assert scenario.refusal(fact("purchase-reversed")).reason == "purchase-unknown"


def test_a_correction_may_change_the_opening_id_to_an_unused_one_and_back() -> None:
    scenario = registered().given("purchase-made")
    second = scenario.record(fact("purchase-made", purchase_id="p2"))
    assert scenario.refusal(correction(second, purchase_id="p1")).reason == "id-in-use"
    scenario.append(correction(second, purchase_id="p3"))
    assert scenario.append(fact("purchase-reversed", purchase_id="p3"))
    assert scenario.refusal(fact("purchase-made", purchase_id="p2")).reason == "id-in-use"
    assert scenario.refusal(fact("purchase-made", purchase_id="p3")).reason == "id-in-use"
    assert scenario.append(correction(second, purchase_id="p2"))


def test_a_purchase_is_not_corrected_below_what_was_given_back_of_it() -> None:
    scenario = registered()
    purchase = scenario.record(fact("purchase-made"))
    scenario.append(fact("purchase-reversed", amount_minor=60))
    assert scenario.decide(correction(purchase, amount_minor=60))
    refused = scenario.refusal(correction(purchase, amount_minor=59))
    assert (refused.reason, refused.fields()["reversed_minor"]) == ("beyond-what-is-left", 60)
    assert scenario.refusal(correction(purchase, currency="USD")).reason == "currency-differs"


def test_a_reversal_is_corrected_within_what_is_left_without_it() -> None:
    scenario = registered().given("purchase-made")
    refund = scenario.record(fact("purchase-reversed", amount_minor=60))
    assert scenario.decide(correction(refund, amount_minor=100))
    assert scenario.refusal(correction(refund, amount_minor=101)).reason == "beyond-what-is-left"
    assert scenario.refusal(correction(refund, purchase_id="p9")).reason == "purchase-unknown"


def test_the_parties_of_a_referral_are_fixed() -> None:
    scenario = registered(ANN, BEN, CAT)
    made = scenario.append(fact("referral-made"))[0]
    for change in (correction(made, other=str(CAT)), correction(made, direction="outbound")):
        assert scenario.refusal(change).reason == "referral-parties-fixed"
    (decided,) = scenario.decide(correction(made, level=5))
    assert decided.contact_id == ANN


def test_a_referral_is_corrected_though_the_other_contact_was_merged_since() -> None:
    scenario = registered(ANN, BEN, CAT)
    made = scenario.append(fact("referral-made"))[0]
    scenario.append(fact("contact-merged", into=str(CAT)), contact_id=BEN)
    assert scenario.append(correction(made, level=5))
    assert scenario.refusal(fact("referral-level-raised", level=4)).fields()["level"] == 5


def test_an_earlier_level_may_be_corrected_below_a_later_one() -> None:
    scenario = registered().given("referral-made")
    first = scenario.record(fact("referral-level-raised", level=3))
    scenario.append(fact("referral-level-raised", level=5))
    assert scenario.append(correction(first, level=1))
    assert scenario.decide(fact("referral-level-raised", level=5)) == ALREADY_SO


def test_the_highest_level_left_counts_after_the_last_one_was_corrected() -> None:
    scenario = registered().given("referral-made")
    scenario.append(fact("referral-level-raised", level=3))
    last = scenario.record(fact("referral-level-raised", level=5))
    scenario.append(correction(last, level=1))
    assert scenario.refusal(fact("referral-level-raised", level=2)).fields()["level"] == 3
    assert scenario.append(fact("referral-level-raised", level=4))


def test_a_correction_cannot_pass_the_legal_gate_from_behind() -> None:
    scenario = registered(policy=PRESETS["real-estate"]).given("referral-made")
    reward = scenario.record(fact("reward-paid"))
    money = correction(reward, amount_minor=100, currency="USD")
    assert scenario.refusal(money).reason == "cash-reward-forbidden"


def test_a_correction_of_the_time_alone_is_judged_with_the_original_data() -> None:
    scenario = registered().given("subscription-started")
    renewal = scenario.record(fact("subscription-renewed"), on_day(30))
    scenario.append(fact("subscription-cancelled"), on_day(40))
    assert scenario.decide(correction(renewal, on_day(39)))
    assert scenario.refusal(correction(renewal, on_day(40))).reason == "subscription-cancelled"


def test_a_corrected_settlement_is_not_in_its_own_way() -> None:
    scenario = registered().given("referral-made", "complaint-raised")
    closed = scenario.record(fact("referral-closed"))
    resolved = scenario.record(fact("complaint-resolved"))
    scenario.append(correction(closed, outcome="lost"))
    scenario.append(correction(resolved, satisfied=False))
    assert scenario.decide(fact("referral-closed", outcome="lost")) == ALREADY_SO
    assert scenario.decide(fact("complaint-resolved", satisfied=False)) == ALREADY_SO


def test_an_erased_contact_is_corrected_without_personal_data_only() -> None:
    scenario = registered()
    purchase = scenario.record(fact("purchase-made"))
    scenario.given("personal-data-erased")
    assert scenario.decide(correction(purchase, amount_minor=50))
    refused = scenario.refusal(correction(purchase, items=["rye"]))
    assert (refused.reason, refused.fields()["fields"]) == ("contact-erased", ["items"])


def test_names_in_corrected_data_are_read_with_those_of_the_request() -> None:
    scenario = registered()
    link = scenario.record(fact("contact-linked"))
    request = Request(
        contact_id=ANN,
        id=UUID(int=7),
        event=correction(link, other="pos:17"),
        occurred_at=on_day(0),
        names={"pos:17": CAT}.__getitem__,
    )
    (decided,) = decide(scenario.contact(ANN), request, scenario)
    assert isinstance(decided.event, EventCorrected)
    assert decided.event.data == fact("contact-linked", other=str(CAT))


def test_a_refused_correction_leaves_the_state_as_it_was() -> None:
    scenario: Scenario = registered().given("purchase-made")
    purchase = scenario.record(fact("purchase-made", purchase_id="p2"))
    before = scenario.contact(ANN).copy()
    with pytest.raises(Refused):
        scenario.decide(correction(purchase, purchase_id="p1"))
    assert scenario.contact(ANN) == before
