"""Registering, merging, consenting, and what an erased contact still takes."""

from __future__ import annotations

import pytest

from domain.decisions import ALREADY_SO
from domain.errors import Invalid
from domain.events import CATALOGUE
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


def test_an_unregistered_contact_takes_nothing_but_a_registration() -> None:
    scenario = Scenario()
    for type_name, made in CATALOGUE.items():
        if made.FROM_CLIENTS and type_name != "contact-registered":
            assert scenario.refusal(fact(type_name)).reason == "contact-unregistered"
    assert types_of(scenario.decide(fact("contact-registered"))) == ["contact-registered"]


def test_registering_again_is_already_so_only_with_the_same_content() -> None:
    scenario = registered(ANN)
    assert scenario.decide(fact("contact-registered"), on_day(9)) == ALREADY_SO
    other = scenario.refusal(fact("contact-registered", name="Anna"))
    assert other.reason == "contact-already-registered"


def test_an_amendment_does_not_change_what_registering_again_is_compared_with() -> None:
    scenario = registered(ANN).given("registration-amended")
    assert scenario.decide(fact("contact-registered")) == ALREADY_SO


def test_types_that_the_ledger_writes_itself_are_invalid_from_clients() -> None:
    scenario = registered()
    for type_name in ("referral-received", "policy-published", "personal-data-erased"):
        with pytest.raises(Invalid) as caught:
            scenario.decide(fact(type_name))
        (error,) = caught.value.errors
        assert (error.pointer, error.code) == ("/type", "not-from-clients")


def test_a_merged_contact_takes_nothing_but_the_reversal_of_its_merge() -> None:
    scenario = registered().given("contact-merged")
    for type_name, made in CATALOGUE.items():
        if made.FROM_CLIENTS and type_name not in {"contact-merged", "merge-reversed"}:
            refused = scenario.refusal(fact(type_name))
            assert (refused.reason, refused.fields()["into"]) == ("contact-merged", str(BEN))
    assert types_of(scenario.decide(fact("merge-reversed"))) == ["merge-reversed"]


def test_merging_again_into_the_same_contact_is_already_so_and_into_another_refused() -> None:
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


def test_a_yes_is_compared_with_what_was_in_force_when_it_was_given() -> None:
    scenario = registered()
    scenario.append(fact("consent-changed"), on_day(10))
    assert scenario.decide(fact("consent-changed"), on_day(11)) == ALREADY_SO
    assert scenario.append(fact("consent-changed", granted=False), on_day(20))
    assert scenario.decide(fact("consent-changed"), on_day(15)) == ALREADY_SO
    assert scenario.decide(fact("consent-changed"), on_day(25)) != ALREADY_SO
    assert scenario.decide(fact("consent-changed"), on_day(5)) != ALREADY_SO


def test_a_no_is_already_so_only_where_it_was_said_at_that_instant() -> None:
    scenario = registered()
    scenario.append(fact("consent-changed", granted=False), on_day(10))
    assert scenario.decide(fact("consent-changed", granted=False), on_day(10)) == ALREADY_SO
    assert scenario.decide(fact("consent-changed", granted=False), on_day(11)) != ALREADY_SO


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


def test_every_type_with_required_personal_data_is_refused_for_an_erased_contact() -> None:
    scenario = registered().given("personal-data-erased")
    for type_name, made in CATALOGUE.items():
        if made.FROM_CLIENTS and any(f.personal and f.required for f in made.FIELDS):
            assert scenario.refusal(fact(type_name)).reason == "contact-erased"


def test_there_is_an_example_of_every_type() -> None:
    assert set(EXAMPLES) == set(CATALOGUE)
