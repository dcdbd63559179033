"""What is asked for when: how much is known, as of when, judged by which policy.

Answers here are folded when they are asked for, from the events themselves, by the fold that
everything else uses. Source: the audit document, "Time".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.service.answers.document import KnownAt
from domain.errors import ContactNotFound, Invalid
from domain.events.contacts import ContactRegistered
from domain.events.governance import PersonalDataErased
from domain.events.referrals import ReferralReceived
from domain.history import effective_history
from domain.instants import DAY
from domain.referrals import edges_of
from domain.relationship import fold
from projections.folding import Moment
from projections.groups import read_group
from projections.partners import Partners

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from api.service.known_aliases import KnownAliases
    from domain.aliases import Aliases
    from domain.history import History
    from domain.recorded import RecordedEvent
    from domain.relationship import Relationship
    from domain.standing import Standing
    from domain.timeline import PolicyTimeline
    from ledger.ledger import Ledger
    from projections.source import StreamSource

AHEAD = DAY
"""How far beyond the present an answer may be asked for."""

SHORT_EVENTS = 64
"""How many events make a short past, which is read and folded in half a millisecond or so."""


@dataclass(frozen=True)
class Knowledge:
    """How much of the ledger to know: up to a position, or what was recorded by an instant."""

    position: int | None = None
    at: int | None = None


@dataclass(frozen=True)
class At:
    """What a question is about: None is now, all that is known, the policies in force."""

    as_of: int | None = None
    as_known_at: Knowledge | None = None
    policy_version: int | None = None


@dataclass(frozen=True)
class Question:
    """As of when, known up to where, judged by what."""

    ledger: Ledger
    as_of: int
    position: int
    policies: PolicyTimeline
    aliases: Aliases

    @property
    def as_known_at(self) -> KnownAt:
        """The place in the ledger that was asked for."""
        return known_at(self.ledger, self.position)

    @property
    def moment(self) -> Moment:
        """The same point, for those who need no ledger."""
        zone = self.ledger.time_zone
        return Moment(self.position, self.as_of, self.policies, zone, self.aliases)


@dataclass(frozen=True)
class Subject:
    """One contact as a question sees it: the survivor and its history, which is not decrypted."""

    contact_id: UUID
    history: History
    erased: bool


def moment_of(ledger: Ledger, aliases: KnownAliases, at: At, now: int) -> Moment:
    """The point in both times that is asked about, and the policies that judge.

    Raises:
        Invalid: an instant too far ahead, or a position that is not recorded yet.
        PolicyNotFound: no such version was published.
    """
    if at.as_of is not None and at.as_of > now + AHEAD:
        raise Invalid.at("/as_of", "invalid-time", "must be at most 24 hours ahead of now")
    position = _position(ledger, at.as_known_at, now)
    policies = ledger.policies(upto=position)
    if at.policy_version is not None:
        policies = ledger.policies().only(at.policy_version)
    as_of = now if at.as_of is None else at.as_of
    return Moment(position, as_of, policies, ledger.time_zone, aliases.at(position))


def known_at(ledger: Ledger, position: int) -> KnownAt:
    """A place in the ledger; before the first event nothing was recorded."""
    recorded_at = ledger.recorded_at(position) if position else None
    return KnownAt(position=position, recorded_at=recorded_at)


def subject_of(question: Question, contact_id: UUID) -> Subject:
    """Who answers for a contact, with all that is known of them.

    Raises:
        ContactNotFound: nobody had registered it by then.
    """
    ledger = question.ledger
    return subject_in(*group_of(ledger, question.aliases, question.position, contact_id))


def short_subject_of(
    question: Question, contact_id: UUID, most_events: int = SHORT_EVENTS
) -> Subject | None:
    """As ``subject_of``, where only a short past of their own matters for the contact.

    None where more does, which takes longer.

    Raises:
        ContactNotFound: nobody had registered it by then.
    """
    if question.aliases.members(question.aliases.survivor_of(contact_id)) != (contact_id,):
        return None
    events = question.ledger.stream(contact_id, upto=question.position, limit=most_events + 1)
    if len(events) > most_events:
        return None
    if any(isinstance(one.event, ReferralReceived) for one in events):
        return None  # which shares the fate of what stands on another stream
    return subject_in(contact_id, events)


def group_of(
    source: StreamSource, aliases: Aliases, position: int, contact_id: UUID
) -> tuple[UUID, list[RecordedEvent]]:
    """The survivor that answers for a contact, and all its known events, not decrypted."""
    survivor = aliases.survivor_of(contact_id)
    return survivor, read_group(source, survivor, aliases, position)


def subject_in(survivor: UUID, group: Sequence[RecordedEvent]) -> Subject:
    """The contact that those events are about.

    Raises:
        ContactNotFound: nobody had registered it by then.
    """
    if not any(isinstance(one.event, ContactRegistered) for one in group):
        raise ContactNotFound("no such contact is registered, as far as was known")
    erased = any(isinstance(one.event, PersonalDataErased) for one in group)
    return Subject(survivor, effective_history(group, survivor), erased)


def require_registered(ledger: Ledger, contact_id: UUID) -> None:
    """Let pass a contact that was registered.

    Raises:
        ContactNotFound: it was not.
    """
    if not ledger.stream(contact_id, types=(ContactRegistered.TYPE,), limit=1):
        raise ContactNotFound("no such contact is registered")


def relationship_of(question: Question, subject: Subject) -> Relationship:
    """The subject's stages up to the instant that was asked for, folded now."""
    time_zone = question.ledger.time_zone
    return fold(subject.history, question.policies, time_zone, question.as_of)


def standing_of(question: Question, subject: Subject) -> Standing:
    """The standing of the subject as a referral partner, folded now."""
    edges = edges_of(subject.history, subject.contact_id, question.aliases.survivor_of)
    return Partners(question.ledger, question.moment).standing(subject.contact_id, edges)


def _position(ledger: Ledger, knowledge: Knowledge | None, now: int) -> int:
    head = ledger.head()
    if knowledge is None:
        return head
    if knowledge.position is not None:
        if knowledge.position > head:
            detail = f"is not recorded yet: the newest position is {head}"
            raise Invalid.at("/as_known_at", "out-of-range", detail)
        return knowledge.position
    assert knowledge.at is not None
    if knowledge.at > now:
        detail = "lies ahead: what will be known by then is not known yet"
        raise Invalid.at("/as_known_at", "invalid-time", detail)
    return ledger.position_at(knowledge.at)
