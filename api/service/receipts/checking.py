"""Checking a receipt: offline, from its bytes alone, by the fold that made it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

from api.service.answers.receipts import NOT_PROVEN
from api.service.receipts.evidence import completeness
from api.service.receipts.folding import FoldedReceipt, fold_again
from api.service.receipts.form import (
    Receipt,
    ReceiptEvent,
    ReceiptRefused,
    first_difference,
    read_receipt,
)
from api.service.receipts.soundness import unsoundness
from domain.errors import LedgerError
from domain.instants import format_instant
from domain.recorded import POLICY_STREAM
from ledger.mapper import LedgerMapper, NoKeys
from ledger.transparency import merkle
from ledger.transparency.checkpoints import Checkpoint
from ledger.transparency.entries import entry, read_entry
from ledger.transparency.notes import Verifier, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.recorded import RecordedEvent


@dataclass(frozen=True, kw_only=True)
class CheckedReceipt:
    """What a receipt proves, and what it does not.

    ``newest_versions`` are the newest version shown of each stream that is shown whole: that there
    was none newer by then is not proven by a receipt alone, but by ``replaying.require_newest``.
    Where one version of the policy was asked for, that stream is not among them. ``unproven`` are
    sentences; ``warnings`` are what a reader must know before relying on it.
    """

    origin: str
    tree_size: int
    root: bytes
    contact_id: UUID
    position: int
    as_of: str
    answer: dict[str, Any]
    events: int
    pinned: bool
    verified_by: tuple[str, ...]
    newest_versions: dict[UUID, int]
    unproven: tuple[str, ...]
    warnings: tuple[str, ...]


def check_receipt(document: bytes, verifiers: Sequence[Verifier]) -> CheckedReceipt:
    """What the receipt in these bytes proves.

    The checkpoint must be signed by one of the ``verifiers``. Where none is given, the receipt's
    own are taken and the answer warns that no key was pinned: anybody can make a receipt that
    agrees with itself. Days are counted in the time zones that this process uses.

    Raises:
        ReceiptRefused: it is no receipt, or something in it does not follow; the first that does
            not is named.
    """
    receipt = read_receipt(document)
    checkpoint, verified_by = _checkpoint(receipt, verifiers)
    tree = _Tree(checkpoint)
    known_recorded_at = tree.recorded_at_of_known(receipt)
    events = [tree.event(one) for one in receipt.events]
    policies = [tree.event(one) for one in receipt.policies]
    _require_order(events, receipt.events, known_recorded_at)
    _require_order(policies, receipt.policies, None)
    try:
        folded = fold_again(receipt, events, policies, known_recorded_at)
    except ReceiptRefused:
        raise
    except Exception as error:  # what somebody else wrote may break any of our assumptions
        name = type(error).__name__
        raise ReceiptRefused("/events", f"no answer follows from them ({name})") from error
    _require_same(receipt, folded, policies)
    return CheckedReceipt(
        origin=receipt.origin,
        tree_size=checkpoint.size,
        root=checkpoint.root,
        contact_id=folded.survivor,
        position=receipt.position,
        as_of=format_instant(receipt.as_of),
        answer=receipt.answer,
        events=len(events),
        pinned=bool(verifiers),
        verified_by=verified_by,
        newest_versions=_newest(receipt),
        unproven=_missing_proofs(receipt),
        warnings=tuple(_warnings(receipt, pinned=bool(verifiers))),
    )


def _checkpoint(
    receipt: Receipt, verifiers: Sequence[Verifier]
) -> tuple[Checkpoint, tuple[str, ...]]:
    inside: list[Verifier] = []
    if not receipt.verifiers:
        _refuse("/verifiers", "is empty")
    for place, text in enumerate(receipt.verifiers):
        try:
            found = Verifier.read(text)
        except LedgerError as error:
            _refuse(f"/verifiers/{place}", str(error))
        if found.name != receipt.origin or found in inside:
            _refuse(f"/verifiers/{place}", "is a key of another log, or comes twice")
        inside.append(found)
    given = [one for one in verifiers if one.name == receipt.origin] if verifiers else inside
    if not given:
        _refuse("/origin", "is not the log of the key that was given")
    try:
        note = verify(receipt.checkpoint, given)
        checkpoint = Checkpoint.read(note.text)
    except LedgerError as error:
        _refuse("/checkpoint", str(error))
    if checkpoint.origin != receipt.origin:
        _refuse("/checkpoint", "is of another log")
    ids = {one.key_id for one in note.signatures}
    return checkpoint, tuple(one.to_text() for one in given if one.key_id in ids)


class _Tree:
    """The log under a checkpoint, and the events that are proven to be in it."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._mapper = LedgerMapper(NoKeys())

    def event(self, shown: ReceiptEvent) -> RecordedEvent:
        """The event, which is in the log exactly as shown, decoded without keys."""
        try:
            recorded = self._mapper.to_event(
                shown.position, shown.stream, shown.version, shown.topic, shown.state
            )
            wrong = unsoundness(recorded)
        except (LedgerError, RecursionError) as error:
            raise ReceiptRefused(f"{shown.pointer}/state", "is no stored event") from error
        if wrong is not None:
            _refuse(f"{shown.pointer}/state", wrong)
        leaf = entry(shown.stream, shown.version, shown.topic, recorded.recorded_at, shown.state)
        self._require_included(leaf, shown.position, shown.hashes, shown.pointer)
        return recorded

    def recorded_at_of_known(self, receipt: Receipt) -> int:
        """When the event was recorded up to which everything is known."""
        self._require_included(
            receipt.known_entry, receipt.position, receipt.known_hashes, "/known_at"
        )
        try:
            return read_entry(receipt.known_entry).recorded_at
        except LedgerError as error:
            raise ReceiptRefused("/known_at/entry", "is no entry of a log") from error

    def _require_included(
        self, leaf: bytes, position: int, hashes: Sequence[bytes], pointer: str
    ) -> None:
        size, root = self._checkpoint.size, self._checkpoint.root
        if position > size:
            _refuse(pointer, f"position {position} lies beyond the checkpoint of size {size}")
        try:
            merkle.verify_inclusion(merkle.leaf_hash(leaf), position - 1, size, hashes, root)
        except LedgerError as error:
            _refuse(pointer, f"is not in the log at position {position}: {error}")


