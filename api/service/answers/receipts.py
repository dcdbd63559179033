"""Status receipts: one document with an answer and the proof of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import WithJsonSchema

from api.service.answers.document import Document, Instant, Position
from api.service.answers.log import Base64
from api.service.answers.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.stores.events import Row

FORMAT: Final = "rapport-status-receipt"
FORMAT_VERSION: Final = 1

LOG_REPLAY: Final = "log-replay"
"""What proves that nothing newer was left out: reading all of the log's entries."""

NOT_PROVEN: dict[str, str] = {
    "newest-version": "that no event after the newest version shown of a stream was known by then",
    "other-merges": "that no other contact was merged into this one by then",
    "referrers-corrections": "that no correction of a referral, on the stream of the contact who "
    "made it, is left out",
    "ledger-time-zone": "the ledger's time zone, in which days are counted here: it is a setting, "
    "no event",
}
"""What a receipt alone does not prove, by code.

The first follows from the log's entries, which name stream and version. Whom a merge or a
correction is about stands in no entry: for these it takes the stored events.
"""


class ReceiptQuestion(Document):
    """The question; a policy version is null where the versions in force judge."""

    contact_id: UUID
    as_of: Instant
    as_known_at: Position
    policy_version: int | None


class ProvenEntry(Document):
    """An entry of the transparency log, and its inclusion proof."""

    entry: Base64
    hashes: tuple[Base64, ...]

    @classmethod
    def of(cls, entry: bytes, hashes: Sequence[bytes]) -> Self:
        """An entry, and the hashes that prove it."""
        return cls.model_validate({"entry": entry, "hashes": hashes})


class ProvenEvent(Document):
    """An event as it is stored, and its inclusion proof."""

    position: Position
    stream: UUID
    version: int
    topic: str
    state: Base64
    hashes: tuple[Base64, ...]

    @classmethod
    def of(cls, row: Row, hashes: Sequence[bytes]) -> Self:
        """A stored event, and the hashes that prove it."""
        return cls.model_validate(
            {
                "position": row.position,
                "stream": row.stream,
                "version": row.version,
                "topic": row.topic,
                "state": row.state,
                "hashes": hashes,
            }
        )


class ProvenStream(Document):
    """A stream of which nothing is left out up to ``newest_version``, and why it is needed."""

    stream: UUID
    role: Literal["contact", "merged", "referrer", "policies"]
    newest_version: int
    gapless: bool


class Completeness(Document):
    """The claims about the streams that the receipt proves, and those that it does not."""

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
