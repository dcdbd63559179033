"""The data folder: first use, second use, and everything that can be wrong with it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from domain.errors import Corrupt, Invalid, LedgerNotFound, Unavailable
from ledger.data_layout import FolderUnusable
from ledger.files import FolderInUse
from ledger.folder import DataFolder
from ledger.master_keys import OpenToOthers
from ledger.stores.sqlite import store as store_module
from ledger.stores.sqlite.store import SqliteStore
from tests.fixtures.faults import FULL_DISK, failing
from tests.ledger.given import HandClock, append, draft, registered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOBODY = 65534


def open_folder(path: Path) -> DataFolder:
    return DataFolder.open(path, SqliteStore, clock=HandClock())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that was used once."""
    path = tmp_path / "data"
    open_folder(path).close()
    return path


def test_the_first_use_makes_the_folder_its_key_and_main(tmp_path: Path) -> None:
    path = tmp_path / "some" / "data"
    opened = open_folder(path)
    assert opened.names() == ["main"]
    assert opened.ledger("main").head() == 1
    opened.close()
    key = path / "master.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_bytes()) == 32
    assert sorted(file.name for file in (path / "ledgers" / "main").iterdir()) == [
        "events.sqlite",
        "keys.sqlite",
        "ledger.json",
        "log.sqlite",
    ]


def test_everything_is_there_the_second_time(folder: Path) -> None:
    opened = open_folder(folder)
    contact_id = registered(opened.ledger("main"))
    opened.close()
    opened = open_folder(folder)
    ledger = opened.ledger("main")
    assert ledger.stream(contact_id, decrypt=True)[0].event.show()["name"] == "Ann Example"
    assert append(ledger, draft(contact_id, "visit-made", {"guests": 0})).version == 2
    opened.close()


def test_ledgers_share_nothing_but_the_server(folder: Path) -> None:
    opened = open_folder(folder)
    cafe, made = opened.create("cafe", "Europe/Amsterdam", "NL")
    again, made_again = opened.create("cafe", "Europe/Paris", "FR")
    assert (made, made_again) == (True, False)
    assert again is cafe
    assert (cafe.time_zone, cafe.region, cafe.head()) == ("Europe/Amsterdam", "NL", 1)
    assert cafe.contact_id("pos:1") != opened.ledger("main").contact_id("pos:1")
    assert opened.names() == ["cafe", "main"]
    opened.close()
    opened = open_folder(folder)
    assert opened.ledger("cafe").time_zone == "Europe/Amsterdam"
    assert (opened.ledger("cafe").region, opened.ledger("main").region) == ("NL", None)
    opened.close()


@pytest.mark.parametrize("name", ["", "A", "1st", "a" * 41, "a/b", "..", "a b", "é", ".new-x"])
def test_a_ledger_has_a_plain_name(folder: Path, name: str) -> None:
    opened = open_folder(folder)
    with pytest.raises(Invalid):
        opened.create(name)
    with pytest.raises(LedgerNotFound):
        opened.ledger(name)
    opened.close()


def test_a_ledger_has_a_time_zone_and_a_region_that_exist(folder: Path) -> None:
    opened = open_folder(folder)
    with pytest.raises(Invalid) as raised:
        opened.create("cafe", "Mars/Olympus")
    assert raised.value.errors[0].pointer == "/time_zone"
    with pytest.raises(Invalid) as raised:
        opened.create("cafe", None, "nl")
    assert raised.value.errors[0].pointer == "/region"
    assert opened.names() == ["main"]
    opened.close()


def test_a_second_server_on_the_folder_is_told_who_holds_it(folder: Path) -> None:
    opened = open_folder(folder)
    with pytest.raises(FolderInUse, match=f"process {os.getpid()}"):
        open_folder(folder)
    opened.close()
    open_folder(folder).close()


def test_a_server_that_was_killed_leaves_no_lock_behind(folder: Path) -> None:
    program = (
        "import os, sys, time; from pathlib import Path; from ledger.folder import DataFolder\n"
        "from ledger.stores.sqlite.store import SqliteStore\n"
        "DataFolder.open(Path(sys.argv[1]), SqliteStore, clock=lambda: time.time_ns() // 1000)\n"
        "os.kill(os.getpid(), 9)"
    )
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", program, folder], cwd=root, check=False)
    assert ended.returncode == -9
    open_folder(folder).close()


