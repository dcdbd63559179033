"""Files that are damaged, or may not be written: found early, told by name, and left alone."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.errors import Corrupt, LedgerError, Unavailable
from ledger.drafts import Append
from ledger.folder import DataFolder
from ledger.stores.sqlite.connections import connect
from ledger.stores.sqlite.data_keys import APPLICATION_ID
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.sqlite.store import SqliteStore
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import ANN, HandClock, append, draft, open_ledger, registered
from tests.ledger.test_committer import held_up, submit
from tests.ledger.test_folder import NOBODY, as_nobody, open_folder

PAGE = 4096


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed ledger of some dozen pages, in the events' file as in the keys'."""
    ledger = open_ledger(tmp_path, HandClock())
    everybody = [draft(uuid4(), "contact-registered", ANN) for _ in range(400)]
    append(ledger, *everybody)
    ledger.close()
    return tmp_path


def overwrite(file: Path, start: int, pages: int = 2) -> None:
    """Put nonsense into pages of the file."""
    assert file.stat().st_size > (start + pages) * PAGE
    with file.open("r+b") as opened:
        opened.seek(start * PAGE)
        opened.write(b"\xaa" * pages * PAGE)


def middle(file: Path) -> int:
    return file.stat().st_size // PAGE // 2


@pytest.mark.parametrize("name", ["events.sqlite", "keys.sqlite"])
def test_a_page_damaged_in_the_middle_is_found_when_the_ledger_is_opened(
    folder: Path, name: str
) -> None:
    overwrite(folder / name, middle(folder / name))
    with pytest.raises(Corrupt, match=f"{folder.name}/{name} is damaged"):
        open_ledger(folder, HandClock())


@pytest.fixture
def large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same ledger, of which every file counts as a large one."""
    monkeypatch.setattr("ledger.stores.sqlite.quick_check.MOST_CHECKED_BYTES", 0)
    return folder


def test_a_large_file_is_opened_without_reading_all_of_it(large: Path) -> None:
    overwrite(large / "events.sqlite", middle(large / "events.sqlite"))
    ledger = open_ledger(large, HandClock())
    assert ledger.head() == 401
    ledger.close()


def test_the_tail_of_a_large_file_is_read_when_it_is_opened(large: Path) -> None:
    with closing(sqlite3.connect(large / "events.sqlite")) as file:
        file.execute("UPDATE stored_events SET state = x'c1' WHERE position = 401")
        file.commit()
    with pytest.raises(Corrupt, match="position 401"):
        open_ledger(large, HandClock())


@pytest.fixture
def damaged(folder: Path) -> Path:
    """A ledger with damage at position 200, within the event's bytes, where no check looks."""
    with closing(sqlite3.connect(folder / "events.sqlite")) as file:
        file.execute("UPDATE stored_events SET state = x'c1' WHERE position = 200")
        file.commit()
    return folder


def test_after_a_read_met_damage_nothing_is_acknowledged_any_more(
    damaged: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = open_ledger(damaged, HandClock())
    contact_id = registered(ledger)
    with pytest.raises(Corrupt, match="position 200"):
        ledger.log(limit=1000)
    assert "no more events are taken" in caplog.text
    with pytest.raises(Corrupt, match="no more events are taken"):
        append(ledger, draft(contact_id, "visit-made", {"guests": 0}))
    with pytest.raises(Corrupt, match="no more events are taken"):
        ledger.append_each([])
    assert ledger.head() == 402
    assert ledger.event(402).event.show()["name"] == "Ann Example"
    ledger.close()


def test_damage_met_by_an_append_takes_its_batch_and_all_after_it(damaged: Path) -> None:
    """A neighbour must not be acknowledged in a file that is known to be damaged."""
    with closing(sqlite3.connect(damaged / "events.sqlite")) as file:
        (key,) = file.execute("SELECT event_id FROM stored_events WHERE position = 200").fetchone()
    ledger = open_ledger(damaged, HandClock())
    known = draft(uuid4(), "contact-registered", ANN, id=UUID(bytes=key))
    stranger = draft(uuid4(), "contact-registered", ANN)
    with held_up(ledger):
        batch = [submit(ledger, one) for one in (stranger, known, stranger)]
    assert all(isinstance(one.exception(timeout=END_SECONDS), Corrupt) for one in batch)
    with pytest.raises(Corrupt):
        ledger.append(Append(drafts=(stranger,)))
    assert ledger.head() == 402
    ledger.close()


def test_damage_of_the_keys_is_told_as_such(large: Path) -> None:
    file = large / "keys.sqlite"
    overwrite(file, 5, middle(file))
    ledger = open_ledger(large, HandClock())
    with pytest.raises(Corrupt, match=f"{large.name}/keys.sqlite"):
        ledger.log(limit=1000)
    ledger.close()


def test_a_wrong_parameter_is_no_closed_ledger(tmp_path: Path) -> None:
    connection = connect(tmp_path / "keys.sqlite", APPLICATION_ID)
    with pytest.raises(LedgerError) as wrong, ledger_errors(tmp_path / "keys.sqlite"):
        connection.execute("SELECT ?", (object(),))
    assert type(wrong.value) is LedgerError
    assert "closed" not in str(wrong.value)
    connection.close()
    with pytest.raises(Unavailable, match="closed"), ledger_errors(tmp_path / "keys.sqlite"):
        connection.execute("SELECT 1")


def owned_by_nobody(path: Path) -> None:
    if os.geteuid() == 0:
        for entry in (path, *path.rglob("*")):
            os.chown(entry, NOBODY, NOBODY)


@pytest.mark.parametrize("name", ["events.sqlite", "keys.sqlite"])
def test_a_file_that_may_not_be_written_is_told_when_it_is_opened(name: str) -> None:
    # Not below pytest's own folder, which nobody but its owner may enter.
    outer = Path(tempfile.mkdtemp())
    outer.chmod(0o755)
    try:
        open_folder(outer / "data").close()
        owned_by_nobody(outer / "data")
        (outer / "data" / "ledgers" / "main" / name).chmod(0o444)
        with as_nobody():
            opened = DataFolder.open(outer / "data", SqliteStore, clock=HandClock())
            with pytest.raises(Unavailable, match=f"main/{name} cannot be .* permissions"):
                opened.ledger("main")
            opened.close()
    finally:
        shutil.rmtree(outer)
