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


def preset_or_document(**more: Schema) -> Schema:
    """A policy, as one of the presets or as a document, with what else is said of it.

    Each of the two has a title, which generated clients name it by.
    """
    nothing: Schema = {"type": "null"}
    preset: Schema = {"type": "string", "enum": list(PRESETS)}
    return {
        "oneOf": [
            {
                "type": "object",
                "title": title,
                "properties": {**chosen, **more},
                "required": [required],
                "additionalProperties": False,
            }
            for title, required, chosen in (
                ("preset", "preset", {"preset": preset, "policy": nothing}),
                ("document", "policy", {"policy": ref("SentPolicy"), "preset": nothing}),
            )
        ]
    }


MAYBE_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time"}
PUBLISH = preset_or_document(effective_from=MAYBE_MOMENT)
CREATE_LEDGER: Schema = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$"},
        "time_zone": maybe(TimeZone().schema()),
    },
    "required": ["name"],
    "additionalProperties": False,
}