def _require_order(
    events: Sequence[RecordedEvent], shown: Sequence[ReceiptEvent], until: int | None
) -> None:
    """Positions rise, instants of recording never fall, and no id comes twice."""
    position, recorded_at, ids = 0, None, set()
    for one, place in zip(events, shown, strict=True):
        if one.position <= position:
            _refuse(f"{place.pointer}/position", "must be above that of the event before")
        if recorded_at is not None and one.recorded_at < recorded_at:
            _refuse(place.pointer, "was recorded before the event before it")
        if until is not None and one.recorded_at > until:
            _refuse(place.pointer, "was recorded after the position that is known at")
        if one.id in ids:
            _refuse(place.pointer, "has the id of another event")
        position, recorded_at = one.position, one.recorded_at
        ids.add(one.id)


def _require_same(
    receipt: Receipt, folded: FoldedReceipt, policies: Sequence[RecordedEvent]
) -> None:
    if found := first_difference(receipt.answer, folded.answer, "/answer"):
        pointer, reason = found
        if receipt.tzdata != version("tzdata"):
            reason += f" (days counted by tzdata {version('tzdata')}, there by {receipt.tzdata})"
        _refuse(pointer, reason)
    right = completeness(
        folded.events,
        folded.members,
        policies[-1].version,
        in_ledger_time_zone=folded.in_ledger_time_zone,
    )
    if found := first_difference(receipt.completeness, right.plain(), "/completeness"):
        _refuse(*found)


def _newest(receipt: Receipt) -> dict[UUID, int]:
    """By what the receipt says of its streams, which was compared with what they are."""
    assert isinstance(receipt.completeness, dict)
    newest = {
        UUID(one["stream"]): int(one["newest_version"])
        for one in receipt.completeness["streams"]
        if one["gapless"]
    }
    if receipt.policy_version is not None:
        del newest[POLICY_STREAM]
    return newest


def _missing_proofs(receipt: Receipt) -> tuple[str, ...]:
    assert isinstance(receipt.completeness, dict)
    return tuple(NOT_PROVEN[code] for code in receipt.completeness["not_proven"])


def _warnings(receipt: Receipt, *, pinned: bool) -> list[str]:
    found = []
    if not pinned:
        found.append(
            "NO KEY WAS PINNED: the signature was checked with the key inside the receipt, which "
            "the forger of a receipt can choose; give the ledger's key"
        )
    if receipt.tzdata != version("tzdata"):
        found.append(
            f"days were counted by tzdata {receipt.tzdata} there and by {version('tzdata')} here"
        )
    return found


def _refuse(pointer: str, reason: str) -> NoReturn:
    raise ReceiptRefused(pointer, reason)
