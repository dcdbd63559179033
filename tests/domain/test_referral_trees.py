"""Trees of credit, ways from one contact to another, and what won referrals brought."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.instants import DAY
from domain.policy import Policy
from domain.referral_trees import Branch, connection, has_credit, tree_of
from domain.won_value import won_value
from tests.domain.referral_stories import (
    ANNA,
    BEN,
    CLEO,
    DORA,
    Town,
    buys,
    closes,
    refers,
    refunds,
    town,
)

if TYPE_CHECKING:
    from domain.referrals import Edge

AT = 50 * DAY


def tree(known: Town, root: UUID) -> list[tuple[UUID, UUID, int]]:
    """Who is in a tree, by whom, and how far down."""

    def credited(contact: UUID) -> list[Edge]:
        return [
            edge
            for edge in known.edges_from(contact)
            if has_credit(edge, known.edges_to, known.commerce[edge.other], lambda _: Policy(), AT)
        ]

    found: tuple[Branch, ...] = tree_of(root, credited, AT)
    return [(one.edge.other, one.edge.referrer, one.depth) for one in found]


def test_a_tree_has_those_with_credit_alone_each_once() -> None:
    """Cleo was sent by Ben first; a lead of level 0 has no credit, and no circle has."""
    known = town(
        refers(1, BEN),
        refers(2, CLEO, by=BEN),
        refers(3, CLEO, name="r2"),
        refers(4, DORA, level=0, by=CLEO),
        refers(5, ANNA, by=CLEO, name="r2"),
        buys(0, who=DORA),
    )
    known = Town(known.edges, {ANNA: known.commerce[BEN], **known.commerce})
    assert tree(known, ANNA) == [(BEN, ANNA, 1), (CLEO, BEN, 2)]
    assert tree(known, BEN) == [(CLEO, BEN, 1)]
    assert tree(known, CLEO) == []


def test_the_shortest_way_goes_up_and_down() -> None:
    known = town(
        refers(1, BEN),
        refers(2, CLEO, by=BEN),
        refers(3, DORA, name="r2"),
        refers(4, DORA, by=CLEO),
        refers(99, CLEO, name="later"),
    )

    def way(start: UUID, end: UUID) -> list[tuple[UUID, str | None]]:
        steps = connection(start, end, known.edges_from, known.edges_to, AT)
        return [
            (one.contact_id, None if one.edge is None else one.edge.referral_id) for one in steps
        ]

    assert way(BEN, DORA) == [(BEN, None), (ANNA, "r1"), (DORA, "r2")]
    assert way(CLEO, ANNA) == [(CLEO, None), (BEN, "r1"), (ANNA, "r1")]
    assert way(ANNA, ANNA) == [(ANNA, None)]
    assert way(ANNA, UUID(int=9)) == []


def test_a_referral_out_to_somebody_connects_nobody() -> None:
    known = town(refers(1, BEN, direction="outbound"))
    assert connection(ANNA, BEN, known.edges_from, known.edges_to, AT) == ()


def test_won_value_is_the_winning_purchase_or_the_sum_of_the_closing() -> None:
    """A purchase counts less what was given back of it, a lost or old referral not at all."""
    known = town(
        refers(400, BEN),
        buys(405, 10_000),
        refunds(410, 2_500),
        buys(411, 99_000, name="p2"),
        refers(401, CLEO, name="r2"),
        closes(420, "won", 700, name="r2"),
        refers(402, DORA, name="r3"),
        closes(421, "lost", name="r3"),
    )
    edges = known.edges_from(ANNA)
    assert won_value(edges, known.commerce, Policy(), 430 * DAY) == {"EUR": 8_200}
    assert won_value(edges, known.commerce, Policy(), 419 * DAY) == {"EUR": 7_500}
    assert won_value(edges, known.commerce, Policy(), 765 * DAY) == {"EUR": 700}
    assert won_value(edges, known.commerce, Policy(), 404 * DAY) == {}
