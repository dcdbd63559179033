"""What we owe because of people whom a contact sent us: thanks for a win, and kinds 5, 12 and 13.

These depend on other contacts' purchases and referrals, so a projection makes them in a step of
their own, from what is kept of the edges. Source: the care document, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.agenda.acts import deferred_until
from domain.agenda.items import Item
from domain.earnings import CASH_FORBIDDEN
from domain.instants import DAY, HOUR
from domain.referrals import outcome_at
from domain.rewards import rewards
from domain.standing import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from domain.agenda.acts import Act, Deferral
    from domain.first_purchases import Commerce
    from domain.policy import Policy
    from domain.referrals import Edge
    from domain.rewards import Reward
    from domain.timeline import PolicyTimeline

_CLOSED = frozenset({"won", "lost", "unqualified", "duplicate"})
_OWED = frozenset({"held", "due", "approved"})


@dataclass(frozen=True, kw_only=True)
class Referrals:
    """A contact's own referrals, and what others' histories say of them; cut at no instant.

    ``edges_to`` gives every referral of a contact by whomever, ``commerce`` what the contacts
    referred bought first.
    """

    edges: Sequence[Edge] = ()
    edges_to: Callable[[UUID], Iterable[Edge]] = lambda _: ()
    commerce: Mapping[UUID, Commerce] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Referrer:
    """What must be known of the contact who sent us somebody: our acts, and what was put off.

    ``streams`` are the streams on which its referrals stand, by the id of the ``referral-made``.
    """

    contact_id: UUID
    acts: Sequence[Act]
    deferrals: Sequence[Deferral]
    streams: Mapping[UUID, UUID]


class ReferredItems(NamedTuple):
    """The items at an instant, and the next one at which they may be others."""

    items: tuple[Item, ...]
    changes_at: int | None


def referred_items(
    referrer: Referrer, referrals: Referrals, policies: PolicyTimeline, at: int
) -> ReferredItems:
    """The items that rest on a contact's referrals."""
    made = _Making(referrer, referrals, policies, at)
    if not referrals.edges:
        return ReferredItems((), None)
    items = (*made.wins_and_reports(), *made.rewards(), *made.reciprocity())
    return ReferredItems(items, min((one for one in made.instants if one > at), default=None))


def wins(
    referrer: Referrer, referrals: Referrals, policies: PolicyTimeline, at: int
) -> Iterator[tuple[Edge, int, int]]:
    """The inbound referrals that are won by an instant, with when and at which position."""
    if not referrals.edges:
        return
    made = _Making(referrer, referrals, policies, at)
    for edge in referrals.edges:
        if edge.inbound and edge.made_at <= at:
            found = made.outcome(edge)
            if found is not None and found[3] == "won":
                yield edge, found[0], found[1]


