"""The form of a receipt, and strict reading of one: every deviation is refused and named."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

from api.service.answers.receipts import FORMAT, FORMAT_VERSION
from api.service.strict_parsing import JSON, MSGPACK, parse
from domain.errors import Invalid, Unproven
from domain.instants import format_instant, parse_instant
from domain.kinds import MAX_WHOLE, escape_pointer
from ledger.transparency.merkle import HASH_BYTES
from ledger.transparency.notes import from_base64

MOST_BYTES = 64 * 1024 * 1024
"""How large a document is read."""

MOST_EVENTS = 10_000
"""How many events a receipt is made of."""

_MOST_HASHES = 64
_MOST_KEYS = 100
_MOST_TEXT = 10_000
_TZDATA = re.compile(r"[0-9]{4}\.[0-9]{1,4}(\.[0-9a-z]{1,10})?")

_MSGPACK_OBJECTS = frozenset(bytes([one]) for one in (*range(0x80, 0x90), 0xDE, 0xDF))

# Written out, and not taken from the model: what is read is what version 1 has, whatever a later
# version adds to what is written.
_NAMES = (
    "format",
    "format_version",
    "origin",
    "question",
    "answer",
    "tzdata",
    "ledger_time_zone",
    "known_at",
    "events",
    "policies",
    "checkpoint",
    "verifiers",
    "completeness",
)


class ReceiptRefused(Unproven):
    """A receipt does not prove its content. ``pointer`` (RFC 6901) is where it first fails."""

    def __init__(self, pointer: str, reason: str) -> None:
        # Names in it may be a stranger's, and end up on a terminal.
        self.pointer = "".join(one if one.isprintable() else "?" for one in pointer[:300])
        super().__init__(f"{self.pointer}: {reason}" if pointer else reason)
        self.reason = reason


@dataclass(frozen=True)
class ReceiptEvent:
    """One stored event as a receipt shows it, with its inclusion proof."""

    pointer: str
    position: int
    stream: UUID
    version: int
    topic: str
    state: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True)
class Receipt:
    """A receipt whose form is right; nothing in it is believed yet."""

    origin: str
    contact_id: UUID
    as_of: int
    position: int
    policy_version: int | None
    answer: dict[str, Any]
    tzdata: str
    ledger_time_zone: str | None
    known_entry: bytes
    known_hashes: tuple[bytes, ...]
    events: tuple[ReceiptEvent, ...]
    policies: tuple[ReceiptEvent, ...]
    checkpoint: bytes
    verifiers: tuple[str, ...]
    completeness: object


def begins_msgpack(document: bytes) -> bool:
    """Whether these bytes begin as an object does in msgpack, and in no JSON. Source: its
    specification, "map format family".
    """
    return document[:1] in _MSGPACK_OBJECTS


def read_receipt(document: bytes) -> Receipt:
    """The receipt in these bytes.

    Raises:
        ReceiptRefused: they are too many, neither JSON nor msgpack, or not of this form in every
            respect.
    """
    if len(document) > MOST_BYTES:
        _refuse("", f"is longer than {MOST_BYTES} bytes")
    try:
        whole = _Part(parse(document, MSGPACK if begins_msgpack(document) else JSON), "")
    except Invalid as error:
        first = error.errors[0]
        raise ReceiptRefused(first.pointer, first.detail) from None
    if not isinstance(whole.value, dict) or whole.value.get("format") != FORMAT:
        _refuse("/format", f"is no {FORMAT}")
    if whole.value.get("format_version") != FORMAT_VERSION:
        _refuse("/format_version", f"only version {FORMAT_VERSION} is read here")
    parts = whole.parts(*_NAMES)
    question = parts["question"].parts("contact_id", "as_of", "as_known_at", "policy_version")
    known = parts["known_at"].parts("entry", "hashes")
    zone, policy_version = parts["ledger_time_zone"], question["policy_version"]
    answer = parts["answer"].value
    if not isinstance(answer, dict):
        parts["answer"].refuse("must be an object")
    return Receipt(
        origin=parts["origin"].text(),
        contact_id=question["contact_id"].uuid(),
        as_of=question["as_of"].instant(),
        position=question["as_known_at"].whole(1),
        policy_version=None if policy_version.value is None else policy_version.whole(1),
        answer=answer,
        tzdata=parts["tzdata"].matching(_TZDATA),
        ledger_time_zone=None if zone.value is None else zone.text(),
        known_entry=known["entry"].binary(),
        known_hashes=known["hashes"].hashes(),
        events=_events(parts["events"]),
        policies=_events(parts["policies"]),
        checkpoint=parts["checkpoint"].text().encode(),
        verifiers=tuple(one.text() for one in parts["verifiers"].many(_MOST_KEYS)),
        completeness=parts["completeness"].value,
    )


def _events(events: _Part) -> tuple[ReceiptEvent, ...]:
    found = []
    for part in events.many(MOST_EVENTS):
        one = part.parts("position", "stream", "version", "topic", "state", "hashes")
        found.append(
            ReceiptEvent(
                pointer=part.pointer,
                position=one["position"].whole(1),
                stream=one["stream"].uuid(),
                version=one["version"].whole(1),
                topic=one["topic"].text(),
                state=one["state"].binary(),
                hashes=one["hashes"].hashes(),
            )
        )
    return tuple(found)


def first_difference(given: object, right: object, pointer: str) -> tuple[str, str] | None:
    """Where two JSON values first differ, and how; None where they are the same.

    ``right`` is what follows from the events.
    """
    if isinstance(given, dict) and isinstance(right, dict):
        for name in (*right, *(name for name in given if name not in right)):
            place = f"{pointer}/{escape_pointer(name)}"
            if name not in given or name not in right:
                return place, "is missing" if name not in given else "should not be there"
            if found := first_difference(given[name], right[name], place):
                return found
        return None
    if isinstance(given, list) and isinstance(right, list):
        for index, (one, other) in enumerate(zip(given, right, strict=False)):
            if found := first_difference(one, other, f"{pointer}/{index}"):
                return found
        if len(given) == len(right):
            return None
        return pointer, f"has {len(given)} items where {len(right)} follow from the events"
    # true equals 1 in Python, and 1.0 does too; in a receipt they are different answers.
    if type(given) is type(right) and given == right:
        return None
    return pointer, f"says {_quote(given)} where {_quote(right)} follows from the events"


def _quote(value: object) -> str:
    text = f"an {'object' if isinstance(value, dict) else 'array'}"
    return text if isinstance(value, dict | list) else repr(value)[:100]


def _refuse(pointer: str, reason: str) -> NoReturn:
    raise ReceiptRefused(pointer, reason)


@dataclass(frozen=True)
class _Part:
    """A value of the document with its place in it."""

    value: Any
    pointer: str

    def refuse(self, reason: str) -> NoReturn:
        _refuse(self.pointer, reason)

    def parts(self, *names: str) -> dict[str, _Part]:
        """The parts of an object that has exactly these names."""
        if not isinstance(self.value, dict):
            self.refuse("must be an object")
        for name in names:
            if name not in self.value:
                _refuse(f"{self.pointer}/{name}", "is missing")
        for name in self.value:
            if name not in names:
                _refuse(f"{self.pointer}/{escape_pointer(name)}", "should not be there")
        return {name: _Part(self.value[name], f"{self.pointer}/{name}") for name in names}

    def many(self, most: int) -> list[_Part]:
        if not isinstance(self.value, list):
            self.refuse("must be an array")
        if len(self.value) > most:
            self.refuse(f"has {len(self.value)} items where at most {most} are read")
        return [_Part(one, f"{self.pointer}/{place}") for place, one in enumerate(self.value)]

    def text(self) -> str:
        if not isinstance(self.value, str):
            self.refuse("must be a string")
        if not 1 <= len(self.value) <= _MOST_TEXT:
            self.refuse(f"must have 1 to {_MOST_TEXT} characters")
        return self.value

    def matching(self, pattern: re.Pattern[str]) -> str:
        text = self.text()
        if not pattern.fullmatch(text):
            self.refuse(f"must match {pattern.pattern}")
        return text

    def whole(self, least: int) -> int:
        if type(self.value) is not int:
            self.refuse("must be a whole number")
        if not least <= self.value <= MAX_WHOLE:
            self.refuse(f"must be from {least} to {MAX_WHOLE}")
        return self.value

    def uuid(self) -> UUID:
        text = self.text()
        try:
            found = UUID(text)
        except ValueError:
            self.refuse("must be a UUID")
        if str(found) != text:
            self.refuse("must be a UUID in its usual form")
        return found

    def instant(self) -> int:
        text = self.text()
        try:
            found = parse_instant(text)
        except ValueError:
            self.refuse("must be an RFC 3339 instant")
        if format_instant(found) != text:
            self.refuse("must be an instant of UTC as the ledger writes it")
        return found

    def binary(self, exactly: int | None = None) -> bytes:
        if not isinstance(self.value, str):
            self.refuse("must be a string of base64")
        try:
            found = from_base64(self.value)
        except ValueError:
            self.refuse("must be base64 with padding, in its one form")
        if exactly is not None and len(found) != exactly:
            self.refuse(f"must be {exactly} bytes")
        return found

    def hashes(self) -> tuple[bytes, ...]:
        return tuple(one.binary(HASH_BYTES) for one in self.many(_MOST_HASHES))
