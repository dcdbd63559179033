"""Keys of the erased that come back: from a backup of keys, of events, or of single rows."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from domain.errors import Refused
from domain.events.governance import PersonalDataErased
from ledger.access.destroyed_keys import KEYS_DESTROYED_AGAIN
from ledger.access.scopes import ITSELF
from ledger.access.trails import Trails
from ledger.erasure import Erasure
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from ledger.stores.sqlite.verification.ledgers import verify_ledger
from ledger.verification.trust import Trust
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import ANN, HandClock, append, draft, registered
from tests.ledger.inside import wrapped_keys
from tests.ledger.verification.test_ledgers import QUIET

if TYPE_CHECKING:
    from ledger.erasure import ErasedContact
    from ledger.ledger import Ledger

ROOT = Path(__file__).parents[2]
WISH = PersonalDataErased(requested_by="the person", reason="asked by letter")


def opened(data: Path) -> DataFolder:
    return DataFolder.open(data, SqliteStore, clock=HandClock())


def folder_in(data: Path) -> Path:
    return data / "ledgers/main"


def copied(data: Path, *names: str) -> dict[str, bytes]:
    """These files of a ledger that is closed, as a backup has them."""
    return {name: (folder_in(data) / name).read_bytes() for name in names}


def put_back(data: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        for left in folder_in(data).glob(f"{name}-*"):
            left.unlink()
        (folder_in(data) / name).write_bytes(content)


def erase(ledger: Ledger, contact: UUID) -> ErasedContact:
    wish = Erasure(contact_id=contact, event=WISH)
    return ledger.erase(wish).result(timeout=END_SECONDS).contacts[0]


def name_of(ledger: Ledger, contact: UUID) -> object:
    return ledger.stream(contact, decrypt=True)[0].event.show()["name"]


def list_of(data: Path) -> list[tuple[bytes, int]]:
    with closing(sqlite3.connect(folder_in(data) / "keys.sqlite")) as connection:
        return connection.execute("SELECT contact, at FROM destroyed").fetchall()


def in_key_files(data: Path, needle: bytes) -> bool:
    files = folder_in(data).glob("keys.sqlite*")
    return needle in b"".join(file.read_bytes() for file in files)


def told(data: Path) -> list[tuple[str, str, dict[str, object]]]:
    """The orders in the ledger's trail to destroy keys again: by whom, of what, how many."""
    with closing(Trails(SqliteStore(data), HandClock())) as trails:
        acts = trails.of("main").newest(9)
    found = [one for one in acts if one.act == KEYS_DESTROYED_AGAIN]
    assert {one.outcome or "ordered" for one in found} <= {"ordered", "done"}
    return [(one.principal, one.subject, dict(one.detail)) for one in found if one.of is None]


def faults(data: Path) -> list[str]:
    trust = Trust((data / "master.key").read_bytes(), ())
    return [str(one) for one in verify_ledger(folder_in(data), trust, QUIET).faults]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_an_erasure_lists_the_contact_with_the_instant(data: Path) -> None:
    with closing(opened(data)) as folder:
        ledger = folder.ledger("main")
        contact = registered(ledger)
        registered(ledger)
        done = erase(ledger, contact)
        assert list_of(data) == [(contact.bytes, done.recorded_at)]
        erase(ledger, contact)  # once more
    assert list_of(data) == [(contact.bytes, done.recorded_at)]
    with closing(opened(data)) as folder:
        assert folder.ledger("main").destroyed_again == 0
    assert told(data) == []
    assert faults(data) == []


