"""Partner standing and reciprocity, with numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from domain.instants import DAY
from domain.policy import Partner, Policy
from domain.standing import ReferralCounts, Standing, standing
from tests.domain.referral_stories import (
    ANNA,
    BEN,
    CLEO,
    DORA,
    Told,
    buys,
    closes,
    qualifies,
    raises,
    refers,
    refunds,
    town,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def stands(day: float, *told: Told, policy: Policy | None = None) -> Standing:
    """Where Anna stands on that day."""
    return stands_at(round(day * DAY), told, policy)


def stands_at(at: int, told: Sequence[Told], policy: Policy | None = None) -> Standing:
    """Where Anna stands at that instant."""
    known = town(told)
    return standing(ANNA, known.edges_from(ANNA), known.commerce, policy or Policy(), at)


def made(*days: float, level: int = 3) -> list[Told]:
    """Inbound referrals of Ben, r1, r2 and so on, on these days."""
    return [refers(day, BEN, level, name=f"r{place}") for place, day in enumerate(days, start=1)]


def test_whoever_referred_nobody_stands_nowhere() -> None:
    found = stands(10)
    assert (found.standing, found.influence, found.next_breakpoint) == ("none", 0, None)
    assert found.reciprocity.percent is None


def test_a_name_passed_makes_an_introducer() -> None:
    """Level 1, open: 1 x 2."""
    found = stands(10, *made(10, level=1))
    assert (found.standing, found.influence) == ("introducer", 2)


def test_a_lead_who_does_not_know_makes_nobody() -> None:
    assert stands(10, *made(10, level=0)).standing == "none"


def test_two_introductions_make_a_partner() -> None:
    """Level 3 twice, open: 3 x 2 + 3 x 2."""
    found = stands(10, *made(9, 10, level=3))
    assert (found.standing, found.influence) == ("partner", 12)
    assert stands(10, *made(9, 10, level=2)).standing == "introducer"


def test_two_referrals_with_one_won_make_a_partner() -> None:
    """Level 1 won and level 1 open: 1 x 6 + 1 x 2."""
    found = stands(10, *made(8, 9, level=1), closes(10, "won"))
    assert (found.standing, found.influence) == ("partner", 8)


def test_one_won_referral_alone_is_an_introducers() -> None:
    assert stands(10, refers(8, level=4), closes(10, "won")).standing == "introducer"


def test_three_won_make_a_key_partner_whatever_their_level() -> None:
    told = made(1, 2, 3, level=1)
    won = [closes(4, "won", name=f"r{place}") for place in (1, 2, 3)]
    assert stands(5, *told, *won).standing == "key_partner"
    assert stands(5, *told, *won[:2]).standing == "partner"


def test_an_influence_of_sixty_makes_a_key_partner() -> None:
    """Level 5 won twice: 5 x 6 + 5 x 6 = 60; with one of them qualified 30 + 20 = 50."""
    told = [*made(1, 2, level=5), closes(3, "won")]
    found = stands(4, *told, closes(3, "won", name="r2"))
    assert (found.standing, found.influence) == ("key_partner", 60)
    found = stands(4, *told, qualifies(3, name="r2"))
    assert (found.standing, found.influence) == ("partner", 50)


def test_every_outcome_has_its_weight_and_its_count() -> None:
    """Levels 1 to 5 and 5: won 6, qualified 2 x 4, open 3 x 2, lost 4 x 1, and two of 0: 24."""
    told = [
        refers(1, BEN, 1, name="won"),
        closes(9, "won", name="won"),
        refers(2, BEN, 2, name="qualified"),
        qualifies(9, name="qualified"),
        refers(3, BEN, 3, name="open"),
        refers(4, BEN, 4, name="lost"),
        closes(9, "lost", name="lost"),
        refers(5, BEN, 5, name="unqualified"),
        closes(9, "unqualified", name="unqualified"),
        refers(6, BEN, 5, name="duplicate"),
        closes(9, "duplicate", name="duplicate"),
        refers(7, BEN, 5, name="sent", direction="outbound"),
    ]
    found = stands(10, *told)
    assert found.influence == 24
    assert found.referrals == ReferralCounts(
        inbound=6, outbound=1, won=1, qualified=1, open=1, lost=1
    )


def test_the_evidence_is_the_referrals_in_the_window_oldest_first() -> None:
    told = [refers(400, name="r1"), refers(10, name="r2"), refers(399, CLEO, name="r3")]
    assert stands(400, *told).events == (UUID(int=3), UUID(int=1))


def test_a_referral_counts_for_365_days_not_including_the_last_instant() -> None:
    told = made(10, level=1)
    assert stands_at(375 * DAY - 1, told).standing == "introducer"
    assert stands_at(375 * DAY, told).standing == "dormant"


def test_a_level_raised_counts_from_its_instant_on() -> None:
    told = [refers(1, level=0), raises(5, 1)]
    assert stands_at(5 * DAY - 1, told).standing == "none"
    assert stands_at(5 * DAY, told).standing == "introducer"


def test_a_partner_silent_for_180_days_is_dormant() -> None:
    """Gaps of one day: 3 x 1 is less than 180."""
    told = made(0, 1, 2)
    assert stands_at(182 * DAY - 1, told).standing == "partner"
    assert stands_at(182 * DAY, told).standing == "dormant"
    assert stands_at(182 * DAY - 1, told).next_breakpoint == 182 * DAY


def test_whoever_refers_rarely_may_be_silent_for_longer() -> None:
    """Gaps 61 and 62 days: the median is 61.5, three times that 184.5, so 184 whole days."""
    told = made(0, 61, 123)
    assert stands_at(307 * DAY - 1, told).standing == "partner"
    assert stands_at(307 * DAY, told).standing == "dormant"


def test_the_median_gap_is_over_all_referrals_ever() -> None:
    """Gaps 100, 100, 100: 300 days, though only the last two lie in the window."""
    told = made(0, 100, 200, 300)
    assert stands(564, *told).standing == "partner"
    assert stands(565, *told).standing == "introducer"


def test_an_introducer_does_not_become_dormant_by_silence() -> None:
    assert stands(364, *made(0)).standing == "introducer"


def test_another_referral_wakes_a_dormant_partner() -> None:
    told = made(0, 1)
    assert stands(200, *told).standing == "dormant"
    assert stands(200, *told, refers(200, CLEO, 1, name="r9")).standing == "partner"


def test_a_purchase_makes_a_partner_and_its_refund_in_full_takes_it_back() -> None:
    """Level 1 won and level 1 open of another: 6 + 2; after the refund 2 + 2."""
    told = [refers(1, BEN, 1), refers(2, CLEO, 1, name="r2"), buys(10), refunds(20)]
    assert (stands(10, *told).standing, stands(10, *told).influence) == ("partner", 8)
    assert (stands(20, *told).standing, stands(20, *told).influence) == ("introducer", 4)


def test_a_purchase_wins_only_where_the_policy_says_so() -> None:
    told = [refers(1, BEN, 1), refers(2, CLEO, 1, name="r2"), buys(10)]
    strict = replace(Policy(), partner=Partner(won_by_purchase=False))
    assert stands(10, *told, policy=strict).standing == "introducer"


def test_reciprocity_is_our_share_of_the_influence_both_ways() -> None:
    """Given 5 x 2 + 5 x 2 = 20, received 5 x 6 = 30: 100 x 20 // 50 = 40."""
    told = [
        refers(1, BEN, 5),
        closes(2, "won"),
        refers(3, CLEO, 5, name="o1", direction="outbound"),
        refers(4, DORA, 5, name="o2", direction="outbound"),
    ]
    found = stands(5, *told).reciprocity
    assert (found.given, found.received, found.percent, found.balanced) == (20, 30, 40, True)
    assert (found.we_owe, found.they_owe) == (False, False)


