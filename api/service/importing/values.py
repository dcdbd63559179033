"""From the text of a row's columns to the JSON-like values that an event's data holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING, Protocol

from api.service.importing.amounts import minor_units
from domain.currencies import MINOR_DIGITS
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

OCCURRENCE = "occurrence"
"""The column every row has besides its own: 1 for the first row with this key, 2 for the next."""

_WHOLE = re.compile(r"[+-]?\d{1,30}", re.ASCII)


def _unreadable(code: str, detail: str) -> Invalid:
    return Invalid.at("", code, detail)


@dataclass(frozen=True)
class Template:
    """Text with columns in braces: ``"{InvoiceNo} {InvoiceDate}"``; ``{{`` stands for a brace."""

    parts: tuple[tuple[str, str | None], ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """The template that the text describes.

        Raises:
            ValueError: its braces do not match, or say more than a column's name.
        """
        parts = []
        for literal, column, form, conversion in Formatter().parse(text):
            if form or conversion or column == "":
                raise ValueError("braces hold the name of a column and nothing else")
            parts.append((literal, column))
        return cls(tuple(parts))

    def columns(self) -> set[str]:
        """The columns it reads."""
        return {column for _, column in self.parts if column is not None}

    def fill(self, row: Mapping[str, str]) -> str:
        """The text for one row."""
        return "".join(
            literal + (row[column] if column is not None else "") for literal, column in self.parts
        )


class Value(Protocol):
    """How one field of an event is made of a row."""

    def columns(self) -> set[str]:
        """The columns it reads."""
        ...

    def of(self, row: Mapping[str, str], data: Mapping[str, object]) -> object:
        """The JSON-like value; None leaves the field out. ``data``: the fields made before.

        Raises:
            Invalid: the row's text cannot be read as this.
        """
        ...


@dataclass(frozen=True)
class Constant:
    """The same for every row."""

    value: object

    def columns(self) -> set[str]:
        return set()

    def of(self, row: Mapping[str, str], data: Mapping[str, object]) -> object:
        return self.value


@dataclass(frozen=True)
class _OfTemplate:
    """What is read from the text that a template gives for a row."""

    template: Template

    def columns(self) -> set[str]:
        return self.template.columns()


@dataclass(frozen=True)
class TextOf(_OfTemplate):
    """The filled template; absent where that is empty."""

    def of(self, row: Mapping[str, str], data: Mapping[str, object]) -> object:
        return self.template.fill(row) or None


@dataclass(frozen=True)
class WholeOf(_OfTemplate):
    """A whole number written in ASCII digits; absent where the text is empty."""

    def of(self, row: Mapping[str, str], data: Mapping[str, object]) -> object:
        text = self.template.fill(row)
        if not text:
            return None
        if not _WHOLE.fullmatch(text):
            raise _unreadable("not-a-number", f"{text!r} is not a whole number")
        return int(text)


@dataclass(frozen=True)
class ChoiceOf(_OfTemplate):
    """The value that a list gives for the text; absent where the text is empty."""

    words: Mapping[str, object]

    def of(self, row: Mapping[str, str], data: Mapping[str, object]) -> object:
        text = self.template.fill(row)
        if not text:
            return None
        if text not in self.words:
            raise _unreadable("not-a-choice", f"{text!r} is none of {', '.join(self.words)}")
        return self.words[text]


@dataclass(frozen=True)
class ListOf:
    """A list of texts, without those that come out empty; absent where all do."""

    templates: tuple[Template, ...]

    def columns(self) -> set[str]:
        return {column for template in self.templates for column in template.columns()}

    def of(self, row: Mapping[str, str], data: Mapping[str, object]) -> object:
        return [text for one in self.templates if (text := one.fill(row).strip())] or None


@dataclass(frozen=True)
class RefsOf:
    """What other systems call a contact, by source, without those that come out empty."""

    refs: tuple[tuple[str, Template], ...]

    def columns(self) -> set[str]:
        return {column for _, template in self.refs for column in template.columns()}

    def of(self, row: Mapping[str, str], data: Mapping[str, object]) -> object:
        filled = [{"source": source, "ref": one.fill(row)} for source, one in self.refs]
        return [one for one in filled if one["ref"]] or None


@dataclass(frozen=True)
class AmountOf(_OfTemplate):
    """A decimal amount in minor units of the data's ``currency``, exactly: nothing is rounded.

    ``negated`` turns the sign, for files that write what was given back as less than nothing.
    """

    decimal_mark: str = "."
    group_mark: str = ""
    negated: bool = False

    def of(self, row: Mapping[str, str], data: Mapping[str, object]) -> object:
        text = self.template.fill(row)
        if not text:
            return None
        currency = data.get("currency")
        if not isinstance(currency, str) or currency not in MINOR_DIGITS:
            raise _unreadable("unknown-currency", f"{currency!r} is not an ISO 4217 code")
        minor = minor_units(text, currency, self.decimal_mark, self.group_mark)
        return -minor if self.negated else minor
