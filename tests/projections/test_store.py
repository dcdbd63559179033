"""The file: derived, so whatever cannot be trusted is set aside and built anew."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from domain.errors import Corrupt, LedgerError, Unavailable
from ledger.stores.sqlite.errors import derived_file_error
from ledger.stores.sqlite.projection_tables import SqliteTableReader, SqliteTableStore
from projections.build import Stumbled
from tests.domain.scenario import ANN
from tests.fixtures.patience import END_SECONDS
from tests.projections.hands import Hands, opened
from tests.projections.memory import MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fixtures.clock import Clock


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, and never was one\n" * 100)


def _foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.commit()
    connection.close()


def _older(path: Path) -> None:
    SqliteTableStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=0")
    connection.close()


def _torn(path: Path) -> None:
    """Ours, with a hole in the middle."""
    store = SqliteTableStore(path)
    with store.write() as connection:
        connection.execute("CREATE TABLE much (more BLOB)")
        connection.execute("INSERT INTO much VALUES (randomblob(100000))")
    store.close()
    torn = bytearray(path.read_bytes())
    torn[4096 : 4096 * 4] = b"\xff" * 4096 * 3
    path.write_bytes(torn)


@pytest.mark.parametrize("spoil", [_garbage, _foreign, _older, _torn])
def test_a_file_that_cannot_be_trusted_is_set_aside_and_built_anew(
    spoil: Callable[[Path], None],
    ledger: MemoryLedger,
    clock: Clock,
    path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    spoil(path)
    was = path.read_bytes()
    hands = Hands(ledger, clock, path)
    try:
        hands.follow("status", ledger.head())
        assert hands.projections.contact_status(ANN) is not None
        assert path.with_name(path.name + ".set-aside").read_bytes() == was
        assert "set aside and rebuilt" in caplog.text
    finally:
        hands.close()


def test_rows_of_another_log_are_not_gone_on_from(
    clock: Clock, path: Path, ledger: MemoryLedger
) -> None:
    """A log put back from a backup may be shorter, or have gone another way since."""
    hands = Hands(ledger, clock, path)
    hands.follow("status", ledger.head())
    hands.close()
    shorter = MemoryLedger(clock)
    hands = Hands(shorter, clock, path)
    assert hands.digest("status").position == 0
    hands.follow("status", 1)
    hands.close()
    other = MemoryLedger(clock, first_id=99_000)
    hands = Hands(other, clock, path)
    assert hands.digest("status").position == 0
    hands.close()


def test_another_version_of_a_projection_is_built_anew(
    ledger: MemoryLedger, hands: Hands, clock: Clock, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hands.follow("status", ledger.head())
    hands.follow("standing", ledger.head())
    status, standing, *_ = hands.projections.states()
    later = status.version + 1
    hands.close()
    monkeypatch.setattr("projections.status.StatusProjection.version", later)
    upgraded = opened(ledger, clock, path)
    upgraded_status, upgraded_standing, *_ = upgraded.states()
    assert (upgraded_status.version, upgraded_status.position) == (later, 0)
    assert (upgraded_standing.version, upgraded_standing.position) == (
        standing.version,
        ledger.head(),
    )
    upgraded.close()


def test_a_file_that_cannot_be_opened_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"^projections\.sqlite cannot be opened or written"):
        SqliteTableStore(tmp_path / "nowhere" / "projections.sqlite")


def test_a_file_that_another_process_is_making_is_not_there_yet(path: Path) -> None:
    """As it is between the first page of a file and its tables."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    reader = SqliteTableReader(path)
    with pytest.raises(Unavailable, match="is being made"), reader.read():
        pass
    connection.close()
    SqliteTableStore(path).close()
    with reader.read() as transaction:
        assert transaction.table_names() == ["generations"]
    reader.close()