def share(given: Sequence[int], received: Sequence[int]) -> tuple[int, int, int | None, bool]:
    """The reciprocity of open referrals of these levels, each worth twice its level."""
    sent = [
        refers(1, CLEO, level, name=f"o{place}", direction="outbound")
        for place, level in enumerate(given)
    ]
    got = [refers(2, BEN, level, name=f"r{place}") for place, level in enumerate(received)]
    found = stands(5, *sent, *got).reciprocity
    return found.given, found.received, found.percent, found.balanced


def test_balance_ends_at_35_and_65_percent_inclusive() -> None:
    """The percentage is rounded down before it is looked at: 28 of 42 are 66.67."""
    assert share([5, 2], [4, 4, 4, 1]) == (14, 26, 35, True)
    assert share([5, 1], [4, 4, 4, 1]) == (12, 26, 31, False)
    assert share([4, 4, 4, 1], [5, 2]) == (26, 14, 65, True)
    assert share([4, 4, 4, 2], [5, 2]) == (28, 14, 66, False)


def test_we_owe_once_two_more_were_won_than_we_ever_sent() -> None:
    told = [*made(1, 2, level=1), closes(3, "won"), closes(3, "won", name="r2")]
    assert stands(5, *told).reciprocity.we_owe
    sent = refers(4, CLEO, 0, name="o1", direction="outbound")
    assert not stands(5, *told, sent).reciprocity.we_owe


