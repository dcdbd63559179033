"""Rewards as a small ledger: entries, what is owed and states, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from domain.events.governance import EventCorrected, EventRetracted
from domain.events.referrals import RewardApproved, RewardDeclined, RewardPaid, RewardReversed
from domain.instants import DAY
from domain.policy import Policy
from domain.presets import PRESETS
from domain.rewards import NO_CREDIT, NOT_WON, OTHER_CURRENCY, Reward, rewards
from tests.domain.referral_stories import (
    ANNA,
    BEN,
    CLEO,
    Told,
    buys,
    closes,
    raises,
    refers,
    refunds,
    town,
)

if TYPE_CHECKING:
    from domain.events import Event


def on(day: float, *told: Told, who: UUID = ANNA, then: Policy | None = None) -> list[Reward]:
    """A referrer's rewards on a day; ``then`` is the policy in force from day 20 on, if any."""
    known = town(*told)
    return list(
        rewards(
            known.edges_from(who),
            known.edges_to,
            known.commerce,
            lambda at: Policy() if then is None or at < 20 * DAY else then,
            round(day * DAY),
        )
    )


def act(
    day: float,
    kind: type[Event],
    amount_minor: int | None = None,
    currency: str = "EUR",
    *,
    in_kind: str | None = None,
    by: UUID = ANNA,
) -> Told:
    """Something is done about the reward of a referral."""
    money = {} if amount_minor is None else {"amount_minor": amount_minor, "currency": currency}
    kinds = {} if in_kind is None else {"in_kind": in_kind}
    return Told(by, day, kind.read({"referral_id": "r1", **money, **kinds}))


def sums(reward: Reward) -> tuple[str, int, int, int, int, int, int]:
    """The state, and earned, clawed back, paid, reversed, declined and owed."""
    return (
        reward.state,
        reward.earned_minor,
        reward.clawed_back_minor,
        reward.paid_minor,
        reward.reversed_minor,
        reward.declined_minor,
        reward.owed_minor,
    )


def entered(reward: Reward) -> list[tuple[float, str, int]]:
    """The entries as (day, kind, amount)."""
    return [(entry.at / DAY, entry.kind, entry.amount_minor) for entry in reward.entries]


WON = [refers(1, level=5), buys(3, 20_000)]
"""20.00 are earned on day 3 and due on day 33."""


def test_what_is_paid_beyond_what_is_owed_is_shown_as_overpaid() -> None:
    """The case of the issue: 20.00 due, 200,000.00 paid."""
    (reward,) = on(40, *WON, act(35, RewardPaid, 20_000_000))
    assert sums(reward) == ("overpaid", 2_000, 0, 20_000_000, 0, 0, 2_000 - 20_000_000)


def test_a_payment_in_part_leaves_the_rest_owed() -> None:
    told = [*WON, act(10, RewardPaid, 500)]
    assert sums(on(10, *told)[0]) == ("held", 2_000, 0, 500, 0, 0, 1_500)
    assert sums(on(33, *told)[0])[0] == "due"
    assert sums(on(34, *told, act(34, RewardPaid, 1_500))[0]) == (
        "paid", 2_000, 0, 2_000, 0, 0, 0,
    )  # fmt: skip


def test_a_payment_without_an_amount_is_of_what_is_owed() -> None:
    (reward,) = on(40, *WON, act(10, RewardPaid, 500), act(35, RewardPaid))
    assert sums(reward) == ("paid", 2_000, 0, 2_000, 0, 0, 0)
    assert entered(reward)[-1] == (35, "paid", -1_500)


def test_a_payment_without_an_amount_before_any_win_pays_nothing() -> None:
    told = [refers(1, level=5), act(2, RewardPaid)]
    assert (on(2, *told)[0].paid_minor, on(2, *told)[0].state) == (0, "paid")
    assert sums(on(3, *told, buys(3, 20_000))[0]) == ("held", 2_000, 0, 0, 0, 0, 2_000)


