"""Who sent whom, and what became of it: the edges between contacts, cut at no instant yet.

An edge holds every dated fact of one referral, a commerce (``domain.first_purchases``) every dated
fact that can decide which purchase of a contact was its first; both answer for any instant, so a
projection that stores them need not read a stream again. Source: the domain document, sections 2
and 6.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from domain.events.referrals import (
    ReferralClosed,
    ReferralLevelRaised,
    ReferralMade,
    ReferralQualified,
    RewardApproved,
    RewardDeclined,
    RewardPaid,
    RewardReversed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from domain.first_purchases import Commerce
    from domain.history import Fact, History

AnyReward = RewardApproved | RewardPaid | RewardReversed | RewardDeclined
_Follower = ReferralLevelRaised | ReferralQualified | ReferralClosed | AnyReward
_ACTS: dict[type, str] = {
    RewardApproved: "approved",
    RewardPaid: "paid",
    RewardReversed: "reversed",
    RewardDeclined: "declined",
}


class Closing(NamedTuple):
    """What a referral was closed as, when, and the amount given with it, if any."""

    at: int
    outcome: str
    amount_minor: int | None
    currency: str | None
    position: int
    event_id: UUID


class RewardAct(NamedTuple):
    """What we did about a reward: ``kind`` is approved, paid, reversed or declined.

    ``in_kind`` says that something other than money was named.
    """

    at: int
    position: int
    event_id: UUID
    kind: str
    amount_minor: int | None
    currency: str | None
    in_kind: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One referral with all that is known of it, whatever its date. Instants are microseconds.

    ``levels`` are (instant, level) and may be dated before ``made_at``, as levels count in any
    order; so may ``rewards``, oldest first, since what was paid was paid. Of several closings the
    first counts, and so does the first qualification.
    """

    referrer: UUID
    referral_id: str
    direction: str
    other: UUID
    made_at: int
    position: int
    event_id: UUID
    levels: tuple[tuple[int, int], ...]
    qualified_at: int | None = None
    closing: Closing | None = None
    rewards: tuple[RewardAct, ...] = ()

    @property
    def inbound(self) -> bool:
        """They sent someone to us, not we to them."""
        return self.direction == "inbound"

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands among referrals: the instant it was made at, then its position."""
        return self.made_at, self.position

    def level_at(self, at: int) -> int:
        """The highest level stated up to the instant, both ends included; 0 if there is none."""
        return max((level for stated_at, level in self.levels if stated_at <= at), default=0)

    def closed_at(self, at: int) -> Closing | None:
        """The closing, if it has happened by the instant."""
        return self.closing if self.closing and self.closing.at <= at else None

    def was_open_at(self, instant: int, known_at: int) -> bool:
        """It was made and not yet closed at the instant, by what happened up to ``known_at``."""
        closing = self.closed_at(known_at)
        return self.made_at <= instant and (closing is None or instant < closing.at)

    def pack(self) -> list[object]:
        """The edge in msgpack's own types."""
        closing = self.closing
        return [
            self.referrer.bytes,
            self.referral_id,
            self.direction,
            self.other.bytes,
            self.made_at,
            self.position,
            self.event_id.bytes,
            [list(stated) for stated in self.levels],
            self.qualified_at,
            closing and [*closing[:-1], closing.event_id.bytes],
            [[at, place, event.bytes, *said] for at, place, event, *said in self.rewards],
        ]

    @classmethod
    def unpack(cls, packed: Sequence[Any]) -> Edge:
        """The edge that was packed."""
        referrer, referral_id, direction, other, made_at, position, event_id, *rest = packed
        levels, qualified_at, closing, rewards = rest
        return cls(
            referrer=UUID(bytes=referrer),
            referral_id=referral_id,
            direction=direction,
            other=UUID(bytes=other),
            made_at=made_at,
            position=position,
            event_id=UUID(bytes=event_id),
            levels=tuple((at, level) for at, level in levels),
            qualified_at=qualified_at,
            closing=_closing(closing),
            rewards=tuple(
                RewardAct(at, place, UUID(bytes=event), *said)
                for at, place, event, *said in rewards
            ),
        )


