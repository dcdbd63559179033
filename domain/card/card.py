"""The welcome card of a contact at an instant, folded from its history.

Source: the care document, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.agenda.occasions import day_in, occasions_in
from domain.agenda.view import ContactView
from domain.card.habits import habits_of
from domain.consents import consents_of
from domain.credit import credited_edge
from domain.events import EncryptedValue
from domain.events.care import (
    GestureMade,
    RecognitionGiven,
    ResourceShared,
    StewardAssigned,
    TestimonialGiven,
)
from domain.events.contacts import PreferenceLearned
from domain.events.service import AdviceGiven, ComplaintRaised, SurveyAnswered
from domain.first_purchases import commerce_of
from domain.instants import DAY, day_of, start_of_day
from domain.profile import profile_of
from domain.referrals import outcome_at
from domain.standing import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from domain.agenda.referred import Referrals
    from domain.card.habits import Habits
    from domain.consents import Consent
    from domain.history import Fact
    from domain.matters import Matters, Promise
    from domain.policy import Policy
    from domain.relationship import Relationship
    from domain.timeline import PolicyTimeline

GREET_AS = "greet_as"
"""The key of the preference that says how they like to be greeted."""

OCCASION_DAYS = 30
"""How many days ahead a card looks for occasions."""

DONE = 5
"""How many of the things that we did for them a card shows, the latest ones."""

SAID = 3
"""How many of the things that they said a card shows, the latest ones."""


class Preference(NamedTuple):
    """A preference as it was learned last; ``value`` is null where it cannot be read."""

    key: str
    value: str | None
    learned_at: int


class OpenComplaint(NamedTuple):
    """A complaint whose clock runs: since it was raised, or reopened last, up to ``due_at``."""

    complaint_id: str
    severity: int
    raised_at: int
    due_at: int
    open_since: int


class OpenPromise(NamedTuple):
    """A promise neither kept nor broken; ``summary`` is null where it cannot be read."""

    promise_id: str
    due_on: str | None
    summary: str | None


class OpenNeed(NamedTuple):
    """A need that was not met; ``stated`` is null where it cannot be read."""

    need_id: str
    stated: str | None


class NearOccasion(NamedTuple):
    """A day of theirs that is near; ``years`` is how many it will be, null without its own year."""

    occasion_id: str
    kind: str
    on: date
    in_days: int
    years: int | None


class ReferredBy(NamedTuple):
    """Who has the credit for the contact, and the highest level of that referral."""

    contact_id: UUID
    level: int


@dataclass(frozen=True, slots=True)
class SentReferrals:
    """How many referrals they made to us, and how many of these were won."""

    count: int
    won: int


@dataclass(frozen=True, kw_only=True)
class Card:
    """Everything on a card but the agenda. Instants are microseconds of UTC.

    What is personal is null where it cannot be read. ``done_for_them`` and ``said`` are facts, the
    latest first. It stays as it is up to, not including, ``changes_at``, unless something in the
    histories of others is dated earlier.
    """

    contact_id: UUID
    relationship: Relationship
    name: str | None
    greet_as: str | None
    standing: str
    steward: str | None
    preferences: tuple[Preference, ...]
    habits: Habits
    due_at: int | None
    complaints: tuple[OpenComplaint, ...]
    promises: tuple[OpenPromise, ...]
    needs: tuple[OpenNeed, ...]
    occasions: tuple[NearOccasion, ...]
    referred_by: ReferredBy | None
    referred: SentReferrals
    done_for_them: tuple[Fact, ...]
    said: tuple[Fact, ...]
    consents: tuple[Consent, ...]
    evidence_erased: bool
    changes_at: int


def card(
    contact_id: UUID,
    relationship: Relationship,
    referrals: Referrals,
    policies: PolicyTimeline,
    survivor_of: Callable[[UUID], UUID],
) -> Card:
    """The card of a contact as it is at the instant of the relationship.

    What it shows must be decrypted in the history; what is not stays null.
    """
    seen = ContactView(contact_id, relationship, policies)
    preferences = _preferences(seen)
    matters = seen.matters
    silence = relationship.silence
    partner = standing(contact_id, referrals.edges, referrals.commerce, seen.policy, seen.at)
    return Card(
        contact_id=contact_id,
        relationship=relationship,
        name=profile_of(relationship.history, contact_id, survivor_of).name,
        greet_as=next((one.value for one in preferences if one.key == GREET_AS), None),
        standing=partner.standing,
        steward=_steward(seen),
        preferences=preferences,
        habits=habits_of(seen),
        due_at=None if silence is None else silence.due_at,
        complaints=tuple(_complaints(seen, matters)),
        promises=tuple(_promise(one) for one in matters.open_promises),
        needs=tuple(_need(one.found) for one in matters.open_needs),
        occasions=_occasions(seen),
        referred_by=_referred_by(seen, referrals),
        referred=_sent_referrals(seen, referrals),
        done_for_them=_latest(
            seen, DONE, GestureMade, RecognitionGiven, AdviceGiven, ResourceShared
        ),
        said=_latest(seen, SAID, TestimonialGiven, SurveyAnswered, ComplaintRaised),
        consents=consents_of(relationship.history, seen.at),
        evidence_erased=seen.is_erased,
        changes_at=_changes_at(seen, relationship.holds_until, partner.next_breakpoint),
    )


def _changes_at(seen: ContactView, *instants: int | None) -> int:
    """The first of these instants after that of the card, or when the contact's day ends."""
    tomorrow = date.fromordinal(day_of(seen.at, seen.time_zone)) + timedelta(days=1)
    ends_at = start_of_day(tomorrow, seen.time_zone)
    later = [one for one in (*instants, ends_at) if one is not None and one > seen.at]
    return min(later, default=seen.at + 1)


