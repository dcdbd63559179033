"""What is sent to make a webhook, to change it, and to have messages sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from uuid import UUID

from api.http.wire.query import Reads
from api.http.wire.sent import SentObject
from api.service.webhooks.egress import MOST_URL
from domain.errors import Invalid
from domain.events import CATALOGUE
from domain.kinds import Flag, Text, Whole, read_uuid, wrong
from domain.notices import KINDS
from domain.text import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

MOST_REPLAYED = 1_000
"""How many deliveries one request has sent again."""

_DESCRIPTION = Text(200, NAME)
_POSITION = Whole(1)
_URL_SCHEMA = {"type": "string", "format": "uri", "minLength": 1, "maxLength": MOST_URL}


def _read_url(value: object) -> str:
    if value is None:
        wrong("missing", "is required")
    if not isinstance(value, str):
        wrong("wrong-type", "must be a string")
    if not 1 <= len(value) <= MOST_URL:
        wrong("too-long", f"must have 1 to {MOST_URL} characters")
    return value


def _some_of(known: Collection[str], least: int, what: str) -> Callable[[object], tuple[str, ...]]:
    def read(value: object) -> tuple[str, ...]:
        if value is None:
            wrong("missing", "is required")
        if not isinstance(value, list) or len(value) < least:
            wrong("wrong-type", f"must be an array of {what}")
        for place, one in enumerate(value):
            if not isinstance(one, str) or one not in known:
                raise Invalid.at(f"/{place}", "not-a-choice", f"must be one of {what}")
        return tuple(dict.fromkeys(value))

    return read


def _schema(known: Collection[str], least: int) -> dict[str, Any]:
    return {"type": "array", "items": {"enum": list(known)}, "minItems": least}


def _read_ids(value: object) -> tuple[UUID, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_REPLAYED:
        wrong("wrong-type", f"must be an array of 1 to {MOST_REPLAYED} ids of deliveries")
    return tuple(read_uuid(one) for one in value)


_kinds = _some_of(KINDS, 1, f"one or more of {', '.join(KINDS)}")
_types = _some_of(CATALOGUE, 0, "types of events")
_KINDS_SCHEMA, _TYPES_SCHEMA = _schema(KINDS, 1), _schema(CATALOGUE, 0)
_BOOLEAN = {"type": "boolean"}


class NewWebhook(SentObject):
    """A webhook to be made. Without `types` events of every type are sent."""

    EXAMPLES: ClassVar = {
        "a web shop": {
            "url": "https://shop.example.org/rapport",
            "events": ["event-recorded", "stage-changed"],
            "types": ["purchase-made"],
            "description": "the web shop",
        },
        "a newsletter": {
            "url": "https://letters.example.org/in",
            "events": ["stage-changed", "personal-data-erased"],
            "enabled": False,
        },
    }

    url: Annotated[str, Reads(_read_url, _URL_SCHEMA)]
    events: Annotated[tuple[str, ...], Reads(_kinds, _KINDS_SCHEMA)]
    types: Annotated[tuple[str, ...] | None, Reads(_types, _TYPES_SCHEMA, nullable=True)] = None
    personal: Annotated[bool, Reads(Flag().read, _BOOLEAN)] = False
    description: Annotated[
        str | None, Reads(_DESCRIPTION.read, _DESCRIPTION.schema(), nullable=True)
    ] = None
    enabled: Annotated[bool, Reads(Flag().read, _BOOLEAN)] = True


class ChangedWebhook(SentObject):
    """Fields of a webhook with their new values; those that are left out stay as they are."""

    EXAMPLES: ClassVar = {
        "paused": {"enabled": False},
        "moved": {"url": "https://shop.example.org/in"},
    }

    url: Annotated[str | None, Reads(_read_url, _URL_SCHEMA)] = None
    events: Annotated[tuple[str, ...] | None, Reads(_kinds, _KINDS_SCHEMA)] = None
    types: Annotated[tuple[str, ...] | None, Reads(_types, _TYPES_SCHEMA, nullable=True)] = None
    personal: Annotated[bool | None, Reads(Flag().read, _BOOLEAN)] = None
    description: Annotated[
        str | None, Reads(_DESCRIPTION.read, _DESCRIPTION.schema(), nullable=True)
    ] = None
    enabled: Annotated[bool | None, Reads(Flag().read, _BOOLEAN)] = None

    def changes(self) -> dict[str, Any]:
        """The fields that were sent, by name; null types are none."""
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        if "types" in sent:
            sent["types"] = sent["types"] or ()
        return sent


class Replay(SentObject):
    """A request to send again everything from a position on, or these deliveries."""

    EXAMPLES: ClassVar = {
        "from a position": {"from_position": 40},
        "what was given up": {"deliveries": ["5f1c2d3e-4a5b-5c6d-8e7f-0a1b2c3d4e5f"]},
    }

    from_position: Annotated[
        int | None, Reads(_POSITION.read, _POSITION.schema(), nullable=True)
    ] = None
    deliveries: Annotated[
        tuple[UUID, ...] | None,
        Reads(
            _read_ids,
            {
                "type": "array",
                "items": {"type": "string", "format": "uuid"},
                "minItems": 1,
                "maxItems": MOST_REPLAYED,
            },
            nullable=True,
        ),
    ] = None
