"""The shapes of bodies, as JSON Schemas for the documentation."""

from __future__ import annotations

from typing import Any

from api.service.event_schemas import ref
from domain.kinds import TimeZone
from domain.presets import PRESETS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
YES_NO: Schema = {"type": "boolean"}
ID: Schema = {"type": "string", "format": "uuid"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
POSITION: Schema = {"type": "integer", "minimum": 0}
ANY_OBJECT: Schema = {"type": "object"}


def shape(**properties: Schema) -> Schema:
    """An object that has all of these."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def many(one: Schema) -> Schema:
    """An array of these."""
    return {"type": "array", "items": one}


def maybe(one: Schema) -> Schema:
    """This, or null where there is none."""
    return {"anyOf": [one, {"type": "null"}]}


def page(one: Schema) -> Schema:
    """A page of a list."""
    return shape(items=many(one), next_cursor=maybe(TEXT))


ONE_OR_MANY_EVENTS: Schema = {
    "oneOf": [
        ref("SentEvent"),
        {"type": "array", "items": ref("SentEvent"), "minItems": 1, "maxItems": 500},
    ]
}
EVENTS_WITH_CONTACT: Schema = {
    "type": "array",
    "items": ref("SentEventOfContact"),
    "minItems": 1,
    "maxItems": 500,
}
SENT_LINES: Schema = {
    "type": "string",
    "description": "One event with its `contact` a line, of at most 64 KiB; any number of lines.",
}
OUTCOME_LINES: Schema = {
    "type": "string",
    "description": "For every line, in order, one with `line`, `status` and either `position` (201 "
    "new, 200 known or already so) and `counts_for`, or `problem`.",
}
LINES_OF_EVENTS: Schema = {"type": "string", "description": "One event a line, as in a page."}
SERVER_SENT_EVENTS: Schema = {
    "type": "string",
    "description": "`id` is the position, `event` the type, `data` the event as in a page. "
    "A comment every 15 s shows that the connection is alive.",
}
CLOUD_EVENT: Schema = ref("SentCloudEvent")
CLOUD_EVENTS: Schema = {"type": "array", "items": CLOUD_EVENT, "minItems": 1, "maxItems": 500}
BYTES: Schema = {"type": "string", "format": "binary"}
BASE64: Schema = {"type": "string", "contentEncoding": "base64"}
PUBLISH: Schema = {
    "type": "object",
    "properties": {
        "preset": {"enum": [*PRESETS, None]},
        "policy": maybe(ref("SentPolicy")),
        "effective_from": {"type": ["string", "null"], "format": "date-time"},
    },
    "oneOf": [
        {"required": ["preset"], "properties": {"preset": TEXT, "policy": {"type": "null"}}},
        {"required": ["policy"], "properties": {"policy": ANY_OBJECT, "preset": {"type": "null"}}},
    ],
    "additionalProperties": False,
}
CREATE_LEDGER: Schema = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$"},
        "time_zone": maybe(TimeZone().schema()),
    },
    "required": ["name"],
    "additionalProperties": False,
}
