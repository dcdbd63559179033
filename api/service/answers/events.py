"""Events as they are recorded, and what became of an append."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import WithJsonSchema

from api.service.answers.contacts import ContactDocument
from api.service.answers.document import Document, Instant, Position, optional, schema_named
from api.service.answers.problems import Problem
from domain.events import EncryptedValue
from domain.instants import format_instant
from domain.recorded import POLICY_STREAM

if TYPE_CHECKING:
    from api.service.marks import Marks
    from domain.recorded import RecordedEvent
    from ledger import drafts

EventTypeName = Annotated[str, schema_named("EventTypeName")]
"""The type of an event in the catalogue."""


class Event(ContactDocument):
    """An event with its envelope, marked where a later event retracted or corrected it.

    ``contact_id`` is null for a policy; personal fields are null after an erasure.
    """

    id: UUID
    contact_id: UUID | None
    type: EventTypeName
    version: int
    position: Position
    occurred_at: Instant
    recorded_at: Instant
    source: str | None
    actor: str | None
    causation_id: UUID | None
    data: Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]
    retracted_by: UUID | None
    corrected_by: UUID | None

    @classmethod
    def of(cls, recorded: RecordedEvent, marks: Marks) -> Self:
        """A recorded event, and the marks of it."""
        actor = recorded.actor
        return cls(
            id=recorded.id,
            contact_id=None if recorded.contact_id == POLICY_STREAM else recorded.contact_id,
            type=recorded.type,
            version=recorded.version,
            position=recorded.position,
            occurred_at=recorded.occurred_at,
            recorded_at=recorded.recorded_at,
            source=recorded.source,
            actor=None if isinstance(actor, EncryptedValue) else actor,
            causation_id=recorded.causation_id,
            data=recorded.event.show(),
            retracted_by=marks.retracted_by(recorded),
            corrected_by=marks.corrected_by(recorded),
        )


class AppendedEvent(Document):
    """The place of one event of an append; ``index`` is its place in the request, from 0."""

    index: int
    id: UUID
    type: str
    version: int
    position: Position
    recorded_at: Instant
    replayed: bool


class NotAddressed(Document):
    """A ref that is the name of somebody else, and did not become an address of this contact.

    ``pointer`` is its place in the request, ``contact_id`` the contact of that name.
    """

    pointer: str
    contact_id: UUID


_LEFT_OUT = "The refs that are names of others already; absent where there are none."


class Appended(Document):
    """The outcome of an append to one contact.

    ``contact_id`` is the stream; ``counts_for`` is the contact that it was merged into, if any.
    """

    contact_id: UUID
    counts_for: UUID | None
    version: int
    position: Position
    replayed: bool
    events: tuple[AppendedEvent, ...]
    not_addressed: tuple[NotAddressed, ...] | None = optional(_LEFT_OUT)

    @classmethod
    def bytes_of(cls, result: drafts.AppendResult) -> bytes:
        """What ``json_bytes`` makes of a result, in a fourth of its 95,000 instructions where one
        event was appended. A test compares the two.
        """
        if len(result.events) != 1 or result.left_out:
            return cls.model_validate(result).json_bytes()
        (one,), recorded = result.events, result.events[0].recorded
        known, other = "true" if one.replayed else "false", result.counts_for
        counts_for = "null" if other is None else f'"{other}"'
        return (
            f'{{"contact_id":"{result.contact_id}",'
            f'"counts_for":{counts_for},'
            f'"version":{result.version},"position":{result.position},"replayed":{known},'
            f'"events":[{{"index":{one.index},"id":"{recorded.id}","type":"{recorded.type}",'
            f'"version":{recorded.version},"position":{recorded.position},'
            f'"recorded_at":"{format_instant(recorded.recorded_at)}","replayed":{known}}}]}}'
        ).encode()


class AppendedEventOfContact(Document):
    """The place of one event of an append to many contacts."""

    contact_id: UUID
    counts_for: UUID | None
    index: int
    id: UUID
    type: str
    version: int
    position: Position
    recorded_at: Instant
    replayed: bool
    not_addressed: tuple[NotAddressed, ...] | None = optional(_LEFT_OUT)

    @classmethod
    def of(cls, one: drafts.AppendedEvent, result: drafts.AppendResult) -> Self:
        """An event of an append."""
        left_out = [each for each in result.left_out if each.event_index == one.index]
        return cls(
            contact_id=one.contact_id,
            counts_for=result.survivors.get(one.contact_id),
            index=one.index,
            id=one.id,
            type=one.type,
            version=one.version,
            position=one.position,
            recorded_at=one.recorded_at,
            replayed=one.replayed,
            not_addressed=tuple(map(NotAddressed.model_validate, left_out)) or None,
        )


class AppendedToMany(Document):
    """The outcome of an append to many contacts.

    ``not_addressed`` has the refs of all events, of those too that were already so.
    """

    position: Position
    replayed: bool
    events: tuple[AppendedEventOfContact, ...]
    not_addressed: tuple[NotAddressed, ...] | None = optional(_LEFT_OUT)

    @classmethod
    def of(cls, result: drafts.AppendResult) -> Self:
        """The result of an append."""
        events = tuple(AppendedEventOfContact.of(one, result) for one in result.events)
        left_out = tuple(map(NotAddressed.model_validate, result.left_out))
        return cls(
            position=result.position,
            replayed=result.replayed,
            events=events,
            not_addressed=left_out or None,
        )


class AppendedLine(Document):
    """The outcome of one line of a bulk append: 201 for a new event, 200 where nothing is new.

    ``line`` counts from 1. ``counts_for`` is the contact that the line's own was merged into.
    """

    line: int
    status: Literal[200, 201]
    position: Position
    counts_for: UUID | None
    not_addressed: tuple[NotAddressed, ...] | None = optional(_LEFT_OUT)


class RefusedLine(Document):
    """Why one line of a bulk append was not recorded. ``line`` counts from 1."""

    line: int
    status: int
    problem: Problem
