"""Events that are going to be recorded. Each has its id from the moment it is made."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.identifiers import EventIds

if TYPE_CHECKING:
    from collections.abc import Mapping

ContactName = str | UUID
"""A contact's UUID, or ``source:ref``, such as ``pos:17850``."""

_IDS = EventIds(lambda: time.time_ns() // 1000)
_GIVING = threading.Lock()


def new_id() -> UUID:
    """A UUID of version 7, greater than all given before in this process. Any thread may call."""
    with _GIVING:
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


def encoded(document: object) -> bytes:
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
    raise TypeError(f"{type(value).__name__} is nothing that JSON can say")
