"""Reading a mapping's tables: each key once, each error with its place."""

from __future__ import annotations

import re
import string
from datetime import time
from typing import TYPE_CHECKING

from api.service.importing.amounts import MARKS, group_marks
from api.service.importing.dates import DATE_PARTS, DatePartOf
from api.service.importing.moments import RFC_3339, SPREADSHEET, MomentOf
from api.service.importing.values import (
    AmountOf,
    ChoiceOf,
    Constant,
    ListOf,
    RefsOf,
    Template,
    TextOf,
    WholeOf,
)
from domain.errors import FieldError, Invalid
from domain.instants import zone_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from api.service.importing.values import Value

_ABSENT = object()

MOST_SKIPPED_LINES = 1000
"""How many lines above a header a mapping may skip."""

_TIMES = set("HIMSfpcXTRr")
"""Directives of ``strptime`` that read a time of day."""

# What looks like an escape, because there are encodings of Python's that are for source code.
_ASCII = "\\u0041" + string.printable.replace("\\", "").replace("\v", "").replace("\f", "")


def as_template(text: str, pointer: str) -> Template:
    """The template in a mapping's text.

    Raises:
        Invalid: its braces are wrong.
    """
    try:
        return Template.parse(text)
    except ValueError as error:
        raise Invalid.at(pointer, "wrong-template", str(error)) from None