def test_they_owe_once_two_more_we_sent_were_won_than_they_ever_did() -> None:
    told = [
        refers(1, CLEO, 1, name="o1", direction="outbound"),
        refers(1, DORA, 1, name="o2", direction="outbound"),
        closes(2, "won", name="o1"),
        closes(2, "won", name="o2"),
    ]
    found = stands(5, *told).reciprocity
    assert (found.they_owe, found.we_owe, found.percent) == (True, False, 100)
    assert not stands(5, *told, *made(3)).reciprocity.they_owe


def test_the_next_breakpoint_is_the_next_thing_to_happen_by_itself() -> None:
    """A refund known ahead, then the silence of a partner, then the window of the first."""
    told = [refers(1, BEN, 3), refers(2, CLEO, 3, name="r2"), buys(10), refunds(20)]
    found = [stands(day, *told).next_breakpoint for day in (0, 1, 2, 10, 20, 182, 366, 367)]
    expected = [1, 2, 10, 20, 182, 366, 367, None]
    assert found == [day if day is None else day * DAY for day in expected]


def test_facts_known_ahead_are_breakpoints() -> None:
    told = [refers(5, level=0), raises(6, 2), qualifies(7), closes(8, "lost")]
    found = [stands(day, *told) for day in (4, 5, 6, 7, 8)]
    assert [one.influence for one in found] == [0, 0, 4, 8, 2]
    expected = [day * DAY for day in (5, 6, 7, 8, 370)]
    assert [one.next_breakpoint for one in found] == expected


names = some.sampled_from(["r1", "r2", "r3", "r4"])
days = some.integers(0, 900)
happenings = some.one_of(
    some.builds(
        refers,
        days,
        some.sampled_from([BEN, CLEO, DORA]),
        some.integers(0, 5),
        name=names,
        direction=some.sampled_from(["inbound", "inbound", "outbound"]),
    ),
    some.builds(raises, days, some.integers(0, 5), name=names),
    some.builds(qualifies, days, name=names),
    some.builds(closes, days, some.sampled_from(["won", "lost", "duplicate"]), name=names),
    some.builds(buys, days, some.integers(0, 3), who=some.sampled_from([BEN, CLEO]), name=names),
    some.builds(refunds, days, some.integers(0, 3), who=some.sampled_from([BEN, CLEO]), name=names),
)
stories = some.lists(happenings, max_size=20)


@given(stories, some.randoms(use_true_random=False), days)
def test_facts_that_arrive_late_change_nothing_but_when_it_was_known(
    told: list[Told], chance: object, day: int
) -> None:
    apart = [
        replace(one, day=one.day + place / 1000, id=UUID(int=place + 1))
        for place, one in enumerate(told)
    ]
    late = list(apart)
    chance.shuffle(late)  # type: ignore[attr-defined]  # hypothesis gives random.Random
    assert stands(day, *late) == stands(day, *apart)


@given(stories, some.integers(0, 900 * DAY), some.integers(0, 10**18))
def test_nothing_changes_before_the_next_breakpoint(told: list[Told], at: int, later: int) -> None:
    found = stands_at(at, told)
    span = (found.next_breakpoint or at + 5000 * DAY) - at
    assert span > 0
    again = stands_at(at + later % span, told)
    assert replace(again, at=at) == found


@given(stories)
def test_breakpoints_come_to_an_end(told: list[Told]) -> None:
    """Following them from the start ends within the facts, their windows and their silences."""
    at: int | None = -1
    seen = 0
    while at is not None:
        at, seen = stands_at(at, told).next_breakpoint, seen + 1
        assert seen <= 4 * len(told) + 2
