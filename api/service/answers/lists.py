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
    Position,
    Stage,
    StandingName,
)
from domain.events import STAGES

if TYPE_CHECKING:
    from projections.answers import ContactStanding

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
    """The stage of one of many contacts, and their name, which is null after an erasure."""

    name: str | None


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
