"""Rewards, with numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from domain.credit import closes_circle
from domain.earnings import AMOUNT_UNKNOWN, CASH_FORBIDDEN
from domain.events.referrals import RewardApproved, RewardDeclined, RewardPaid, RewardReversed
from domain.instants import DAY
from domain.policy import Policy
from domain.presets import PRESETS
from domain.rewards import Reward, rewards
from tests.domain.referral_stories import (
    ANNA,
    BEN,
    CLEO,
    DORA,
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


def earned(
    day: float, *told: Told, who: UUID = ANNA, policy: Policy | None = None
) -> tuple[Reward, ...]:
    """What a referrer has earned by that day."""
    known = town(*told)
    return rewards(
        known.edges_from(who),
        known.edges_to,
        known.commerce,
        lambda _: policy or Policy(),
        round(day * DAY),
    )


def only(day: float, *told: Told, policy: Policy | None = None) -> Reward:
    """The one reward that Anna has earned."""
    (reward,) = earned(day, *told, policy=policy)
    return reward


def test_an_open_or_lost_referral_earns_nothing() -> None:
    assert earned(5, refers(1)) == ()
    assert earned(5, refers(1), closes(2, "lost", 10_000)) == ()


@pytest.mark.parametrize(
    ("level", "amount_minor"), [(1, 246), (2, 246), (3, 617), (4, 617), (5, 1234)]
)
def test_a_reward_is_a_share_of_the_first_purchase_by_level(level: int, amount_minor: int) -> None:
    """2, 5 and 10 percent of 123.45, rounded down: 246.9, 617.25 and 1234.5 cents."""
    reward = only(5, refers(1, level=level), buys(3, 12_345), buys(4, 99_999, name="p2"))
    assert (reward.amount_minor, reward.currency) == (amount_minor, "EUR")
    assert (reward.base_minor, reward.purchase, reward.level) == (12_345, UUID(int=2), level)
    assert (reward.referrer, reward.referred, reward.won_at) == (ANNA, BEN, 3 * DAY)


def test_a_reward_is_capped() -> None:
    """5 percent of 10,000.20 is 500.01; the cap is 500.00."""
    assert only(5, refers(1), buys(3, 1_000_000)).amount_minor == 50_000
    assert only(5, refers(1), buys(3, 1_000_020)).amount_minor == 50_000
    assert only(5, refers(1), buys(3, 999_999)).amount_minor == 49_999


def test_a_reward_is_held_for_30_days_after_it_was_won() -> None:
    told = [refers(1), buys(3)]
    assert only(33 - 1e-6, *told).state == "held"
    reward = only(33, *told)
    assert (reward.state, reward.due_at) == ("due", 33 * DAY)


def test_what_is_stated_after_it_was_won_raises_no_reward() -> None:
    assert only(9, refers(1, level=1), raises(3, 3), buys(3), raises(4, 5)).level == 3


def test_a_refund_in_part_claws_back_in_proportion_rounded_up() -> None:
    """617 x 5,000 / 12,345 is 249.9; 617 x 10,000 / 12,345 is 499.8."""
    told = [refers(1), buys(3, 12_345), refunds(10, 5_000), refunds(11, 5_000)]
    assert [only(day, *told).clawback_minor for day in (9, 10, 11)] == [0, 250, 500]
    assert only(11, *told).amount_minor == 617


def test_a_capped_reward_is_clawed_back_in_proportion_to_the_cap() -> None:
    """A quarter of 20,000.00 is given back: a quarter of the 500.00 that were earned."""
    reward = only(10, refers(1), buys(3, 2_000_000), refunds(5, 500_000))
    assert (reward.amount_minor, reward.clawback_minor) == (50_000, 12_500)


def test_a_full_refund_claws_all_back_though_the_referral_is_open_again() -> None:
    reward = only(40, refers(1), buys(3, 12_345), refunds(10, 12_345))
    assert (reward.amount_minor, reward.clawback_minor) == (617, 617)
    assert (reward.state, reward.won_at) == ("clawed_back", 3 * DAY)


def test_the_next_purchase_takes_the_place_of_one_refunded_in_full() -> None:
    told = [refers(1), buys(3, 12_345), buys(5, 1_000, name="p2"), refunds(10, 12_345)]
    reward = only(40, *told)
    assert (reward.amount_minor, reward.clawback_minor, reward.won_at) == (50, 0, 5 * DAY)


def test_a_purchase_refunded_before_it_occurred_earns_nothing() -> None:
    assert earned(40, refers(1), refunds(2), buys(3)) == ()


def test_without_a_purchase_the_amount_given_at_closing_counts() -> None:
    reward = only(5, refers(1), closes(3, "won", 20_000))
    assert (reward.amount_minor, reward.purchase, reward.currency) == (1_000, None, "EUR")


def test_the_first_purchase_counts_before_the_amount_given_at_closing() -> None:
    told = [refers(1), closes(3, "won", 20_000), buys(6, 30_000), refunds(9, 30_000)]
    assert only(5, *told).amount_minor == 1_000
    assert (only(6, *told).amount_minor, only(6, *told).won_at) == (1_500, 3 * DAY)
    assert (only(9, *told).clawback_minor, only(9, *told).state) == (1_500, "clawed_back")


def test_a_purchase_gone_before_the_win_leaves_the_amount_at_closing() -> None:
    told = [refers(1), buys(2, 30_000), refunds(3, 30_000), closes(5, "won", 20_000)]
    assert only(6, *told).amount_minor == 1_000


def test_won_without_any_amount_leaves_the_reward_to_us() -> None:
    reward = only(5, refers(1), closes(3, "won"))
    assert (reward.amount_minor, reward.reason, reward.state) == (None, AMOUNT_UNKNOWN, "held")


def test_a_purchase_for_nothing_is_passed_over_for_the_first_above_0() -> None:
    assert earned(4, refers(1), buys(3, 0)) == ()
    reward = only(5, refers(1), buys(3, 0), buys(5, 10_000, name="p2"))
    assert (reward.amount_minor, reward.won_at) == (500, 5 * DAY)


def decided(day: float, kind: type[Event]) -> Told:
    """A reward event for Anna's referral."""
    return Told(ANNA, day, kind.read({"referral_id": "r1"}))