def test_what_is_paid_before_a_win_is_shown_and_counts_when_it_is_won() -> None:
    told = [refers(1, level=5), act(2, RewardPaid, 500), buys(3, 20_000)]
    (before,) = on(2, *told)
    assert (sums(before), before.reason, before.won_at) == (
        ("overpaid", 0, 0, 500, 0, 0, -500),
        NOT_WON,
        None,
    )
    assert sums(on(3, *told)[0]) == ("held", 2_000, 0, 500, 0, 0, 1_500)


def test_a_payment_dated_before_the_referral_is_not_lost() -> None:
    (reward,) = on(40, *WON, act(0.5, RewardPaid, 500))
    assert sums(reward) == ("due", 2_000, 0, 500, 0, 0, 1_500)


def test_what_is_paid_of_a_referral_without_credit_is_overpaid() -> None:
    told = [refers(1, by=CLEO), refers(2, level=5), buys(3, 20_000), act(9, RewardPaid, 700)]
    (reward,) = on(40, *told)
    assert (sums(reward), reward.reason) == (("overpaid", 0, 0, 700, 0, 0, -700), NO_CREDIT)
    assert on(40, *told[:3]) == []


def test_what_is_paid_for_someone_we_sent_away_is_shown() -> None:
    told = [refers(1, direction="outbound"), act(2, RewardPaid, 700)]
    assert sums(on(9, *told)[0])[0] == "overpaid"


def test_a_refund_after_payment_makes_it_overpaid_until_it_is_taken_back() -> None:
    told = [*WON, act(35, RewardPaid), refunds(36, 5_000), refunds(37, 15_000)]
    assert sums(on(36, *told)[0]) == ("overpaid", 2_000, 500, 2_000, 0, 0, -500)
    assert sums(on(37, *told)[0]) == ("overpaid", 2_000, 2_000, 2_000, 0, 0, -2_000)
    back = [*told, act(38, RewardReversed, 2_000)]
    assert sums(on(38, *back)[0]) == ("clawed_back", 2_000, 2_000, 2_000, 2_000, 0, 0)


def test_each_reversal_enters_the_growth_of_the_clawback() -> None:
    """617 x 5,000 / 12,345 is 249.9, and of 10,000 it is 499.8; both rounded up."""
    told = [refers(1), buys(3, 12_345), refunds(10, 5_000), refunds(11, 5_000), refunds(12, 2_345)]
    (reward,) = on(12, *told)
    assert entered(reward) == [
        (3, "earned", 617),
        (10, "clawed-back", -250),
        (11, "clawed-back", -250),
        (12, "clawed-back", -117),
    ]
    assert [entry.event_id.int for entry in reward.entries] == [2, 3, 4, 5]
    assert reward.state == "clawed_back"


def test_a_purchase_in_anothers_place_is_earned_anew_at_that_instant() -> None:
    told = [
        refers(1, level=1),
        buys(3, 10_000),
        raises(4, 5),
        buys(5, 3_000, name="p2"),
        refunds(9, 2_500),
        refunds(10, 7_500),
    ]
    assert entered(on(9, *told)[0]) == [(3, "earned", 200), (9, "clawed-back", -50)]
    (reward,) = on(34, *told)
    assert entered(reward)[2:] == [(10, "clawed-back", -150), (10, "earned", 300)]
    assert (reward.won_at, reward.due_at, reward.state) == (5 * DAY, 35 * DAY, "held")
    assert (reward.amount_minor, reward.clawback_minor) == (300, 0)
    assert reward.entries[-1].event_id == UUID(int=6)


def test_a_purchase_in_anothers_place_is_judged_as_of_its_own_instant() -> None:
    """It was made on day 5 and took the place on day 30: level and policy are those of day 5."""
    late = replace(Policy(), rewards=replace(Policy().rewards, basis_points=(0,) * 6))
    told = [
        refers(1, level=1),
        buys(3, 10_000),
        buys(5, 3_000, name="p2"),
        raises(6, 5),
        refunds(30, 10_000),
    ]
    (reward,) = on(30, *told, then=late)
    assert entered(reward)[-1] == (30, "earned", 60)
    assert (reward.level, reward.due_at) == (1, 35 * DAY)


