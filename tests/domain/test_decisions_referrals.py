"""Referrals on both streams, their levels and ends, and the legal gate before rewards."""

from __future__ import annotations

import pytest

from domain.decisions import ALREADY_SO, DecidedEvent
from domain.presets import PRESETS
from tests.domain.scenario import ANN, BEN, CAT, DAN, fact, on_day, registered, types_of


def test_an_inbound_referral_stands_on_both_streams() -> None:
    decided = registered().decide(fact("referral-made"))
    assert decided == (
        DecidedEvent(ANN, fact("referral-made")),
        DecidedEvent(BEN, fact("referral-received")),
    )


def test_an_outbound_referral_stands_on_one_stream_and_may_name_a_stranger() -> None:
    outbound = fact("referral-made", direction="outbound", other=str(DAN))
    assert types_of(registered().decide(outbound)) == ["referral-made"]


def test_who_is_sent_to_us_must_be_registered() -> None:
    refused = registered().refusal(fact("referral-made", other=str(DAN)))
    assert refused.reason == "contact-unregistered"


def test_a_referral_of_a_merged_contact_is_received_on_the_named_stream() -> None:
    scenario = registered(ANN, BEN, CAT)
    scenario.append(fact("contact-merged", into=str(CAT)), contact_id=BEN)
    made, received = scenario.append(fact("referral-made"))
    assert (made.contact_id, received.contact_id, received.version) == (ANN, BEN, 3)


def test_a_merged_contact_makes_referrals_on_its_own_stream() -> None:
    scenario = registered(ANN, BEN, CAT)
    scenario.append(fact("contact-merged", into=str(CAT)))
    made, received = scenario.append(fact("referral-made"))
    assert made.contact_id == ANN
    assert received.event == fact("referral-received", by=str(ANN))


def test_an_erased_contact_can_still_be_referred() -> None:
    scenario = registered().given("personal-data-erased", contact_id=BEN)
    assert len(scenario.append(fact("referral-made"))) == 2


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_nobody_refers_oneself_nor_an_alias_of_oneself(direction: str) -> None:
    scenario = registered(ANN, BEN, CAT)
    itself = fact("referral-made", direction=direction, other=str(ANN))
    assert scenario.refusal(itself).reason == "self-referral"
    scenario.append(fact("contact-merged", into=str(CAT)), contact_id=BEN)
    scenario.append(fact("contact-merged", into=str(ANN)), contact_id=CAT)
    alias = fact("referral-made", direction=direction)
    assert scenario.refusal(alias).reason == "self-referral"
    for contact in (BEN, CAT):
        assert scenario.refusal(itself, contact_id=contact).reason == "self-referral"
    sibling = fact("referral-made", direction=direction, other=str(CAT))
    assert scenario.refusal(sibling, contact_id=BEN).reason == "self-referral"


def test_two_contacts_may_refer_each_other_in_a_circle() -> None:
    scenario = registered()
    scenario.append(fact("referral-made"))
    assert scenario.append(fact("referral-made", other=str(ANN)), contact_id=BEN)


def test_a_received_referral_leaves_its_id_unknown_on_the_other_stream() -> None:
    scenario = registered()
    scenario.append(fact("referral-made"))
    assert scenario.refusal(fact("referral-closed"), contact_id=BEN).reason == "referral-unknown"
    assert scenario.decide(fact("referral-made", other=str(ANN)), contact_id=BEN)


@pytest.mark.parametrize(
    "type_name",
    [
        "referral-level-raised",
        "referral-qualified",
        "referral-closed",
        "reward-approved",
        "reward-paid",
        "reward-reversed",
        "reward-declined",
    ],
)
def test_what_follows_a_referral_needs_a_known_one(type_name: str) -> None:
    assert registered().refusal(fact(type_name)).reason == "referral-unknown"


def test_a_level_is_above_all_that_were_stated_whenever_that_was() -> None:
    scenario = registered()
    scenario.append(fact("referral-made"), on_day(1))
    assert scenario.decide(fact("referral-level-raised", level=2), on_day(2)) == ALREADY_SO
    assert scenario.append(fact("referral-level-raised", level=4), on_day(9))
    refused = scenario.refusal(fact("referral-level-raised", level=3), on_day(5))
    assert (refused.reason, refused.fields()["level"]) == ("level-lower", 4)
    assert scenario.decide(fact("referral-level-raised", level=4), on_day(5)) == ALREADY_SO
    assert scenario.decide(fact("referral-level-raised", level=5), on_day(5)) != ALREADY_SO


def test_closing_a_referral_again_is_already_so_only_with_the_same_content() -> None:
    scenario = registered().given("referral-made", "referral-closed")
    assert scenario.decide(fact("referral-closed"), on_day(3)) == ALREADY_SO
    for other in ({"outcome": "lost"}, {"amount_minor": 5, "currency": "EUR"}):
        refused = scenario.refusal(fact("referral-closed", **other))
        assert refused.reason == "referral-already-closed"


@pytest.mark.parametrize("type_name", ["reward-approved", "reward-paid"])
@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_rewards_in_money_pass_only_where_the_policy_allows_them(
    type_name: str, preset: str
) -> None:
    scenario = registered(policy=PRESETS[preset]).given("referral-made")
    money = fact(type_name, amount_minor=5000, currency="USD", in_kind=None)
    assert scenario.decide(fact(type_name))
    if preset in {"real-estate", "financial"}:
        refused = scenario.refusal(money)
        assert refused.reason == "cash-reward-forbidden"
        assert "RESPA section 8(a)" in str(refused)
    else:
        assert scenario.decide(money)


@pytest.mark.parametrize("type_name", ["reward-reversed", "reward-declined"])
def test_money_may_be_taken_back_or_declined_under_any_policy(type_name: str) -> None:
    scenario = registered(policy=PRESETS["real-estate"]).given("referral-made")
    money = {"amount_minor": 5000, "currency": "USD"}
    scenario.record(fact("reward-paid", **money))
    assert scenario.decide(fact(type_name, **money))
