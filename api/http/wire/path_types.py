"""The names in paths and the headers of requests, as types: given as text, described by FastAPI."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from urllib.parse import unquote_to_bytes

from fastapi import Header, Path
from pydantic import AfterValidator, WithJsonSchema

from domain.book.watch import LISTS
from domain.errors import Invalid
from domain.kinds import ContactId

CONTACT_NAME = ContactId().schema()
"""A contact as it is named outside: its UUID or ``source:ref``."""


def decode_part(name: str, text: str) -> str:
    """The part of a path of that name, decoded.

    Raises:
        Invalid: it is not UTF-8.
    """
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise Invalid.at("", "malformed", f"the {name} in the path is not UTF-8") from None


def _path(description: str, example: object, alias: str | None = None) -> Any:
    return Path(
        alias=alias, description=description, openapi_examples={"example": {"value": example}}
    )


def _decoder(name: str) -> AfterValidator:
    """Reads the part of the path of that name, which arrives as it was sent."""
    return AfterValidator(partial(decode_part, name))


_WHOLE = WithJsonSchema({"type": "integer"})

LedgerName = Annotated[str, _path("The ledger's name.", "main", alias="ledger")]
ContactName = Annotated[
    str,
    WithJsonSchema(CONTACT_NAME),
    _path(
        "A contact's UUID, or `source:ref`, percent-encoded; `%2F` may stand in the ref.",
        "pos:17850",
        alias="contact",
    ),
]
PositionInPath = Annotated[
    str, _decoder("position"), _WHOLE, _path("A place in the log, from 1.", 3)
]
VersionInPath = Annotated[
    str, _decoder("version"), _WHOLE, _path("The policy's version, from 1.", 1)
]
ProjectionName = Annotated[str, _decoder("name"), _path("The projection's name.", "status")]
TileLevel = Annotated[str, _WHOLE, _path("The level of the tile: 0 is that of the leaves.", 0)]
TileName = Annotated[
    str,
    _path(
        "The place of the tile, in groups of three digits, with its width unless it is full.",
        "000.p/3",
    ),
]
OperationId = Annotated[
    str, _decoder("operation"), _path("The operation's id.", "4b8f1d3a-52e7-4b0f-8f53-0d6f0b2f9c11")
]
ImportId = Annotated[
    str,
    _decoder("import"),
    _path("The import's id.", "0f5c1d2e-6a7b-5c8d-9e0f-1a2b3c4d5e6f", alias="import"),
]
ValuationId = Annotated[
    str,
    _decoder("valuation"),
    _path("The valuation's id.", "3a0c9a54-0f5c-5b60-9a3e-4d6f0a5e7c21"),
]
EventTypeName = Annotated[
    str, _decoder("type"), _path("The type of event.", "purchase-made", alias="type")
]
WatchListName = Annotated[
    str,
    _decoder("list"),
    WithJsonSchema({"type": "string", "enum": list(LISTS)}),
    _path("The list: `never-asked`, `under-served` or `lost`.", "never-asked", alias="list"),
]
KeyId = Annotated[
    str, _decoder("id"), _path("The key's id, which is no secret.", "9f86d081884c7d65", alias="id")
]

WebhookId = Annotated[
    str,
    _decoder("id"),
    _path("The webhook's id.", "0192f3a4-5b6c-7d8e-9f01-23456789abcd", alias="id"),
]


def _header(name: str, description: str, example: str) -> Any:
    shown = {"example": {"value": example}}
    return Header(alias=name, description=description, openapi_examples=shown)  # type: ignore[arg-type]  # a plain mapping


def _text(**schema: object) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **schema})


IfMatch = Annotated[
    str | None,
    _text(pattern='^"(0|[1-9][0-9]{0,15})"$'),
    _header("If-Match", "Only if the contact's stream is at this version.", '"6"'),
]
IfNoneMatch = Annotated[
    str | None,
    _text(pattern="^[*]$"),
    _header("If-None-Match", "`*`: only if the contact does not exist yet.", "*"),
]
IdempotencyKey = Annotated[
    str | None,
    _text(minLength=16, maxLength=200),
    _header(
        "Idempotency-Key",
        "16 to 200 characters; gives ids to the events without one, the same for the same key.",
        "order-2026-03-01-1042",
    ),
]
Prefer = Annotated[
    str | None,
    _text(),
    _header("Prefer", "`return=minimal`: answer without a body.", "return=minimal"),
]
LastEventId = Annotated[
    str | None,
    _text(pattern="^[0-9]{1,16}$"),
    _header(
        "Last-Event-ID",
        "Of a tail: the position of the last event seen. It stands before `after_position`.",
        "3",
    ),
]

REQUEST_HEADERS = ("If-Match", "If-None-Match", "Idempotency-Key", "Prefer", "Last-Event-ID")
"""The headers of our own concern that a request may have, which pages of other origins may send."""
