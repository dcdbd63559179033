"""Whether stored bytes are what this program writes: decoded strictly, field by field.

Reading a ledger trusts what was checked before it was stored. This trusts nothing: every value must
be of the kind that the event's schema names, and the same values must give the same bytes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from domain.errors import Invalid
from domain.events import CATALOGUE, EncryptedValue, Event
from domain.events.contacts import ContactMerged, ContactRegistered
from domain.events.governance import CorrectedData, PolicyPublished
from domain.instants import LAST_INSTANT
from domain.kept_policies import read_kept_policy
from domain.kinds import Document, EventId, Instant, Kind, TimeZone, read_kept_text
from domain.policy import digest
from domain.recorded import POLICY_STREAM
from ledger.codec import codec_of, pack, unpack, upcast
from ledger.mapper import SALT_BYTES
from ledger.stores.keys import NONCE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Check = Callable[[Any], None]

ENVELOPE = 8
"""How many values stand before the event's own fields."""

_FIRST = frozenset({ContactMerged.TYPE, ContactRegistered.TYPE, PolicyPublished.TYPE})
"""What a stream begins with: that of a name that nobody registered, with its merge."""

_ID_BYTES = 16
_TAG_BYTES = 16
_LEAST_ENCRYPTED_BYTES = NONCE_BYTES + _TAG_BYTES + 1
_FIRST_INSTANT = -62_135_596_800_000_000  # the year 1
_MOST_SOURCE = 200
_ZONE = re.compile(r"[A-Za-z0-9_+./-]{1,64}")


class Loose(ValueError):
    """A value that this program would not have stored. Its text holds no personal value."""


def strict(stream: bytes, version: int, topic: str, state: bytes) -> list[Any]:
    """The values of a stored state that is in every respect as this program writes it.

    Raises:
        Loose: it is not, and how.
    """
    if topic not in CATALOGUE:
        raise Loose("its topic is not an event of a ledger")
    if (topic == PolicyPublished.TYPE) != (stream == POLICY_STREAM.bytes):
        raise Loose(f"{topic} does not belong on this stream")
    if version == 1 and topic not in _FIRST:
        raise Loose(f"a stream does not begin with {topic}")
    try:
        values: list[Any] = unpack(state)
        if pack(values) != state:
            raise Loose("the state is not in the form in which this program packs it")
        _check_envelope(values)
        _check_fields(topic, values[0], values[ENVELOPE:])
        if topic == PolicyPublished.TYPE:
            _check_policy(version, _event(topic, values[ENVELOPE:]))
    except Loose:
        raise
    except (ValueError, TypeError, LookupError, AssertionError, RecursionError) as error:
        # What msgpack and codecs say may quote bytes: the class says enough.
        raise Loose(f"the state cannot be read ({type(error).__name__})") from error
    return values


def check_decrypted(event: Event) -> None:
    """Check the personal fields of an event that was decrypted; erased ones are skipped.

    Raises:
        Loose: a decrypted value is not of its field's kind.
    """
    for field in event.FIELDS:
        value = getattr(event, field.name)
        if isinstance(field.kind, CorrectedData) and isinstance(value, Event):
            check_decrypted(value)
        elif field.personal and value is not None and not isinstance(value, EncryptedValue):
            try:
                again = field.kind.read_kept(field.kind.show(value))
            except (Invalid, ValueError, TypeError, AssertionError):
                again = None
            if again != value:
                raise Loose(f"{field.name} is encrypted, but its value is not of its kind")


def _check_envelope(values: list[Any]) -> None:
    schema, salt, event_id, recorded_at, occurred_at, source, actor, causation = values[:ENVELOPE]
    _whole("the schema number", schema)
    if type(salt) is not bytes or len(salt) != SALT_BYTES:
        raise Loose("the salt is none")
    _id("the id", event_id)
    _instant("recorded_at", recorded_at)
    if type(occurred_at) is list:
        # The ledger filled it in while its clock lay behind the newest event.
        if len(occurred_at) != 1 or occurred_at[0] >= recorded_at:
            raise Loose("occurred_at stands in a list, and is none that the ledger filled in")
        (occurred_at,) = occurred_at
    _instant("occurred_at", occurred_at)
    if source is not None:
        _text("source", source)
    if actor is not None:
        _check_encrypted("actor", actor)
    if causation is not None:
        _id("causation_id", causation)


