"""Purchases, their reversals, and subscriptions."""

from __future__ import annotations

import pytest

from domain.decisions import ALREADY_SO
from tests.domain.scenario import BEN, fact, on_day, registered, types_of


@pytest.mark.parametrize(
    ("follow_up", "reason"),
    [
        ("purchase-reversed", "purchase-unknown"),
        ("subscription-renewed", "subscription-unknown"),
        ("subscription-upgraded", "subscription-unknown"),
        ("subscription-cancelled", "subscription-unknown"),
    ],
)
def test_what_was_never_opened_is_unknown(follow_up: str, reason: str) -> None:
    assert registered().refusal(fact(follow_up)).reason == reason


def test_ids_in_data_are_scoped_by_stream() -> None:
    scenario = registered().given("purchase-made")
    assert scenario.decide(fact("purchase-made"), contact_id=BEN)
    assert scenario.refusal(fact("purchase-reversed"), contact_id=BEN).reason == "purchase-unknown"


def test_ids_of_different_things_may_be_alike() -> None:
    scenario = registered().given("purchase-made")
    assert scenario.decide(fact("promise-made", promise_id="p1"))


def test_an_opening_id_is_used_once_even_with_the_same_content() -> None:
    scenario = registered().given("purchase-made", "subscription-started")
    assert scenario.refusal(fact("purchase-made"), on_day(1)).reason == "id-in-use"
    assert scenario.refusal(fact("subscription-started"), on_day(1)).reason == "id-in-use"


def test_a_refund_may_have_occurred_before_its_purchase() -> None:
    scenario = registered()
    scenario.append(fact("purchase-made"), on_day(5))
    assert scenario.append(fact("purchase-reversed"), on_day(2))


def test_reversals_reach_the_amount_of_the_purchase_and_no_further() -> None:
    scenario = registered().given("purchase-made")
    scenario.append(fact("purchase-reversed", amount_minor=60))
    refused = scenario.refusal(fact("purchase-reversed", amount_minor=41))
    assert (refused.reason, refused.fields()["left_minor"]) == ("beyond-what-is-left", 40)
    assert scenario.append(fact("purchase-reversed", amount_minor=40))
    assert scenario.refusal(fact("purchase-reversed", amount_minor=1)).fields()["left_minor"] == 0


def test_reversing_the_same_amount_again_is_a_new_fact() -> None:
    scenario = registered().given("purchase-made")
    scenario.append(fact("purchase-reversed", amount_minor=30))
    assert scenario.decide(fact("purchase-reversed", amount_minor=30)) != ALREADY_SO


def test_a_purchase_is_reversed_in_its_own_currency() -> None:
    scenario = registered().given("purchase-made")
    refused = scenario.refusal(fact("purchase-reversed", currency="USD"))
    assert (refused.reason, refused.fields()["currency"]) == ("currency-differs", "EUR")


@pytest.mark.parametrize("type_name", ["subscription-renewed", "subscription-upgraded"])
def test_a_subscription_goes_on_until_the_instant_of_its_cancellation(type_name: str) -> None:
    scenario = registered().given("subscription-started")
    scenario.append(fact("subscription-cancelled"), on_day(40))
    assert scenario.append(fact(type_name), on_day(40) - 1)
    assert scenario.refusal(fact(type_name), on_day(40)).reason == "subscription-cancelled"
    assert scenario.refusal(fact(type_name), on_day(41)).reason == "subscription-cancelled"


def test_a_late_cancellation_is_accepted_over_later_renewals() -> None:
    scenario = registered().given("subscription-started")
    scenario.append(fact("subscription-renewed"), on_day(30))
    cancelled = scenario.append(fact("subscription-cancelled"), on_day(20))
    assert [one.type for one in cancelled] == ["subscription-cancelled"]
    assert scenario.refusal(fact("subscription-renewed"), on_day(25)).reason == (
        "subscription-cancelled"
    )


def test_cancelling_again_is_already_so_and_the_first_cancellation_counts() -> None:
    scenario = registered().given("subscription-started")
    scenario.append(fact("subscription-cancelled"), on_day(40))
    assert scenario.decide(fact("subscription-cancelled"), on_day(10)) == ALREADY_SO
    assert scenario.append(fact("subscription-renewed"), on_day(30))


def test_a_new_fact_is_recorded_each_time() -> None:
    scenario = registered().given("visit-made", "thanks-given", "subscription-started")
    for type_name in ("visit-made", "thanks-given", "subscription-renewed"):
        scenario.append(fact(type_name))
        assert types_of(scenario.decide(fact(type_name))) == [type_name]
