"""The kinds of values that events hold: how each is read, shown, stored and described.

A kind turns a JSON value into the value an event holds (``read``), back into JSON (``show``), into
what msgpack knows natively (``pack``, ``unpack``), and says what it accepts as JSON Schema. An
event's fields name their kinds, so validation, documentation and storage cannot disagree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn
from uuid import UUID

from domain.currencies import MINOR_DIGITS
from domain.errors import Invalid
from domain.instants import format_instant, parse_date, parse_instant, zone_names
from domain.regions import REGIONS
from domain.text import FREE
from domain.uuids import uuid_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.text import TextRule

    ContactNames = Callable[[str], UUID]

MAX_WHOLE = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly. Source: RFC 8259 section 6."""

MAX_TEXT = 2000
"""How many characters a text may have unless its field says otherwise."""

_NEVER_KEPT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_AGENDA_KEY = re.compile(r"[a-z-]+(:[0-9A-Za-z@/:.+-]{1,100})?")
_MAX_KEY = 200
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def escape_pointer(name: object) -> str:
    """A name as one part of a JSON Pointer. Source: RFC 6901 section 3."""
    return str(name).replace("~", "~0").replace("/", "~1")


def no_names(name: str) -> UUID:
    """Contact names other than UUIDs are unknown here."""
    raise ValueError(f"must be a contact's UUID, not {name!r}: names are not known here")


def wrong(code: str, detail: str) -> NoReturn:
    """Refuse the value being read."""
    raise Invalid.at("", code, detail)


def read_text(value: object, most: int, rule: TextRule, least: int = 1) -> str:
    """A string in the form in which the rule keeps it, of ``least`` to ``most`` characters.

    What was sent may have no more either: a schema counts nothing else.
    """
    if not isinstance(value, str):
        wrong("wrong-type", "must be a string")
    if len(value) > most:
        wrong("too-long", f"must have at most {most} characters")
    return _check_length(rule.apply(value), most, least)


def read_kept_text(value: object, most: int, least: int = 1) -> str:
    """A string as it may stand in an event that was stored before there was a rule for texts."""
    if not isinstance(value, str):
        wrong("wrong-type", "must be a string")
    if _NEVER_KEPT.search(value):
        wrong("invalid-text", "must not hold control characters or lone surrogates")
    return _check_length(value, most, least)


def _check_length(text: str, most: int, least: int) -> str:
    if len(text) < least:
        wrong("too-short", f"must have at least {least} character{'s' if least > 1 else ''}")
    if len(text) > most:
        wrong("too-long", f"must have at most {most} characters")
    return text


def read_uuid(value: object) -> UUID:
    """A UUID in its usual text form, any version, but never the nil UUID."""
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        wrong("wrong-type", "must be a UUID such as 0198c1f0-5a52-7c3e-9d7b-3f0d6a1b2c4d")
    number = int(value.replace("-", ""), 16)
    if not number:
        wrong("out-of-range", "must not be the nil UUID")
    return UUID(int=number)  # half the time of its own reading of a text


def read_instant(value: object) -> int:
    """An RFC 3339 string with offset, as microseconds of UTC."""
    if not isinstance(value, str):
        wrong("invalid-time", "must be an RFC 3339 string")
    try:
        return parse_instant(value)
    except ValueError as error:
        wrong("invalid-time", str(error))


class Kind:
    """A kind whose values are their own JSON and msgpack form."""

    def read(self, value: object, names: ContactNames = no_names) -> object:
        """The value an event holds for this JSON value.

        Raises:
            Invalid: it is not of this kind; pointers are relative to the value.
        """
        raise TypeError(f"{type(self).__name__} reads nothing")

    def read_kept(self, value: object, names: ContactNames = no_names) -> object:
        """As ``read``, but texts need only be such as were stored before they had a rule."""
        return self.read(value, names)

    def as_compared(self, value: object) -> object:
        """What this value has in common with each that says the same in other spellings."""
        return value

    def show(self, value: object) -> object:
        """The JSON value that reads as this value."""
        return value

    def pack(self, value: object) -> object:
        """The value in msgpack's own types."""
        return value

    def unpack(self, packed: object) -> object:
        """The value that was packed."""
        return packed

    def schema(self) -> dict[str, object]:
        """What is accepted, as JSON Schema (draft 2020-12)."""
        return {}