def test_an_approval_is_of_the_win_it_was_given_for() -> None:
    told = [refers(1), buys(3), buys(5, name="p2"), act(6, RewardApproved), refunds(10)]
    assert on(9, *told)[0].state == "approved"
    assert on(10, *told)[0].state == "held"


def test_a_purchase_takes_the_place_of_the_amount_given_at_closing() -> None:
    told = [refers(1), closes(3, "won", 20_000), buys(6, 30_000)]
    (reward,) = on(6, *told)
    assert entered(reward) == [
        (3, "earned", 1_000),
        (6, "clawed-back", -1_000),
        (6, "earned", 1_500),
    ]
    assert (reward.due_at, reward.owed_minor) == (33 * DAY, 1_500)


def test_declining_gives_up_what_is_owed_and_no_clawback_of_it_enters() -> None:
    told = [*WON, act(10, RewardDeclined), refunds(11, 10_000)]
    assert sums(on(10, *told)[0]) == ("declined", 2_000, 0, 0, 0, 2_000, 0)
    (reward,) = on(11, *told)
    assert sums(reward) == ("declined", 2_000, 0, 0, 0, 2_000, 0)
    assert reward.clawback_minor == 1_000
    assert entered(reward)[-1] == (11, "clawed-back", 0)


def test_of_a_rest_that_was_declined_a_clawback_takes_what_was_paid_last() -> None:
    told = [*WON, act(9, RewardPaid, 1_200), act(10, RewardDeclined), refunds(11, 20_000)]
    assert sums(on(10, *told)[0]) == ("declined", 2_000, 0, 1_200, 0, 800, 0)
    assert sums(on(11, *told)[0]) == ("overpaid", 2_000, 1_200, 1_200, 0, 800, -1_200)


def test_declining_what_is_overpaid_forgives_nothing() -> None:
    (reward,) = on(40, *WON, act(9, RewardPaid, 2_500), act(10, RewardDeclined))
    assert sums(reward) == ("overpaid", 2_000, 0, 2_500, 0, 0, -500)


def test_a_reversal_without_an_amount_takes_back_all_that_was_paid() -> None:
    told = [*WON, act(9, RewardPaid, 500), act(10, RewardPaid, 300), act(11, RewardReversed)]
    assert sums(on(11, *told)[0]) == ("held", 2_000, 0, 800, 800, 0, 2_000)


def test_a_reversal_counts_in_any_order_and_never_beyond_what_was_paid() -> None:
    told = [*WON, act(9, RewardReversed, 300), act(10, RewardPaid, 500)]
    assert sums(on(9, *told)[0]) == ("held", 2_000, 0, 0, 0, 0, 2_000)
    assert sums(on(10, *told)[0]) == ("held", 2_000, 0, 500, 300, 0, 1_800)
    unpaid = [*told, Told(ANNA, 12, EventRetracted(target=UUID(int=4), reason="typed twice"))]
    assert sums(on(12, *unpaid)[0]) == ("held", 2_000, 0, 0, 0, 0, 2_000)


def test_currencies_are_never_added() -> None:
    told = [refers(1, level=5), act(2, RewardPaid, 300, "USD"), buys(3, 20_000)]
    euros, dollars = on(40, *told)
    assert (euros.currency, sums(euros)) == ("EUR", ("due", 2_000, 0, 0, 0, 0, 2_000))
    assert (dollars.currency, sums(dollars)) == ("USD", ("overpaid", 0, 0, 300, 0, 0, -300))
    assert (dollars.amount_minor, dollars.reason) == (None, OTHER_CURRENCY)


