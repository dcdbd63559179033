"""Another master key: everything opens as before, by the new one alone, wherever it was cut off."""

from __future__ import annotations

import sqlite3
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag

from domain.errors import Corrupt, Unavailable
from ledger.files import FolderInUse
from ledger.folder import DataFolder
from ledger.master_keys import CutOff, FileMasterKey, InMemoryMasterKey, master_key_of, next_of
from ledger.rotation import rotate_master_key
from ledger.stores.sqlite import key_files, rewrapping
from ledger.stores.sqlite.connections import connect
from ledger.stores.sqlite.data_keys import APPLICATION_ID
from ledger.stores.sqlite.store import SqliteStore
from ledger.stores.wrapped_keys import MASTER_PROOF
from tests.fixtures.faults import failing
from tests.fixtures.finding import called, finder_of
from tests.ledger.given import HandClock, registered

if TYPE_CHECKING:
    from ledger.master_keys import MasterKey

NAMES = ("main", "other", "third")


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three ledgers with contacts, sealed under the folder's own key."""
    path = tmp_path / "data"
    with closing(DataFolder.open(path, SqliteStore, clock=HandClock())) as folder:
        for name in NAMES:
            ledger, _ = folder.create(name)
            for _ in range(3):
                registered(ledger)
            ledger.transparency.sign_head()
    return path


def readable(path: Path, key: MasterKey | None = None) -> bool:
    """Whether every name opens and every log goes on."""
    with closing(DataFolder.open(path, SqliteStore, clock=HandClock(), master_key=key)) as folder:
        for name in NAMES:
            ledger = folder.ledger(name)
            events = ledger.log(types=["contact-registered"])
            assert len(called(finder_of(ledger), "ann")) == len(events)
            registered(ledger)
            assert ledger.transparency.sign_head().size == ledger.head()
    return True


def key_files_of(path: Path) -> list[Path]:
    """The files of keys of all ledgers in a data folder."""
    return sorted(path.glob("ledgers/*/keys.sqlite"))


def opened_by(path: Path, key: MasterKey) -> set[str]:
    """The ledgers of which anything opens with this key."""
    found = set()
    for file in key_files_of(path):
        with closing(sqlite3.connect(file)) as connection:
            blobs = [(proof, b"") for (proof,) in connection.execute("SELECT proof FROM master")]
            blobs += [
                (w, c) for c, w in connection.execute("SELECT contact, wrapped FROM data_keys")
            ]
            rows = connection.execute("SELECT public, wrapped FROM signing_keys")
            blobs += [(w, b"rapport signing key " + public) for public, w in rows]
        assert len(blobs) > 3
        for wrapped, context in blobs:
            try:
                key.unwrap(wrapped, context)
            except InvalidTag:
                continue
            found.add(file.parent.name)
    return found


def test_a_new_key_opens_everything_and_the_old_one_nothing(data: Path) -> None:
    old = FileMasterKey(data / "master.key")
    before = {file: file.read_bytes() for file in data.glob("ledgers/*/events.sqlite")}
    assert rotate_master_key(data, SqliteStore) == len(NAMES) * 4
    new = FileMasterKey(data / "master.key")
    assert new.key != old.key
    assert (opened_by(data, old), opened_by(data, new)) == (set(), set(NAMES))
    assert {file: file.read_bytes() for file in before} == before
    assert not next_of(data / "master.key").exists()
    assert readable(data)


def test_what_the_old_key_had_wrapped_is_gone_from_the_files(data: Path) -> None:
    wrapped = []
    for file in key_files_of(data):
        with closing(sqlite3.connect(file)) as connection:
            wrapped += [row[0] for row in connection.execute("SELECT wrapped FROM data_keys")]
    rotate_master_key(data, SqliteStore)
    files = b"".join(file.read_bytes() for file in data.glob("ledgers/*/keys.sqlite*"))
    assert not any(one in files for one in wrapped)


