"""Values at the edges of a JSON Schema and beyond, and events that have one of them.

Schemathesis brings few types of events to their edges, since each is a request; these are cheap.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID

from api.service.event_schemas import data_schema
from domain.kinds import ContactId

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.events import Event
    from tests.api.shop import Json

CONTACT = ContactId().schema()
OF_EVERY_TYPE: tuple[object, ...] = (None, True, 0, 1.5, 10**30, "", "x", [], {}, [[]], {"": {}})
TEXTS = (
    "\t\n Örn 👩‍👩‍👧 ß",
    " Rene\u0301 ",
    "a\r\nb",
    "a\tb",
    "a\rb",
    "a\nb",
    "a\u200b",
    "ab \u202ecd",
    "\u2066ab",
    "\x85a",
    "a\x9fb",
    " ",
    "\u00a0\u200b",
)
"""Some that every rule for texts takes, some that none does, and some that one of them does."""

BEYOND_TEXT = ("\x00", "a\x7f")

FORMATS: dict[str, tuple[str, tuple[str, ...]]] = {
    "date": ("2026-02-28", ("2026-02-29", "2026-2-1", "26-02-01", "2026-02-28T00:00:00Z")),
    "date-time": (
        "2026-03-02T11:00:00+01:00",
        ("2026-03-01T11:00:00", "2026-03-01", "2026-02-29T00:00:00Z", "2026-03-01T24:00:00Z"),
    ),
    "time-zone": ("Europe/Amsterdam", ("Europe/Nowhere", "europe/amsterdam", "../UTC")),
    "uuid": (str(UUID(int=9, version=4)), (str(UUID(int=0)), "9", f"{{{UUID(int=9)}}}")),
}
"""By format, one value that has it, and some that nearly do: no schema tells most of them apart."""


def inside(schema: Json) -> Any:
    """A value that the schema allows."""
    if "anyOf" in schema:
        return inside(schema["anyOf"][0])
    if "format" in schema:
        return FORMATS[schema["format"]][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "examples" in schema:  # which a pattern allows, and which few other texts do
        return schema["examples"][0]
    if schema == CONTACT:
        return "pos:1"
    match schema["type"]:
        case "string":
            return "a" * schema.get("minLength", 0)
        case "integer":
            return schema["minimum"]
        case "boolean":
            return True
        case "array":
            return []
    return {name: inside(schema["properties"][name]) for name in schema.get("required", ())}


def around(schema: Json) -> Iterator[object]:
    """Values just within what the schema allows, and just beyond."""
    if "anyOf" in schema:
        for one in schema["anyOf"]:
            yield from around(one)
        return
    yield inside(schema)
    yield from FORMATS.get(schema.get("format", ""), ("", ()))[1]
    yield from schema.get("enum", ())
    if schema.get("type") == "integer":
        least, most = schema["minimum"], schema["maximum"]
        yield from (least - 1, least, most, most + 1, str(least))
    if "maxLength" in schema and "format" not in schema:
        yield from ("a" * size for size in (schema["maxLength"], schema["maxLength"] + 1))
        yield from (*TEXTS, *BEYOND_TEXT)
    if schema.get("type") == "array":
        item = inside(schema["items"])
        yield from ([item] * schema["maxItems"], [item] * (schema["maxItems"] + 1))
        yield from ([one] for one in chain(around(schema["items"]), OF_EVERY_TYPE))
    if isinstance(more := schema.get("additionalProperties"), dict):
        names = [f"n{number}" for number in range(schema["maxProperties"] + 1)]
        yield from (dict.fromkeys(some, "x") for some in (names[:-1], names))
        yield from ({"n": one} for one in chain(around(more), OF_EVERY_TYPE))
        yield from ({name: "x"} for name in ("a" * 100, "a" * 101, *TEXTS, *BEYOND_TEXT))
    elif properties := schema.get("properties"):
        yield from objects_around(schema, properties)


def objects_around(schema: Json, properties: Json) -> Iterator[Json]:
    """Objects with one field at an edge, without one, with one too many; and with all."""
    whole = {name: inside(one) for name, one in properties.items()}
    least = {name: whole[name] for name in schema["required"]}
    yield from (least, whole, {**least, "unheard-of": None})
    for name in properties:
        yield {other: value for other, value in whole.items() if other != name}
        for value in chain(around(properties[name]), OF_EVERY_TYPE):
            yield {**least, name: value}


def data_around(cls: type[Event]) -> Iterator[Json]:
    """What may nearly be the ``data`` of an event of this class."""
    schema = data_schema(cls)
    return objects_around(schema, schema["properties"])
