"""Whether a decoded event is one that a ledger could have recorded.

The codec trusts stored bytes, because they were validated before they were stored. Bytes that
somebody hands us were not, and a fold is total on events only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Invalid
from domain.events import EncryptedValue, Event
from domain.events.governance import CorrectedData, EventCorrected
from domain.instants import LAST_INSTANT
from domain.kinds import Text

if TYPE_CHECKING:
    from domain.events import Field
    from domain.kinds import Kind
    from domain.recorded import RecordedEvent

FIRST_INSTANT = -62_135_596_800_000_000
"""The beginning of the year 1, the first instant that can be written."""


def unsoundness(recorded: RecordedEvent) -> str | None:
    """What is wrong with an event, told without quoting it; None where nothing is."""
    for name in ("occurred_at", "recorded_at"):
        instant = getattr(recorded, name)
        if type(instant) is not int or not FIRST_INSTANT <= instant <= LAST_INSTANT:
            return f"{name} is no instant"
    if recorded.source is not None and not _reads(Text(200), recorded.source):
        return "source is no text"
    if recorded.actor is not None and not isinstance(recorded.actor, EncryptedValue):
        return "actor is not encrypted"
    return _unsound_event(recorded.event)


def _unsound_event(event: Event) -> str | None:
    for field in event.FIELDS:
        value = getattr(event, field.name)
        if value is None:
            if field.required:
                return f"{field.name} is missing"
        elif not _sound(field, value):
            return f"{field.name} is not what {event.TYPE} holds"
    return None


def _sound(field: Field, value: object) -> bool:
    if isinstance(value, EncryptedValue) or field.personal:
        return isinstance(value, EncryptedValue) and field.personal
    if isinstance(field.kind, CorrectedData):
        return (
            isinstance(value, Event)
            and not isinstance(value, EventCorrected)
            and _unsound_event(value) is None
        )
    return _reads(field.kind, value)


def _reads(kind: Kind, value: object) -> bool:
    """Whether the kind reads what it shows of this value as the same value."""
    try:
        return bool(kind.read_kept(kind.show(value)) == value)
    except (Invalid, AssertionError, TypeError, ValueError, OverflowError):
        return False
