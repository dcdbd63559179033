"""Events that are going to be recorded. Each has its id from the moment it is made."""

from __future__ import annotations

import json
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID, uuid5

from rapport_client.identifiers import EventIds

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable, Mapping

ContactName = str | UUID
"""A contact's UUID, or ``source:ref``, such as ``pos:17850``."""

EventPairs: TypeAlias = "Iterable[tuple[ContactName, NewEvent]]"
"""Events, each with the contact that it is of."""

AsyncEventPairs: TypeAlias = "EventPairs | AsyncIterable[tuple[ContactName, NewEvent]]"
"""The same, also from an asynchronous iterable."""

_IDS = EventIds()


def new_id() -> UUID:
    """A UUID of version 7, greater than all given before in this process. Any thread may call."""
    return _IDS.next()


@dataclass(frozen=True)
class NewEvent:
    """An event to be recorded. Sending the same one again, whenever, records it once.

    ``data`` is what the event's type asks for; UUIDs and instants with a time zone may stand in
    it. Without ``occurred_at`` it occurred when it was recorded.

    Raises:
        ValueError: an instant has no time zone.
    """

    type: str
    data: Mapping[str, object]
    _: KW_ONLY
    id: UUID = field(default_factory=new_id)
    occurred_at: datetime | None = None
    source: str | None = None
    actor: str | None = None
    causation_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.occurred_at is not None:
            _plain(self.occurred_at)

    def for_each(self, contacts: Iterable[ContactName]) -> list[tuple[ContactName, NewEvent]]:
        """The same event for each of the contacts, for an act that was for all of them.

        A contact that is named twice gets one. Each has an id of its own, which follows from this
        one's and from the contact's name, so that the same act sent again is recorded once.
        """
        names = dict.fromkeys(map(str, contacts))
        return [(name, replace(self, id=uuid5(self.id, name))) for name in names]

    def document(self) -> dict[str, object]:
        """The event as it is sent."""
        fields = {
            "type": self.type,
            "data": self.data,
            "id": self.id,
            "occurred_at": self.occurred_at,
            "source": self.source,
            "actor": self.actor,
            "causation_id": self.causation_id,
        }
        return {name: value for name, value in fields.items() if value is not None}


def document_of(event: object) -> dict[str, object]:
    """The event as it is sent.

    Raises:
        TypeError: it is something else than a ``NewEvent``, such as a dict.
    """
    if not isinstance(event, NewEvent):
        raise TypeError(
            f"an event must be a NewEvent, not a value of type {type(event).__name__}. Make one "
            'with NewEvent("visit-made", {"guests": 2}): it has an id from then on, so that '
            "appending it again records it once"
        )
    return event.document()


def pair_of(item: object) -> tuple[ContactName, NewEvent]:
    """One of the pairs that ``append_many`` and ``bulk`` take.

    Raises:
        TypeError: it is not a pair of a contact and a ``NewEvent``.
    """
    if isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[0], str | UUID):
        document_of(item[1])
        return item[0], item[1]
    raise TypeError(
        'expected a pair such as ("pos:17850", event) with a NewEvent, not a value of type '
        f"{type(item).__name__}"
    )


def encode(document: object) -> bytes:
    """JSON on one line."""
    return json.dumps(
        document, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone, so nobody knows when that was")
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a value of type {type(value).__name__} is not JSON serializable")