def test_what_a_killed_creation_left_is_swept(folder: Path) -> None:
    unfinished = folder / "ledgers" / ".new-1234"
    unfinished.mkdir()
    (unfinished / "events.sqlite").write_bytes(b"half")
    opened = open_folder(folder)
    assert opened.names() == ["main"]
    assert not unfinished.exists()
    opened.close()


def test_a_creation_that_fails_leaves_nothing(folder: Path) -> None:
    opened = open_folder(folder)

    with (
        failing(store_module, "write_whole", FULL_DISK),
        pytest.raises(FolderUnusable, match="No space left"),
    ):
        opened.create("cafe")
    assert [entry.name for entry in (folder / "ledgers").iterdir()] == ["main"]
    assert opened.create("cafe")[1]
    opened.close()


def test_a_ledger_that_cannot_be_opened_once_it_is_made_is_taken_back(folder: Path) -> None:
    opened = open_folder(folder)

    with (
        failing(store_module, "check", Unavailable("the disk is full")),
        pytest.raises(FolderUnusable, match="cafe cannot be made: the disk is full"),
    ):
        opened.create("cafe")
    assert [entry.name for entry in (folder / "ledgers").iterdir()] == ["main"]
    assert opened.create("cafe")[1]
    opened.close()


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(FolderUnusable, match=r"thesis\.tex"):
        open_folder(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(FolderUnusable, match="data"):
        open_folder(tmp_path / "data")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Go on without the rights of root, who could write anywhere."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_read_only_folder_is_a_clear_error() -> None:
    # Not below pytest's own folder, which nobody but its owner may enter.
    outer = Path(tempfile.mkdtemp())
    path = outer / "data"
    path.mkdir()
    outer.chmod(0o755)
    path.chmod(0o555)
    try:
        with as_nobody(), pytest.raises(FolderUnusable, match="Permission denied"):
            open_folder(path)
        with as_nobody(), pytest.raises(FolderUnusable, match="Permission denied"):
            open_folder(path / "new")
    finally:
        path.chmod(0o755)
        shutil.rmtree(outer)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_master_key_that_others_can_read_or_write_is_refused(folder: Path, mode: int) -> None:
    (folder / "master.key").chmod(mode)
    with pytest.raises(OpenToOthers, match="chmod 600"):
        open_folder(folder)


def test_a_lost_master_key_is_not_replaced(folder: Path) -> None:
    (folder / "master.key").unlink()
    with pytest.raises(Corrupt, match=r"master\.key is missing"):
        open_folder(folder)
    assert not (folder / "master.key").exists()


def test_a_damaged_master_key_is_told(folder: Path) -> None:
    (folder / "master.key").write_bytes(b"short")
    with pytest.raises(Corrupt, match="32 bytes"):
        open_folder(folder)


def test_a_master_key_that_is_given_is_written_nowhere(tmp_path: Path) -> None:
    path, key = tmp_path / "data", os.urandom(32)
    DataFolder.open(path, SqliteStore, clock=HandClock(), master_key=key).close()
    assert not (path / "master.key").exists()
    assert not any(key in file.read_bytes() for file in path.rglob("*") if file.is_file())
    opened = DataFolder.open(path, SqliteStore, clock=HandClock(), master_key=bytes(32))
    with pytest.raises(Corrupt, match="another master key"):
        opened.ledger("main")
    opened.close()


def foreign_database(file: Path) -> None:
    file.unlink()
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.commit()
    connection.close()


def newer_database(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version=99")
    connection.close()


def settings_with(**changes: object) -> Callable[[Path], None]:
    """Other settings, and no digest of them, as in a file of an older Rapport."""

    def change(file: Path) -> None:
        settings = {**json.loads(file.read_text()), **changes}
        del settings["sha256"]
        file.write_text(json.dumps(settings))

    return change


def another_namespace(file: Path) -> None:
    """One that could be one, under the digest of the former."""
    settings = json.loads(file.read_text())
    file.write_text(json.dumps({**settings, "namespace": str(uuid4())}, indent=2) + "\n")


@pytest.mark.parametrize(
    ("name", "damage", "told"),
    [
        ("events.sqlite", Path.unlink, "is missing"),
        ("keys.sqlite", Path.unlink, "is missing"),
        ("ledger.json", Path.unlink, "is missing"),
        ("events.sqlite", lambda file: file.write_bytes(b"no database " * 1000), "damaged"),
        ("keys.sqlite", lambda file: file.write_bytes(b"no database " * 1000), "damaged"),
        ("events.sqlite", lambda file: file.write_bytes(b""), "holds no events"),
        ("keys.sqlite", lambda file: file.write_bytes(b""), "holds no keys"),
        ("events.sqlite", foreign_database, "another program's"),
        ("keys.sqlite", foreign_database, "another program's"),
        ("events.sqlite", newer_database, "newer Rapport"),
        ("ledger.json", lambda file: file.write_bytes(b"{"), "damaged"),
        ("ledger.json", lambda file: file.write_bytes(b"[]"), "damaged"),
        ("ledger.json", lambda file: file.write_bytes(b"\xff\xfe"), "damaged"),
        ("ledger.json", settings_with(namespace="x"), "damaged"),
        ("ledger.json", another_namespace, "damaged"),
        ("ledger.json", settings_with(format=2), "newer Rapport"),
        ("ledger.json", settings_with(time_zone="Mars/Olympus"), "not installed"),
        ("ledger.json", settings_with(region="XX"), "damaged"),
    ],
)
def test_a_damaged_ledger_says_which_file_and_harms_no_other(
    folder: Path, name: str, damage: Callable[[Path], None], told: str
) -> None:
    opened = open_folder(folder)
    opened.create("cafe")
    opened.close()
    damage(folder / "ledgers" / "cafe" / name)
    opened = open_folder(folder)
    with pytest.raises(Corrupt, match=told):
        opened.ledger("cafe")
    assert opened.ledger("main").head() == 1
    opened.close()


def test_a_ledger_that_cannot_be_opened_still_says_what_it_is(folder: Path) -> None:
    opened = open_folder(folder)
    opened.create("cafe", "Europe/Amsterdam")
    opened.close()
    (folder / "ledgers" / "cafe" / "keys.sqlite").unlink()
    opened = open_folder(folder)
    with pytest.raises(Corrupt):
        opened.ledger("cafe")
    assert (opened.settings("cafe").name, opened.settings("cafe").time_zone) == (
        "cafe",
        "Europe/Amsterdam",
    )
    with pytest.raises(LedgerNotFound):
        opened.settings("bar")
    opened.close()


def test_a_deleted_ledger_is_gone_at_once_also_where_it_is_interrupted(folder: Path) -> None:
    opened = open_folder(folder)
    opened.create("shop")

    with failing(shutil, "rmtree", KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        opened.delete("shop")
    assert opened.names() == ["main"]
    opened.close()
    assert len(list((folder / "ledgers").iterdir())) == 2
    again = open_folder(folder)
    assert [entry.name for entry in (folder / "ledgers").iterdir()] == ["main"]
    again.close()


def test_a_ledger_that_cannot_be_renamed_away_is_whole(folder: Path) -> None:
    opened = open_folder(folder)
    ledger, _ = opened.create("shop")
    registered(ledger)

    with failing(Path, "rename", FULL_DISK), pytest.raises(Unavailable):
        opened.delete("shop")
    assert opened.names() == ["main", "shop"]
    assert opened.ledger("shop").head() == 2
    opened.delete("shop")
    with pytest.raises(LedgerNotFound):
        opened.delete("shop")
    opened.close()


def test_a_ledger_whose_archiving_cannot_be_written_is_as_it_was(folder: Path) -> None:
    opened = open_folder(folder)

    with failing(Path, "rename", FULL_DISK), pytest.raises(Unavailable):
        opened.archive("main", archived=True)
    assert not opened.settings("main").archived
    registered(opened.ledger("main"))
    opened.archive("main", archived=True)
    assert opened.settings("main").archived
    opened.close()
