"""Overrides and endings, what a trade adds, what is put right, and the policies that judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from domain.errors import FieldError
from domain.events.base import (
    STAGES,
    Event,
    EventRef,
    ExpectedText,
    Moment,
    Party,
    PersonalAttributes,
    PersonalText,
    Word,
    event,
)
from domain.kinds import Choice, Document, Text, Whole

if TYPE_CHECKING:
    from collections.abc import Iterator


@event("stage-overridden")
class StageOverridden(Event):
    """Someone set the stage by hand until an instant; the rules continue underneath."""

    stage: Annotated[str, Choice(STAGES)]
    reason: ExpectedText | None = None
    expires_at: Moment


@event("relationship-ended")
class RelationshipEnded(Event):
    """One side ended it: "you're fired". Source: E3."""

    by: Party
    reason: ExpectedText | None = None


@event("custom-recorded")
class CustomRecorded(Event):
    """Something that a trade needs and the catalogue lacks; policy may give it points."""

    kind: Word
    attributes: PersonalAttributes


@event("event-retracted")
class EventRetracted(Event):
    """An earlier event never happened."""

    target: EventRef
    reason: ExpectedText | None = None


class CorrectedData(Document):
    """The whole data that an event should have had."""

    def show(self, value: object) -> object:
        return value.show() if isinstance(value, Event) else value


@event("event-corrected")
class EventCorrected(Event):
    """An earlier event happened otherwise: at another instant, with other data, or both.

    ``data`` is a dict as sent, and an event of the target's type once a decision has read it.
    """

    target: EventRef
    occurred_at: Moment | None = None
    data: Annotated[Event | dict[str, object], CorrectedData()] | None = None

    def check(self) -> Iterator[FieldError]:
        """It corrects something; what never was wrong comes back by retracting the correction."""
        if self.occurred_at is None and self.data is None:
            yield FieldError("", "contradiction", "must give occurred_at, data or both")


@event("personal-data-erased", from_producers=False)
class PersonalDataErased(Event):
    """The contact's personal data was made unreadable forever."""

    requested_by: Word
    reason: PersonalText


@event("policy-published", from_producers=False)
class PolicyPublished(Event):
    """A policy was published on the ledger's policy stream, in force from ``effective_from``."""

    policy_version: Annotated[int, Whole(1)]
    effective_from: Moment
    policy: Annotated[dict[str, object], Document()]
    sha256: Annotated[str, Text(64)]
