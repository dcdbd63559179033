"""The row proof: inclusion proofs made and verified, beside reads and hashes alone."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from hashlib import sha256
from typing import TYPE_CHECKING

from benchmarks.measure import Line, Outcome, agree, in_turns, seconds
from ledger.stores.sqlite.file_names import EVENTS_FILE
from ledger.transparency import merkle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.bench import Bench
    from ledger.transparency.log import Inclusion, TransparencyLog

PROOFS = 2_000


def measure(bench: Bench) -> Outcome:
    """Proofs a second, of events drawn by lot in the tree of all; each is checked as it is made."""
    folder = bench.copy()
    path = folder / "ledgers" / "main" / EVENTS_FILE
    with bench.opened(folder) as served:
        log, events = served.ledger.transparency, served.ledger.head()
        agree("events sealed", log.sign_head().size, events)
        drawn = random.Random(1)  # the same events in every run
        positions = [drawn.randint(1, events) for _ in range(PROOFS)]
        made, read = in_turns(
            bench.size.runs,
            lambda: PROOFS / seconds(lambda: make(log, positions)),
            lambda: PROOFS / seconds(lambda: agree("rows", read_rows(path, positions), PROOFS)),
        )
        proofs = make(log, positions)
    hashes = sum(len(one.hashes) for one in proofs)
    verified, hashed = in_turns(
        bench.size.runs,
        lambda: PROOFS / seconds(lambda: verify(proofs)),
        lambda: PROOFS / seconds(lambda: hash_nodes(hashes)),
    )
    return Outcome(
        (
            Line(
                row="proof",
                what=f"inclusion proofs made, and each checked, in process ({bench.file.label})",
                unit="proofs/s",
                ours=made,
                beside="reading the same events one by one and hashing them",
                theirs=read,
            ),
            Line(
                row="proof",
                what=f"inclusion proofs verified, of {hashes / PROOFS:.1f} hashes each",
                unit="proofs/s",
                ours=verified,
                beside="as many hashes of nodes in a bare loop",
                theirs=hashed,
            ),
        )
    )


def make(log: TransparencyLog, positions: Sequence[int]) -> list[Inclusion]:
    """The proof of each of the positions."""
    return [log.inclusion(position) for position in positions]


def verify(proofs: Sequence[Inclusion]) -> None:
    """Verify every proof.

    Raises:
        Unproven: one proves nothing.
    """
    for one in proofs:
        merkle.verify_inclusion(
            one.leaf_hash, one.leaf_index, one.tree_size, one.hashes, one.root_hash
        )


def read_rows(path: Path, positions: Sequence[int]) -> int:
    """Read the state at each position by itself and hash it; answers how many there are."""
    count = 0
    with closing(sqlite3.connect(path)) as connection:
        for position in positions:
            (state,) = connection.execute(
                "SELECT state FROM stored_events WHERE position = ?", (position,)
            ).fetchone()
            sha256(state).digest()
            count += 1
    return count


def hash_nodes(count: int) -> None:
    """Hash so many nodes, each of the one before."""
    one = bytes(32)
    for _ in range(count):
        one = sha256(b"\x01" + one + one).digest()