def test_a_transaction_that_cannot_be_kept_leaves_the_store_usable(path: Path) -> None:
    """A full disk is one: the next transaction finds nothing of the one that failed."""
    store = SqliteTableStore(path)
    with store.write() as connection:
        connection.execute("CREATE TABLE one (number INTEGER, much BLOB)")
        (pages,) = connection.execute("PRAGMA page_count").fetchone()

    def overfill() -> None:
        with store.write() as connection:
            connection.execute(f"PRAGMA max_page_count={pages + 2}")
            connection.execute("INSERT INTO one VALUES (1, randomblob(100000))")

    with pytest.raises(Unavailable, match="disk is full"):
        overfill()
    with store.write() as connection:
        connection.execute("INSERT INTO one VALUES (2, NULL)")
    with store.read() as connection:
        assert connection.execute("SELECT number FROM one").fetchall() == [(2,)]
    store.close()


def test_an_error_of_the_store_is_told_however_it_was_wrapped(path: Path) -> None:
    """A full disk is no fault of the contact at which it was noticed."""
    store = SqliteTableStore(path)

    def overfill() -> None:
        with store.write() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count={pages}")
            try:
                connection.execute("CREATE TABLE one (much BLOB)")
            except sqlite3.Error as error:
                raise Stumbled(ANN, 7, error) from error

    with pytest.raises(Unavailable, match="disk is full"):
        overfill()
    store.close()


def test_a_snapshot_sees_nothing_that_is_written_meanwhile(path: Path) -> None:
    store = SqliteTableStore(path)
    with store.write() as connection:
        connection.execute("CREATE TABLE one (number INTEGER)")
    with store.read() as before:
        assert before.execute("SELECT count(*) FROM one").fetchone() == (0,)
        with store.write() as connection:
            connection.execute("INSERT INTO one VALUES (1)")
            connection.execute("CREATE TABLE two (number INTEGER)")
        assert before.execute("SELECT count(*) FROM one").fetchone() == (0,)
        with store.read() as after:
            assert after.execute("SELECT count(*) FROM one").fetchone() == (1,)
    store.close()


OPEN_WITH_LIMIT = """
import resource, sys
from pathlib import Path
from domain.errors import Unavailable
from tests.projections.hands import opened
from tests.fixtures.clock import Clock
from tests.projections.memory import NOW, MemoryLedger

clock, path = Clock(NOW), Path(sys.argv[1])
refused = 0
for kilobytes in range(0, 160, 4):
    folder = path / str(kilobytes)
    folder.mkdir()
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, resource.RLIM_INFINITY))
    try:
        opened(MemoryLedger(clock), clock, folder / "projections.sqlite").close()
    except Unavailable as error:
        refused += 1
        assert str(error).startswith("projections.sqlite cannot be"), error
        assert "disk is full" in str(error), error
    assert not [one for one in Path("/proc/self/fd").glob("*")
                if str(kilobytes) in one.resolve().parts], "left open"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    opened(MemoryLedger(clock), clock, folder / "projections.sqlite").close()
print(refused)
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc")
def test_opening_on_a_full_disk_says_so_and_works_once_there_is_room(tmp_path: Path) -> None:
    """Wherever it is that the room ends."""
    command = [sys.executable, "-c", OPEN_WITH_LIMIT, str(tmp_path)]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=END_SECONDS
    )
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 5


@pytest.mark.parametrize(
    ("code", "error_class", "words"),
    [
        (sqlite3.SQLITE_FULL, Unavailable, "disk is full"),
        (sqlite3.SQLITE_IOERR_WRITE, Unavailable, "disk is full or fails"),
        (sqlite3.SQLITE_BUSY, Unavailable, "is locked"),
        (sqlite3.SQLITE_READONLY, Unavailable, "cannot be opened or written"),
        (sqlite3.SQLITE_CORRUPT, Corrupt, "is damaged"),
    ],
)
def test_what_is_wrong_with_the_file_is_said_in_words(
    code: int, error_class: type[LedgerError], words: str
) -> None:
    """And without what the error itself quotes."""
    raised = sqlite3.OperationalError("her maiden name")
    raised.sqlite_errorcode = code
    trouble = derived_file_error(raised, "projections.sqlite")
    assert type(trouble) is error_class
    assert words in str(trouble)
    assert "maiden" not in str(trouble)


def test_what_is_wrong_with_the_program_is_left_as_it_is() -> None:
    raised = sqlite3.OperationalError("no such table")
    raised.sqlite_errorcode = sqlite3.SQLITE_ERROR
    assert derived_file_error(raised, "projections.sqlite") is None
    assert derived_file_error(ValueError(), "projections.sqlite") is None
