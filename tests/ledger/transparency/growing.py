"""Ledgers that grow, with what is told of them afterwards."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

from ledger.transparency.checkpoints import verify_checkpoint
from ledger.transparency.merkle import verify_consistency
from tests.ledger.given import ANN, HandClock, append, draft, open_ledger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ledger.ledger import Ledger
    from ledger.stores.transparency_log import StoredCheckpoint
    from ledger.transparency.log import TransparencyLog


def grow_to(ledger: Ledger, head: int) -> None:
    """Register contacts until the ledger has so many events."""
    while (left := head - ledger.head()) > 0:
        new = [draft(uuid4(), "contact-registered", ANN) for _ in range(min(left, 500))]
        append(ledger, *new)


def sealed_to(folder: Path, *sizes: int) -> list[StoredCheckpoint]:
    """Grow the ledger in that folder to each size and seal it there; every checkpoint it has."""
    with closing(open_ledger(folder, HandClock())) as ledger:
        for size in sizes:
            grow_to(ledger, size)
            assert ledger.transparency.sign_head().size == size
        return list(ledger.transparency.checkpoints())


def goes_on_from(log: TransparencyLog, earlier: Sequence[StoredCheckpoint]) -> bool:
    """Whether every earlier checkpoint is this log's, and how its newest tree begins."""
    newest = log.checkpoint()
    for one in earlier:
        assert verify_checkpoint(one.note, log.verifiers()).root == one.root
        proof = log.consistency(one.size)
        verify_consistency(one.size, newest.size, one.root, newest.root, proof)
    return True