class _Making:
    """The making of these items at one instant."""

    def __init__(
        self, referrer: Referrer, referrals: Referrals, policies: PolicyTimeline, at: int
    ) -> None:
        self._referrer = referrer
        self._referrals = referrals
        self._policies = policies
        self._at = at
        self._policy = policies.in_force(at).policy
        now = standing(referrer.contact_id, referrals.edges, referrals.commerce, self._policy, at)
        self._standing = now
        changes = (now.next_breakpoint, policies.next_change(at))
        self.instants = [one for one in changes if one is not None]
        self.instants += _instants(referrer.contact_id, referrals)

    def _policy_at(self, at: int) -> Policy:
        return self._policies.in_force(at).policy

    def _item(self, kind: str, edge: Edge | None, opens_at: int, **what: Any) -> Iterator[Item]:
        gone_at = what.get("gone_at")
        self.instants += [one for one in (opens_at, gone_at) if one is not None]
        if opens_at > self._at or (gone_at is not None and gone_at <= self._at):
            return
        contact = self._referrer.contact_id
        subject = None if edge is None else str(edge.event_id)
        key = kind if subject is None else f"{kind}:{subject}"
        put_off_until = deferred_until(self._referrer.deferrals, key, opens_at)
        self.instants += [] if put_off_until is None else [put_off_until]
        yield Item(
            kind=kind,
            contact_id=contact,
            stream=contact if edge is None else self._referrer.streams[edge.event_id],
            subject=subject,
            opens_at=opens_at,
            deferred_until=put_off_until,
            **what,
        )

    def wins_and_reports(self) -> Iterator[Item]:
        """Thanks for each win, and word of what became of each referral."""
        care, acts = self._policy.care, self._referrer.acts
        for edge in self._referrals.edges:
            if not edge.inbound or edge.made_at > self._at:
                continue
            closed = self.outcome(edge)
            if closed is None:
                continue
            at, position, event_id, outcome = closed
            told = {"other": str(edge.other), "outcome": outcome}
            events = (edge.event_id, event_id)
            if outcome == "won" and not any(
                act.thanks_for(edge.event_id, at, at, position) for act in acts
            ):
                yield from self._item(
                    "thanks-won",
                    edge,
                    at,
                    due_at=at + care.thanks_hours * HOUR,
                    gone_at=at + care.thanks_gone_days * DAY,
                    events=events,
                    told=told,
                )
            if edge.level_at(at) >= 1 and not any(act.comes_after(at, position) for act in acts):
                yield from self._item(
                    "report-back",
                    edge,
                    at,
                    due_at=at + care.report_back_days * DAY,
                    gone_at=at + care.report_back_gone_days * DAY,
                    events=events,
                    told=told,
                )

    def outcome(self, edge: Edge) -> tuple[int, int, UUID, str] | None:
        """When a referral came to its outcome, at which position, by which event, and to what."""
        commerce = self._referrals.commerce.get(edge.other)
        by_purchase = self._policy.partner.won_by_purchase
        outcome = outcome_at(edge, commerce, self._at, by_purchase=by_purchase)
        if outcome.name not in _CLOSED:
            return None
        closing = edge.closed_at(self._at)
        first = None if commerce is None else commerce.first_unreversed(self._at)
        if by_purchase and first is not None and outcome.won_at == first.occurred_at:
            return first.occurred_at, first.position, first.event_id, "won"
        assert closing is not None, "what is not won by a purchase was closed"
        return closing.at, closing.position, closing.event_id, outcome.name

    def rewards(self) -> Iterator[Item]:
        """What each referral earned and nobody paid."""
        referrals = self._referrals
        own = [edge for edge in referrals.edges if edge.inbound]
        found = rewards(own, referrals.edges_to, referrals.commerce, self._policy_at, self._at)
        by_referral: dict[UUID, list[Reward]] = {}
        for reward in found:
            by_referral.setdefault(reward.event_id, []).append(reward)
        for edge in own:
            owed = _open_reward(by_referral.get(edge.event_id, []))
            if owed is None or owed.won_at is None or owed.due_at is None:
                continue
            if owed.reason == CASH_FORBIDDEN and any(
                act.kind == "gesture" and act.at >= owed.won_at for act in self._referrer.acts
            ):
                continue
            yield from self._item(
                "reward",
                edge,
                owed.won_at,
                due_at=owed.due_at,
                events=(edge.event_id, *((owed.purchase,) if owed.purchase else ())),
                amount_minor=owed.owed_minor if owed.owed_minor > 0 else None,
                currency=owed.currency if owed.owed_minor > 0 else None,
                cash_forbidden=owed.reason == CASH_FORBIDDEN,
                told={"other": str(edge.other)},
            )

    def reciprocity(self) -> Iterator[Item]:
        """They sent us more who bought than we sent them in all."""
        if not self._standing.reciprocity.we_owe:
            return
        since = self._owing_since()
        due_at = since + self._policy.care.reciprocity_days * DAY
        yield from self._item("reciprocity", None, since, due_at=due_at)

    def _owing_since(self) -> int:
        """Since when we have owed them without a break: back from one change to the one before."""
        now = self._standing
        while True:
            changes = (now.changed_at, self._policies.last_change(now.at))
            since = max(one for one in changes if one is not None)
            before = standing(
                self._referrer.contact_id,
                self._referrals.edges,
                self._referrals.commerce,
                self._policy_at(since - 1),
                since - 1,
            )
            if not before.reciprocity.we_owe:
                return since
            now = before


def _instants(referrer: UUID, referrals: Referrals) -> list[int]:
    """The instants at which the credit for somebody, or what is owed for it, may be another."""
    instants: list[int] = []
    seen: set[UUID] = set()
    waiting = [referrer, *(edge.other for edge in referrals.edges)]
    while waiting:
        contact = waiting.pop()
        if contact in seen:
            continue
        seen.add(contact)
        for edge in referrals.edges_to(contact):
            waiting.append(edge.referrer)
            instants += [edge.made_at, *(at for at, _ in edge.levels)]
            instants += [edge.closing.at] if edge.closing else []
    for edge in referrals.edges:
        instants += [act.at for act in edge.rewards]
    for bought in referrals.commerce.values():
        instants += [one.at for purchase in bought.purchases for one in purchase.reversals]
    return instants


def _open_reward(found: Sequence[Reward]) -> Reward | None:
    """The reward of a referral of which something is owed; a payment in kind settles all of it."""
    if any(reward.in_kind for reward in found):
        return None
    return next((reward for reward in found if reward.state in _OWED), None)
