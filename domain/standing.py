"""Where a contact stands as a referral partner, and who owes whom.

No purchase is needed to be a partner. Source: the domain document, section 6 (E2); windows and
deadlines are half-open, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from domain.instants import DAY
from domain.referrals import outcome_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from domain.first_purchases import Commerce
    from domain.policy import Partner, Policy
    from domain.referrals import Edge

STANDINGS = ("key_partner", "partner", "introducer", "dormant", "none")
"""The standings, best first, as they are written on the wire."""


@dataclass(frozen=True, slots=True)
class ReferralCounts:
    """How many referrals lie in the window; all but the first two count inbound ones only.

    Those closed as unqualified or duplicate are in ``inbound`` and in none of the outcomes.
    """

    inbound: int
    outbound: int
    won: int
    qualified: int
    open: int
    lost: int


@dataclass(frozen=True, slots=True)
class Reciprocity:
    """What we gave against what we received, in influence over the same window.

    ``percent`` is our share, rounded down, and null where there is neither; then nothing is
    ``balanced`` either.
    """

    given: int
    received: int
    percent: int | None
    balanced: bool
    we_owe: bool
    they_owe: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A contact's standing at an instant; ``events`` are the referrals in the window, oldest first.

    ``next_breakpoint`` is the next instant at which anything here can change without another event
    or another policy, null if there is none. Until then all of this but ``at`` stays as it is.
    ``changed_at`` is the last such instant up to ``at``: from it on all of this was as it is.
    """

    at: int
    standing: str
    influence: int
    referrals: ReferralCounts
    reciprocity: Reciprocity
    events: tuple[UUID, ...]
    next_breakpoint: int | None
    changed_at: int | None


@dataclass(frozen=True, slots=True)
class _RatedReferral:
    """A referral in the window with its level and outcome at the instant."""

    edge: Edge
    level: int
    outcome: str


def standing(
    referrer: UUID,
    edges: Sequence[Edge],
    commerce: Mapping[UUID, Commerce],
    policy: Policy,
    at: int,
) -> Standing:
    """Where the referrer stands at the instant, by what happened up to and including it.

    ``edges`` are all of the referrer's own, in any order, cut at no instant; ``commerce`` is that
    of the contacts referred, by contact, and may leave out those that never bought. ``policy`` is
    the one in force at ``at``; a cached answer expires when another comes into force.
    """
    assert all(edge.referrer == referrer for edge in edges), "edges of somebody else"
    rules = policy.partner
    made = sorted((edge for edge in edges if edge.made_at <= at), key=lambda edge: edge.place)
    rated = [
        _rate(edge, commerce.get(edge.other), rules, at)
        for edge in made
        if at < edge.made_at + rules.window_days * DAY
    ]
    inbound = [one for one in rated if one.edge.inbound]
    outbound = [one for one in rated if not one.edge.inbound]
    own = [edge for edge in made if edge.inbound]
    influence = _influence(inbound, rules)
    active = _active(inbound, influence, rules)
    dormant_at = _dormant_at(own, rules) if active in ("key_partner", "partner") else None
    instants = _instants(edges, commerce, rules, dormant_at)
    return Standing(
        at=at,
        standing=_standing_name(active, dormant_at, own, rules, at),
        influence=influence,
        referrals=ReferralCounts(
            inbound=len(inbound),
            outbound=len(outbound),
            won=_count(inbound, "won"),
            qualified=_count(inbound, "qualified"),
            open=_count(inbound, "open"),
            lost=_count(inbound, "lost"),
        ),
        reciprocity=_reciprocity(inbound, outbound, rules),
        events=tuple(one.edge.event_id for one in rated),
        next_breakpoint=min((one for one in instants if one > at), default=None),
        changed_at=max((one for one in instants if one <= at), default=None),
    )


def _rate(edge: Edge, commerce: Commerce | None, rules: Partner, at: int) -> _RatedReferral:
    outcome = outcome_at(edge, commerce, at, by_purchase=rules.won_by_purchase)
    return _RatedReferral(edge, edge.level_at(at), outcome.name)


def _count(rated: Sequence[_RatedReferral], outcome: str) -> int:
    return sum(one.outcome == outcome for one in rated)


def _influence(rated: Sequence[_RatedReferral], rules: Partner) -> int:
    weights = rules.outcome_weights
    weight_of = {
        "won": weights.won,
        "qualified": weights.qualified,
        "open": weights.open,
        "lost": weights.lost,
        "unqualified": weights.unqualified,
        "duplicate": weights.duplicate,
    }
    return sum(one.level * weight_of[one.outcome] for one in rated)


def _active(inbound: Sequence[_RatedReferral], influence: int, rules: Partner) -> str | None:
    """The standing that the referrals in the window earn, before any silence."""
    won = _count(inbound, "won")
    if won >= rules.key_partner_won or influence >= rules.key_partner_influence:
        return "key_partner"
    strong = sum(one.level >= rules.partner_strong_level for one in inbound)
    if len(inbound) >= rules.partner_referrals and (
        won >= rules.partner_won or strong >= rules.partner_strong
    ):
        return "partner"
    if any(one.level >= rules.introducer_level for one in inbound):
        return "introducer"
    return None


def _standing_name(
    active: str | None, dormant_at: int | None, own: Sequence[Edge], rules: Partner, at: int
) -> str:
    if active is None:
        introduced = any(edge.level_at(at) >= rules.introducer_level for edge in own)
        return "dormant" if introduced else "none"
    return "dormant" if dormant_at is not None and dormant_at <= at else active


def _dormant_at(own: Sequence[Edge], rules: Partner) -> int:
    """The instant from which a partner has been silent too long; ``own`` is sorted and inbound."""
    gaps = sorted(later.made_at - earlier.made_at for earlier, later in pairwise(own))
    days = rules.dormant_days
    if gaps:
        median2 = gaps[(len(gaps) - 1) // 2] + gaps[len(gaps) // 2]
        days = max(days, rules.dormant_gaps * median2 // (2 * DAY))
    return own[-1].made_at + days * DAY


def _reciprocity(
    inbound: Sequence[_RatedReferral], outbound: Sequence[_RatedReferral], rules: Partner
) -> Reciprocity:
    given, received = _influence(outbound, rules), _influence(inbound, rules)
    percent = 100 * given // (given + received) if given + received else None
    least, most = rules.balanced_least_percent, rules.balanced_most_percent
    return Reciprocity(
        given=given,
        received=received,
        percent=percent,
        balanced=percent is not None and least <= percent <= most,
        we_owe=_count(inbound, "won") - len(outbound) >= rules.owed_referrals,
        they_owe=_count(outbound, "won") - len(inbound) >= rules.owed_referrals,
    )


def _instants(
    edges: Sequence[Edge],
    commerce: Mapping[UUID, Commerce],
    rules: Partner,
    dormant_at: int | None,
) -> list[int]:
    """The instants at which something of this comes into, or falls out of, account."""
    instants: set[int | None] = {dormant_at}
    for edge in edges:
        instants |= {edge.made_at, edge.made_at + rules.window_days * DAY, edge.qualified_at}
        instants |= {stated_at for stated_at, _ in edge.levels}
        if edge.closing:
            instants.add(edge.closing.at)
        if edge.inbound and rules.won_by_purchase and edge.other in commerce:
            for purchase in commerce[edge.other].purchases:
                instants |= {purchase.occurred_at, purchase.gone_at}
    return [instant for instant in instants if instant is not None]
