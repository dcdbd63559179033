"""A query, read strictly: how the text of each parameter is read, and all faults told together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from pydantic_core import PydanticCustomError, core_schema

from api.service.questions import Knowledge
from domain.errors import FieldError, Invalid
from domain.events import CATALOGUE
from domain.instants import has_form_of_date, has_form_of_instant, parse_date, parse_instant
from domain.kinds import MAX_WHOLE, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

MOST_PARAMETERS = 50


class Reads:
    """Metadata of an ``Annotated`` type: how what was sent is read, and the schema that says so.

    ``read`` raises Invalid where it is not what it should be. With ``nullable`` null is None.
    """

    def __init__(
        self,
        read: Callable[[Any], object],
        schema: Mapping[str, object],
        *,
        nullable: bool = False,
    ) -> None:
        self.read = read
        forms = schema["anyOf"] if schema.keys() == {"anyOf"} else [schema]
        self.schema = {"anyOf": [*forms, {"type": "null"}]} if nullable else dict(schema)  # type: ignore[misc]  # the forms of JSON Schema are a list
        self.nullable = nullable

    def __get_pydantic_core_schema__(
        self, _source: object, _handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(
        self, _schema: core_schema.CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self.schema)

    def _validate(self, sent: object) -> object:
        if self.nullable and sent is None:
            return None
        try:
            return self.read(sent)
        except Invalid as error:
            # pydantic continues with the other fields, and collects all errors.
            raise PydanticCustomError("refused", "refused", {"errors": error.errors}) from None


def read_query(
    query: bytes, known: Mapping[str, Reads], required: Sequence[str] = ()
) -> dict[str, Any]:
    """The values of a query's parameters by name; absent ones are absent.

    Raises:
        Invalid: one is unknown, given twice, not what it should be, or required and absent.
    """
    if not query and not required:
        return {}
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        raise Invalid.at("", "malformed", "the query cannot be read") from None
    values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, text in pairs:
        if name not in known:
            detail = f"is no parameter here; there are: {', '.join(known) or 'none'}"
            errors.append(FieldError(f"/{name[:100]}", "unknown-field", detail))
        elif name in values:
            errors.append(FieldError(f"/{name}", "duplicate-field", "may be given only once"))
        else:
            try:
                values[name] = known[name].read(text)
            except Invalid as error:
                errors.extend(error.within(f"/{name}").errors)
    errors += [
        FieldError(f"/{name}", "missing", "is required")
        for name in required
        if name not in values and not errors
    ]
    if errors:
        raise Invalid(errors)
    return values


def whole(least: int, most: int = MAX_WHOLE) -> Callable[[str], int]:
    """Reads a whole number in decimal digits."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,16}", text):
            wrong("wrong-type", f"must be a whole number from {least} to {most}, in digits")
        if not least <= int(text) <= most:
            wrong("out-of-range", f"must be from {least} to {most}")
        return int(text)

    return read


def choice(words: Sequence[str]) -> Callable[[str], str]:
    """Reads one of a few words."""

    def read(text: str) -> str:
        if text not in words:
            either = f"one of {', '.join(words)}" if len(words) > 1 else f"the word {words[0]}"
            wrong("not-a-choice", f"must be {either}")
        return text

    return read


def read_flag(text: str) -> bool:
    """``true`` or ``false``."""
    return choice(("true", "false"))(text) == "true"


def read_date(text: str) -> date:
    """A day.

    Raises:
        Invalid: it is not written as one, or does not exist.
    """
    try:
        return parse_date(text)
    except ValueError as error:
        raise Invalid.at("", "invalid-time", str(error)) from None


def read_month(text: str) -> str:
    """A month, such as 2026-03.

    Raises:
        Invalid: it is not written as one, or does not exist.
    """
    if len(text) != len("2026-03"):
        wrong("wrong-type", "must be a month such as 2026-03")
    read_date(f"{text}-01")
    return text


def read_moment_or_date(text: str) -> int | date:
    """An RFC 3339 instant, or a date such as ``2026-03-01``.

    A ``+`` that a form decoded to a space is taken as it was meant.
    """
    return parse_moment_or_date(text.replace(" ", "+"))


def read_knowledge_or_date(text: str) -> Knowledge | date:
    """A position in digits, an RFC 3339 instant, or a date."""
    if text.isascii() and text.isdigit():
        return Knowledge(position=whole(0)(text))
    found = parse_moment_or_date(text.replace(" ", "+"), ", or a position such as 42")
    return Knowledge(at=found) if isinstance(found, int) else found


def parse_moment_or_date(text: str, or_else: str = "") -> int | date:
    """An RFC 3339 instant, or a date. ``or_else`` says what a text that is neither may be too.

    Raises:
        Invalid: ``invalid-time``: the text has neither form, or there is no such day or time.
    """
    if not has_form_of_date(text) and not has_form_of_instant(text):
        forms = "an instant with an offset, such as 2026-03-01T09:30:00Z, or a date"
        wrong("invalid-time", f"must be {forms} such as 2026-03-01{or_else}")
    try:
        return parse_date(text) if has_form_of_date(text) else parse_instant(text)
    except ValueError as error:
        wrong("invalid-time", str(error))


def read_types(text: str) -> tuple[str, ...]:
    """Event types separated by commas."""
    found = tuple(text.split(","))
    for name in found:
        if name not in CATALOGUE:
            wrong("unknown-type", f"{name[:100]!r} is no event type; see /v1/event-types")
    return found
