"""The audit trail."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import WithJsonSchema

from api.service.answers.document import Document, Instant
from ledger.stores.access import ORDERED, OUTCOMES


class TrailEntry(Document):
    """An act that was ordered, or what came of it; ``of`` is the number of the order.

    ``previous`` is the hash of the entry before, ``hash`` that of this one.
    """

    number: int
    at: Instant
    principal: str
    act: str
    subject: str
    detail: Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]
    previous: str
    hash: str
    outcome: Annotated[str, WithJsonSchema({"enum": [ORDERED, *OUTCOMES]})]
    of: int | None


class TrailPage(Document):
    """A part of the trail, oldest first; ``next_after`` is null at its end."""

    items: tuple[TrailEntry, ...]
    next_after: int | None