class MappingTable:
    """One table of a mapping, with its place in the file, and the keys that were read from it."""

    def __init__(self, content: Mapping[str, object], pointer: str) -> None:
        self.pointer = pointer
        self.content = dict(content)
        self.asked: dict[str, None] = {}

    def at(self, key: str) -> str:
        """The place of a key, as a JSON Pointer."""
        return f"{self.pointer}/{key}"

    def text(self, key: str, default: str | None = None) -> str:
        """A string that is not empty."""
        value = self._take(key, _ABSENT if default is None else default)
        if not isinstance(value, str) or not value:
            raise Invalid.at(self.at(key), "wrong-type", "must be text")
        return value

    def optional_text(self, key: str) -> str | None:
        """A string that is not empty, or None where there is none."""
        return None if self._take(key, None) is None else self.text(key)

    def template(self, key: str) -> Template:
        """A template that is not empty."""
        return as_template(self.text(key), self.at(key))

    def optional_template(self, key: str) -> Template | None:
        """A template that is not empty, or None where there is none."""
        return None if self._take(key, None) is None else self.template(key)

    def switch(self, key: str, *, default: bool) -> bool:
        """Yes or no: TOML's true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise Invalid.at(self.at(key), "wrong-type", "must be true or false")
        return value

    def count(self, key: str, default: int) -> int:
        """A whole number from 0 to ``MOST_SKIPPED_LINES``."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid.at(self.at(key), "wrong-type", "must be a whole number")
        if not 0 <= value <= MOST_SKIPPED_LINES:
            detail = f"must be from 0 to {MOST_SKIPPED_LINES}"
            raise Invalid.at(self.at(key), "out-of-range", detail)
        return value

    def words(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """A list of strings, or one string alone."""
        value = self._take(key, _ABSENT if default is None else list(default))
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
            raise Invalid.at(self.at(key), "wrong-type", "must be a list of texts")
        if len(set(listed)) != len(listed) or (not listed and default is None):
            raise Invalid.at(self.at(key), "out-of-range", "must have something, and nothing twice")
        return tuple(listed)

    def encoding(self, key: str) -> str | None:
        """The name of a character encoding in which bytes of ASCII are ASCII, line ends above all.

        None where there is none: UTF-8, UTF-16 and Windows-1252 are distinguished.
        """
        name = self.optional_text(key)
        if name is None:
            return None
        try:
            as_it_is = _ASCII.encode().decode(name) == _ASCII
        except (LookupError, ValueError):
            as_it_is = False
        if not as_it_is:
            detail = f"{name!r} is no encoding that has ASCII in it, such as utf-8 or latin-1"
            raise Invalid.at(self.at(key), "not-a-choice", detail)
        return name

    def pattern(self, key: str) -> re.Pattern[str] | None:
        """A regular expression of Python's, or None where there is none."""
        text = self.optional_text(key)
        if text is None:
            return None
        try:
            return re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            detail = f"must be a regular expression: {error}"
            raise Invalid.at(self.at(key), "malformed", detail) from None

    def table(self, key: str) -> MappingTable:
        """A table that must be there."""
        value = self._take(key, _ABSENT)
        if not isinstance(value, dict):
            raise Invalid.at(self.at(key), "wrong-type", "must be a table")
        return MappingTable(value, self.at(key))

    def optional_table(self, key: str) -> MappingTable | None:
        """A table that may be absent."""
        self.asked[key] = None
        return self.table(key) if key in self.content else None

    def tables(self, key: str) -> list[MappingTable]:
        """An array of at least one table."""
        value = self._take(key, _ABSENT)
        if not value or not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise Invalid.at(self.at(key), "wrong-type", f"must be tables: [[{key}]]")
        return [MappingTable(one, f"{self.at(key)}/{place}") for place, one in enumerate(value)]

    def optional_tables(self, key: str) -> list[MappingTable]:
        """An array of tables that may be absent."""
        self.asked[key] = None
        return self.tables(key) if key in self.content else []

    def finish(self) -> None:
        """Refuse the keys that were not read.

        Raises:
            Invalid: naming each.
        """
        unknown = [key for key in self.content if key not in self.asked]
        if unknown:
            detail = f"mappings have no such key here, but {', '.join(self.asked)}"
            raise Invalid(FieldError(self.at(key), "unknown-field", detail) for key in unknown)

    def moment(self) -> MomentOf:
        """When a row happened."""
        # Where nothing in the file says it, there is no text to read.
        silent = self.content.get("kept") is True and "text" not in self.content
        template = Template(()) if silent else self.template("text")
        forms = self.words("format", (RFC_3339,))
        time_zone = self._time_zone()
        day_time = self._take("time_of_day", None)
        if day_time is not None and not isinstance(day_time, time):
            detail = "must be a local time without quotes, such as 12:00:00"
            raise Invalid.at(self.at("time_of_day"), "wrong-type", detail)
        kept = self.switch("kept", default=False)
        self.finish()
        for form in forms:
            self._check_format(form, has_time_of_day=day_time is not None)
        return MomentOf(template, forms, time_zone, day_time, kept=kept)

    def _time_zone(self) -> Value:
        """The zone of local times: one for all rows, or the one that a table gives for a text."""
        content = self._take("time_zone", "UTC")
        value: Value
        zones: list[object]
        if isinstance(content, dict):
            value = MappingTable(content, self.at("time_zone")).conversion()
            zones = list(value.words.values()) if isinstance(value, ChoiceOf) else [None]
        elif isinstance(content, str) and "{" in content:
            return TextOf(as_template(content, self.at("time_zone")))
        else:
            value, zones = Constant(content), [content]
        if any(one not in zone_names() for one in zones):
            detail = (
                "must be an IANA time zone such as Europe/London, or a table of choice and words"
                " that are such"
            )
            raise Invalid.at(self.at("time_zone"), "unknown-time-zone", detail)
        return value

    def _check_format(self, form: str, *, has_time_of_day: bool) -> None:
        """Refuse formats of which ``strptime`` reads a part and then drops it.

        Source: the notes 4 and 6 of "strftime() and strptime() Format Codes" in Python's library.
        """
        if form in (RFC_3339, SPREADSHEET):
            if has_time_of_day and form == RFC_3339:
                detail = "is for files with days only; an RFC 3339 text has a time"
                raise Invalid.at(self.at("time_of_day"), "contradiction", detail)
            return
        directives = set(re.findall("%(.)", form.replace("%%", "")))
        if "Z" in directives:
            detail = "%Z does not tell the offset: write %z, or say time_zone"
        elif "p" in directives and "I" not in directives:
            detail = "%p goes with %I; with %H morning and afternoon would be left out"
        elif "I" in directives and "p" not in directives:
            detail = "%I needs %p, else every time would be in the morning"
        elif has_time_of_day and directives & _TIMES:
            detail = "has a time, and time_of_day is for files with days only: leave one out"
        else:
            return
        raise Invalid.at(self.at("format"), "contradiction", detail)

    def values(self) -> dict[str, Value]:
        """Every key as the value of an event's field."""
        return {key: self._value(key) for key in self.content}

    def _value(self, key: str) -> Value:
        content = self._take(key, _ABSENT)
        if isinstance(content, str):
            return TextOf(as_template(content, self.at(key)))
        if isinstance(content, bool | int):
            return Constant(content)
        if not isinstance(content, dict):
            detail = "must be text, a whole number, true or false, or a table"
            raise Invalid.at(self.at(key), "wrong-type", detail)
        return MappingTable(content, self.at(key)).conversion()

    def conversion(self) -> Value:
        """A value made from text, by one of ``_CONVERSIONS``."""
        read = next((read for key, read in _CONVERSIONS.items() if key in self.content), None)
        if read is None:
            raise Invalid.at(self.pointer, "missing", f"must have {_one_of(_CONVERSIONS)}")
        value = read(self)
        self.finish()
        return value

    def marks(self) -> tuple[str, str]:
        """The marks of an amount: before its decimals, and between its groups or none."""
        decimal_mark = self._mark("decimal_mark", ".")
        group_mark = self._mark("group_mark", "")
        if group_mark and decimal_mark in group_marks(group_mark):
            detail = "must differ from decimal_mark"
            raise Invalid.at(self.at("group_mark"), "contradiction", detail)
        return decimal_mark, group_mark

    def _mark(self, key: str, default: str) -> str:
        mark = self._take(key, default)
        if not isinstance(mark, str):
            raise Invalid.at(self.at(key), "wrong-type", "must be text")
        if mark != default and (len(mark) != 1 or mark not in MARKS):
            detail = f"must be one of the characters {' '.join(MARKS.split())} or a space"
            raise Invalid.at(self.at(key), "not-a-choice", detail)
        return mark

    def _take(self, key: str, default: object) -> object:
        self.asked[key] = None
        value = self.content.get(key, default)
        if value is _ABSENT:
            raise Invalid.at(self.at(key), "missing", "is required")
        return value


def _amount(table: MappingTable) -> Value:
    amount = table.template("amount")
    return AmountOf(amount, *table.marks(), negated=table.switch("negated", default=False))


def _choice(table: MappingTable) -> Value:
    return ChoiceOf(table.template("choice"), table.table("words").content)


def _date_part(table: MappingTable) -> Value:
    template, part = table.template("date"), table.text("part")
    if part not in DATE_PARTS:
        raise Invalid.at(table.at("part"), "not-a-choice", f"must be {_one_of(DATE_PARTS)}")
    forms = table.words("format", ())
    return DatePartOf(template, part, forms)


def _list(table: MappingTable) -> Value:
    texts = table.words("list")
    return ListOf(tuple(as_template(text, table.at("list")) for text in texts))


def _refs(table: MappingTable) -> Value:
    refs = table.table("refs")
    return RefsOf(tuple((source, refs.template(source)) for source in refs.content))


def _one_of(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}"


_CONVERSIONS: dict[str, Callable[[MappingTable], Value]] = {
    "amount": _amount,
    "whole": lambda table: WholeOf(table.template("whole")),
    "choice": _choice,
    "date": _date_part,
    "list": _list,
    "refs": _refs,
}
"""How each conversion is read, by the key that stands first in its table."""
