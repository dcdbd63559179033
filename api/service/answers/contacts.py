"""Who a contact is, and what they allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from uuid import UUID

from pydantic import AliasChoices, Field

from api.service.answers.document import (
    Document,
    Flags,
    Instant,
    Position,
    ShownName,
    Stage,
    StandingName,
    optional,
)

if TYPE_CHECKING:
    from domain.profile import Profile


class Ref(Document):
    """A producer's number for a contact."""

    source: str
    ref: str


class ContactDocument(Document):
    """Something about a contact, with what the contact is called where that is asked for."""

    contact_id: UUID | None
    name: ShownName = optional("The contact's name; only with `names=true`. Null after an erasure.")
    refs: tuple[Ref, ...] | None = optional("The contact's refs; only with `refs=true`.")


class Link(Document):
    """The relation of a contact to another one."""

    other: UUID
    relation: str


class Detail(Document):
    """How a contact can be reached: `kind` is email, phone, postal or handle."""

    kind: str
    value: str
    label: str | None
    postal_code: str | None


class Registration(Document):
    """The present registration of a contact; personal fields are null after an erasure."""

    kind: str | None
    name: str | None
    time_zone: str | None
    refs: tuple[Ref, ...]
    links: tuple[Link, ...]
    details: tuple[Detail, ...]

    @classmethod
    def of(cls, found: Profile) -> Self:
        """The profile of a contact."""
        return cls.model_validate(cls.fields_of(found))

    @staticmethod
    def fields_of(found: Profile) -> dict[str, object]:
        """The values of the fields."""
        return {
            "kind": found.kind,
            "name": found.name,
            "time_zone": found.time_zone,
            "refs": [Ref(source=source, ref=ref) for source, ref in found.refs],
            "links": found.links,
            "details": found.details,
        }


class Consent(Document):
    """Whether a contact allows us a use of a channel, since when, and by which event."""

    purpose: str
    channel: str
    granted: bool
    said_at: Instant
    event: UUID = Field(validation_alias=AliasChoices("event_id", "event"))


class Stream(Document):
    """A stream of a contact: its own, or one of a contact that was merged into it."""

    contact_id: UUID
    version: int


class _ContactIdentity(Document):
    contact_id: UUID


class Contact(Registration, _ContactIdentity):
    """A contact's profile, with their stage and standing at ``position``."""

    consents: tuple[Consent, ...]
    version: int
    streams: tuple[Stream, ...]
    stage: Stage
    score: int
    flags: Flags
    standing: StandingName
    position: Position
