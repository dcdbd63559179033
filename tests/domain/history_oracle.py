"""A second, slow reading of the domain document's section 2: what a log says of one contact.

Everything is looked for anew in the whole log, an event at a time. It shares the types with the
product and none of its rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.events import Event
    from domain.recorded import RecordedEvent

UNTOLD = ("event-retracted", "event-corrected")
"""What says something of other events, and is no part of the history."""


@dataclass(frozen=True)
class Stands:
    """One event of the effective history, as it is known."""

    occurred_at: int
    position: int
    id: UUID
    event: Event
    contact_id: UUID


def survivor_of(log: Sequence[RecordedEvent], contact: UUID) -> UUID:
    """Who stands for a contact: followed from merge to merge, each as it was last said."""
    into = None
    for one in log:
        said: Any = one.event
        if one.contact_id == contact and one.type in ("contact-merged", "merge-reversed"):
            into = said.into if one.type == "contact-merged" else None
    return contact if into is None else survivor_of(log, into)


def effective(log: Sequence[RecordedEvent], survivor: UUID) -> list[Stands]:
    """What counts for a survivor of all that a log holds, in the order in which it happened."""
    found = []
    for one in log:
        if one.type in UNTOLD or survivor_of(log, one.contact_id) != survivor:
            continue
        target = _target_of(one)
        if any(_is(other, "event-retracted", target) for other in log):
            continue
        corrections = [
            other
            for other in log
            if _is(other, "event-corrected", target)
            and not any(_is(third, "event-retracted", other.id) for third in log)
        ]
        occurred_at, event = one.occurred_at, one.event
        if corrections:
            last: Any = corrections[-1].event
            occurred_at = occurred_at if last.occurred_at is None else last.occurred_at
            event = _replaced(event, last.data)
        found.append(Stands(occurred_at, one.position, one.id, event, one.contact_id))
    return sorted(found, key=lambda stands: (stands.occurred_at, stands.position))


def _target_of(one: RecordedEvent) -> UUID:
    """A referral received is retracted and corrected by what was said of the referral made."""
    if one.type == "referral-received" and one.causation_id is not None:
        return one.causation_id
    return one.id


def _is(other: RecordedEvent, type_name: str, target: UUID) -> bool:
    said: Any = other.event
    return other.type == type_name and bool(said.target == target)


def _replaced(event: Event, data: Any) -> Event:
    if data is None:
        return event
    if event.TYPE == "referral-received" and data.TYPE == "referral-made":
        received: Any = event
        data = type(received)(referral_id=data.referral_id, by=received.by, level=data.level)
    replaced: Event = data if data.TYPE == event.TYPE else event
    return replaced