def _closing(packed: Sequence[Any] | None) -> Closing | None:
    if packed is None:
        return None
    at, outcome, amount_minor, currency, position, event_id = packed
    return Closing(at, outcome, amount_minor, currency, position, UUID(bytes=event_id))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of a referral: won, qualified, open, lost, unqualified or duplicate.

    ``won_at`` is the instant it was won at, null unless it is.
    """

    name: str
    won_at: int | None = None


@dataclass(frozen=True, slots=True)
class Introduction:
    """A contact below a referrer: who sent them, how far down, by which referral."""

    contact_id: UUID
    by: UUID
    depth: int
    event_id: UUID


def edges_of(
    history: History, referrer: UUID, survivor_of: Callable[[UUID], UUID]
) -> tuple[Edge, ...]:
    """The referrals in a history, by (``made_at``, ``position``).

    ``referrer`` is the contact that the history belongs to; ``survivor_of`` gives the contact that
    another one was merged into, or itself. A referral of someone who turned out to be the referrer
    is left out. Referral ids are scoped by stream, also within a group of merged contacts.
    """
    made: dict[tuple[int, str], tuple[Fact, ReferralMade]] = {}
    followers: dict[tuple[int, str], list[tuple[Fact, _Follower]]] = {}
    for fact in history.facts:
        event = fact.event
        if isinstance(event, ReferralMade):
            made.setdefault((fact.scope, event.referral_id), (fact, event))
        elif isinstance(event, _Follower):
            key = fact.scope, event.referral_id
            followers.setdefault(key, []).append((fact, event))
    edges = (
        _edge(fact, event, followers.get(key, ()), referrer, survivor_of(event.other))
        for key, (fact, event) in made.items()
    )
    return tuple(edge for edge in edges if edge.other != referrer)


def _edge(
    made: Fact,
    opening: ReferralMade,
    followers: Sequence[tuple[Fact, _Follower]],
    referrer: UUID,
    other: UUID,
) -> Edge:
    levels = [(made.occurred_at, opening.level)]
    qualified_at: int | None = None
    closing: Closing | None = None
    rewards: list[RewardAct] = []
    for fact, event in followers:
        at = fact.occurred_at
        if isinstance(event, ReferralLevelRaised):
            levels.append((at, event.level))
        elif isinstance(event, AnyReward):
            rewards.append(act_of(fact))
        elif (at, fact.position) < (made.occurred_at, made.position):
            continue
        elif isinstance(event, ReferralQualified):
            qualified_at = at if qualified_at is None else qualified_at
        else:
            said = event.outcome, event.amount_minor, event.currency
            closing = closing or Closing(at, *said, fact.position, fact.id)
    return Edge(
        referrer=referrer,
        referral_id=opening.referral_id,
        direction=opening.direction,
        other=other,
        made_at=made.occurred_at,
        position=made.position,
        event_id=made.id,
        levels=tuple(sorted(levels)),
        qualified_at=qualified_at,
        closing=closing,
        rewards=tuple(rewards),
    )


def act_of(fact: Fact) -> RewardAct:
    """What one of the four reward events says was done."""
    event = fact.event
    assert isinstance(event, AnyReward)
    return RewardAct(
        fact.occurred_at,
        fact.position,
        fact.id,
        _ACTS[type(event)],
        event.amount_minor,
        event.currency,
        event.in_kind is not None,
    )


def outcome_at(edge: Edge, commerce: Commerce | None, at: int, *, by_purchase: bool) -> Outcome:
    """What has become of a referral made at or before the instant.

    An inbound one is won by the referred contact's first purchase above 0 unreversed at ``at``,
    where it occurred while the referral was open and ``by_purchase`` says that purchases win; then
    it was won when that purchase occurred, even if it was closed later. ``commerce`` is that of the
    referred contact, null if it never bought.
    """
    closing = edge.closed_at(at)
    if by_purchase and edge.inbound and commerce is not None:
        first = commerce.first_unreversed(at)
        if first is not None and edge.was_open_at(first.occurred_at, known_at=at):
            return Outcome("won", first.occurred_at)
    if closing is not None:
        return Outcome(closing.outcome, closing.at if closing.outcome == "won" else None)
    if edge.qualified_at is not None and edge.qualified_at <= at:
        return Outcome("qualified")
    return Outcome("open")


def downstream(
    referrer: UUID, edges_from: Callable[[UUID], Iterable[Edge]], at: int
) -> tuple[Introduction, ...]:
    """The contacts that a referrer brought, those that they brought, and so on; each contact once.

    Nearest first, and of the equally near the earliest referred. ``edges_from`` gives the referrals
    of a contact; circles end where they began.
    """
    found: list[Introduction] = []
    seen = {referrer}
    waiting = deque([(referrer, 1)])
    while waiting:
        by, depth = waiting.popleft()
        for edge in sorted(edges_from(by), key=lambda edge: edge.place):
            if edge.inbound and edge.made_at <= at and edge.other not in seen:
                seen.add(edge.other)
                found.append(Introduction(edge.other, by, depth, edge.event_id))
                waiting.append((edge.other, depth + 1))
    return tuple(found)