def test_a_reward_goes_the_way_that_was_decided() -> None:
    told = [
        refers(1),
        buys(3),
        decided(40, RewardApproved),
        decided(50, RewardPaid),
        decided(60, RewardReversed),
    ]
    states = [only(day, *told).state for day in (39, 40, 50, 60)]
    assert states == ["due", "approved", "paid", "due"]
    assert only(9, *told[:2], decided(4, RewardDeclined)).state == "declined"


def test_a_full_refund_stops_an_approved_reward_but_not_a_paid_one() -> None:
    told = [refers(1), buys(3), decided(4, RewardApproved), refunds(9)]
    assert only(9, *told).state == "clawed_back"
    paid = only(9, *told, decided(5, RewardPaid))
    assert (paid.state, paid.clawback_minor, paid.owed_minor) == ("overpaid", 500, -500)


def test_the_earliest_referral_of_a_contact_has_the_credit() -> None:
    told = [refers(2), refers(1, by=CLEO), buys(3)]
    assert earned(5, *told) == ()
    assert len(earned(5, *told, who=CLEO)) == 1


def test_of_referrals_at_one_instant_the_first_recorded_has_the_credit() -> None:
    told = [refers(1), refers(1, by=CLEO), buys(3)]
    assert len(earned(5, *told)) == 1
    assert earned(5, *told, who=CLEO) == ()


def test_a_lead_who_did_not_know_takes_no_credit() -> None:
    told = [refers(1, level=0, by=CLEO), refers(2), buys(3)]
    assert len(earned(5, *told)) == 1
    assert earned(5, *told, who=CLEO) == ()


def test_a_level_stated_after_it_was_won_takes_nobodys_credit() -> None:
    told = [refers(1, level=0, by=CLEO), refers(2), buys(3), raises(4, 5, by=CLEO)]
    assert only(5, *told).amount_minor == 500
    assert earned(5, *told, who=CLEO) == ()


def test_someone_we_sent_to_a_contact_earns_nothing_and_takes_no_credit() -> None:
    told = [refers(1, direction="outbound", by=CLEO), refers(2), buys(3), closes(4, "won", by=CLEO)]
    assert len(earned(5, *told)) == 1
    assert earned(5, *told, who=CLEO) == ()


def test_a_referral_that_closes_a_circle_earns_nothing() -> None:
    """Ben brought Cleo, Cleo brought Anna, and Anna brings Ben."""
    told = [refers(1, CLEO, by=BEN), refers(2, ANNA, by=CLEO), refers(3, BEN), buys(5)]
    assert earned(9, *told) == ()
    assert len(earned(9, *told[1:])) == 1


def test_only_earlier_referrals_of_enough_level_make_a_circle() -> None:
    assert len(earned(9, refers(3, BEN), refers(4, ANNA, by=BEN), buys(5))) == 1
    assert len(earned(9, refers(1, ANNA, 0, by=BEN), refers(3, BEN), buys(5))) == 1
    outbound = refers(1, ANNA, by=BEN, direction="outbound")
    assert len(earned(9, outbound, refers(3, BEN), buys(5))) == 1


def test_a_referral_that_closes_a_circle_takes_nobodys_credit() -> None:
    told = [refers(1, ANNA, by=BEN), refers(2, BEN), refers(3, BEN, by=DORA), buys(5)]
    assert earned(9, *told) == ()
    assert len(earned(9, *told, who=DORA)) == 1


def test_a_circle_among_others_is_walked_once() -> None:
    """Cleo and Dora brought each other before either of them brought Anna."""
    told = [refers(1, DORA, by=CLEO), refers(2, CLEO, by=DORA), refers(3, ANNA, by=DORA)]
    known = town(*told, refers(4, BEN))
    (edge,) = known.edges_from(ANNA)
    assert not closes_circle(edge, known.edges_to, Policy(), 9 * DAY)


@pytest.mark.parametrize("preset", ["real-estate", "financial"])
def test_where_cash_is_forbidden_a_reward_has_no_amount_and_says_why(preset: str) -> None:
    """Source: RESPA section 8(a)."""
    reward = only(40, refers(1), buys(3), refunds(5, 1), policy=PRESETS[preset])
    assert (reward.amount_minor, reward.clawback_minor) == (None, 0)
    assert (reward.reason, reward.state) == (CASH_FORBIDDEN, "due")


def test_the_numbers_are_the_policys() -> None:
    rules = replace(
        Policy().rewards, basis_points=(0, 0, 0, 5000, 0, 0), caps={"EUR": 4_000}, hold_days=0
    )
    reward = only(3, refers(1), buys(3), policy=replace(Policy(), rewards=rules))
    assert (reward.amount_minor, reward.state) == (4_000, "due")
