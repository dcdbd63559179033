"""The care scorecard: seven letters, of one contact or over all clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

from pydantic import Field, WithJsonSchema

from api.service.answers.document import Document, Instant, KnownAt
from domain.scorecard import NAMES

if TYPE_CHECKING:
    from api.service.answers.status import RepeatedQuestion
    from domain.scorecard import Scorecard as Found

LetterName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(NAMES)})]
"""One of the seven letters."""

Percent = Annotated[int, Field(ge=0, le=100)]


class ScorecardLetter(Document):
    """One letter: ``percent`` is 100 x ``numerator`` over ``denominator``, rounded down.

    It is null where the denominator is 0. ``beside`` are counts that no percentage is made of.
    """

    letter: LetterName
    name: str
    percent: Percent | None
    numerator: int
    denominator: int
    events: tuple[UUID, ...]
    beside: dict[str, int]


class _Letters(Document):
    """The letters in the order of the word, and the mean of those that have a percentage."""

    letters: tuple[ScorecardLetter, ...]
    overall: Percent | None


class Scorecard(_Letters):
    """How well a contact was treated in the 365 days before an instant."""

    contact_id: UUID
    as_of: Instant
    as_known_at: KnownAt
    policy_version: int

    @classmethod
    def of(cls, contact_id: UUID, question: RepeatedQuestion, version: int, found: Found) -> Self:
        """The scorecard of a contact, under that version of the policy."""
        return cls.model_validate(
            {
                "contact_id": contact_id,
                "as_of": question.as_of,
                "as_known_at": question.as_known_at,
                "policy_version": version,
                "letters": found.letters,
                "overall": found.overall,
            }
        )


class LedgerScorecard(_Letters):
    """The mean of each letter over the clients who have it.

    ``numerator`` is the sum of their percentages and ``denominator`` 100 for each of them; no
    events are listed. ``clients`` is how many there are.
    """

    as_of: Instant
    as_known_at: KnownAt
    policy_version: int | None
    clients: int

    @classmethod
    def of(
        cls, question: RepeatedQuestion, version: int | None, clients: int, found: Found
    ) -> Self:
        """The scorecard of all clients, of whom there are ``clients``."""
        return cls.model_validate(
            {
                "as_of": question.as_of,
                "as_known_at": question.as_known_at,
                "policy_version": version,
                "clients": clients,
                "letters": found.letters,
                "overall": found.overall,
            }
        )
