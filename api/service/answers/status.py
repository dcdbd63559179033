"""Stages with their evidence and their history, and the standing of referral partners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Protocol, Self
from uuid import UUID

from pydantic import AliasChoices, Field, PlainSerializer, WithJsonSchema

from api.service.answers.document import (
    ContactQuestion,
    Document,
    Flags,
    Instant,
    KnownAt,
    Stage,
    StandingName,
    optional,
)
from domain.explanation import explain, explain_interval
from domain.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.questions import Question, Subject
    from domain import intervals
    from domain.relationship import Relationship
    from domain.standing import Standing as PartnerStanding


def shown_values(values: Mapping[str, object]) -> dict[str, object]:
    """The measurements of a signal on the wire: the names of instants end in ``_at``."""
    return {
        name: format_instant(value) if name.endswith("_at") and isinstance(value, int) else value
        for name, value in values.items()
    }


Values = Annotated[
    dict[str, object],
    PlainSerializer(shown_values, return_type=dict[str, object]),
    WithJsonSchema({"type": "object"}),
]
"""What a signal measures, by name; the instants among them end in ``_at``."""


class RepeatedQuestion(Protocol):
    """What an answer repeats of its question, whether a ledger answers or a receipt."""

    @property
    def as_of(self) -> int:
        """The instant in the world's time."""

    @property
    def as_known_at(self) -> KnownAt:
        """The place in the ledger."""


class Signal(Document):
    """A signal with what it measures and the events behind it."""

    name: str
    on: bool
    points: int
    anchor: bool
    value: Values
    threshold: Values
    events: tuple[UUID, ...]


class Excluded(Document):
    """An event that does not count, the reason, and the event that excludes it, if there is one."""

    event: UUID = Field(validation_alias=AliasChoices("event_id", "event"))
    reason: str
    by: UUID | None


class Capacity(Document):
    """The legal relation of a person to us in one engagement, and their role."""

    engagement_id: str
    role: str
    capacity: Literal["client", "customer", "dual"]


class WouldChange(Document):
    """A single change that would cross a line, the points it brings, and the stage after it."""

    change: str
    points: int
    stage: Stage


class WillChange(Document):
    """The next instant at which the stage changes if nothing happens, to what, and why."""

    at: Instant
    stage: Stage
    because: str


class Evidence(Document):
    """The part of a status that is the same for every instant while the relationship
    ``holds_until``.
    """

    policy_version: int
    rests_on: Literal["allegiance", "frequency"]
    stage: Stage
    score: int
    since: Instant | None
    flags: Flags
    legal_capacity: tuple[Capacity, ...]
    signals: tuple[Signal, ...]
    excluded: tuple[Excluded, ...]
    would_change: tuple[WouldChange, ...]
    will_change: WillChange | None
    evidence_erased: bool

    @classmethod
    def fields_of(cls, subject: Subject, found: Relationship) -> dict[str, object]:
        """The values of the fields, from what was folded."""
        return {
            "policy_version": found.policy_version,
            "rests_on": found.rests_on,
            "stage": found.stage,
            "score": found.score,
            "since": found.since,
            "flags": found.flags,
            "legal_capacity": found.engagements(),
            "signals": found.signals(),
            "excluded": found.exclusions(),
            "would_change": found.would_change(),
            "will_change": found.will_change(),
            "evidence_erased": subject.erased,
        }

    @classmethod
    def of(cls, subject: Subject, found: Relationship) -> Self:
        """What was folded of a contact."""
        return cls.model_validate(cls.fields_of(subject, found))


class Status(Evidence, ContactQuestion):
    """A stage with its evidence; ``explanation`` has it in sentences if that was requested."""

    explanation: str | None = optional()

    @classmethod
    def of_question(
        cls,
        question: RepeatedQuestion,
        subject: Subject,
        found: Relationship,
        *,
        explained: bool = False,
        name: str | None = None,
    ) -> Self:
        """The answer to a question, for endpoints, receipts and the verification of receipts.

        The sentences call the contact by ``name``, where it is known and the caller may read it.
        """
        told = {}
        if explained:
            told["explanation"] = " ".join(explain(found, name=name, erased=subject.erased))
        return cls.model_validate(
            {**_question(question, subject), **cls.fields_of(subject, found), **told}
        )


class Cause(Document):
    """The cause of an interval: an event, a breakpoint or a policy."""

    kind: Literal["event", "breakpoint", "policy"]
    name: str
    event: UUID | None


class Interval(Document):
    """A stage from an instant up to, not including, another; open while ``to`` is null."""

    from_: Instant = Field(alias="from", validation_alias=AliasChoices("from_at", "from"))
    to: Instant | None = Field(validation_alias=AliasChoices("to_at", "to"))
    stage: Stage
    score: int
    policy_version: int
    cause: Cause
    explanation: str | None = optional()

    @classmethod
    def of(cls, found: intervals.Interval, time_zone: str | None = None) -> Self:
        """A folded interval; with a time zone, explained in a sentence with dates in that zone."""
        told = {} if time_zone is None else {"explanation": explain_interval(found, time_zone)}
        return cls.model_validate(found._asdict() | told)


class StatusHistory(ContactQuestion):
    """The stages over time, the oldest first."""

    intervals: tuple[Interval, ...]
    evidence_erased: bool

    @classmethod
    def of(
        cls,
        question: RepeatedQuestion,
        subject: Subject,
        found: Relationship,
        *,
        explained: bool = False,
    ) -> Self:
        """What was folded; each interval is explained in a sentence where that was asked for."""
        zone = found.machine.time_zone if explained else None
        return cls.model_validate(
            {
                **_question(question, subject),
                "intervals": [Interval.of(one, zone) for one in found.intervals],
                "evidence_erased": subject.erased,
            }
        )


class ReferralCounts(Document):
    """The numbers of referrals within the window, by direction and by outcome."""

    inbound: int
    outbound: int
    won: int
    qualified: int
    open: int
    lost: int


class Reciprocity(Document):
    """Referrals that we gave and received; ``percent`` is our share, null without either."""

    given: int
    received: int
    percent: int | None
    balanced: bool
    we_owe: bool
    they_owe: bool


class Standing(ContactQuestion):
    """The standing of a contact as a referral partner."""

    policy_version: int
    standing: StandingName
    influence: int
    referrals: ReferralCounts
    reciprocity: Reciprocity
    events: tuple[UUID, ...]

    @classmethod
    def of(cls, question: Question, subject: Subject, found: PartnerStanding) -> Self:
        """What was folded of a contact and of those it referred."""
        return cls.model_validate(
            {
                **_question(question, subject),
                "policy_version": question.policies.in_force(question.as_of).version,
                "standing": found.standing,
                "influence": found.influence,
                "referrals": found.referrals,
                "reciprocity": found.reciprocity,
                "events": found.events,
            }
        )


def _question(question: RepeatedQuestion, subject: Subject) -> dict[str, object]:
    return {
        "contact_id": subject.contact_id,
        "as_of": question.as_of,
        "as_known_at": question.as_known_at,
    }
