"""What the command line says of proofs that it verified, and of ledgers and receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from api.service.answers.document import Document, Instant
from api.service.answers.log import Base64, InclusionProof

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.transparency.checkpoints import Checkpoint
    from ledger.transparency.entries import Entry
    from ledger.verification.faults import Report


class TrustedCheckpoint(Document):
    """A checkpoint whose signature was verified; ``pinned`` where by a key that was given."""

    origin: str
    tree_size: int
    root_hash: Base64
    verified_by: tuple[str, ...]
    pinned: bool

    @classmethod
    def of(
        cls, checkpoint: Checkpoint, verified_by: Sequence[str], *, pinned: bool, **more: object
    ) -> Self:
        """A checkpoint, and the keys by which it was verified."""
        return cls.model_validate(
            {
                "origin": checkpoint.origin,
                "tree_size": checkpoint.size,
                "root_hash": checkpoint.root,
                "verified_by": verified_by,
                "pinned": pinned,
                **more,
            }
        )


class CheckpointWithNote(TrustedCheckpoint):
    """A verified checkpoint with the signed note that it was read from."""

    note: str


class ProvenLeaf(Document):
    """What an entry of the log says of its event."""

    stream: UUID
    version: int
    type: str
    state_sha256: str

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """An entry of the log."""
        return cls(
            stream=entry.stream,
            version=entry.version,
            type=entry.topic,
            state_sha256=entry.state_sha256.hex(),
        )


class VerifiedInclusion(InclusionProof):
    """A proof that was verified, the event that it is about, and the checkpoint it leads to."""

    event: ProvenLeaf
    checkpoint: TrustedCheckpoint


class VerifiedConsistency(Document):
    """A proof that a smaller tree is how the one of the checkpoint begins."""

    first: int
    second: int
    first_root_hash: Base64
    hashes: tuple[Base64, ...]
    checkpoint: TrustedCheckpoint


class VerifiedNewest(Document):
    """The newest versions of streams, which no entry of a tree of that size exceeds."""

    tree_size: int
    newest_versions: dict[UUID, int]


class Fault(Document):
    """Something that is not as it must be; ``position`` is the first event that it concerns."""

    place: str
    position: int | None
    detail: str


class VerifiedLedger(Document):
    """What was looked at in one ledger, and what is wrong with it.

    ``checked`` counts by kind what was looked at, ``skipped`` says what was not.
    """

    name: str
    origin: str | None
    sound: bool
    first_fault: Fault | None
    fault_count: int
    faults: tuple[Fault, ...]
    checked: dict[str, int]
    warnings: tuple[str, ...]
    skipped: tuple[str, ...]
    notes: tuple[str, ...]
    events: int
    checkpoint_size: int | None
    events_after_checkpoint: int | None
    seconds: float

    @classmethod
    def of(cls, report: Report, warnings: Sequence[str]) -> Self:
        """A report, and what its reader did not bring."""
        return cls.model_validate(
            {
                "name": report.name,
                "origin": report.origin,
                "sound": report.sound,
                "first_fault": report.first,
                "fault_count": report.fault_count,
                "faults": report.faults,
                "checked": dict(sorted(report.checked.items())),
                "warnings": warnings,
                "skipped": report.skipped,
                "notes": report.notes,
                "events": report.head,
                "checkpoint_size": report.checkpoint_size,
                "events_after_checkpoint": report.after_checkpoint,
                "seconds": round(report.seconds, 3),
            }
        )


class Verification(Document):
    """What ``rapport verify`` found in ledgers; ``faults`` are those beside them."""

    target: str
    sound: bool
    faults: tuple[Fault, ...]
    ledgers: tuple[VerifiedLedger, ...]
    cannot_be_found: tuple[str, ...]


class ProvenStatus(Document):
    """What a receipt proves: the answer, by events of a log, known at a position."""

    origin: str
    tree_size: int
    contact_id: UUID
    position: int
    as_of: Instant
    answer: dict[str, Any]
    events: int
    pinned: bool
    verified_by: tuple[str, ...]
    newest_versions: dict[UUID, int]


class ReceiptRefusal(Document):
    """What ``rapport verify`` found wrong with a receipt."""

    target: str
    sound: bool
    faults: tuple[Fault, ...]


class ReceiptVerification(ReceiptRefusal):
    """What ``rapport verify`` found in a receipt that is sound."""

    receipt: ProvenStatus
    warnings: tuple[str, ...]
    cannot_be_found: tuple[str, ...]
