"""Ledgers, access keys, and the types of events."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field, WithJsonSchema

from api.service.answers.document import Document, Instant
from ledger.access.scopes import KEY_SCOPES


class Ledger(Document):
    """The name and settings of a ledger; without a time zone its days are those of UTC.

    `region` is where phone numbers without a country stand.
    """

    name: str
    time_zone: str | None
    region: str | None
    archived: bool
    created_at: Instant = Field(examples=["2026-03-01T08:00:00Z"])


class DeletedLedger(Document):
    """A ledger that was deleted."""

    name: str
    deleted: bool


Scopes = Annotated[
    tuple[str, ...],
    BeforeValidator(sorted),
    WithJsonSchema({"type": "array", "items": {"enum": list(KEY_SCOPES)}, "minItems": 1}),
]
"""What a key may do, in alphabetical order."""


class AccessKey(Document):
    """An access key without its secret; without a ledger it is for all of them.

    `occasions` is whether the feed of a calendar shows birthdays and the like to this key.
    """

    id: str
    name: str
    scopes: Scopes
    occasions: bool
    ledger: str | None
    per_minute: int | None
    made_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    last_used_at: Instant | None = Field(validation_alias=AliasChoices("seen_at", "last_used_at"))


class MadeKey(AccessKey):
    """An access key with its secret, which is shown once."""

    secret: str


class EventType(Document):
    """A type of event; ``schema`` is the path of the JSON Schema of its data."""

    type: str
    summary: str
    from_clients: bool
    schema_: str = Field(alias="schema")