def test_payments_in_kind_are_counted_and_settle_no_money() -> None:
    told = [*WON, act(9, RewardPaid, in_kind="a leg of lamb")]
    (reward,) = on(40, *told)
    assert (reward.in_kind, sums(reward)) == (1, ("due", 2_000, 0, 0, 0, 0, 2_000))
    (given_back,) = on(40, *told, act(10, RewardReversed, in_kind="a leg of lamb"))
    assert given_back.in_kind == 0


@pytest.mark.parametrize("preset", ["real-estate", "financial"])
def test_where_cash_is_forbidden_a_payment_in_kind_is_all_there_is(preset: str) -> None:
    told = [refers(21), buys(23), act(60, RewardPaid, in_kind="a fruit basket")]
    states = [on(day, *told, then=PRESETS[preset])[0].state for day in (23, 53, 60)]
    assert states == ["held", "due", "paid"]
    (reward,) = on(60, *told, then=PRESETS[preset])
    assert (reward.in_kind, reward.amount_minor, reward.owed_minor) == (1, None, 0)


def test_a_reward_is_judged_by_the_policy_in_force_when_it_was_won() -> None:
    """A later policy halves the share, holds longer and lets no purchase win."""
    late = replace(
        Policy(),
        rewards=replace(Policy().rewards, basis_points=(0, 0, 0, 0, 0, 500), hold_days=90),
        partner=replace(Policy().partner, won_by_purchase=False),
    )
    assert sums(on(40, *WON, then=late)[0]) == ("due", 2_000, 0, 0, 0, 0, 2_000)
    assert on(40, refers(1, level=5), buys(25, 20_000), then=late) == []
    (closed,) = on(40, refers(1, level=5), buys(25, 20_000), closes(26, "won"), then=late)
    assert (sums(closed), closed.due_at) == (("held", 1_000, 0, 0, 0, 0, 1_000), 116 * DAY)


def test_a_level_that_earns_nothing_leaves_nothing_to_do() -> None:
    """2 percent of 49 cents is less than a cent."""
    assert sums(on(40, refers(1, level=1), buys(3, 49))[0]) == ("none", 0, 0, 0, 0, 0, 0)


def test_a_corrected_payment_counts_as_corrected() -> None:
    paid = act(9, RewardPaid, 20_000_000)
    right = RewardPaid(referral_id="r1", amount_minor=2_000, currency="EUR")
    corrected = Told(ANNA, 12, EventCorrected(target=UUID(int=3), occurred_at=10 * DAY, data=right))
    (reward,) = on(40, *WON, paid, corrected)
    assert (sums(reward), entered(reward)[-1]) == (
        ("paid", 2_000, 0, 2_000, 0, 0, 0),
        (10, "paid", -2_000),
    )


def test_a_retracted_purchase_leaves_what_was_paid_for_it() -> None:
    gone = Told(BEN, 12, EventRetracted(target=UUID(int=2), reason="typed into the wrong till"))
    (reward,) = on(40, *WON, act(9, RewardPaid), act(10, RewardPaid, 100), gone)
    assert sums(reward) == ("overpaid", 0, 0, 100, 0, 0, -100)


def test_at_one_instant_entries_come_in_the_order_of_their_positions() -> None:
    before = on(3, refers(1, level=5), act(3, RewardPaid), buys(3, 20_000))
    after = on(3, refers(1, level=5), buys(3, 20_000), act(3, RewardPaid))
    assert [sums(one[0])[0] for one in (before, after)] == ["held", "paid"]


@pytest.mark.parametrize(
    ("currency", "cap_minor"),
    [("EUR", 50_000), ("JPY", 500), ("KWD", 500_000), ("CLF", 5_000_000)],
)
def test_without_a_word_of_the_policy_a_reward_is_at_most_500_whole_units(
    currency: str, cap_minor: int
) -> None:
    assert Policy().rewards.most_minor(currency) == cap_minor


def test_a_policy_caps_each_currency_by_itself() -> None:
    rules = replace(Policy().rewards, caps={"JPY": 30_000, "EUR": 0})
    assert [rules.most_minor(code) for code in ("JPY", "EUR", "USD")] == [30_000, 0, 50_000]
