"""Copies that are gone with who made them, also when that was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from ledger.temp_folders import PREFIX, sweep, throwaway
from tests.ledger.given import HandClock, registered

ROOT = Path(__file__).parents[2]

KILLED = """
import os, signal, sys, tempfile
from pathlib import Path
tempfile.tempdir = sys.argv[2]
from ledger import dry_run as rehearsal
from ledger.dry_run import open_dry_run
from ledger.stores.sqlite.store import SqliteStore

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[3] == "copied":
    rehearsal.DataFolder.open = die
with open_dry_run(Path(sys.argv[1]), "main", SqliteStore, clock=lambda: 10**15) as ledger:
    die()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder with a contact, whose key is in it."""
    with closing(DataFolder.open(tmp_path / "data", SqliteStore, clock=HandClock())) as folder:
        registered(folder.ledger("main"))
    return tmp_path / "data"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_folder_is_its_owners_alone_and_gone_at_the_end(temporary: Path) -> None:
    with throwaway() as made:
        (made / "copy").write_text("secret")
        assert made.parent == temporary
        assert made.stat().st_mode & 0o077 == 0
    assert not list(temporary.iterdir())


def test_what_is_in_use_is_not_swept_nor_what_is_somebody_elses(temporary: Path) -> None:
    (temporary / "letters").mkdir()
    (temporary / f"{PREFIX}link").symlink_to(temporary / "letters")
    with throwaway() as made, throwaway() as other:
        sweep()
        assert made.is_dir()
        assert other.is_dir()
    assert (temporary / "letters").is_dir()


def killed_rehearsal(folder: Path, temporary: Path, when: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), str(temporary), when],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr


def test_a_rehearsal_that_is_killed_leaves_no_keys(path: Path, temporary: Path) -> None:
    killed_rehearsal(path, temporary, "at work")
    assert list(temporary.rglob("events.sqlite"))
    assert not list(temporary.rglob("keys.sqlite*"))


def test_what_it_leaves_while_it_copies_is_removed_by_the_next(path: Path, temporary: Path) -> None:
    killed_rehearsal(path, temporary, "copied")
    assert list(temporary.rglob("keys.sqlite"))
    with throwaway():
        pass
    assert not list(temporary.iterdir())
