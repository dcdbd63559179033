"""The bodies that hold events, for the documentation: our rules read them, from their own kinds."""

from __future__ import annotations

from typing import Any

from api.http.openapi import examples
from api.http.openapi.responses import form, lines
from api.http.wire import cloudevents
from api.http.wire.media import LINES
from api.service.envelope import MOST_EVENTS
from api.service.event_schemas import ref
from api.service.strict_parsing import JSON

Described = dict[str, Any]


def _many(one: Described) -> Described:
    return {"type": "array", "items": one, "minItems": 1, "maxItems": MOST_EVENTS}


def _with_examples(schema: Described, shown: Described) -> Described:
    return {"schema": schema, "examples": {name: {"value": one} for name, one in shown.items()}}


_LINES = {
    "type": "string",
    "description": "One event with its `contact` a line, of at most 64 KiB; any number of lines.",
}
OUTCOME_LINES = lines(
    "For every line, in order, one with `line`, `status` and either `position` (201 new, 200 known "
    "or already so) and `counts_for`, or `problem`.",
    *examples.OUTCOMES,
)
OF_ONE_CONTACT: Described = {
    "requestBody": {
        "content": {
            JSON: _with_examples(
                {"oneOf": [ref("SentEvent"), _many(ref("SentEvent"))]}, examples.FIRST_EVENTS
            )
        }
    }
}
OF_MANY_CONTACTS: Described = {
    "requestBody": {
        "content": {
            JSON: _with_examples(
                _many(ref("SentEventOfContact")), {"two contacts": examples.EVENTS}
            ),
            **dict.fromkeys(LINES, form(_LINES, examples.SENT_LINES)),
            cloudevents.STRUCTURED: form(ref("SentCloudEvent"), examples.CLOUD_EVENT),
            cloudevents.BATCH: form(_many(ref("SentCloudEvent")), [examples.CLOUD_EVENT]),
        }
    }
}
