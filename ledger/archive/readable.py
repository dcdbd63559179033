"""Stored events as anybody can read them, without a key: what is personal stays encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import Corrupt
from domain.events import EncryptedValue, Event
from domain.instants import format_instant
from domain.recorded import POLICY_STREAM
from ledger.archive.layout import line
from ledger.mapper import LedgerMapper
from ledger.verification.strictness import Loose, strict

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from domain.recorded import RecordedEvent
    from ledger.stores.reading import EventColumns

ENCRYPTED = {"sealed": True}
"""How a personal value stands in a readable line, whether or not its key is still there."""

_ID = 2


class _NoKeys:
    """Opens nothing; reading events leaves what is personal as it is."""

    def key(self, contact_id: UUID) -> AESGCM | None:
        return None

    def encryption_key(self, contact_id: UUID) -> AESGCM:
        raise AssertionError("nothing is encrypted here")


class Reader:
    """Reads stored events without keys, and trusts nothing in them."""

    def __init__(self) -> None:
        self._mapper = LedgerMapper(_NoKeys())

    def read(self, row: EventColumns) -> RecordedEvent:
        """The event of a row, with what is personal left encrypted.

        Raises:
            Corrupt: the row is not in every respect as this program writes it.
        """
        position, stream, version, topic, state, event_id = row
        try:
            values = strict(stream, version, topic, state)
        except Loose as error:
            raise Corrupt(str(error)) from error
        if values[_ID] != event_id:
            raise Corrupt("it is kept under another id than its own")
        return self._mapper.to_event(position, UUID(bytes=stream), version, topic, state)


def event_line(recorded: RecordedEvent) -> bytes:
    """The event as a line of JSON; personal values are ``ENCRYPTED``, absent ones left out."""
    one = recorded
    return line(
        {
            "position": one.position,
            "contact_id": None if one.contact_id == POLICY_STREAM else str(one.contact_id),
            "version": one.version,
            "type": one.type,
            "id": str(one.id),
            "occurred_at": format_instant(one.occurred_at),
            "recorded_at": format_instant(one.recorded_at),
            "source": one.source,
            "actor": None if one.actor is None else ENCRYPTED,
            "causation_id": None if one.causation_id is None else str(one.causation_id),
            "data": _shown_fields(one.event),
        }
    )


def _shown_fields(event: Event) -> dict[str, object]:
    values: dict[str, object] = {}
    for field in event.FIELDS:
        value = getattr(event, field.name)
        if isinstance(value, EncryptedValue):
            values[field.name] = ENCRYPTED
        elif isinstance(value, Event):
            values[field.name] = {"type": value.TYPE, **_shown_fields(value)}
        elif value is not None:
            values[field.name] = field.kind.show(value)
    return values
