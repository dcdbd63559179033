"""Edges and commerce: what is kept of a history, and what it says of any instant."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgpack
from hypothesis import given
from hypothesis import strategies as some

from domain.events.referrals import RewardApproved, RewardPaid
from domain.first_purchases import Commerce, Purchase, Reversal, commerce_of
from domain.history import effective_history
from domain.instants import DAY
from domain.referrals import (
    Closing,
    Edge,
    Introduction,
    Outcome,
    RewardAct,
    downstream,
    edges_of,
    outcome_at,
)
from tests.domain.referral_stories import (
    ANNA,
    BEN,
    CLEO,
    DORA,
    Told,
    buys,
    closes,
    histories,
    qualifies,
    raises,
    recorded,
    refers,
    refunds,
    town,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def outcome(day: float, *told: Told, by_purchase: bool = True) -> Outcome:
    """What has become of Anna's only referral."""
    known = town(*told)
    (edge,) = known.edges_from(ANNA)
    commerce = known.commerce.get(edge.other)
    return outcome_at(edge, commerce, round(day * DAY), by_purchase=by_purchase)


def test_an_edge_carries_every_dated_fact_of_its_referral() -> None:
    told = [
        refers(10, CLEO, 1),
        raises(20, 4),
        qualifies(30),
        closes(40, "won", 500),
        Told(ANNA, 50, RewardApproved(referral_id="r1")),
        Told(
            ANNA,
            60,
            RewardPaid(referral_id="r1", amount_minor=300, currency="EUR", in_kind="tea"),
        ),
    ]
    (edge,) = town(told).edges_from(ANNA)
    assert (edge.referrer, edge.other, edge.made_at) == (ANNA, CLEO, 10 * DAY)
    assert edge.levels == ((10 * DAY, 1), (20 * DAY, 4))
    assert edge.qualified_at == 30 * DAY
    assert edge.closing is not None
    assert (edge.closing.at, edge.closing.outcome, edge.closing.amount_minor) == (
        40 * DAY,
        "won",
        500,
    )
    assert edge.rewards == (
        RewardAct(50 * DAY, 5, UUID(int=5), "approved", None, None, False),
        RewardAct(60 * DAY, 6, UUID(int=6), "paid", 300, "EUR", True),
    )


def test_a_referral_of_someone_merged_into_the_referrer_is_no_edge() -> None:
    (history,) = histories([refers(1, BEN), refers(2, CLEO, name="r2")]).values()
    merged = {BEN: ANNA, CLEO: DORA}
    (edge,) = edges_of(history, ANNA, lambda contact: merged.get(contact, contact))
    assert edge.other == DORA


def test_referral_ids_of_merged_streams_do_not_meet() -> None:
    told = [refers(1, CLEO, 1), refers(2, DORA, 2, by=BEN), raises(3, 5, by=BEN)]
    history = effective_history(recorded(told), ANNA)
    first, second = edges_of(history, ANNA, lambda contact: contact)
    assert (first.referrer, first.other, first.level_at(9 * DAY)) == (ANNA, CLEO, 1)
    assert (second.referrer, second.other, second.level_at(9 * DAY)) == (ANNA, DORA, 5)


def test_a_level_counts_even_if_it_was_stated_before_the_referral() -> None:
    (edge,) = town(refers(10, level=1), raises(5, 4)).edges_from(ANNA)
    assert edge.level_at(10 * DAY) == 4


def test_a_level_counts_from_its_instant_on() -> None:
    (edge,) = town(refers(10, level=1), raises(20, 4)).edges_from(ANNA)
    assert edge.level_at(20 * DAY - 1) == 1
    assert edge.level_at(20 * DAY) == 4


def test_a_closing_or_qualification_before_the_referral_is_ignored() -> None:
    assert outcome(30, refers(10), closes(5, "lost"), qualifies(6)) == Outcome("open")


