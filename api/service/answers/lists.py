"""Rows of lists over all contacts, and the counts of a summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

from pydantic import AliasChoices, Field, WithJsonSchema

from api.service.answers.contacts import ContactDocument
from api.service.answers.document import (
    Document,
    Flags,
    Instant,
    Page,
    Position,
    ShownName,
    Stage,
    StandingName,
)
from api.service.finding.duplicates import DIFFERENT, SAME
from api.service.finding.terms import MATCHED
from domain.events import STAGES

if TYPE_CHECKING:
    from projections.answers import ContactStanding

Matched = Annotated[str, WithJsonSchema({"type": "string", "enum": sorted(set(MATCHED.values()))})]
"""By what a contact was found."""

StageCounts = Annotated[
    dict[str, int],
    WithJsonSchema(
        {"type": "object", "properties": {stage: {"type": "integer"} for stage in STAGES}}
    ),
]
"""How many, by stage."""


class StatusRow(ContactDocument):
    """The stage of one of many contacts; ``since`` is null before anything happened to them."""

    contact_id: UUID
    stage: Stage
    score: int
    since: Instant | None
    flags: Flags
    policy_version: int


class FoundContact(StatusRow):
    """The stage of one of many contacts, and their name, which is null after an erasure.

    `matched` says by what a search found them: name, former_name, ref, email or phone.
    """

    name: ShownName
    matched: Matched | None


class SearchIndex(Document):
    """The progress of the index of names, which is built in memory after a start, up to `total`."""

    state: Annotated[str, WithJsonSchema({"type": "string", "enum": ["building", "ready"]})]
    done: Position
    total: Position


class FoundContacts(Page[FoundContact]):
    """A part of a list of contacts. A search may miss some while the index is `building`."""

    index: SearchIndex


def _some_of(arguments: dict[str, tuple[str, int]]) -> WithJsonSchema:
    said = [one for one, _ in arguments.values()]
    return WithJsonSchema({"type": "array", "items": {"type": "string", "enum": said}})


class Duplicate(Document):
    """Two contacts that may be one person, with their names; the score is of 100."""

    contacts: tuple[UUID, ...] = Field(min_length=2, max_length=2)
    names: tuple[str | None, ...] = Field(min_length=2, max_length=2)
    for_: Annotated[tuple[str, ...], _some_of(SAME)] = Field(
        alias="for", validation_alias=AliasChoices("speaks_for", "for")
    )
    against: Annotated[tuple[str, ...], _some_of(DIFFERENT)] = Field(
        validation_alias=AliasChoices("speaks_against", "against")
    )
    score: int


class Duplicates(Page[Duplicate]):
    """A part of the possible duplicates; `phone_library` says whose numbering plans were used.

    Some are missing while the index is `building`.
    """

    index: SearchIndex
    phone_library: str


class StandingRow(ContactDocument):
    """The standing of one of many contacts as a referral partner."""

    contact_id: UUID
    standing: StandingName
    influence: int
    we_owe: bool
    they_owe: bool

    @classmethod
    def of(cls, found: ContactStanding) -> Self:
        """The row of what was folded of a contact and of those it referred."""
        reciprocity = found.standing.reciprocity
        return cls(
            contact_id=found.contact_id,
            standing=found.standing.standing,
            influence=found.standing.influence,
            we_owe=reciprocity.we_owe,
            they_owe=reciprocity.they_owe,
        )


class Restatement(ContactDocument):
    """A stage that was believed of a contact for a while, and the one that an event made known."""

    contact_id: UUID
    from_: Instant = Field(alias="from", validation_alias=AliasChoices("from_at", "from"))
    to: Instant = Field(validation_alias=AliasChoices("to_at", "to"))
    believed: Stage
    known: Stage
    event: UUID
    position: Position


class Summary(Document):
    """The number of contacts in each stage."""

    position: Position
    as_of: Instant
    stages: StageCounts
