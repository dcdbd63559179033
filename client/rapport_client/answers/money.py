"""Answers about rewards, referral trees and what contacts brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rapport_client.answers.labels import Ref
from rapport_client.answers.statuses import KnownAt


@dataclass(frozen=True, kw_only=True)
class RewardEntry:
    """One line of the ledger of a reward, in minor units: what it adds to what is owed."""

    at: datetime
    kind: str
    amount_minor: int
    event: UUID


@dataclass(frozen=True, kw_only=True)
class RewardItem:
    """The reward of one referral in one currency; ``contact_id`` is who referred ``other``.

    ``owed_minor`` is the sum of the entries, below 0 where more was paid than earned.
    """

    contact_id: UUID
    name: str | None = None
    refs: tuple[Ref, ...] | None = None
    referral_id: str
    other: UUID
    level: int
    state: str
    won_at: datetime | None
    due_at: datetime | None
    amount_minor: int | None
    clawback_minor: int
    currency: str | None
    reason: str | None
    purchase: UUID | None
    event: UUID
    earned_minor: int
    clawed_back_minor: int
    paid_minor: int
    reversed_minor: int
    declined_minor: int
    owed_minor: int
    in_kind: int
    stream: UUID
    entries: tuple[RewardEntry, ...]


@dataclass(frozen=True, kw_only=True)
class RewardTotal:
    """The number of rewards of one currency and state, and the sum of their entries."""

    currency: str | None
    state: str
    owed_minor: int
    count: int


@dataclass(frozen=True, kw_only=True)
class Amount:
    """Minor units of a currency, such as cents."""

    currency: str
    minor: int


@dataclass(frozen=True, kw_only=True)
class NetRevenue:
    """Net revenue in a currency: of the last 365 days, and ever."""

    currency: str
    days_365_minor: int
    ever_minor: int


@dataclass(frozen=True, kw_only=True)
class TreeNode:
    """A contact whom another one brought, directly or through others, and what they brought us.

    ``level`` and ``outcome`` are those of the referral ``by`` which they came.
    """

    contact_id: UUID
    name: str | None
    by: UUID
    depth: int
    referral_id: str
    level: int
    outcome: str
    stage: str
    standing: str
    net: tuple[NetRevenue, ...]


@dataclass(frozen=True, kw_only=True)
class TreeSum:
    """What the nodes brought together in a currency, and how many of them bought in it."""

    currency: str
    days_365_minor: int
    ever_minor: int
    contacts: int


@dataclass(frozen=True, kw_only=True)
class Downstream:
    """The tree of a contact; ``contacts`` and ``exposure`` are of the whole tree."""

    contact_id: UUID
    position: int
    as_of: datetime
    contacts: int
    nodes: tuple[TreeNode, ...]
    sums: tuple[TreeSum, ...]
    exposure: tuple[Amount, ...]


@dataclass(frozen=True, kw_only=True)
class GraphReferral:
    """A referral, and whether it has the credit for whom it brought."""

    referral_id: str
    by: UUID
    other: UUID
    direction: str
    made_at: datetime
    level: int
    outcome: str
    won_at: datetime | None
    event: UUID
    stream: UUID
    credited: bool


@dataclass(frozen=True, kw_only=True)
class GraphReferrer:
    """Who sent us somebody, with all of their referrals to us."""

    contact_id: UUID
    name: str | None = None
    refs: tuple[Ref, ...] | None = None
    standing: str
    referrals: tuple[GraphReferral, ...]


@dataclass(frozen=True, kw_only=True)
class ReferralPathStep:
    """A contact on the way, and the referral between them and the one before; None at first."""

    contact_id: UUID
    name: str | None = None
    refs: tuple[Ref, ...] | None = None
    referral_id: str | None


@dataclass(frozen=True, kw_only=True)
class ReferralPath:
    """The way from one contact to another; empty where referrals do not connect them."""

    path: tuple[ReferralPathStep, ...]


@dataclass(frozen=True, kw_only=True)
class ExposureItem:
    """A contact with open complaints, and the revenue that these put at risk, by currency."""

    contact_id: UUID
    name: str | None = None
    refs: tuple[Ref, ...] | None = None
    complaint_ids: tuple[str, ...]
    exposure: tuple[Amount, ...]


@dataclass(frozen=True, kw_only=True)
class BookRow:
    """The figures of one month, stage, contact, category or steward, in minor units.

    ``key`` is None without a category, and where nobody looked after the contact. What is not
    divided in this way is None.
    """

    key: str | None
    name: str | None = None
    currency: str
    gross_minor: int
    refunds_minor: int
    net_minor: int
    purchases: int
    contacts: int
    gestures_cost_minor: int | None
    rewards_paid_minor: int | None
    contribution_minor: int | None


@dataclass(frozen=True, kw_only=True)
class BookTotal:
    """The figures of the whole period in a currency, in minor units."""

    currency: str
    gross_minor: int
    refunds_minor: int
    net_minor: int
    purchases: int
    contacts: int
    gestures_cost_minor: int | None
    rewards_paid_minor: int | None
    contribution_minor: int | None


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What stands beside the rows in a currency; None where there is nothing to divide by."""

    currency: str
    client_year_minor: int | None
    customer_year_minor: int | None
    ratio_percent: int | None
    repeat_percent: int | None
    referred_percent: int | None
    top_ten_percent: int | None


@dataclass(frozen=True, kw_only=True)
class StageChanges:
    """How many became clients for the first time, fell, and became clients again."""

    new_clients: int
    falls: int
    regained: int


@dataclass(frozen=True, kw_only=True)
class Book:
    """What contacts brought and cost in the months from one to another, both included."""

    from_: str | None
    to: str | None
    by: str
    as_of: datetime
    as_known_at: KnownAt
    policy_version: int | None
    rows: tuple[BookRow, ...]
    totals: tuple[BookTotal, ...]
    beside: tuple[Beside, ...]
    stages: StageChanges


@dataclass(frozen=True, kw_only=True)
class WatchItem:
    """A contact to look at: why, since when, what to do, and what they brought.

    ``client_year`` is what a lost client brought in the last 365 days as a client.
    """

    contact_id: UUID
    name: str | None = None
    refs: tuple[Ref, ...] | None = None
    why: str
    do: str
    since: datetime
    net: tuple[NetRevenue, ...]
    client_year: tuple[Amount, ...] | None = None
