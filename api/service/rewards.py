"""The rewards of all referrals of a ledger, at a point in both times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from api.service.answers.rewards import RewardItem, RewardsPage, RewardTotal
from api.service.known_contacts import KnownContacts, contacts_with
from domain.events.referrals import ReferralMade
from domain.reward_totals import totals_of
from domain.rewards import rewards

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from api.service.labels import Labels
    from domain.reward_totals import RewardTotal as Total
    from domain.rewards import Reward
    from ledger.ledger import Ledger
    from projections.folding import Moment


@dataclass(frozen=True)
class RewardFilter:
    """Which rewards are wanted: those in a state, those of a referrer."""

    state: str | None = None
    contact: UUID | None = None


class FoundRewards(NamedTuple):
    """The rewards in order, the streams of their referrals by event, and what they come to."""

    rewards: list[Reward]
    streams: Mapping[UUID, UUID]
    totals: tuple[Total, ...]


def rewards_at(
    ledger: Ledger, moment: Moment, wanted: RewardFilter, most_events: int | None
) -> FoundRewards:
    """The rewards that are wanted: what is due first comes first, what was never won comes last.

    Raises:
        Invalid: there is more to read than one answer may.
    """
    contacts = KnownContacts(ledger, moment, most_events)
    found: list[Reward] = []
    streams: dict[UUID, UUID] = {}
    for referrer in _referrers(ledger, moment, wanted):
        of_one = rewards_of(contacts, referrer)
        found += [one for one in of_one if wanted.state in (None, one.state)]
        streams |= contacts.referral_streams(referrer)
    return FoundRewards(sorted(found, key=place_of), streams, totals_of(found))


def rewards_of(contacts: KnownContacts, referrer: UUID) -> tuple[Reward, ...]:
    """What the referrals of one contact earned, and what was paid for them, at the moment."""
    known = contacts.referrals(referrer)
    return rewards(
        known.edges, known.edges_to, known.commerce, contacts.policy_at, contacts.moment.at
    )


def place_of(reward: Reward) -> tuple[int, int, str, str, str]:
    """Where a reward stands in the list."""
    due_at = reward.due_at
    named = str(reward.referrer), str(reward.event_id), reward.currency or ""
    return (1, 0, *named) if due_at is None else (0, due_at, *named)


def rewards_page(
    found: FoundRewards, shown: Sequence[Reward], labels: Labels, next_cursor: str | None
) -> RewardsPage:
    """Some of the rewards as an answer shows them, with the totals of all."""
    items = labels.beside(RewardItem.of(one, found.streams[one.event_id]) for one in shown)
    totals = tuple(RewardTotal.model_validate(one) for one in found.totals)
    return RewardsPage(items=tuple(items), totals=totals, next_cursor=next_cursor)


def _referrers(ledger: Ledger, moment: Moment, wanted: RewardFilter) -> Iterable[UUID]:
    if not moment.policies.versions:
        return []
    if wanted.contact is not None:
        return [moment.aliases.survivor_of(wanted.contact)]
    return contacts_with(ledger, moment, ReferralMade.TYPE)
