"""What rests on events that never happened: a refund of a purchase that was taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.dealings import keys_of, opening_of
from domain.events import Event
from domain.events.contacts import ContactRegistered
from domain.events.governance import EventCorrected, EventRetracted

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence
    from uuid import UUID

    from domain.dealings import Key
    from domain.recorded import RecordedEvent


class Resting(NamedTuple):
    """An event that stands, and the retracted one that opened what it speaks of."""

    recorded: RecordedEvent
    rests_on: UUID


def resting_on(stream: Sequence[RecordedEvent], undone: Container[UUID]) -> list[Resting]:
    """The standing events of a stream that speak of what one of the ``undone`` opened.

    They are as they were recorded, and count for nothing while nothing else opens that id.
    """
    retracted = retracted_in(stream)
    lost: dict[Key, UUID] = {}
    standing: list[RecordedEvent] = []
    for recorded in stream:
        event, by = recorded.event, recorded.id
        if isinstance(event, EventCorrected):
            by = event.target
            event = event.data if isinstance(event.data, Event) else event
        key = opening_of(event)
        if by in undone and by in retracted:
            if key is not None:
                lost[key] = by
        elif by == recorded.id and by not in retracted and not isinstance(event, EventRetracted):
            standing.append(recorded)
            if key is not None:
                lost.pop(key, None)  # it was opened again since
    return list(_among(standing, lost))


def is_registered_only(stream: Sequence[RecordedEvent]) -> bool:
    """Whether nothing stands on the stream but the contact's registration."""
    retracted = retracted_in(stream)
    return all(
        isinstance(recorded.event, ContactRegistered | EventRetracted | EventCorrected)
        or recorded.id in retracted
        for recorded in stream
    )


def retracted_in(stream: Sequence[RecordedEvent]) -> set[UUID]:
    """The ids of the events that are retracted on the stream."""
    return {one.event.target for one in stream if isinstance(one.event, EventRetracted)}


def _among(standing: Sequence[RecordedEvent], lost: dict[Key, UUID]) -> Iterator[Resting]:
    for recorded in standing if lost else ():
        for key in keys_of(recorded.event):
            if key in lost:
                yield Resting(recorded, lost[key])
                break
