"""The JSON Schemas of events, made of the kinds that read them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from domain.events import CATALOGUE
from domain.events.base import ACTOR, SOURCE
from domain.kinds import ContactId, EventId, Text
from domain.text import IDENTIFIER

if TYPE_CHECKING:
    from domain.events import Event, Field

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_JSON_TYPE = r"^[A-Za-z]+/([A-Za-z0-9.-]+\+)?[Jj][Ss][Oo][Nn] *(;[^\n]*)?$"


def ref(name: str) -> dict[str, Any]:
    """A schema that is one of the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def data_schema(cls: type[Event]) -> dict[str, Any]:
    """What the ``data`` of an event of this class must be."""
    return {
        "type": "object",
        "properties": {field.name: _field_schema(field) for field in cls.FIELDS},
        "required": [field.name for field in cls.FIELDS if field.required],
        "additionalProperties": False,
    }


def event_type(cls: type[Event]) -> dict[str, Any]:
    """The schema of an event's data as a whole document, with a description of the event."""
    return {
        "$schema": DRAFT,
        "$id": f"urn:rapport:event-type:{cls.TYPE}",
        "title": cls.TYPE,
        "description": inspect.cleandoc(cls.__doc__ or ""),
        **data_schema(cls),
    }


def sent_event(cls: type[Event], **more: Any) -> dict[str, Any]:
    """What a client sends to append an event of this class."""
    nullable = {"type": ["string", "null"]}
    return {
        "type": "object",
        "description": inspect.cleandoc(cls.__doc__ or ""),
        "properties": {
            **more,
            "type": {"const": cls.TYPE},
            "data": ref(data_name(cls)),
            "id": {**EventId().schema(), **nullable},
            "occurred_at": {**nullable, "format": "date-time"},
            "source": {**SOURCE.schema(), **nullable},
            "actor": {**ACTOR.schema(), **nullable},
            "causation_id": {**EventId().schema(), **nullable},
        },
        "required": [*more, "type", "data"],
        "additionalProperties": False,
    }


def cloud_event(cls: type[Event]) -> dict[str, Any]:
    """What a client sends to append an event of this class as a CloudEvent.

    Source: CloudEvents 1.0.2, its JSON format; section 3 of the specification on names.
    """
    return {
        "type": "object",
        "description": inspect.cleandoc(cls.__doc__ or ""),
        "properties": {
            "specversion": {"const": "1.0"},
            "id": Text(2000, IDENTIFIER).schema(),
            "source": SOURCE.schema(),
            "type": {"const": cls.TYPE},
            "subject": {**ContactId().schema(), "description": "The contact, as elsewhere."},
            "time": {"type": ["string", "null"], "format": "date-time"},
            "datacontenttype": {"type": ["string", "null"], "pattern": _JSON_TYPE},
            "data": ref(data_name(cls)),
        },
        "required": ["specversion", "id", "source", "type", "subject", "data"],
        "patternProperties": {"^[a-z0-9]{1,100}$": {}},
        "additionalProperties": False,
    }


def data_name(cls: type[Event]) -> str:
    """The component that describes the ``data`` of an event of this class."""
    return f"Data.{cls.TYPE}"


def from_clients() -> list[type[Event]]:
    """The event classes that clients may append, by type."""
    return [cls for _, cls in sorted(CATALOGUE.items()) if cls.FROM_PRODUCERS]


def _field_schema(field: Field) -> dict[str, Any]:
    """A field's schema; one that may be absent may be null, which means the same."""
    schema: dict[str, Any] = field.kind.schema()
    if not field.required:
        schema = {"anyOf": [schema, {"type": "null"}]}
    if field.until_erased:
        until = "Required, and left out once the contact is erased."
        schema["description"] = f"{schema.get('description', '')} {until}".strip()
    if field.personal:
        schema = {**schema, "x-personal": True}
    return schema