def _check_fields(topic: str, schema: int, fields: list[Any], prefix: str = "") -> None:
    fields = upcast(topic, schema, fields)
    checks, least = _checks(topic)
    if not least <= len(fields) <= len(checks):
        raise Loose(f"{topic} has {len(fields)} fields, not {least} to {len(checks)}")
    for value, (name, required, check) in zip(fields, checks, strict=False):
        if value is None:
            if required:
                raise Loose(f"{prefix}{name} is missing")
            continue
        try:
            check(value)
        except Loose:
            raise
        except (ValueError, TypeError, AssertionError, Invalid) as error:
            raise Loose(f"{prefix}{name} is not of its kind ({type(error).__name__})") from error
    if CATALOGUE[topic].check is not Event.check and any(_event(topic, fields).check()):
        raise Loose(f"the fields of {topic} contradict each other")


@lru_cache(maxsize=len(CATALOGUE))
def _checks(topic: str) -> tuple[Sequence[tuple[str, bool, Check]], int]:
    """The checks of an event's fields in their order, and how many of them it must have."""
    declared = CATALOGUE[topic].FIELDS
    checks = [
        (field.name, field.required, _encrypted_check if field.personal else _check_of(field.kind))
        for field in declared
    ]
    least = max((place for place, field in enumerate(declared, 1) if field.required), default=0)
    return checks, least


def _check_of(kind: Kind) -> Check:
    if isinstance(kind, CorrectedData):
        return _check_correction
    if isinstance(kind, EventId):
        return lambda value: _id("an id", value)
    if isinstance(kind, Instant):
        return lambda value: _instant("an instant", value)
    if isinstance(kind, TimeZone):
        # Which zones there are depends on the reader's tzdata, how their names look does not.
        return _zone
    if isinstance(kind, Document):
        return _document
    return lambda value: _read_again(kind, value)


def _read_again(kind: Kind, stored: object) -> None:
    value = kind.unpack(stored)
    again = kind.read_kept(kind.show(value))
    if again != value or type(again) is not type(value):
        raise Loose("a value is not what its kind reads")


def _check_correction(value: object) -> None:
    if not isinstance(value, list) or len(value) < 2 or value[0] not in CATALOGUE:
        raise Loose("the corrected data is of no event")
    _whole("the schema number", value[1])
    _check_fields(value[0], value[1], value[2:], "data.")


def _check_policy(version: int, event: Event) -> None:
    assert isinstance(event, PolicyPublished)
    if event.policy_version != version:
        raise Loose(f"policy version {event.policy_version} stands where {version} must")
    if event.sha256 != digest(event.policy):
        raise Loose("the policy's sha256 is not that of its document")
    try:
        read_kept_policy(event.policy)
    except Invalid as error:
        raise Loose(f"the policy cannot be read: {error}") from error


def _event(topic: str, fields: list[Any]) -> Event:
    return codec_of(topic).unpack(fields, None)


def _whole(what: str, value: object) -> None:
    if type(value) is not int:
        raise Loose(f"{what} is not a whole number")


def _id(what: str, value: object) -> None:
    if type(value) is not bytes or len(value) != _ID_BYTES or not any(value):
        raise Loose(f"{what} is no UUID")


def _instant(what: str, value: object) -> None:
    if type(value) is not int or not _FIRST_INSTANT <= value <= LAST_INSTANT:
        raise Loose(f"{what} is not an instant")


def _text(what: str, value: object) -> None:
    try:
        read_kept_text(value, _MOST_SOURCE)
    except Invalid as error:
        raise Loose(f"{what} is not such a text") from error


def _check_encrypted(what: str, value: object) -> None:
    if type(value) is not bytes or len(value) < _LEAST_ENCRYPTED_BYTES:
        raise Loose(f"{what} is not encrypted")


def _encrypted_check(value: object) -> None:
    _check_encrypted("a personal field", value)


def _zone(value: object) -> None:
    if not isinstance(value, str) or not _ZONE.fullmatch(value):
        raise Loose("a time zone's name is none")


def _document(value: object) -> None:
    if type(value) is not dict:
        raise Loose("a document is none")
