"""Everything that is held about a person, and what an erasure did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Self
from uuid import UUID

from pydantic import AliasChoices, Field, WithJsonSchema

from api.service.answers.contacts import Consent, Registration
from api.service.answers.document import Document, Instant, Position
from api.service.answers.events import Event
from api.service.answers.status import Interval, Standing, Status
from domain.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.history import Fact
    from domain.noted import NotedFacts

Note = Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]
"""The data of an event, with ``occurred_at`` and the id of the ``event``; null where erased."""


DONE = {
    "recorded": "The erasure stands in the ledger, on every stream of the person, and holds from "
    "now on at every start, restore and import.",
    "keys-destroyed": "The data keys were deleted and overwritten, and the write-ahead log that "
    "held them was cut to nothing: names, references, free texts, dates of birth and who acted "
    "are unreadable in this ledger, and in every copy of its events.",
    "memory-cleared": "Unwrapped keys, names to search and kept states of the person are gone.",
}
"""What an erasure does, in this order, by code."""

REMAINS = {
    "key-backups": "A backup of keys.sqlite, or an archive exported with its keys, that was made "
    "before can still read what it holds, until you destroy it or its master key.",
    "pseudonymous": "Amounts, instants, ids of your own making and links between contacts stay "
    "under the contact's id, for the accounts; proofs, receipts and checkpoints stay valid.",
    "answers-given": "Copies that were read or exported before the erasure are not reached.",
}
"""What an erasure does not do, by code."""


def coded_sentences(table: Mapping[str, str]) -> list[dict[str, str]]:
    """The codes of such a table, each with its sentence."""
    return [{"code": code, "detail": detail} for code, detail in table.items()]


class ErasedContact(Document):
    """The place of the erasure of one contact in the event log."""

    contact_id: UUID
    event: UUID = Field(validation_alias=AliasChoices("event_id", "event"))
    position: Position
    recorded_at: Instant


class Sentence(Document):
    """A sentence with a code for programs."""

    code: str
    detail: str


class Erased(Document):
    """The effects of an erasure, and its limits."""

    contact_id: UUID
    contacts: tuple[ErasedContact, ...]
    position: Position
    done: tuple[Sentence, ...]
    remains: tuple[Sentence, ...]


class Notes(Document):
    """A note about a person."""

    profile: tuple[Note, ...]
    preferences: tuple[Note, ...]
    occasions: tuple[Note, ...]
    open_promises: tuple[Note, ...]
    open_complaints: tuple[Note, ...]

    @classmethod
    def of(cls, found: NotedFacts) -> Self:
        """What was noted down; values that were erased are null."""
        return cls(
            profile=_notes(found.profile),
            preferences=_notes(found.preferences),
            occasions=_notes(found.occasions),
            open_promises=_notes(found.open_promises),
            open_complaints=_notes(found.open_complaints),
        )


class PersonalExport(Document):
    """Everything that is held about a person; ``named_by`` are events of others that name them."""

    # The titles are the headings of the page that people read.
    contact_id: UUID = Field(title="Contact")
    ledger: str = Field(title="Ledger")
    exported_at: Instant = Field(title="Exported at")
    position: Position = Field(title="Position in the ledger")
    erased: bool = Field(title="Personal data was erased")
    contacts: tuple[UUID, ...] = Field(title="Contacts that are one with this one")
    registration: Registration = Field(title="Who you are to us")
    consents: tuple[Consent, ...] = Field(title="What you allow us")
    noted: Notes = Field(title="What we noted down")
    status: Status = Field(title="How we see the relationship, and why")
    history: tuple[Interval, ...] = Field(title="How it went over time")
    standing: Standing = Field(title="Your standing as a partner")
    events: tuple[Event, ...] = Field(title="Every event that is held about you")
    named_by: tuple[Event, ...] = Field(title="Where you are named in what is held about others")


def _notes(facts: Iterable[Fact]) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            **fact.event.show(),
            "occurred_at": format_instant(fact.occurred_at),
            "event": str(fact.id),
        }
        for fact in facts
    )
