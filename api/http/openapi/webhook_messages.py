"""The messages that receivers of webhooks get, for the part ``webhooks`` of the OpenAPI document.

Source: OpenAPI 3.1.0, "Webhooks"; CloudEvents 1.0.2; Standard Webhooks 1.0.0.
"""

from __future__ import annotations

from typing import Any

from domain.notices import (
    ACTION_OPENED,
    ACTION_OVERDUE,
    EVENT_RECORDED,
    KINDS,
    PERSONAL_DATA_ERASED,
    PROJECTION_FAILED,
    REWARD_DUE,
    STAGE_CHANGED,
    STANDING_CHANGED,
)

MEDIA_TYPE = "application/cloudevents+json"

_CONTACT = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"
_EVENT = "0198c1f0-5a52-7c3e-9d7b-3f0d6a1b2c4d"
_AT = "2026-03-01T09:30:00Z"

_SUMMARIES = {
    EVENT_RECORDED: "An event was recorded",
    STAGE_CHANGED: "A contact has another stage",
    STANDING_CHANGED: "A contact has another standing as a referral partner",
    ACTION_OPENED: "There is something to do for a contact",
    ACTION_OVERDUE: "Something was to be done for a contact by now",
    REWARD_DUE: "A reward is to be paid",
    PERSONAL_DATA_ERASED: "The data of a person was erased",
    PROJECTION_FAILED: "A projection has stopped",
}

_RECORDED: dict[str, Any] = {
    "id": _EVENT,
    "contact_id": _CONTACT,
    "type": "purchase-made",
    "version": 2,
    "position": 42,
    "occurred_at": _AT,
    "recorded_at": _AT,
    "source": "till-4",
    "causation_id": None,
    "data": {"purchase_id": "1", "amount_minor": 1250, "currency": "EUR"},
}
_ERASED = {**_RECORDED, "type": "personal-data-erased", "data": {}}
_CHANGED = {"position": 42, "contact_id": _CONTACT}
_ACTION: dict[str, Any] = {
    **_CHANGED,
    "stream": _CONTACT,
    "key": f"thanks:{_EVENT}",
    "kind": "thanks",
    "opens_at": _AT,
    "due_at": "2026-03-03T09:30:00Z",
    "gone_at": "2026-03-31T09:30:00Z",
    "events": [_EVENT],
    "cleared_by": ["thanks-given"],
    "amount_minor": None,
    "currency": None,
}
_REWARD = {
    **_ACTION, "key": f"reward:{_EVENT}", "kind": "reward", "gone_at": None,
    "cleared_by": ["reward-paid", "reward-declined"], "amount_minor": 2500, "currency": "EUR",
}  # fmt: skip

_DATA: dict[str, dict[str, Any]] = {
    EVENT_RECORDED: _RECORDED,
    STAGE_CHANGED: {**_CHANGED, "from": "customer", "to": "client", "since": _AT, "event": _EVENT},
    STANDING_CHANGED: {**_CHANGED, "from": "introducer", "to": "partner"},
    ACTION_OPENED: _ACTION,
    ACTION_OVERDUE: _ACTION,
    REWARD_DUE: _REWARD,
    PERSONAL_DATA_ERASED: _ERASED,
    PROJECTION_FAILED: {"position": 42, "projection": "status", "problem": "ValueError"},
}

_HEADERS = {
    "Webhook-Id": "The id of the message: the same each time that it is sent.",
    "Webhook-Timestamp": "When it was sent, in seconds since 1970.",
    "Webhook-Signature": "The signature of id, timestamp and body, as `v1,` and base64.",
}


def described_webhooks() -> dict[str, Any]:
    """A POST for each kind of message, as receivers see it."""
    return {kind: {"post": _post(kind)} for kind in KINDS}


def message_example(kind: str) -> dict[str, Any]:
    """A message of that kind."""
    about = {} if kind == PROJECTION_FAILED else {"subject": _CONTACT}
    return {
        "specversion": "1.0",
        "id": "5f1c2d3e-4a5b-5c6d-8e7f-0a1b2c3d4e5f",
        "source": "/v1/ledgers/main",
        "type": kind,
        **about,
        "time": _AT,
        "datacontenttype": "application/json",
        "data": _DATA[kind],
    }


def _post(kind: str) -> dict[str, Any]:
    return {
        "summary": _SUMMARIES[kind],
        "operationId": f"receive_{kind.replace('-', '_')}",
        "tags": ["Webhooks"],
        "security": [],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": said,
                "schema": {"type": "string"},
            }
            for name, said in _HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {MEDIA_TYPE: {"schema": _schema(kind), "example": message_example(kind)}},
        },
        "responses": {
            "2XX": {"description": "The receiver has the message; it is not sent again."},
            "410": {"description": "The receiver wants nothing more: the webhook is disabled."},
            "default": {"description": "The message is sent again later, for a day."},
        },
    }


def _schema(kind: str) -> dict[str, Any]:
    data = _DATA[kind]
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "datacontenttype", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "format": "uuid"},
            "source": {"type": "string", "format": "uri-reference"},
            "type": {"const": kind},
            "subject": {"type": "string", "format": "uuid", "description": "The contact."},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "data": {
                "type": "object",
                "required": sorted(data),
                "properties": {name: _field_schema(name, value) for name, value in data.items()},
            },
        },
    }


def _field_schema(name: str, value: object) -> dict[str, Any]:
    """What a field of the data is, by its example; more fields may come."""
    if name in ("contact_id", "stream", "id", "event", "causation_id"):
        return {"type": ["string", "null"], "format": "uuid"}
    if name.endswith("_at") or name == "since":
        return {"type": ["string", "null"], "format": "date-time"}
    if name in ("events", "cleared_by"):
        return {"type": "array", "items": {"type": "string"}}
    if name == "data":
        return {"type": "object"}
    kind = "integer" if isinstance(value, int) or name.endswith("_minor") else "string"
    return {"type": [kind, "null"]}
