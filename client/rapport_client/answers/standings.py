"""Answers about contacts as referral partners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rapport_client.answers.labels import Ref
from rapport_client.answers.money import Amount
from rapport_client.answers.statuses import KnownAt


@dataclass(frozen=True, kw_only=True)
class ReferralCounts:
    """The number of referrals within the window, by direction and by outcome."""

    inbound: int
    outbound: int
    won: int
    qualified: int
    open: int
    lost: int


@dataclass(frozen=True, kw_only=True)
class Reciprocity:
    """Referrals that we gave and received. ``percent`` is our share, None if there is neither."""

    given: int
    received: int
    percent: int | None
    balanced: bool
    we_owe: bool
    they_owe: bool


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A contact's standing as a referral partner, and the events that are evidence."""

    contact_id: UUID
    as_of: datetime
    as_known_at: KnownAt
    policy_version: int
    standing: str
    influence: int
    referrals: ReferralCounts
    reciprocity: Reciprocity
    events: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class StandingRow:
    """The standing of one of many contacts.

    ``won_value`` is what won referrals brought, ``owed`` what is not paid of rewards, by currency.
    """

    contact_id: UUID
    standing: str
    influence: int
    we_owe: bool
    they_owe: bool
    won_value: tuple[Amount, ...]
    owed: tuple[Amount, ...]
    reciprocity: Reciprocity
    name: str | None = None
    refs: tuple[Ref, ...] | None = None
