"""Registering, merging, consenting, and what an erased contact still takes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from domain.consents import consents_of
from domain.decisions import ALREADY_SO
from domain.errors import Invalid, Refused
from domain.events import CATALOGUE
from domain.history import effective_history
from tests.domain.scenario import (
    ANN,
    BEN,
    CAT,
    DAN,
    EXAMPLES,
    Scenario,
    fact,
    on_day,
    registered,
    types_of,
)

if TYPE_CHECKING:
    from domain.events import Event


def test_an_unregistered_contact_takes_nothing_but_a_registration() -> None:
    scenario = Scenario()
    for type_name, made in CATALOGUE.items():
        if made.FROM_PRODUCERS and type_name != "contact-registered":
            assert scenario.refusal(fact(type_name)).reason == "contact-unregistered"
    assert types_of(scenario.decide(fact("contact-registered"))) == ["contact-registered"]


def test_registering_again_is_already_so_only_with_the_same_content() -> None:
    scenario = registered(ANN)
    assert scenario.decide(fact("contact-registered"), on_day(9)) == ALREADY_SO
    other = scenario.refusal(fact("contact-registered", name="Anna"))
    assert other.reason == "contact-already-registered"


def test_registering_again_is_compared_without_later_amendments() -> None:
    scenario = registered(ANN).given("registration-amended")
    assert scenario.decide(fact("contact-registered")) == ALREADY_SO


def test_types_that_the_ledger_writes_itself_are_invalid_from_clients() -> None:
    scenario = registered()
    for type_name in ("referral-received", "policy-published", "personal-data-erased"):
        with pytest.raises(Invalid) as caught:
            scenario.decide(fact(type_name))
        (error,) = caught.value.errors
        assert (error.pointer, error.code) == ("/type", "not-from-clients")


def test_a_merged_contact_takes_what_it_took_before() -> None:
    """Whatever a contact answers to an event, it answers the same once it is merged."""
    openings = ["complaint-raised", "promise-made", "engagement-opened", "purchase-made"]
    openings += ["subscription-started", "need-discovered", "advice-given"]
    alone = registered(ANN, BEN, CAT).given(*openings)
    merged = registered(ANN, BEN, CAT).given(*openings)
    merged.append(fact("contact-merged", into=str(CAT)))
    for type_name, made in CATALOGUE.items():
        if made.FROM_PRODUCERS and type_name not in {"contact-merged", "merge-reversed"}:
            assert said(merged, fact(type_name)) == said(alone, fact(type_name)), type_name
    assert types_of(merged.decide(fact("merge-reversed", into=str(CAT)))) == ["merge-reversed"]


def said(scenario: Scenario, event: Event) -> object:
    """What is decided, or why it is refused."""
    try:
        return scenario.decide(event, on_day(1))
    except Refused as refused:
        return refused.reason


def test_ids_and_versions_are_those_of_the_stream_that_was_named() -> None:
    scenario = registered().given("purchase-made", contact_id=BEN).given("contact-merged")
    (bought,) = scenario.append(fact("purchase-made"))
    assert (bought.contact_id, bought.version) == (ANN, 3)
    assert scenario.refusal(fact("purchase-made")).reason == "id-in-use"
    assert scenario.refusal(fact("complaint-resolved")).reason == "complaint-unknown"
    assert scenario.refusal(fact("event-retracted", target=str(UUID(int=1003)))).reason == (
        "event-unknown"
    )
    assert scenario.append(fact("event-retracted", target=str(bought.id)))


def test_a_merged_contact_is_registered_again_by_the_rule_for_all() -> None:
    scenario = registered().given("contact-merged")
    assert scenario.decide(fact("contact-registered")) == ALREADY_SO
    other = scenario.refusal(fact("contact-registered", name="Anna"))
    assert other.reason == "contact-already-registered"


def test_merging_again_is_already_so_and_into_another_contact_refused() -> None:
    scenario = registered(ANN, BEN, CAT).given("contact-merged")
    assert scenario.decide(fact("contact-merged")) == ALREADY_SO
    refused = scenario.refusal(fact("contact-merged", into=str(CAT)))
    assert (refused.reason, refused.fields()["into"]) == ("contact-merged", str(BEN))


def test_a_contact_is_merged_only_into_another_registered_and_unmerged_one() -> None:
    scenario = registered(ANN, BEN, CAT)
    assert scenario.refusal(fact("contact-merged", into=str(ANN))).reason == "merge-into-itself"
    assert scenario.refusal(fact("contact-merged", into=str(DAN))).reason == "contact-unregistered"
    scenario.append(fact("contact-merged", into=str(CAT)), contact_id=BEN)
    refused = scenario.refusal(fact("contact-merged"))
    assert (refused.reason, refused.fields()["into"]) == ("contact-merged", str(CAT))


def test_two_registered_contacts_are_distinguished_once() -> None:
    scenario = registered(ANN, BEN, CAT)
    two = fact("contacts-distinguished", other=str(BEN))
    (first,) = scenario.append(two)
    assert scenario.decide(two, on_day(9)) == ALREADY_SO
    assert scenario.decide(fact("contacts-distinguished", other=str(CAT)))
    assert scenario.decide(fact("contacts-distinguished", other=str(ANN)), contact_id=BEN)
    scenario.append(fact("event-retracted", target=str(first.id)))
    assert [one.type for one in scenario.append(two)] == ["contacts-distinguished"]
    assert scenario.decide(two) == ALREADY_SO


def test_nobody_is_distinguished_from_itself_or_from_nobody() -> None:
    scenario = registered(ANN, BEN)

    def reason(other: UUID, contact_id: UUID = ANN) -> str:
        distinguished = fact("contacts-distinguished", other=str(other))
        return scenario.refusal(distinguished, contact_id=contact_id).reason

    assert reason(ANN) == "distinguished-from-itself"
    assert reason(DAN) == "contact-unregistered"
    scenario.append(fact("contact-merged", into=str(ANN)), contact_id=BEN)
    assert (reason(BEN), reason(ANN, BEN)) == ("distinguished-from-itself",) * 2


def test_a_merge_into_an_alias_is_refused_and_names_the_final_survivor() -> None:
    scenario = registered(ANN, BEN, CAT, DAN)
    scenario.append(fact("contact-merged", into=str(CAT)), contact_id=BEN)
    scenario.append(fact("contact-merged", into=str(DAN)), contact_id=CAT)
    refused = scenario.refusal(fact("contact-merged", into=str(BEN)))
    assert (refused.reason, refused.fields()["into"]) == ("contact-merged", str(DAN))
    back = scenario.refusal(fact("contact-merged", into=str(BEN)), contact_id=DAN)
    assert (back.reason, back.fields()["into"]) == ("contact-merged", str(DAN))


@pytest.mark.parametrize("erased", [ANN, BEN], ids=["from", "into"])
def test_nobody_is_merged_from_or_into_an_erased_contact(erased: UUID) -> None:
    scenario = registered().given("personal-data-erased", contact_id=erased)
    assert scenario.refusal(fact("contact-merged")).reason == "contact-erased"


def test_an_erased_name_that_nobody_registered_takes_no_merges() -> None:
    scenario = registered(ANN, CAT)
    scenario.append(fact("contact-merged", into=str(ANN)), contact_id=BEN)
    scenario.given("personal-data-erased", contact_id=BEN)
    scenario.append(fact("merge-reversed", into=str(ANN)), contact_id=BEN)
    refused = scenario.refusal(fact("contact-merged", into=str(BEN)), contact_id=CAT)
    assert refused.reason == "contact-erased"


def test_a_merge_from_before_an_erasure_is_already_so_and_can_be_reversed() -> None:
    scenario = registered().given("contact-merged")
    scenario.given("personal-data-erased").given("personal-data-erased", contact_id=BEN)
    assert scenario.decide(fact("contact-merged")) == ALREADY_SO
    scenario.append(fact("merge-reversed"))
    assert scenario.refusal(fact("contact-merged")).reason == "contact-erased"
    assert scenario.refusal(fact("preference-learned")).reason == "contact-erased"
    assert scenario.refusal(fact("contact-registered")).reason == "contact-erased"


def test_a_contact_with_aliases_can_become_an_alias_itself() -> None:
    scenario = registered(ANN, BEN, CAT).given("contact-merged")
    assert scenario.append(fact("contact-merged", into=str(CAT)), contact_id=BEN)


def test_reversing_a_merge_again_is_already_so_only_from_the_same_contact() -> None:
    scenario = registered(ANN, BEN, CAT)
    assert scenario.refusal(fact("merge-reversed")).reason == "merge-unknown"
    scenario.given("contact-merged")
    refused = scenario.refusal(fact("merge-reversed", into=str(CAT)))
    assert refused.reason == "merge-unknown"
    scenario.append(fact("merge-reversed"))
    assert scenario.decide(fact("merge-reversed")) == ALREADY_SO
    assert scenario.refusal(fact("merge-reversed", into=str(CAT))).reason == "merge-unknown"
    assert scenario.append(fact("contact-merged", into=str(CAT)))


def test_a_contact_whose_merge_was_reversed_takes_events_again() -> None:
    scenario = registered().given("contact-merged", "merge-reversed")
    assert scenario.append(fact("purchase-made"))


@pytest.mark.parametrize("granted", [True, False])
def test_a_consent_is_already_so_only_at_the_same_instant(granted: bool) -> None:
    scenario = registered()
    scenario.append(fact("consent-changed", granted=granted), on_day(10))
    assert scenario.decide(fact("consent-changed", granted=granted), on_day(10)) == ALREADY_SO
    assert scenario.decide(fact("consent-changed", granted=not granted), on_day(10)) != ALREADY_SO
    for day in (5, 11):
        assert scenario.decide(fact("consent-changed", granted=granted), on_day(day)) != ALREADY_SO


def test_a_yes_after_a_no_on_another_stream_of_the_same_person_is_recorded() -> None:
    """What was in force on the stream that was named says nothing of the whole person."""
    scenario = registered().given("consent-changed").given("contact-merged")
    scenario.append(fact("consent-changed", granted=False), on_day(1), contact_id=BEN)
    assert scenario.append(fact("consent-changed"), on_day(2))
    history = effective_history(scenario.events, BEN)
    (consent,) = consents_of(history, on_day(3))
    assert consent.granted


def test_of_consents_at_one_instant_the_one_recorded_last_is_in_force() -> None:
    scenario = registered()
    scenario.append(fact("consent-changed"))
    scenario.append(fact("consent-changed", granted=False))
    assert scenario.decide(fact("consent-changed", granted=False)) == ALREADY_SO
    assert scenario.decide(fact("consent-changed")) != ALREADY_SO


def test_consents_for_other_purposes_and_channels_are_apart() -> None:
    scenario = registered().given("consent-changed")
    assert scenario.decide(fact("consent-changed", channel="post"))
    assert scenario.decide(fact("consent-changed", purpose="surveys"))


def test_a_first_refusal_of_consent_is_news() -> None:
    assert registered().decide(fact("consent-changed", granted=False))


def test_an_erased_contact_takes_events_without_personal_data_only() -> None:
    scenario = registered().given("purchase-made", "personal-data-erased")
    assert scenario.decide(fact("purchase-made", purchase_id="p2"))
    refused = scenario.refusal(fact("purchase-made", purchase_id="p2", items=["rye"]))
    assert (refused.reason, refused.fields()["fields"]) == ("contact-erased", ["items"])
    assert scenario.refusal(fact("visit-made"), actor="till 2").reason == "contact-erased"
    assert scenario.decide(fact("visit-made"))


def test_required_personal_data_is_refused_for_an_erased_contact() -> None:
    scenario = registered().given("personal-data-erased")
    for type_name, made in CATALOGUE.items():
        if made.FROM_PRODUCERS and any(f.personal and f.required for f in made.FIELDS):
            assert scenario.refusal(fact(type_name)).reason == "contact-erased"


def test_there_is_an_example_of_every_type() -> None:
    assert set(EXAMPLES) == set(CATALOGUE)
