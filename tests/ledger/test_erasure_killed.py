"""Killed while it erases somebody: at the next start they are erased, or nothing has happened."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from domain.events.governance import PersonalDataErased
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import HandClock

if TYPE_CHECKING:
    from ledger.ledger import Ledger

ROOT = Path(__file__).parents[2]

ERASER = """
import os, signal, sqlite3, sys
from pathlib import Path
from domain.events.governance import PersonalDataErased
from ledger.erasure import Erasure
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.ledger.given import HandClock, registered

step = sys.argv[2]
folder = DataFolder.open(Path(sys.argv[1]), SqliteStore, clock=HandClock())
ledger = folder.ledger("main")
contact = registered(ledger)
row = ledger._keys._connection.execute("SELECT wrapped FROM data_keys").fetchone()
print(contact, row[0].hex(), flush=True)

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

class Dying:
    # The connection of the keys, which dies before a statement.
    def __init__(self, inner):
        self._inner = inner
    def __getattr__(self, name):
        return getattr(self._inner, name)
    def execute(self, statement, *rest):
        if statement.startswith(step):
            die()
        return self._inner.execute(statement, *rest)

if step == "events":
    ledger._recorder.insert_events = die
else:
    ledger._keys._connection = Dying(ledger._keys._connection)
wish = PersonalDataErased(requested_by="the person", reason="asked")
ledger.erase(Erasure(contact_id=contact, event=wish)).result()
"""


def killed_at(step: str, data: Path) -> tuple[UUID, bytes]:
    ran = subprocess.run(
        [sys.executable, "-c", ERASER, str(data), step],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=END_SECONDS,
    )  # fmt: skip
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    contact, wrapped = ran.stdout.split()
    return UUID(contact), bytes.fromhex(wrapped)


def name_of(ledger: Ledger, contact: UUID) -> object:
    return ledger.stream(contact, decrypt=True)[0].event.show()["name"]


def in_key_files(data: Path, needle: bytes) -> bool:
    files = data.glob("ledgers/main/keys.sqlite*")
    return needle in b"".join(file.read_bytes() for file in files)


@pytest.mark.parametrize("step", ["BEGIN IMMEDIATE", "COMMIT", "PRAGMA wal_checkpoint"])
def test_after_the_event_the_next_start_destroys_the_key(tmp_path: Path, step: str) -> None:
    contact, wrapped = killed_at(step, tmp_path / "data")
    assert in_key_files(tmp_path / "data", wrapped)
    with closing(DataFolder.open(tmp_path / "data", SqliteStore, clock=HandClock())) as folder:
        ledger = folder.ledger("main")
        assert not in_key_files(tmp_path / "data", wrapped)
        assert name_of(ledger, contact) is None
        assert len(ledger.stream(contact, types=[PersonalDataErased.TYPE])) == 1


def test_before_the_event_nothing_has_happened(tmp_path: Path) -> None:
    contact, _ = killed_at("events", tmp_path / "data")
    with closing(DataFolder.open(tmp_path / "data", SqliteStore, clock=HandClock())) as folder:
        ledger = folder.ledger("main")
        assert name_of(ledger, contact) == "Ann Example"
        assert len(ledger.stream(contact)) == 1
    with closing(sqlite3.connect(tmp_path / "data/ledgers/main/keys.sqlite")) as keys:
        assert keys.execute("SELECT count(*) FROM data_keys").fetchone() == (1,)
