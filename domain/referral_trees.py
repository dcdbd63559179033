"""The people whom a contact brought, and how two people are connected by referrals.

The tree of a contact: those credited to it, those credited to them, and so on, each once. Source:
the care document, section 5.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from domain.credit import credited_edge
from domain.referrals import downstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from uuid import UUID

    from domain.earnings import PolicyAt
    from domain.first_purchases import Commerce
    from domain.referrals import Edge

    EdgesOf = Callable[[UUID], Iterable[Edge]]
    """The referrals from, or to, a contact."""


class Branch(NamedTuple):
    """A contact in a tree: by which referral, how far down."""

    edge: Edge
    depth: int


class Step(NamedTuple):
    """A contact on the way from one to another, and the referral that leads to it.

    The first has none.
    """

    contact_id: UUID
    edge: Edge | None


def has_credit(
    edge: Edge, edges_to: EdgesOf, commerce: Commerce, policy_at: PolicyAt, at: int
) -> bool:
    """Whether a referral has the credit for the contact, whose ``commerce`` this is."""
    if not edge.inbound or edge.made_at > at:
        return False
    credited = credited_edge(edges_to(edge.other), edges_to, commerce, policy_at, at)
    return credited is not None and credited.event_id == edge.event_id


def tree_of(root: UUID, credited_from: EdgesOf, at: int) -> tuple[Branch, ...]:
    """The tree of a contact, nearest first; ``credited_from`` are the referrals with the credit."""
    edges: dict[UUID, Edge] = {}

    def edges_with_credit(contact: UUID) -> list[Edge]:
        found = [*credited_from(contact)]
        edges.update((edge.event_id, edge) for edge in found)
        return found

    return tuple(
        Branch(edges[one.event_id], one.depth) for one in downstream(root, edges_with_credit, at)
    )


def connection(
    start: UUID, end: UUID, edges_from: EdgesOf, edges_to: EdgesOf, at: int
) -> tuple[Step, ...]:
    """The shortest way from one contact to another along inbound referrals, up or down.

    Of equally short ways it is the one with the earliest referrals, looked at from the start; empty
    where there is none.
    """
    reached: dict[UUID, Step | None] = {start: None}
    steps = {start: Step(start, None)}
    waiting = deque([start])
    while waiting and end not in steps:
        here = waiting.popleft()
        near = [edge for edge in (*edges_from(here), *edges_to(here)) if edge.inbound]
        for edge in sorted(near, key=lambda edge: edge.place):
            there = edge.other if edge.referrer == here else edge.referrer
            if edge.made_at <= at and there not in steps:
                steps[there] = Step(there, edge)
                reached[there] = steps[here]
                waiting.append(there)
    found: list[Step] = []
    step = steps.get(end)
    while step is not None:
        found.append(step)
        step = reached[step.contact_id]
    return tuple(reversed(found))