def in_clear(value: Any) -> str | None:
    """A personal text where it can be read."""
    return None if isinstance(value, EncryptedValue) else value


def _preferences(seen: ContactView) -> tuple[Preference, ...]:
    """The newest of each key, the latest first."""
    newest: dict[str, Preference] = {}
    for fact, one in seen.of(PreferenceLearned):
        newest.pop(one.key, None)
        newest[one.key] = Preference(one.key, in_clear(one.value), fact.occurred_at)
    return tuple(reversed(newest.values()))


def _steward(seen: ContactView) -> str | None:
    assigned = [one.steward for _, one in seen.of(StewardAssigned)]
    return in_clear(assigned[-1]) if assigned else None


def _complaints(seen: ContactView, matters: Matters) -> Iterator[OpenComplaint]:
    """The open complaints, the oldest clock first."""
    sla = seen.policy.signals.complaint.sla_days * DAY
    for clock in matters.open_complaints:
        raised = clock.raised
        if isinstance(raised.event, ComplaintRaised):
            due_at = clock.begun.occurred_at + sla
            event = raised.event
            yield OpenComplaint(
                event.complaint_id,
                event.severity,
                raised.occurred_at,
                due_at,
                clock.begun.occurred_at,
            )


def _promise(promise: Promise) -> OpenPromise:
    event: Any = promise.made.event
    return OpenPromise(event.promise_id, event.due_on, in_clear(event.summary))


def _need(found: Fact) -> OpenNeed:
    event: Any = found.event
    return OpenNeed(event.need_id, in_clear(event.stated))


def _occasions(seen: ContactView) -> tuple[NearOccasion, ...]:
    """The next day of each occasion that is near, the nearest first."""
    today = date.fromordinal(day_of(seen.at, seen.time_zone))
    found = []
    for occasion in occasions_in(seen):
        newest = occasion.newest
        for year in (today.year, today.year + 1):
            on = day_in(newest, year)
            if on is not None and 0 <= (on - today).days <= OCCASION_DAYS:
                own = newest.year
                years = year - own if isinstance(own, int) else None
                in_days = (on - today).days
                found.append(NearOccasion(newest.occasion_id, newest.kind, on, in_days, years))
    return tuple(sorted(found, key=lambda one: (one.in_days, one.occasion_id)))


def _referred_by(seen: ContactView, referrals: Referrals) -> ReferredBy | None:
    edges = [one for one in referrals.edges_to(seen.contact_id) if one.made_at <= seen.at]
    if not edges:
        return None

    def policy_at(at: int) -> Policy:
        return seen.policies.in_force(at).policy

    bought = commerce_of(seen.relationship.history)
    credited = credited_edge(edges, referrals.edges_to, bought, policy_at, seen.at)
    if credited is None:
        return None
    return ReferredBy(credited.referrer, credited.level_at(seen.at))


def _sent_referrals(seen: ContactView, referrals: Referrals) -> SentReferrals:
    made = [one for one in referrals.edges if one.inbound and one.made_at <= seen.at]
    by_purchase = seen.policy.partner.won_by_purchase
    won = [
        one
        for one in made
        if outcome_at(
            one, referrals.commerce.get(one.other), seen.at, by_purchase=by_purchase
        ).won_at
        is not None
    ]
    return SentReferrals(len(made), len(won))


def _latest(seen: ContactView, count: int, *kinds: Any) -> tuple[Fact, ...]:
    """The latest facts of these types, the latest first."""
    facts = [fact for fact, _ in seen.of(*kinds)]
    return tuple(reversed(facts[-count:]))