def test_an_old_file_of_keys_brings_nobody_back(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The list in it is as old as the keys: the events decide."""
    with closing(opened(data)) as folder:
        contact, other = (registered(folder.ledger("main")) for _ in range(2))
    backup = copied(data, "keys.sqlite")
    wrapped = wrapped_keys(folder_in(data))[contact]
    with closing(opened(data)) as folder:
        erase(folder.ledger("main"), contact)
    put_back(data, backup)
    assert in_key_files(data, wrapped)
    assert len(faults(data)) == 2  # the key, and the list that lacks the contact
    with closing(opened(data)) as folder:
        ledger = folder.ledger("main")
        assert (name_of(ledger, contact), name_of(ledger, other)) == (None, "Ann Example")
        assert ledger.destroyed_again == 1
    assert not in_key_files(data, wrapped)
    assert [one for one, _ in list_of(data)] == [contact.bytes]
    assert told(data) == [(ITSELF.id, "main", {"keys": 1})]
    assert "1 keys of erased contacts" in caplog.text
    assert str(contact) not in caplog.text
    assert faults(data) == []


def test_events_from_before_the_erasure_bring_nobody_back(data: Path) -> None:
    """The events do not know of it: the list decides, also of who comes again."""
    new = uuid4()
    with closing(opened(data)) as folder:
        contact = registered(folder.ledger("main"))
    backup = copied(data, "events.sqlite", "log.sqlite")
    wrapped = wrapped_keys(folder_in(data))[contact]
    with closing(opened(data)) as folder:
        ledger = folder.ledger("main")
        append(ledger, draft(new, "contact-registered", ANN))
        erase(ledger, contact)
        erase(ledger, new)
    put_back(data, backup)
    with closing(sqlite3.connect(folder_in(data) / "keys.sqlite")) as connection, connection:
        connection.execute("INSERT INTO data_keys VALUES (?, ?)", (contact.bytes, wrapped))
    with closing(opened(data)) as folder:
        ledger = folder.ledger("main")
        assert name_of(ledger, contact) is None
        for one, data_of in ((contact, {"key": "seat", "value": "door"}), (new, ANN)):
            kind = "contact-registered" if one == new else "preference-learned"
            with pytest.raises(Refused, match="key is lost"):
                append(ledger, draft(one, kind, data_of))
        assert ledger.version(new) == 0
        append(ledger, draft(uuid4(), "contact-registered", ANN))
        # Whoever erases the contact again says what it is.
        assert erase(ledger, contact).contact_id == contact
    assert {one for one, _ in list_of(data)} == {contact.bytes, new.bytes}
    assert told(data) == [(ITSELF.id, "main", {"keys": 1})]


RESTARTER = """
import os, signal, sys
from pathlib import Path
import ledger.ledger as ledgers
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.ledger.given import HandClock

step, real = sys.argv[2], ledgers.destroy_again

class Dying:
    def __init__(self, inner):
        self._inner = inner
    def __getattr__(self, name):
        return getattr(self._inner, name)
    def execute(self, statement, *rest):
        if statement.startswith(step):
            os.kill(os.getpid(), signal.SIGKILL)
        return self._inner.execute(statement, *rest)

def destroying(recorder, keys, at):
    keys._connection = Dying(keys._connection)
    return real(recorder, keys, at)

ledgers.destroy_again = destroying
DataFolder.open(Path(sys.argv[1]), SqliteStore, clock=HandClock()).ledger("main")
"""


def test_killed_while_a_restored_key_is_destroyed_the_next_start_does_it(tmp_path: Path) -> None:
    first = tmp_path / "data"
    with closing(opened(first)) as folder:
        contact = registered(folder.ledger("main"))
    backup = copied(first, "keys.sqlite")
    wrapped = wrapped_keys(folder_in(first))[contact]
    with closing(opened(first)) as folder:
        erase(folder.ledger("main"), contact)
    put_back(first, backup)
    for step in ("SELECT contact FROM destroyed", "BEGIN", "COMMIT", "PRAGMA wal_checkpoint"):
        data = tmp_path / step.replace(" ", "-")
        shutil.copytree(first, data)
        ran = subprocess.run(
            [sys.executable, "-c", RESTARTER, str(data), step],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=END_SECONDS,
        )  # fmt: skip
        assert ran.returncode == -signal.SIGKILL, ran.stderr
        assert in_key_files(data, wrapped), step
        with closing(opened(data)) as folder:
            assert name_of(folder.ledger("main"), contact) is None, step
        assert not in_key_files(data, wrapped), step
        assert [one for one, _ in list_of(data)] == [contact.bytes], step
