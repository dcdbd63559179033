"""An imported ledger is the ledger that was exported, or nothing at all."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from domain.errors import Refused
from domain.events import EncryptedValue
from domain.events.governance import PersonalDataErased
from domain.recorded import RecordedEvent
from ledger import erasure
from ledger import ledger as ledger_module
from ledger.archive import writing
from ledger.archive.checking import verify_archive
from ledger.archive.placing import LogForks, place
from ledger.archive.refusals import ArchiveRefused
from ledger.data_layout import LEDGERS, LedgerExists
from ledger.folder import DataFolder
from ledger.stores.sqlite.sorting import SqliteSorting
from ledger.stores.sqlite.store import SqliteStore
from tests.fixtures.finding import called, finder_of
from tests.fixtures.patience import END_SECONDS
from tests.ledger.archive.archives import (
    EVENTS,
    NAME,
    PASSPHRASE,
    Shop,
    checked,
    exported_from,
    imported,
    members,
    shop,
)
from tests.ledger.given import ANN, SALE, HandClock, append, draft, folder_of
from tests.ledger.inside import application_of, keys_of, stored_rows, wrapped_keys

if TYPE_CHECKING:
    from ledger.ledger import Ledger

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

ROOT = Path(__file__).parents[3]


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """A data folder that is not there yet."""
    return tmp_path / "elsewhere"


def with_keys(sold: Shop) -> bytes:
    return exported_from(sold.folder, HandClock(), passphrase=PASSPHRASE)[1]


def opened(folder: Path, clock: HandClock | None = None) -> DataFolder:
    return DataFolder.open(folder, SqliteStore, clock=clock or HandClock(), make_main=False)


def rows(ledger: Ledger) -> list[tuple[object, ...]]:
    return stored_rows(folder_of(ledger))


def tables(ledger: Ledger, file: str) -> object:
    import sqlite3

    with closing(sqlite3.connect(folder_of(ledger) / file)) as connection:
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master ORDER BY name")]
        kinds = connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()
        stored = [
            connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
            for name in names
            if not name.startswith(("sqlite_", "stored_events_"))
        ]
        return names, kinds, stored


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_it_comes_out_exactly_as_it_was(
    sold: Shop, path: Path, into: Path, passphrase: str | None
) -> None:
    archive = with_keys(sold) if passphrase else sold.archive
    imported(path, archive, into, HandClock(), passphrase)
    with closing(opened(sold.folder)) as there, closing(opened(into)) as here:
        one, other = there.ledger(NAME), here.ledger(NAME)
        assert rows(one) == rows(other)
        assert tables(one, "events.sqlite") == tables(other, "events.sqlite")
        assert tables(one, "log.sqlite") == tables(other, "log.sqlite")
        assert one.transparency.sign_head() == other.transparency.sign_head()
        assert other.transparency.state == "sealing"
        settings, same = there.settings(NAME), here.settings(NAME)
        assert (same.namespace, same.time_zone, same.created_at, same.origin) == (
            settings.namespace if passphrase else None,
            settings.time_zone,
            settings.created_at,
            settings.origin,
        )
        assert same.for_audit is (passphrase is None)
        if passphrase:
            assert one.contact_id("pos:17850") == other.contact_id("pos:17850")
        assert one.policies() == other.policies()
        if passphrase:
            assert one.log(limit=EVENTS) == other.log(limit=EVENTS)
            found = [called(finder_of(ledger), "example 7") for ledger in (one, other)]
            assert found[0] == found[1] != []


def test_what_was_imported_is_exported_as_the_same_archive(
    sold: Shop, path: Path, into: Path, tmp_path: Path
) -> None:
    imported(path, sold.archive, into, HandClock())
    assert exported_from(into, HandClock())[1] == sold.archive
    imported(path, with_keys(sold), tmp_path / "third", HandClock(), PASSPHRASE)
    assert exported_from(tmp_path / "third", HandClock())[1] == sold.archive


def test_with_keys_it_goes_on_as_the_same_ledger(sold: Shop, path: Path, into: Path) -> None:
    verified = imported(path, with_keys(sold), into, HandClock(), PASSPHRASE)
    with closing(opened(into)) as folder:
        ledger = folder.ledger(NAME)
        (first,) = ledger.log(after=1, limit=1)
        append(ledger, draft(first.contact_id, "purchase-made", {**SALE, "purchase_id": "new"}))
        signed = ledger.transparency.sign_head()
        assert signed.size == EVENTS + 1
        assert ledger.transparency.consistency(EVENTS, EVENTS + 1)
        (again,) = ledger.log(after=EVENTS, limit=1)
        assert again.event.show()["purchase_id"] == "new"
    archive = exported_from(into, HandClock())[1]
    assert checked(path, archive).last.size == EVENTS + 1
    assert checked(path, archive).known_keys == verified.known_keys


def test_without_keys_it_is_read_and_takes_nothing(sold: Shop, path: Path, into: Path) -> None:
    imported(path, sold.archive, into, HandClock())
    with closing(opened(into)) as folder:
        ledger = folder.ledger(NAME)
        events = ledger.log(limit=EVENTS)
        assert len(events) == EVENTS
        assert events[1].event.show()["name"] is None
        assert all(
            event.actor is None or isinstance(event.actor, EncryptedValue) for event in events
        )
        assert called(finder_of(ledger), "ann") == []
        for asked in (
            draft(events[1].contact_id, "purchase-made", SALE),
            draft(uuid4(), "contact-registered", ANN),
        ):
            with pytest.raises(Refused) as raised:
                append(ledger, asked)
            assert raised.value.reason == "ledger-for-audit"
        with pytest.raises(Refused):
            ledger.publish_policy(ledger.policies().versions[0].policy, 0).result(
                timeout=END_SECONDS
            )
        assert ledger.head() == ledger.transparency.sign_head().size == EVENTS
        assert tables(ledger, "keys.sqlite") != []
        assert keys_of(ledger).signing.keys_of(ledger.transparency.origin) == []


def test_a_ledger_for_audit_has_no_keys_to_export(sold: Shop, path: Path, into: Path) -> None:
    imported(path, sold.archive, into, HandClock())
    with pytest.raises(Refused, match="has no keys to export"):
        exported_from(into, HandClock(), passphrase=PASSPHRASE)


def test_another_name_is_a_name_and_nothing_else(sold: Shop, path: Path, into: Path) -> None:
    verified = checked(path, sold.archive)
    with closing(opened(into)) as folder:
        place(path, verified, folder, name="copy")
        assert folder.names() == ["copy"]
        ledger = folder.ledger("copy")
        assert ledger.name == "copy"
        assert ledger.transparency.origin == sold.exported.origin
        assert ledger.transparency.checkpoint().root == sold.exported.root


def test_a_ledger_that_is_there_is_never_overwritten(sold: Shop, path: Path, into: Path) -> None:
    verified = checked(path, sold.archive)
    with closing(DataFolder.open(into, SqliteStore, clock=HandClock())) as folder:
        before = rows(folder.ledger("main"))
        with pytest.raises(LedgerExists):
            place(path, verified, folder, name="main")
        assert rows(folder.ledger("main")) == before
        place(path, verified, folder, name="main", replace=True)
        assert folder.ledger("main").head() == EVENTS
        with pytest.raises(LedgerExists, match="more than its first policy"):
            place(path, verified, folder, name="main", replace=True)
        assert folder.ledger("main").head() == EVENTS
        assert [one.name for one in (into / LEDGERS).iterdir()] == ["main"]


def test_no_ledger_goes_on_beside_one_of_its_own_origin(sold: Shop, path: Path, into: Path) -> None:
    archive = with_keys(sold)
    verified = imported(path, archive, into, HandClock(), PASSPHRASE)
    with closing(opened(into)) as folder:
        with pytest.raises(LogForks, match="continues as"):
            place(path, verified, folder, name="copy", passphrase=PASSPHRASE)
        place(path, verified, folder, name="copy")
        assert folder.names() == ["copy", NAME]


def test_a_file_that_is_changed_after_it_was_checked_is_refused(
    sold: Shop, path: Path, into: Path, tmp_path: Path
) -> None:
    verified = checked(path, sold.archive)
    other = shop(tmp_path / "other", HandClock(), events=EVENTS)
    for archive in (other.archive, sold.archive[:-3000], sold.archive[:90_000] + b"x" * 90_000):
        path.write_bytes(archive)
        with closing(opened(into)) as folder:
            with pytest.raises(ArchiveRefused):
                place(path, verified, folder, name=NAME)
            assert folder.names() == []
            assert list((into / LEDGERS).iterdir()) == []


def erase(ledger: Ledger, contact_id: UUID, clock: HandClock) -> None:
    """Record that a contact was erased, and leave its key where it is."""
    application, version = application_of(ledger), ledger.version(contact_id)
    recorded = RecordedEvent(
        contact_id=contact_id,
        version=version + 1,
        position=0,
        id=uuid4(),
        occurred_at=clock(),
        recorded_at=clock(),
        source=None,
        actor=None,
        causation_id=None,
        event=PersonalDataErased(requested_by="the contact", reason="asked for it"),
    )
    application.recorder.insert_events([application.mapper.to_stored_event(recorded)])


def test_the_keys_of_the_erased_are_neither_exported_nor_imported(
    tmp_path: Path, path: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HandClock()
    made = shop(tmp_path / "data", clock, events=60)
    with closing(opened(made.folder, clock)) as folder:
        ledger = folder.ledger(NAME)
        gone = ledger.log(after=1, limit=1)[0].contact_id
        erase(ledger, gone, clock)
    # A program of before, which opens the ledger without destroying the key again:
    fence = erasure.destroy_again
    monkeypatch.setattr(ledger_module, "destroy_again", lambda *_: erasure.Fence(0, frozenset()))
    archive = exported_from(made.folder, clock, passphrase=PASSPHRASE)[1]
    assert checked(path, archive, passphrase=PASSPHRASE).counts["data_keys"] == 11
    # An export that knew no better, such as one of a key store from a backup:
    write = writing._write_keys
    monkeypatch.setattr(
        writing, "_write_keys", lambda source, out, lock, _erased: write(source, out, lock, ())
    )
    archive = exported_from(made.folder, clock, passphrase=PASSPHRASE)[1]
    monkeypatch.setattr(ledger_module, "destroy_again", fence)
    verified = imported(path, archive, into, clock, PASSPHRASE)
    assert verified.counts["data_keys"] == 12
    with closing(opened(into, clock)) as folder:
        ledger = folder.ledger(NAME)
        assert gone not in wrapped_keys(folder_of(ledger))
        kept = [e for e in ledger.log(limit=60) if e.type == "contact-registered"]
        assert [e.contact_id for e in kept if e.event.show()["name"] is None] == [gone]


KILLED = """
import os, signal, sys
from contextlib import closing
from pathlib import Path
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from ledger.archive.placing import place
from ledger.archive.checking import verify_archive
from ledger.stores.sqlite.sorting import SqliteSorting
import ledger.archive.placing as placing
from tests.ledger.given import HandClock