@dataclass(frozen=True)
class Text(Kind):
    """A string of 1 to ``most`` characters, in the form in which its rule keeps it."""

    most: int = MAX_TEXT
    rule: TextRule = FREE

    def read(self, value: object, names: ContactNames = no_names) -> str:
        return read_text(value, self.most, self.rule)

    def read_kept(self, value: object, names: ContactNames = no_names) -> str:
        return read_kept_text(value, self.most)

    def as_compared(self, value: object) -> object:
        return self.rule.as_compared(value) if isinstance(value, str) else value

    def schema(self) -> dict[str, object]:
        return {
            "type": "string",
            "minLength": 1,
            "maxLength": self.most,
            "pattern": self.rule.pattern(),
            "description": f"{self.rule.said[0].upper()}{self.rule.said[1:]}.",
        }


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number from ``least`` to ``most``, both included."""

    least: int = 0
    most: int = MAX_WHOLE

    def read(self, value: object, names: ContactNames = no_names) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            wrong("wrong-type", "must be a whole number")
        if not self.least <= value <= self.most:
            wrong("out-of-range", f"must be from {self.least} to {self.most}")
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Flag(Kind):
    """true or false."""

    def read(self, value: object, names: ContactNames = no_names) -> bool:
        if not isinstance(value, bool):
            wrong("wrong-type", "must be true or false")
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, value: object, names: ContactNames = no_names) -> str:
        if not isinstance(value, str) or value not in self.words:
            wrong("not-a-choice", f"must be one of {', '.join(self.words)}")
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "string", "enum": list(self.words)}


class AgendaKey(Kind):
    """The key of an agenda item: its kind, and after a colon what it is about."""

    def read(self, value: object, names: ContactNames = no_names) -> str:
        if not isinstance(value, str):
            wrong("wrong-type", "must be a string")
        if len(value) > _MAX_KEY or not _AGENDA_KEY.fullmatch(value):
            wrong("invalid-text", "must be the key of an agenda item, such as promise:ID")
        return value

    def schema(self) -> dict[str, object]:
        return {
            "type": "string",
            "pattern": f"^{_AGENDA_KEY.pattern}$",
            "maxLength": _MAX_KEY,
            "examples": ["touch"],
        }


class EventId(Kind):
    """The id of an event."""

    def read(self, value: object, names: ContactNames = no_names) -> UUID:
        return read_uuid(value)

    def show(self, value: object) -> object:
        return str(value)

    def pack(self, value: object) -> object:
        assert isinstance(value, UUID)
        return value.bytes

    def unpack(self, packed: object) -> object:
        assert isinstance(packed, bytes)
        return uuid_of(packed)

    def schema(self) -> dict[str, object]:
        return {
            "type": "string",
            "format": "uuid",
            "pattern": f"^{_UUID.pattern}$",
            "not": {"const": "00000000-0000-0000-0000-000000000000"},
        }


class ContactId(EventId):
    """A contact: its UUID, or ``source:ref`` where the reader knows the ledger's names."""

    def read(self, value: object, names: ContactNames = no_names) -> UUID:
        if isinstance(value, str) and not _UUID.fullmatch(value):
            try:
                return names(value)
            except Invalid:
                raise
            except ValueError as error:
                wrong("wrong-type", str(error))
        return read_uuid(value)

    def schema(self) -> dict[str, object]:
        return {
            "type": "string",
            "pattern": f"^({_UUID.pattern}|[a-z0-9.-]{{1,32}}:.{{1,200}})$",
            "maxLength": 233,
            "not": {"const": "00000000-0000-0000-0000-000000000000"},
        }


class Instant(Kind):
    """An instant: RFC 3339 with offset outside, microseconds of UTC inside."""

    def read(self, value: object, names: ContactNames = no_names) -> int:
        return read_instant(value)

    def show(self, value: object) -> object:
        assert isinstance(value, int)
        return format_instant(value)

    def schema(self) -> dict[str, object]:
        return {"type": "string", "format": "date-time"}


class CalendarDate(Kind):
    """A date without a time, ``YYYY-MM-DD``, kept as that text."""

    def read(self, value: object, names: ContactNames = no_names) -> str:
        if not isinstance(value, str):
            wrong("invalid-time", "must be a date such as 2026-03-01")
        try:
            parse_date(value)
        except ValueError as error:
            wrong("invalid-time", str(error))
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "string", "format": "date"}


class Currency(Kind):
    """A currency's three letters. Source: ISO 4217."""

    def read(self, value: object, names: ContactNames = no_names) -> str:
        if not isinstance(value, str) or value not in MINOR_DIGITS:
            wrong("unknown-currency", "must be an ISO 4217 code such as EUR")
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "string", "enum": sorted(MINOR_DIGITS)}


class TimeZone(Kind):
    """The IANA name of a time zone."""

    def read(self, value: object, names: ContactNames = no_names) -> str:
        if not isinstance(value, str) or value not in zone_names():
            wrong("unknown-time-zone", "must be an IANA time zone such as Europe/Amsterdam")
        return value

    def schema(self) -> dict[str, object]:
        return {
            "type": "string",
            "format": "time-zone",
            "minLength": 1,
            "maxLength": 64,
            "examples": ["Europe/Amsterdam"],
        }


class Region(Kind):
    """A country or another region by its two letters. Source: ISO 3166-1."""

    def read(self, value: object, names: ContactNames = no_names) -> str:
        if not isinstance(value, str) or value not in REGIONS:
            wrong("not-a-choice", "must be the two letters of a region of ISO 3166 such as NL")
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "string", "enum": sorted(REGIONS)}


class Document(Kind):
    """A JSON object that another reader understands: a policy, or the data of a correction."""

    def read(self, value: object, names: ContactNames = no_names) -> dict[str, object]:
        if not isinstance(value, dict):
            wrong("wrong-type", "must be an object")
        return value

    def schema(self) -> dict[str, object]:
        return {"type": "object"}
