"""The kinds of value that only policies have: points by a trade's own kinds, caps, the rules.

Source: the domain document, sections 4, 6 and 8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from domain.documents import read_section, section_schema
from domain.errors import FieldError, Invalid
from domain.kinds import Currency, Kind, Text, Whole, escape_pointer, no_names, wrong
from domain.text import NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.kinds import ContactNames


RULES = 2
"""The rules of the domain document that policies name. Documents from before have no number."""


@dataclass(frozen=True)
class CustomPoints:
    """What an event of type custom-recorded is worth, while one lies in the window."""

    points: Annotated[int, Whole(-1000, 1000)] = 0
    window_days: Annotated[int, Whole(1, 36_500)] = 365


CUSTOM_KIND = Text(100, NAME)
"""What a ``custom-recorded`` event calls itself."""


class CustomKinds(Kind):
    """An object from the ``kind`` of a custom event to what it is worth."""

    def read(self, value: object, names: ContactNames = no_names) -> dict[str, CustomPoints]:
        return self._read(value, CUSTOM_KIND.read)

    def read_kept(self, value: object, names: ContactNames = no_names) -> dict[str, CustomPoints]:
        return self._read(value, CUSTOM_KIND.read_kept)

    @staticmethod
    def _read(value: object, read: Callable[[object], str]) -> dict[str, CustomPoints]:
        if not isinstance(value, dict) or len(value) > 100:
            wrong("wrong-type", "must be an object of at most 100 kinds")
        found: dict[str, CustomPoints] = {}
        for sent, worth in value.items():
            kind = read(sent)
            if kind in found:
                wrong("duplicate-field", "two kinds differ in their spelling alone")
            found[kind] = read_section(CustomPoints(), worth, f"/{escape_pointer(sent)}")
        return dict(sorted(found.items()))

    def schema(self) -> dict[str, object]:
        return {
            "type": "object",
            "additionalProperties": section_schema(CustomPoints),
            "propertyNames": CUSTOM_KIND.schema(),
            "maxProperties": 100,
        }


class Caps(Kind):
    """An object from currencies to an amount in their minor units."""

    def read(self, value: object, names: ContactNames = no_names) -> dict[str, int]:
        if not isinstance(value, dict):
            wrong("wrong-type", "must be an object from currencies to amounts")
        found: dict[str, int] = {}
        errors: list[FieldError] = []
        for currency, amount_minor in sorted(value.items()):
            try:
                found[Currency().read(currency)] = Whole().read(amount_minor)
            except Invalid as error:
                errors += error.within(f"/{escape_pointer(currency)}").errors
        if errors:
            raise Invalid(errors)
        return found

    def schema(self) -> dict[str, object]:
        return {
            "type": "object",
            "additionalProperties": Whole().schema(),
            "propertyNames": Currency().schema(),
            "description": "object from currencies to minor units",
        }


class RulesVersion(Kind):
    """The number of the rules by which a policy judges: this program has rules 2."""

    def read(self, value: object, names: ContactNames = no_names) -> int:
        if value is True or value != RULES:
            detail = f"must be {RULES}: this version of Rapport judges by no other rules"
            wrong("not-a-choice", detail)
        return RULES

    def schema(self) -> dict[str, object]:
        return {"type": "integer", "enum": [RULES]}
