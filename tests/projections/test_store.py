"""The file: derived, so whatever cannot be trusted is set aside and built anew."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from projections.projections import Projections
from projections.store import Store
from tests.domain.scenario import ANN
from tests.projections.hands import Hands
from tests.projections.memory import Clock, MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, and never was one\n" * 100)


def _foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.commit()
    connection.close()


def _older(path: Path) -> None:
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=0")
    connection.close()


def _torn(path: Path) -> None:
    """Ours, with a hole in the middle."""
    store = Store(path)
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
        assert "set aside and built anew" in caplog.text
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
    hands.close()
    monkeypatch.setattr("projections.status.StatusProjection.version", 2)
    upgraded = Projections(ledger, path, clock)
    status, standing = upgraded.states()
    assert (status.version, status.position) == (2, 0)
    assert (standing.version, standing.position) == (1, ledger.head())
    upgraded.close()


def test_a_file_that_cannot_be_opened_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        Store(tmp_path / "nowhere" / "projections.sqlite")


def test_a_transaction_that_cannot_be_kept_leaves_the_store_usable(path: Path) -> None:
    """A full disk is one: the next transaction finds nothing of the one that failed."""
    store = Store(path)
    with store.write() as connection:
        connection.execute("CREATE TABLE one (number INTEGER, much BLOB)")
        (pages,) = connection.execute("PRAGMA page_count").fetchone()

    def overfill() -> None:
        with store.write() as connection:
            connection.execute(f"PRAGMA max_page_count={pages + 2}")
            connection.execute("INSERT INTO one VALUES (1, randomblob(100000))")

    with pytest.raises(sqlite3.OperationalError, match="full"):
        overfill()
    with store.write() as connection:
        connection.execute("INSERT INTO one VALUES (2, NULL)")
    with store.read() as connection:
        assert connection.execute("SELECT number FROM one").fetchall() == [(2,)]
    store.close()


def test_a_snapshot_sees_nothing_that_is_written_meanwhile(path: Path) -> None:
    store = Store(path)
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
