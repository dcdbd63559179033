"""The form of an event, made of the kinds of its fields, and what was typed into it as JSON.

A form leaves checking to the ledger: it only gives each text the JSON type that its field has.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from api.console.rendering import decimal_text
from api.console.vocabulary import HINTS, WORDS, field_named
from domain.currencies import MINOR_DIGITS
from domain.instants import SECOND, format_instant, zone
from domain.kinds import (
    CalendarDate,
    Choice,
    ContactId,
    Currency,
    EventId,
    Flag,
    Instant,
    Text,
    TimeZone,
    Whole,
)
from domain.nested_kinds import Attributes, Items, References

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from domain.events import Event, Field
    from domain.kinds import Kind

_LONG_TEXT = 500
"""From how many characters on a text has a field of several lines."""

_FIRST = frozenset({"category", "due_on", "summary", "stated", "how", "note", "steward"})
"""Fields that may be left empty and seldom are."""

_AMOUNT = re.compile(r"[-+]?(\d{1,16}(\.\d{0,6})?|\.\d{1,6})", re.ASCII)
"""An amount as one writes it. An exponent would make a number of any length of a few letters."""

_COMMON_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY")


@dataclass(frozen=True)
class FormField:
    """One field of a form: its control, what stands in it, and what is wrong with that.

    ``is_first`` is what nearly everybody fills in, also where it may be left empty; ``hint`` is
    what is good to know before.
    """

    name: str
    label: str
    control: str
    required: bool
    is_first: bool
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()
    most: int | None = None
    error: str = ""
    hint: str = ""


def form_fields(
    cls: type[Event],
    values: Mapping[str, str],
    errors: Mapping[str, str],
    choices: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
) -> list[FormField]:
    """The fields of the form of an event, with what was typed and what is wrong with it.

    Those that are asked for come first. An id that the event brings into the world, and one that
    is known already, is shown with the others that may be left alone. ``choices`` are what ids may
    be, by the names of their fields.
    """
    found = []
    for field in cls.FIELDS:
        value = values.get(field.name, "")
        made = replace(
            _control(field),
            value=value,
            error=errors.get(field.name, ""),
            hint=HINTS.get((cls.TYPE, field.name), ""),
        )
        if proposed := (choices or {}).get(field.name):
            unknown = () if value in ("", *dict(proposed)) else ((value, value),)
            made = replace(made, control="choice", options=(*proposed, *unknown))
        found.append(made)
    return sorted(found, key=lambda one: not one.is_first)


def _control(field: Field) -> FormField:
    control, options, most = "text", (), None
    kind = field.kind
    for cls, make in _CONTROLS:
        if isinstance(kind, cls):
            control, options, most = make(field)
            break
    asked = (field.required or field.until_erased) and not field.opens
    return FormField(
        field.name,
        field_named(field.name),
        control,
        asked,
        asked or field.name in _FIRST,
        options=options,
        most=most,
    )


def _text_control(field: Field) -> tuple[str, tuple[tuple[str, str], ...], int | None]:
    assert isinstance(field.kind, Text)
    return ("area" if field.kind.most > _LONG_TEXT else "text"), (), field.kind.most


def _whole_control(field: Field) -> tuple[str, tuple[tuple[str, str], ...], int | None]:
    return ("money" if field.name.endswith("_minor") else "number"), (), None


def _choice_control(field: Field) -> tuple[str, tuple[tuple[str, str], ...], int | None]:
    assert isinstance(field.kind, Choice)
    return "choice", tuple((word, _word_named(field, word)) for word in field.kind.words), None


def _word_named(field: Field, word: str) -> str:
    is_party = field.name in ("initiated_by", "direction")
    return WORDS[word] if is_party and word in WORDS else word.replace("_", " ")


def _currency_control(_: Field) -> tuple[str, tuple[tuple[str, str], ...], int | None]:
    others = sorted(set(MINOR_DIGITS) - set(_COMMON_CURRENCIES))
    return "choice", tuple((one, one) for one in (*_COMMON_CURRENCIES, *others)), None


def _plain(control: str) -> Callable[[Field], tuple[str, tuple[tuple[str, str], ...], int | None]]:
    return lambda _: (control, (), None)


_CONTROLS: tuple[tuple[type[Kind], Callable[[Field], Any]], ...] = (
    (Text, _text_control),
    (Whole, _whole_control),
    (Choice, _choice_control),
    (Currency, _currency_control),
    (Flag, lambda _: ("choice", (("true", "yes"), ("false", "no")), None)),
    (Instant, _plain("moment")),
    (CalendarDate, _plain("day")),
    (ContactId, _plain("contact")),
    (EventId, _plain("text")),
    (TimeZone, _plain("text")),
    (References, _plain("area")),
    (Attributes, _plain("area")),
    (Items, _plain("area")),
)


def typed_data(cls: type[Event], typed: Mapping[str, str], time_zone: str) -> dict[str, object]:
    """What was typed as the data of an event; fields that were left empty are left out."""
    data: dict[str, object] = {}
    for field in cls.FIELDS:
        text = typed.get(field.name, "").strip()
        if text:
            data[field.name] = _value(field, text, typed, time_zone)
    return data


def _value(field: Field, text: str, typed: Mapping[str, str], time_zone: str) -> object:
    kind = field.kind
    if isinstance(kind, Whole):
        if field.name.endswith("_minor"):
            return minor_units(text, typed.get("currency", ""))
        with suppress(ValueError):
            return int(text)
    if isinstance(kind, Flag):
        return {"true": True, "false": False}.get(text, text)
    if isinstance(kind, Instant):
        return instant_text(text, time_zone)
    if isinstance(kind, References):
        return [_reference(line) for line in text.splitlines() if line.strip()]
    if isinstance(kind, Attributes):
        return dict(_attribute(line) for line in text.splitlines() if line.strip())
    if isinstance(kind, Items):
        return [line.strip() for line in text.splitlines() if line.strip()]
    with suppress(ValueError, RecursionError):
        if not isinstance(kind, Text) and text.startswith(("{", "[")):
            return json.loads(text)
    return text


def minor_units(text: str, currency: str) -> object:
    """An amount as one writes it, in minor units; the text itself where it is none.

    >>> minor_units("12,50", "EUR"), minor_units("1200", "JPY"), minor_units("a lot", "EUR")
    (1250, 1200, 'a lot')
    """
    plain = text.replace(" ", "").removeprefix(currency).removesuffix(currency)
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    if not _AMOUNT.fullmatch(plain):
        return text
    amount = Decimal(plain).scaleb(MINOR_DIGITS.get(currency, 2))
    return int(amount) if amount == int(amount) else text


def decimal_values(values: Mapping[str, str]) -> dict[str, str]:
    """Values for a form, in which amounts stand in the currency's own unit."""
    currency = values.get("currency", "")
    return {
        name: decimal_text(int(value), currency, "") if name.endswith("_minor") else value
        for name, value in values.items()
    }


def instant_text(text: str, time_zone: str) -> str:
    """A day and a time as a form sends them, in the ledger's time zone, as an RFC 3339 text.

    A text that is none is left as it is, for the ledger to refuse.

    >>> instant_text("2026-03-01T10:00", "Europe/Amsterdam")
    '2026-03-01T09:00:00Z'
    """
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is None:
            local = local.replace(tzinfo=zone(time_zone))
        return format_instant(round(local.timestamp()) * SECOND)
    except (ValueError, OverflowError):
        return text


def _reference(line: str) -> dict[str, str]:
    source, _, ref = line.strip().partition(":")
    return {"source": source, "ref": ref}


def _attribute(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def words_to_remember(cls: type[Event], typed: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The words that are likely the same at the next act, such as a coffee: they are no names."""
    known = {field.name for field in cls.FIELDS}
    for name in ("channel", "currency", "gesture", "cost_minor"):
        if name in known and typed.get(name, "").strip():
            yield name, typed[name].strip()