def test_followers_of_an_unknown_referral_are_ignored() -> None:
    told = [raises(1, 5, name="r9"), closes(2, "won", name="r9"), qualifies(3, name="r9")]
    assert town(told).edges_from(ANNA) == ()


def test_of_two_closings_the_first_to_occur_counts() -> None:
    told = [refers(1), closes(9, "lost"), closes(5, "unqualified")]
    assert outcome(20, *told).name == "unqualified"


def test_outcomes_follow_each_other_from_their_instants_on() -> None:
    told = [refers(10), qualifies(20), closes(30, "lost")]
    assert outcome(20 - 1e-6, *told).name == "open"
    assert outcome(20, *told).name == "qualified"
    assert outcome(30 - 1e-6, *told).name == "qualified"
    assert outcome(30, *told).name == "lost"


def test_the_first_purchase_wins_an_open_referral_when_it_occurs() -> None:
    told = [refers(10), buys(15), closes(30, "won")]
    assert outcome(14, *told) == Outcome("open")
    assert outcome(15, *told) == Outcome("won", 15 * DAY)
    assert outcome(31, *told) == Outcome("won", 15 * DAY)


def test_a_policy_may_leave_winning_to_the_closing() -> None:
    told = [refers(10), buys(15), closes(30, "won")]
    assert outcome(20, *told, by_purchase=False) == Outcome("open")
    assert outcome(30, *told, by_purchase=False) == Outcome("won", 30 * DAY)


def test_whoever_bought_before_is_not_won_by_buying_again() -> None:
    assert outcome(30, buys(5), refers(10), buys(15, name="p2")).name == "open"


def test_a_purchase_wins_at_the_referrals_instant_and_not_at_its_closing() -> None:
    assert outcome(30, refers(10), buys(10)).name == "won"
    assert outcome(30, refers(10), buys(20), closes(20, "lost")).name == "lost"


def test_a_refund_in_full_of_the_earlier_purchase_lets_the_next_one_win() -> None:
    told = [buys(5), refers(10), buys(15, name="p2"), refunds(25)]
    assert outcome(24, *told) == Outcome("open")
    assert outcome(25, *told) == Outcome("won", 15 * DAY)


def test_a_refund_in_full_opens_the_referral_again_and_in_part_does_not() -> None:
    told = [refers(10), buys(15, 100), refunds(20, 99), refunds(21, 1)]
    assert outcome(20, *told).name == "won"
    assert outcome(21, *told).name == "open"


def test_a_purchase_reversed_before_it_occurred_never_wins() -> None:
    assert outcome(30, refers(10), refunds(12), buys(15)).name == "open"


def test_a_purchase_for_nothing_wins_nothing_and_the_first_above_0_does() -> None:
    told = [refers(10), buys(15, 0), buys(20, 1, name="p2")]
    assert outcome(19, *told).name == "open"
    assert outcome(20, *told) == Outcome("won", 20 * DAY)


def test_a_purchase_of_0_before_the_referral_does_not_keep_it_from_a_win() -> None:
    assert outcome(30, buys(5, 0), refers(10), buys(15, name="p2")).name == "won"


def test_someone_we_sent_away_is_not_won_by_buying_from_us() -> None:
    told = [refers(10, direction="outbound"), buys(15)]
    assert outcome(30, *told).name == "open"
    assert outcome(30, *told, closes(20, "won")) == Outcome("won", 20 * DAY)


def test_commerce_keeps_only_what_can_be_the_first_purchase() -> None:
    told = [
        buys(1, name="gone"),
        buys(2, name="hidden"),
        buys(3, name="first"),
        buys(4, name="later"),
        refunds(2.5, name="hidden"),
        refunds(9, name="gone"),
    ]
    kept = town(told).commerce[BEN]
    assert [purchase.occurred_at for purchase in kept.purchases] == [1 * DAY, 3 * DAY]


