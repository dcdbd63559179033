"""The refs by which a file names contacts, and what spreadsheets make of them.

A spreadsheet that opens and saves a file may turn the id 00123 into ``="00123"``, ``'00123``,
``123.0`` or ``1.23457E+12``. Each of these would be another contact, forever, so a row with one is
refused unless the mapping's ``pattern`` says that it is meant.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.importing.values import Template

_FORMS = (
    (re.compile("=.*", re.DOTALL), "is a formula of a spreadsheet"),
    (re.compile("'.*", re.DOTALL), "begins with the apostrophe by which a spreadsheet marks text"),
    (re.compile(r"[+-]?[0-9]+[.,]0+"), "is a number to which a spreadsheet gave decimals"),
    (
        re.compile(r"[+-]?[0-9](?:[.,][0-9]+)?[eE][+-][0-9]{2,3}"),
        "is a number that a spreadsheet rounded",
    ),
    (
        re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|#+)"),
        "is what a spreadsheet shows where it has no value",
    ),
)

_INVISIBLE = ("C", "Z")
"""The first letters of the general categories of what cannot be seen. Source: Unicode 4.5."""


def spreadsheet_damage(text: str) -> str | None:
    """What a spreadsheet seems to have made of an id, as the end of a sentence; None for nothing.

    >>> spreadsheet_damage("123.0")
    'is a number to which a spreadsheet gave decimals'
    >>> spreadsheet_damage("00123") is None
    True
    """
    if text.isalnum():  # nearly all: every form below has another character
        return None
    for form, says in _FORMS:
        if form.fullmatch(text):
            return says
    for end in (text[:1], text[-1:]):
        if end and unicodedata.category(end)[0] in _INVISIBLE:
            return f"begins or ends with the invisible character U+{ord(end):04X}"
    return None


@dataclass(frozen=True)
class ContactRef:
    """How the contact of a row is addressed: ``source:ref``.

    ``pattern`` is matched against the whole ref. Where it has a group named ``ref``, that group is
    the ref; else the ref is taken as it stands.
    """

    source: str
    ref: Template
    pattern: re.Pattern[str] | None = None

    def columns(self) -> set[str]:
        """The columns it reads."""
        return self.ref.columns()

    def name(self, row: Mapping[str, str]) -> str:
        """The contact's name for one row.

        Raises:
            Invalid: the ref does not match the pattern.
        """
        text = self.ref.fill(row)
        if self.pattern is None:
            return f"{self.source}:{text}"
        match = self.pattern.fullmatch(text)
        if match is None:
            detail = f"{text!r} does not match the mapping's pattern {self.pattern.pattern!r}"
            raise Invalid.at("", "unmatched-ref", detail)
        ref = match["ref"] if "ref" in self.pattern.groupindex else text
        return f"{self.source}:{ref or ''}"

    def problem(self, row: Mapping[str, str]) -> Invalid | None:
        """Why nothing new is recorded under the ref: a spreadsheet seems to have spoiled it.

        It does not raise, for what was recorded under such a ref is still known.
        """
        if self.pattern is not None:
            return None
        try:
            for column in self.ref.columns():
                refuse_spoiled(row[column])
            refuse_spoiled(self.ref.fill(row))
        except Invalid as error:
            return error
        return None


def refuse_spoiled(text: str) -> None:
    """Refuse an id that a spreadsheet seems to have spoiled.

    Raises:
        Invalid: saying how, and what to do.
    """
    if (says := spreadsheet_damage(text)) is not None:
        detail = (
            f"{text!r} {says}, and would be another contact: mend it in the file, or give "
            "[contact] of the mapping a pattern that admits it"
        )
        raise Invalid.at("", "spoiled-ref", detail)


@dataclass(frozen=True)
class ContactOf:
    """Another contact as the field of an event; absent where the text is empty."""

    template: Template

    def columns(self) -> set[str]:
        """The columns it reads."""
        return self.template.columns()

    def of(self, row: Mapping[str, str], data: Mapping[str, object]) -> object:
        """The contact's name.

        Raises:
            Invalid: a spreadsheet seems to have spoiled one of the columns.
        """
        for column in self.template.columns():
            refuse_spoiled(row[column])
        return self.template.fill(row) or None
