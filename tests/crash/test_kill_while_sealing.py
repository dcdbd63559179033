"""A ledger killed while it seals: what was signed stays signed, and the log goes on from there."""

from __future__ import annotations

import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from ledger.transparency.merkle import Frontier, leaf_hash
from tests.ledger.given import HandClock
from tests.ledger.transparency.growing import goes_on_from, grow_to

if TYPE_CHECKING:
    from ledger.transparency.log import TransparencyLog

ROOT = Path(__file__).parents[2]
ROUNDS = 10
MOST_CHECKPOINTS = 40
ENDED_BY_ITSELF = 7
LEAST_STATEMENTS, MOST_STATEMENTS = 12, 40

SEALER = """
import sys, time
from pathlib import Path
from uuid import uuid4
from ledger.drafts import Append
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from ledger.subscriptions.pacing import Pacing
from tests.ledger.given import ANN, draft
pacing = Pacing(turn_seconds=0.001, step_events=100, part_events=30, breath_seconds=0.01)
folder = DataFolder.open(
    Path(sys.argv[1]), SqliteStore, clock=lambda: time.time_ns() // 1000, signer_pacing=pacing
)
ledger = folder.ledger("main")
log = ledger.transparency
log.start()
told = -1
while True:
    new = [draft(uuid4(), "contact-registered", ANN) for _ in range(60)]
    ledger.append(Append(drafts=new)).result()
    if log.problem:
        sys.exit(log.problem)
    for signed in log.checkpoints(told):
        told = signed.size
        print(signed.note.hex(), flush=True)
"""

COUNTED = """
import os, signal, sys, time
from pathlib import Path
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.ledger.transparency.growing import grow_to
def count(_statement):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
def seal():
    folder = DataFolder.open(Path(sys.argv[1]), SqliteStore, clock=lambda: time.time_ns() // 1000)
    ledger = folder.ledger("main")
    log = ledger.transparency
    grow_to(ledger, ledger.head() + 300)
    log._store._writer.set_trace_callback(count)
    ledger._keys._connection.set_trace_callback(count)
    log.rotate()
    for _ in range(2):
        print(log.sign_head().note.hex(), flush=True)
        ledger._keys._connection.set_trace_callback(None)
        grow_to(ledger, ledger.head() + 1)
    os._exit(7)
for line in iter(lambda: os.read(0, 100), b""):
    left = int(line)
    pid = os.fork()
    if pid == 0:
        seal()
    print("ended", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
"""Forks a process for each number of statements, so that what they import is imported once."""


def sealed_until_killed(folder: Path, checkpoints: int) -> set[bytes]:
    """The notes that were told before the process was killed, after some number of them."""
    arguments = [sys.executable, "-c", SEALER, str(folder)]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(checkpoints)]
        process.kill()
        lines += [line for line in process.stdout if line.endswith("\n")]
    assert process.returncode == -9
    return {bytes.fromhex(line) for line in lines}


def kept_by(log: TransparencyLog) -> set[bytes]:
    return {signed.note for signed in log.checkpoints()}


def went_on(folder: Path, seen: set[bytes], more: int) -> set[bytes]:
    """Everything seen is there, and how the tree begins that is sealed now; all that is signed."""
    with closing(DataFolder.open(folder, SqliteStore, clock=HandClock())) as opened:
        ledger = opened.ledger("main")
        log = ledger.transparency
        assert log.problem is None
        assert seen <= kept_by(log), "a checkpoint that was told is gone"
        grow_to(ledger, ledger.head() + more)
        assert log.sign_head().size == ledger.head()
        assert goes_on_from(log, list(log.checkpoints()))
        frontier = Frontier()
        frontier.extend(leaf_hash(log.entry(n)) for n in range(1, ledger.head() + 1))
        assert frontier.root() == log.checkpoint().root
        return kept_by(log)


def test_every_checkpoint_seen_begins_the_tree_however_often_it_was_killed(
    tmp_path: Path,
) -> None:
    chance = random.Random(20260301)
    folder = tmp_path / "data"
    seen: set[bytes] = set()
    for _ in range(ROUNDS):
        seen |= sealed_until_killed(folder, chance.randint(1, MOST_CHECKPOINTS))
        seen = went_on(folder, seen, chance.randint(0, 5))
    assert len(seen) > ROUNDS


def test_killed_before_any_of_its_statements_the_log_goes_on(tmp_path: Path) -> None:
    """Also in the midst of a rotation, and between the files that it changes."""
    folder = tmp_path / "data"
    seen: set[bytes] = set()
    with subprocess.Popen(
        [sys.executable, "-c", COUNTED, str(folder)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0,
    ) as process:  # fmt: skip  # one argument a line would bury the call
        assert process.stdin is not None
        assert process.stdout is not None
        for statement in range(1, MOST_STATEMENTS):
            process.stdin.write(b"%d" % statement)
            while not (line := process.stdout.readline().decode()).startswith("ended"):
                assert line, "the process that forks has ended"
                seen.add(bytes.fromhex(line))
            seen = went_on(folder, seen, 1)
            if int(line.split()[1]) == ENDED_BY_ITSELF:
                break
            assert int(line.split()[1]) == -9
    assert MOST_STATEMENTS > statement > LEAST_STATEMENTS
