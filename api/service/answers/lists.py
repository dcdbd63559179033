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
from api.service.answers.money import Amount
from api.service.answers.status import Reciprocity
from api.service.finding.duplicates import DIFFERENT, SAME
from api.service.finding.terms import MATCHED
from domain.events import STAGES
from domain.revenue import sum_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from domain.rewards import Reward
    from domain.standing import Standing as FoundStanding

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
    """The standing of one of many contacts as a referral partner.

    ``won_value`` is what the referrals of the window brought that were won, each with the purchase
    that won it, less what was given back of that, or with the amount given at closing. ``owed`` is
    the sum of all entries of the contact's rewards, below 0 where more was paid than earned.
    """

    contact_id: UUID
    standing: StandingName
    influence: int
    we_owe: bool
    they_owe: bool
    won_value: tuple[Amount, ...]
    owed: tuple[Amount, ...]
    reciprocity: Reciprocity

    @classmethod
    def of(
        cls,
        contact_id: UUID,
        found: FoundStanding,
        won_value: Mapping[str, int],
        earned: Iterable[Reward],
    ) -> Self:
        """The row of what was folded of a contact and of those it referred."""
        reciprocity = found.reciprocity
        owed = sum_of({one.currency: one.owed_minor} for one in earned if one.currency)
        return cls(
            contact_id=contact_id,
            standing=found.standing,
            influence=found.influence,
            we_owe=reciprocity.we_owe,
            they_owe=reciprocity.they_owe,
            won_value=Amount.each(won_value),
            owed=Amount.each(owed),
            reciprocity=Reciprocity.model_validate(reciprocity),
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
