"""The welcome card of a contact. What is personal is None after an erasure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rapport_client.answers.agenda import AgendaItem
from rapport_client.answers.money import Amount
from rapport_client.answers.statuses import KnownAt


@dataclass(frozen=True, kw_only=True)
class Preference:
    """A preference, as it was learned last."""

    key: str
    value: str | None
    learned_at: datetime


@dataclass(frozen=True, kw_only=True)
class UsualPurchase:
    """The category of ``times`` of the last ``of`` purchases; the amount is their lower median."""

    category: str
    times: int
    of: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class LastPurchase:
    """The last purchase that was not reversed in full."""

    at: datetime
    amount_minor: int
    currency: str
    category: str | None


@dataclass(frozen=True, kw_only=True)
class OpenComplaint:
    """A complaint that is not resolved, with its deadline."""

    complaint_id: str
    severity: int
    raised_at: datetime
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class OpenPromise:
    """A promise neither kept nor broken; ``due_on`` is a date such as 2026-03-03."""

    promise_id: str
    due_on: str | None
    summary: str | None


@dataclass(frozen=True, kw_only=True)
class OpenNeed:
    """A need that was not met."""

    need_id: str
    stated: str | None


@dataclass(frozen=True, kw_only=True)
class OpenMatters:
    """What is open between the contact and us, the oldest first."""

    complaints: tuple[OpenComplaint, ...]
    promises: tuple[OpenPromise, ...]
    needs: tuple[OpenNeed, ...]


@dataclass(frozen=True, kw_only=True)
class NearOccasion:
    """A day of theirs within 30 days; ``years`` is how many it will be, if that is known."""

    occasion_id: str
    kind: str
    on: str
    in_days: int
    years: int | None


@dataclass(frozen=True, kw_only=True)
class ReferredBy:
    """The contact who has the credit for this one, and how far that referral went."""

    contact_id: UUID
    name: str | None
    level: int


@dataclass(frozen=True, kw_only=True)
class SentReferrals:
    """The number of referrals that they made to us, and how many were won."""

    count: int
    won: int


@dataclass(frozen=True, kw_only=True)
class DoneForThem:
    """Something that we did for them, and who of ours did it."""

    type: str
    at: datetime
    what: str | None
    by: str | None


@dataclass(frozen=True, kw_only=True)
class ContactStatement:
    """Something that they told us."""

    type: str
    at: datetime
    what: str | None


@dataclass(frozen=True, kw_only=True)
class CardConsent:
    """What they allow or refuse, and since when."""

    purpose: str
    channel: str
    granted: bool
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Card:
    """What to know of a contact who comes in; ``sentence`` is to be read on the way to the door."""

    contact_id: UUID
    as_of: datetime
    as_known_at: KnownAt
    policy_version: int
    name: str | None
    greet_as: str | None
    stage: str
    since: datetime | None
    score: int
    standing: str
    flags: tuple[str, ...]
    steward: str | None
    rests_on: str
    preferences: tuple[Preference, ...]
    usual: UsualPurchase | None
    last_visit_at: datetime | None
    last_purchase: LastPurchase | None
    rhythm_days: int | None
    due_at: datetime | None
    open: OpenMatters
    occasions: tuple[NearOccasion, ...]
    referred_by: ReferredBy | None
    referred: SentReferrals
    done_for_them: tuple[DoneForThem, ...]
    said: tuple[ContactStatement, ...]
    agenda: tuple[AgendaItem, ...]
    consents: tuple[CardConsent, ...]
    exposure: tuple[Amount, ...]
    sentence: str
    evidence_erased: bool