@pytest.mark.parametrize("rewrapped", range(len(NAMES) + 1))
@pytest.mark.parametrize("again", ["start", "command"])
def test_killed_in_the_middle_it_goes_on(
    data: Path, monkeypatch: pytest.MonkeyPatch, rewrapped: int, again: str
) -> None:
    old = FileMasterKey(data / "master.key")
    rewrap, done = rewrapping.rewrap, list[object]()

    def dies(*arguments: object) -> int:
        if len(done) == rewrapped:
            raise Killed
        done.append(arguments)
        return rewrap(*arguments)  # type: ignore[arg-type]  # what it was given

    monkeypatch.setattr(key_files, "rewrap", dies)
    dies_last = failing(Path, "replace", Killed) if rewrapped == len(NAMES) else nullcontext()
    with dies_last, pytest.raises(Killed):
        rotate_master_key(data, SqliteStore)
    monkeypatch.undo()
    new = FileMasterKey(next_of(data / "master.key"))
    assert opened_by(data, new) == set(NAMES[:rewrapped])
    assert opened_by(data, old) == set(NAMES[rewrapped:])
    with pytest.raises(CutOff, match="rapport master-key rotate"):
        master_key_of(data, has_ledgers=True)
    if again == "command":
        rotate_master_key(data, SqliteStore)
    assert readable(data)
    assert FileMasterKey(data / "master.key").key == new.key
    assert opened_by(data, old) == set()


def test_a_file_is_wholly_under_one_key_when_it_is_cut_off_within(data: Path) -> None:
    old = FileMasterKey(data / "master.key")
    with failing(rewrapping, "_signing_keys", Killed), pytest.raises(Killed):
        rotate_master_key(data, SqliteStore)
    assert opened_by(data, old) == set(NAMES)
    assert opened_by(data, FileMasterKey(next_of(data / "master.key"))) == set()


def test_keys_that_are_given_are_changed_and_written_nowhere(tmp_path: Path) -> None:
    path, old, new = tmp_path / "data", bytes(range(32)), bytes(range(1, 33))
    with closing(DataFolder.open(path, SqliteStore, clock=HandClock(), master_key=old)) as folder:
        for name in NAMES:
            registered(folder.create(name)[0])
    rotate_master_key(path, SqliteStore, old=old, new=new)
    assert rotate_master_key(path, SqliteStore, old=old, new=new) == 0
    assert readable(path, InMemoryMasterKey(new))
    with (
        closing(DataFolder.open(path, SqliteStore, clock=HandClock(), master_key=old)) as folder,
        pytest.raises(Corrupt, match="another master key"),
    ):
        folder.ledger("main")
    assert not any(new in f.read_bytes() for f in path.rglob("*") if f.is_file())


def test_neither_a_folder_in_use_nor_one_of_another_key_is_touched(data: Path) -> None:
    with closing(DataFolder.open(data, SqliteStore, clock=HandClock())), pytest.raises(FolderInUse):
        rotate_master_key(data, SqliteStore)
    with pytest.raises(Corrupt, match="another master key"):
        rotate_master_key(data, SqliteStore, old=bytes(32), new=bytes(range(32)))
    assert readable(data)


def test_a_damaged_key_stops_it_and_both_keys_stay(data: Path) -> None:
    with closing(sqlite3.connect(key_files_of(data)[1])) as connection, connection:
        connection.execute("UPDATE data_keys SET wrapped = x'00'")
    with pytest.raises(Corrupt, match="damaged"):
        rotate_master_key(data, SqliteStore)
    assert (data / "master.key").exists()
    assert next_of(data / "master.key").exists()


def test_a_key_file_that_somebody_reads_is_told_and_done_again(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewrapping, "connect", lambda path, mark: connect(path, mark, 0.05))
    with closing(sqlite3.connect(key_files_of(data)[0])) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM data_keys").fetchone()
        with pytest.raises(Unavailable, match="try again"):
            rotate_master_key(data, SqliteStore)
    rotate_master_key(data, SqliteStore)
    assert readable(data)


def test_what_a_master_key_wraps_opens_for_its_context_only() -> None:
    key, other = InMemoryMasterKey(bytes(range(32))), InMemoryMasterKey(bytes(32))
    wrapped = key.wrap(MASTER_PROOF, UUID(int=1).bytes)
    assert key.unwrap(wrapped, UUID(int=1).bytes) == MASTER_PROOF
    for wrong, context in ((other, UUID(int=1).bytes), (key, UUID(int=2).bytes)):
        with pytest.raises(InvalidTag):
            wrong.unwrap(wrapped, context)
    with pytest.raises(InvalidTag):
        key.unwrap(b"short", b"")


def test_what_a_crash_left_of_a_ledger_in_the_making_holds_nothing_up(data: Path) -> None:
    """Its keys are not there yet, and neither master key opens what is not there."""
    unfinished = data / "ledgers" / ".new-0b0e8cd2"
    unfinished.mkdir()
    connect(unfinished / "keys.sqlite", APPLICATION_ID).close()
    assert rotate_master_key(data, SqliteStore) == len(NAMES) * 4
    assert readable(data)
    assert not unfinished.exists()