dealings = some.lists(
    some.one_of(
        some.builds(
            buys,
            some.integers(0, 20),
            some.integers(0, 2),
            name=some.sampled_from("abcd"),
        ),
        some.builds(
            refunds,
            some.integers(0, 20),
            some.integers(0, 2),
            name=some.sampled_from("abcd"),
        ),
    ),
    max_size=12,
)


@given(dealings, some.integers(0, 21))
def test_the_purchases_kept_give_the_first_of_all_at_any_instant(
    told: Sequence[Told], day: int
) -> None:
    """The small row answers as the whole stream would."""
    known = histories(told)
    if BEN not in known:
        return
    at = day * DAY
    made: dict[str, tuple[UUID, int, int]] = {}
    refunded: dict[str, list[tuple[int, int]]] = {}
    for fact in known[BEN].facts:
        shown = fact.event.show()
        name, amount_minor = str(shown["purchase_id"]), shown["amount_minor"]
        assert isinstance(amount_minor, int)
        if fact.event.TYPE == "purchase-made":
            made.setdefault(name, (fact.id, fact.occurred_at, amount_minor))
        else:
            refunded.setdefault(name, []).append((fact.occurred_at, amount_minor))
    expected = None
    for name, (event_id, occurred_at, amount_minor) in made.items():
        past = [minor for when, minor in refunded.get(name, []) if when <= at]
        gone = bool(past) and sum(past) >= amount_minor
        if occurred_at <= at and amount_minor and not gone:
            expected = event_id
            break
    first = commerce_of(known[BEN]).first_unreversed(at)
    assert (first and first.event_id) == expected


ids = some.uuids()
instants = some.integers(-(2**62), 2**62)
edges = some.builds(
    Edge,
    referrer=ids,
    referral_id=some.text(),
    direction=some.sampled_from(["inbound", "outbound"]),
    other=ids,
    made_at=instants,
    position=some.integers(1, 2**62),
    event_id=ids,
    levels=some.lists(some.tuples(instants, some.integers(0, 5)), max_size=3).map(tuple),
    qualified_at=some.none() | instants,
    closing=some.none()
    | some.builds(
        Closing,
        instants,
        some.text(),
        some.none() | some.integers(0, 2**53),
        some.none() | some.just("EUR"),
        some.integers(1, 2**62),
        ids,
    ),
    rewards=some.lists(
        some.builds(
            RewardAct,
            instants,
            some.integers(1, 2**62),
            ids,
            some.text(),
            some.none() | some.integers(0, 2**53),
            some.none() | some.just("EUR"),
            some.booleans(),
        ),
        max_size=3,
    ).map(tuple),
)
purchases = some.builds(
    Purchase,
    instants,
    some.integers(1, 2**62),
    ids,
    some.integers(0, 2**53),
    some.just("EUR"),
    some.lists(
        some.builds(Reversal, instants, some.integers(0, 2**53), some.integers(1, 2**62), ids),
        max_size=3,
    ).map(tuple),
)


@given(edges)
def test_an_edge_survives_msgpack(edge: Edge) -> None:
    assert Edge.unpack(msgpack.unpackb(msgpack.packb(edge.pack()))) == edge


@given(some.lists(purchases, max_size=3).map(tuple))
def test_commerce_survives_msgpack(kept: tuple[Purchase, ...]) -> None:
    commerce = Commerce(kept)
    assert Commerce.unpack(msgpack.unpackb(msgpack.packb(commerce.pack()))) == commerce


def test_downstream_shows_each_contact_once_nearest_first() -> None:
    known = town(
        refers(1, BEN),
        refers(2, CLEO, name="r2"),
        refers(3, CLEO, by=BEN),
        refers(4, DORA, by=BEN, name="r2"),
        refers(5, ANNA, by=DORA),
        refers(99, UUID(int=7), name="r3"),
    )
    assert downstream(ANNA, known.edges_from, 10 * DAY) == (
        Introduction(BEN, ANNA, 1, UUID(int=1)),
        Introduction(CLEO, ANNA, 1, UUID(int=2)),
        Introduction(DORA, BEN, 2, UUID(int=4)),
    )
