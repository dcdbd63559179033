"""Imports of files: what became of their rows, and what undoing one came to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from uuid import UUID

from api.service.answers.document import Document

if TYPE_CHECKING:
    from api.service.importing import undoing


class RestingEvent(Document):
    """An event that stands, and the retracted one that opened what it speaks of."""

    contact_id: UUID
    event_id: UUID
    type: str
    rests_on: UUID


class UndoneImport(Document):
    """What undoing an import came to.

    Of its `events`, some were `retracted` now, some already, and `kept` counts by type those that
    have no retraction. `contacts` are those that the import registered and that have only
    their registration now; `resting` are standing events about something that was retracted, such
    as refunds of purchases. Lists hold the first 10,000.
    """

    id: UUID
    events: int
    retracted: int
    already_retracted: int
    kept: dict[str, int]
    contacts_left: int
    contacts: tuple[UUID, ...]
    resting_events: int
    resting: tuple[RestingEvent, ...]
    seconds: float

    @classmethod
    def of(cls, undone: undoing.Undone) -> Self:
        """What one run came to."""
        return cls(
            id=undone.import_id,
            events=undone.events,
            retracted=undone.retracted,
            already_retracted=undone.already_retracted,
            kept=dict(sorted(undone.kept.items())),
            contacts_left=undone.contacts_left,
            contacts=tuple(undone.contacts),
            resting_events=undone.resting,
            resting=tuple(RestingEvent.model_validate(one) for one in undone.resting_events),
            seconds=round(undone.seconds, 3),
        )
