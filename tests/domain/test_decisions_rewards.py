"""What may be paid, approved, declined and taken back of a reward, by what both streams hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.policy import Policy
from tests.domain.scenario import ANN, BEN, CAT, DAN, Scenario, fact, on_day, registered

if TYPE_CHECKING:
    from uuid import UUID

    from domain.events import Event

REWARDS = ["reward-approved", "reward-paid", "reward-reversed", "reward-declined"]


def euros(type_name: str, amount_minor: int = 500) -> Event:
    """A reward event with an amount in euros."""
    return fact(type_name, amount_minor=amount_minor, currency="EUR", in_kind=None)


def yen(type_name: str, amount_minor: int = 500) -> Event:
    """A reward event with an amount in yen."""
    return fact(type_name, amount_minor=amount_minor, currency="JPY", in_kind=None)


def bought(scenario: Scenario, amount_minor: int = 20_000, who: UUID = BEN, **data: object) -> None:
    """A contact buys something, in euros unless it is said otherwise."""
    scenario.append(
        fact("purchase-made", amount_minor=amount_minor, **data), on_day(2), contact_id=who
    )


def referred() -> Scenario:
    """Ann has referred Ben."""
    scenario = registered(ANN, BEN, CAT)
    scenario.append(fact("referral-made", level=5), on_day(1))
    return scenario


@pytest.mark.parametrize("type_name", REWARDS)
def test_another_currency_than_that_of_the_reward_is_refused(type_name: str) -> None:
    scenario = referred()
    bought(scenario)
    refused = scenario.refusal(yen(type_name))
    assert refused.reason == "currency-differs"
    assert refused.fields()["currency"] == "EUR"
    assert "earned in EUR" in str(refused)


@pytest.mark.parametrize("type_name", ["reward-approved", "reward-paid", "reward-declined"])
def test_before_anything_was_earned_any_currency_is_taken(type_name: str) -> None:
    scenario = referred()
    bought(scenario, 0)
    assert scenario.decide(yen(type_name))
    assert scenario.decide(euros(type_name))


def test_what_was_paid_in_another_currency_before_a_win_can_be_taken_back() -> None:
    scenario = referred()
    scenario.append(yen("reward-paid"))
    bought(scenario)
    assert scenario.refusal(yen("reward-paid")).reason == "currency-differs"
    assert scenario.refusal(yen("reward-reversed", 501)).reason == "beyond-what-was-paid"
    assert scenario.append(yen("reward-reversed"))


def test_a_purchase_of_tomorrow_is_known_today() -> None:
    scenario = referred()
    scenario.append(fact("purchase-made"), on_day(9), contact_id=BEN)
    assert scenario.refusal(yen("reward-paid"), on_day(3)).reason == "currency-differs"


def test_after_a_refund_in_full_the_currency_it_was_earned_in_still_counts() -> None:
    scenario = referred()
    bought(scenario)
    scenario.append(fact("purchase-reversed", amount_minor=20_000), on_day(3), contact_id=BEN)
    assert scenario.refusal(yen("reward-paid"), on_day(4)).reason == "currency-differs"
    bought(scenario, purchase_id="p2", currency="JPY")
    assert scenario.decide(yen("reward-paid"), on_day(4))
    assert scenario.decide(euros("reward-paid"), on_day(4))


def test_who_has_no_credit_earned_nothing_in_any_currency() -> None:
    scenario = registered(ANN, BEN, CAT)
    scenario.append(fact("referral-made", level=5), on_day(0.5), contact_id=CAT)
    scenario.append(fact("referral-made", level=5), on_day(1))
    bought(scenario)
    assert scenario.decide(yen("reward-paid"))
    assert scenario.refusal(yen("reward-paid"), contact_id=CAT).reason == "currency-differs"


def test_a_referral_that_closes_a_circle_earned_nothing() -> None:
    scenario = registered(ANN, BEN, CAT)
    scenario.append(fact("referral-made", other=str(CAT)), on_day(0.1), contact_id=BEN)
    scenario.append(fact("referral-made", other=str(ANN)), on_day(0.2), contact_id=CAT)
    scenario.append(fact("referral-made"), on_day(1))
    bought(scenario)
    assert scenario.decide(yen("reward-paid"))


def test_what_is_earned_at_closing_has_the_currency_given_there() -> None:
    scenario = referred()
    closed = fact("referral-closed", amount_minor=1000, currency="EUR")
    scenario.append(closed, on_day(2))
    assert scenario.refusal(yen("reward-paid")).reason == "currency-differs"


def test_where_nothing_is_earned_in_money_any_currency_is_taken() -> None:
    scenario = referred()
    scenario.append(fact("referral-closed"), on_day(2))
    assert scenario.decide(yen("reward-paid"))


def test_purchases_of_those_merged_into_the_referred_contact_are_read() -> None:
    scenario = registered(ANN, BEN, CAT, DAN)
    scenario.append(fact("referral-made", level=5), on_day(1))
    bought(scenario, who=CAT, currency="JPY")
    scenario.append(fact("contact-merged", into=str(BEN)), on_day(3), contact_id=CAT)
    assert scenario.refusal(euros("reward-paid")).reason == "currency-differs"
    scenario.append(fact("merge-reversed", into=str(BEN)), on_day(4), contact_id=CAT)
    assert scenario.decide(euros("reward-paid"))
    scenario.append(fact("contact-merged", into=str(DAN)), on_day(5), contact_id=CAT)
    scenario.append(fact("contact-merged", into=str(DAN)), on_day(6), contact_id=BEN)
    assert scenario.refusal(euros("reward-paid")).reason == "currency-differs"


def test_a_referral_of_whoever_turned_out_to_be_oneself_earned_nothing() -> None:
    scenario = referred()
    bought(scenario)
    scenario.append(fact("contact-merged", into=str(ANN)), on_day(3), contact_id=BEN)
    assert scenario.decide(yen("reward-paid"))


def test_an_erased_contacts_purchases_still_say_in_which_currency() -> None:
    scenario = referred()
    bought(scenario)
    for contact_id in (ANN, BEN):
        scenario.given("personal-data-erased", contact_id=contact_id)
    assert scenario.refusal(yen("reward-paid")).reason == "currency-differs"
    assert scenario.decide(euros("reward-paid"))


def test_no_more_is_taken_back_than_was_paid() -> None:
    scenario = referred()
    bought(scenario)
    nothing_paid = scenario.refusal(euros("reward-reversed", 1))
    assert (nothing_paid.reason, nothing_paid.fields()["left_minor"]) == ("beyond-what-was-paid", 0)
    scenario.append(euros("reward-paid", 700))
    scenario.append(euros("reward-reversed", 300))
    refused = scenario.refusal(euros("reward-reversed", 401))
    assert (refused.reason, refused.fields()["left_minor"]) == ("beyond-what-was-paid", 400)
    scenario.append(euros("reward-reversed", 400))
    assert scenario.refusal(euros("reward-reversed", 1)).reason == "beyond-what-was-paid"


def test_a_payment_without_an_amount_can_be_taken_back_as_far_as_it_went() -> None:
    scenario = referred()
    bought(scenario)
    scenario.append(fact("reward-paid", in_kind=None), on_day(3))
    assert scenario.refusal(euros("reward-reversed", 2_001)).reason == "beyond-what-was-paid"
    assert scenario.append(euros("reward-reversed", 2_000), on_day(4))


def test_a_reversal_without_an_amount_takes_back_what_there_is() -> None:
    scenario = referred()
    assert scenario.append(fact("reward-reversed"))
    scenario.append(euros("reward-paid", 700), on_day(5))
    scenario.append(fact("reward-reversed"), on_day(6))
    assert scenario.refusal(euros("reward-reversed", 1), on_day(7)).reason == "beyond-what-was-paid"


def test_a_retracted_payment_cannot_be_taken_back() -> None:
    scenario = referred()
    (paid,) = scenario.append(euros("reward-paid", 700))
    scenario.append(fact("event-retracted", target=str(paid.id)))
    assert scenario.refusal(euros("reward-reversed", 1)).reason == "beyond-what-was-paid"


def test_a_payment_cannot_be_corrected_below_what_was_taken_back() -> None:
    scenario = referred()
    (paid,) = scenario.append(euros("reward-paid", 700))
    scenario.append(euros("reward-reversed", 300))

    def corrected(amount_minor: int) -> Event:
        data = {"referral_id": "r1", "amount_minor": amount_minor, "currency": "EUR"}
        return fact("event-corrected", target=str(paid.id), data=data, occurred_at=None)

    refused = scenario.refusal(corrected(299))
    assert (refused.reason, refused.fields()["reversed_minor"]) == ("beyond-what-was-paid", 300)
    assert scenario.append(corrected(300))


def test_a_payment_is_not_corrected_to_a_currency_of_no_reward() -> None:
    scenario = referred()
    bought(scenario)
    (paid,) = scenario.append(euros("reward-paid", 700))
    data = {"referral_id": "r1", "amount_minor": 700, "currency": "JPY"}
    correction = fact("event-corrected", target=str(paid.id), data=data, occurred_at=None)
    assert scenario.refusal(correction).reason == "currency-differs"


def test_a_reversal_can_be_corrected_up_to_what_was_paid() -> None:
    scenario = referred()
    scenario.append(euros("reward-paid", 700))
    (back,) = scenario.append(euros("reward-reversed", 300))

    def corrected(amount_minor: int) -> Event:
        data = {"referral_id": "r1", "amount_minor": amount_minor, "currency": "EUR"}
        return fact("event-corrected", target=str(back.id), data=data, occurred_at=None)

    assert scenario.refusal(corrected(701)).reason == "beyond-what-was-paid"
    assert scenario.append(corrected(700))


def test_more_than_is_owed_may_be_paid_and_before_any_win() -> None:
    scenario = referred()
    assert scenario.append(euros("reward-paid", 500))
    bought(scenario)
    assert scenario.append(euros("reward-paid", 20_000_000))


def test_money_needs_a_policy_that_allows_it_whatever_the_currency() -> None:
    scenario = referred()
    scenario.policy = Policy.read({"rewards": {"cash_allowed": False}}, Policy())
    assert scenario.refusal(euros("reward-paid")).reason == "cash-reward-forbidden"


@pytest.mark.parametrize("type_name", ["reward-approved", "reward-paid"])
def test_money_that_is_owed_is_money_also_without_an_amount(type_name: str) -> None:
    """Paid in full under a policy that forbids it, it would stand in the books as paid."""
    scenario = referred()
    no_cash = Policy.read({"rewards": {"cash_allowed": False}}, Policy())
    scenario.policy = Policy()
    scenario.policies[on_day(3)] = no_cash
    whole = fact(type_name, in_kind=None)
    assert scenario.decide(whole, on_day(3)), "nothing is owed yet"
    bought(scenario, 10_000)
    assert scenario.decide(whole, on_day(2)), "the policy of then allowed it"
    assert scenario.refusal(whole, on_day(3)).reason == "cash-reward-forbidden"
    assert scenario.decide(fact(type_name), on_day(3)), "in kind"
    (declined,) = scenario.append(fact("reward-declined"), on_day(2))
    assert scenario.decide(whole, on_day(3)), "nothing is owed any more"
    scenario.append(fact("event-retracted", target=str(declined.id)))
    scenario.policies[on_day(2)] = no_cash
    assert scenario.decide(whole, on_day(3)), "no money was earned by the policy at the win"


def test_what_was_paid_stays_known_where_the_two_turn_out_to_be_one() -> None:
    """Nothing is earned then, and a payment without an amount hides none that had one."""
    scenario = referred()
    scenario.append(fact("contact-merged", into=str(ANN)), contact_id=BEN)
    (paid,) = scenario.append(euros("reward-paid", 700))
    scenario.append(fact("reward-paid", in_kind=None))
    assert scenario.refusal(euros("reward-reversed", 701)).reason == "beyond-what-was-paid"
    assert scenario.append(euros("reward-reversed", 700))
    data = {"referral_id": "r1", "amount_minor": 699, "currency": "EUR"}
    less = fact("event-corrected", target=str(paid.id), data=data, occurred_at=None)
    assert scenario.refusal(less).reason == "beyond-what-was-paid"
