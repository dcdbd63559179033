"""How far the projections are, and how far long work is."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import WithJsonSchema

from api.service.answers.document import Document, Instant, Position


class Projection(Document):
    """The state of a projection; ``lag`` is the number of events that it is behind the ledger."""

    name: str
    version: int
    position: Position
    lag: int
    state: str
    problem: str | None


class ProjectionDigest(Document):
    """The digest of a projection at a position and an instant: a SHA-256 in hex."""

    name: str
    version: int
    position: Position
    as_of: Instant
    digest: str


class Progress(Document):
    """Progress of an operation: ``rate`` is per second; ``eta_seconds`` is null while unknown."""

    done: int
    total: int
    rate: int
    eta_seconds: int | None


class Operation(Document):
    """An operation as it is now; ``result`` depends on its ``kind`` and comes with success."""

    id: UUID
    kind: str
    state: Literal["running", "succeeded", "failed", "cancelled"]
    progress: Progress
    result: Annotated[dict[str, Any], WithJsonSchema({"type": "object"})] | None
    problem: str | None
