"""Status receipts: one document with an answer and the proof of it."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import WithJsonSchema

from api.service.answers.document import Document, Instant, Position
from api.service.answers.log import Base64
from api.service.answers.status import Status
from api.service.receipts.evidence import NOT_PROVEN


class ReceiptQuestion(Document):
    """What was asked; a policy version is null where those in force judge."""

    contact_id: UUID
    as_of: Instant
    as_known_at: Position
    policy_version: int | None


class ProvenEntry(Document):
    """An entry of the transparency log, and its inclusion proof."""

    entry: Base64
    hashes: tuple[Base64, ...]


class ProvenEvent(Document):
    """An event as it is stored, and its inclusion proof."""

    position: Position
    stream: UUID
    version: int
    topic: str
    state: Base64
    hashes: tuple[Base64, ...]


class ProvenStream(Document):
    """A stream of which nothing is left out up to ``newest_version``, and why it is needed."""

    stream: UUID
    role: Literal["contact", "merged", "referrer", "policies"]
    newest_version: int
    gapless: bool


class Completeness(Document):
    """What the receipt proves of the streams, and what it does not prove."""

    streams: tuple[ProvenStream, ...]
    newest_is_proven_by: Literal["log-replay"]
    not_proven: tuple[
        Annotated[str, WithJsonSchema({"type": "string", "enum": list(NOT_PROVEN)})], ...
    ]


class Receipt(Document):
    """A status with everything that it rests on; it is checked offline."""

    format: Literal["rapport-status-receipt"]
    format_version: Literal[1]
    origin: str
    question: ReceiptQuestion
    answer: Status
    tzdata: str
    ledger_time_zone: str | None
    known_at: ProvenEntry
    events: tuple[ProvenEvent, ...]
    policies: tuple[ProvenEvent, ...]
    checkpoint: str
    verifiers: tuple[str, ...]
    completeness: Completeness