path, into, moment = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
verified = verify_archive(path, SqliteSorting())
seen = 0

def counted(module, name):
    real = getattr(module, name)
    def call(*arguments, **more):
        global seen
        seen += 1
        if seen == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **more)
    setattr(module, name, call)

import ledger.stores.sqlite.store as store_module
for module, name in (
    (placing, "read_rows"), (placing, "_take_log"), (store_module, "write_whole"),
    (store_module, "flush_file"), (store_module, "flush_folder"), (os, "rename"), (os, "fsync"),
):
    counted(module, name)
with closing(DataFolder.open(into, SqliteStore, clock=HandClock(), make_main=False)) as folder:
    place(path, verified, folder, name="shop")
print(seen)
"""


def killed_at(path: Path, into: Path, moment: int) -> tuple[int, str]:
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, str(path), str(into), str(moment)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip  # one argument a line would bury the call
    assert ran.returncode in {0, -signal.SIGKILL}, ran.stderr
    return ran.returncode, ran.stdout


def test_killed_at_any_point_it_is_there_whole_or_not_at_all(tmp_path: Path, path: Path) -> None:
    made = shop(tmp_path / "data", HandClock(), events=30)
    path.write_bytes(made.archive)
    code, said = killed_at(path, tmp_path / "whole", 0)
    assert code == 0
    moments = range(1, int(said) + 1)
    assert len(moments) > 30
    outcomes = set()
    for moment in moments[:: max(1, len(moments) // 12)]:
        into = tmp_path / f"killed {moment}"
        assert killed_at(path, into, moment)[0] == -signal.SIGKILL
        with closing(opened(into)) as folder:
            outcomes.add(len(folder.names()))
            left = sorted(entry.name for entry in (into / LEDGERS).iterdir())
            assert left == folder.names()
            if not folder.names():
                place(path, verify_archive(path, SqliteSorting()), folder, name=NAME)
            assert folder.ledger(NAME).transparency.checkpoint().root == made.exported.root
    assert 0 in outcomes


def test_members_that_an_import_does_not_need_are_still_checked(sold: Shop) -> None:
    assert {name.partition("/")[0] for name, _ in members(sold.archive)} == {
        "archive.json", "ledger.note", "log", "schemas", "checkpoints", "events", "readable",
        "policies", "manifest.json", "SHA256SUMS",
    }  # fmt: skip  # a list of words reads better in a block
