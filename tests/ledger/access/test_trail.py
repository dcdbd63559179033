from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.errors import Corrupt, Unavailable
from ledger.access.scopes import COMMAND_LINE, THIS_MACHINE
from ledger.access.trail import SERVER, AuditTrail
from ledger.access.trails import Trails
from ledger.folder import DataFolder
from ledger.stores.access import BEGINNING
from ledger.stores.sqlite.store import SqliteStore
from ledger.stores.sqlite.trail import APPLICATION_ID, SqliteTrail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[AuditTrail]:
    instants = iter(range(1000, 2000))
    opened = AuditTrail(SqliteTrail(tmp_path / "trail.sqlite"), lambda: next(instants))
    yield opened
    opened.close()


def test_acts_are_numbered_and_each_holds_the_hash_of_the_one_before(trail: AuditTrail) -> None:
    first = trail.record(THIS_MACHINE, "rebuild-started", "status")
    second = trail.record(COMMAND_LINE, "ledger-exported", "main", position=7)
    assert (first.number, first.previous) == (1, BEGINNING)
    assert (second.number, second.previous) == (2, first.hash)
    assert trail.acts() == [first, second]
    assert trail.acts(after=1) == [second]
    assert trail.verify() == (2, second.hash)


def test_a_trail_goes_on_where_it_was_closed(trail: AuditTrail, tmp_path: Path) -> None:
    first = trail.record(THIS_MACHINE, "rebuild-started", "status")
    trail.close()
    again = AuditTrail(SqliteTrail(tmp_path / "trail.sqlite"), lambda: 5)
    second = again.record(THIS_MACHINE, "rebuild-started", "standing")
    assert second.previous == first.hash
    assert second.at == first.at, "instants never go back"
    again.close()


def test_the_file_itself_refuses_changes(trail: AuditTrail, tmp_path: Path) -> None:
    trail.record(THIS_MACHINE, "rebuild-started", "status")
    with sqlite3.connect(tmp_path / "trail.sqlite") as other:
        for statement in ("UPDATE acts SET principal = 'nobody'", "DELETE FROM acts"):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                other.execute(statement)


def test_an_outcome_is_an_entry_of_its_own_that_names_its_order(trail: AuditTrail) -> None:
    order = trail.record(COMMAND_LINE, "ledger-exported", "main", with_keys=True)
    other = trail.record(THIS_MACHINE, "rebuild-started", "status")
    ended = trail.conclude(order, "failed", reason="ENOSPC")
    assert ended is not None
    assert (order.outcome, order.of, other.outcome, other.of) == ("ordered", None, "ordered", None)
    assert (ended.number, ended.outcome, ended.of) == (3, "failed", 1)
    assert (ended.act, ended.subject, ended.principal) == (
        "ledger-exported",
        "main",
        order.principal,
    )
    assert ended.detail == {"reason": "ENOSPC"}
    assert trail.acts() == [order, other, ended]
    assert trail.verify() == (3, ended.hash)


def test_an_order_of_another_trail_is_not_concluded_in_this_one(
    trail: AuditTrail, tmp_path: Path
) -> None:
    """So it is where a ledger was replaced, with its trail, while the act went on."""
    elsewhere = AuditTrail(SqliteTrail(tmp_path / "other.sqlite"), lambda: 5)
    order = elsewhere.record(COMMAND_LINE, "ledger-exported", "main")
    elsewhere.close()
    assert trail.conclude(order, "done") is None
    own = trail.record(COMMAND_LINE, "rebuild-started", "status")
    assert trail.conclude(order, "done") is None
    assert trail.acts() == [own]


OLD_TABLE = (
    "CREATE TABLE acts (number INTEGER PRIMARY KEY, at INTEGER NOT NULL, principal TEXT NOT NULL, "
    "act TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, previous TEXT NOT NULL, "
    "hash TEXT NOT NULL)"
)
FIRST_HASH = "903311024c6b975a61e157cc80d74c4890acd91d2cc857c94a4a8542a5a70359"
OLD_ACTS = [
    (1, 1000, "open", "rebuild-started", "status", "{}", BEGINNING, FIRST_HASH),
    (2, 1001, "command-line", "ledger-exported", "main", '{"position":7}', FIRST_HASH,
     "10f6d38400ce8e2c1e373ba14ed6be6f3050110600277af0f8a87ba0d5f91b2e"),
]  # fmt: skip
"""As a program wrote them that recorded orders alone: never to be made anew."""


def test_a_trail_from_before_outcomes_reads_verifies_and_goes_on(
    tmp_path: Path,
) -> None:
    with closing(sqlite3.connect(tmp_path / "trail.sqlite", isolation_level=None)) as old:
        old.execute(f"PRAGMA application_id={APPLICATION_ID}")
        old.execute("PRAGMA user_version=1")
        old.execute(OLD_TABLE)
        old.executemany("INSERT INTO acts VALUES (?,?,?,?,?,?,?,?)", OLD_ACTS)
    for _ in range(2):
        trail = AuditTrail(SqliteTrail(tmp_path / "trail.sqlite"), lambda: 2000)
        first, second = trail.acts(limit=2)
        assert (first.outcome, first.of, second.outcome, second.of) == ("ordered", None) * 2
        assert trail.verify()[0] >= 2
        trail.conclude(trail.record(COMMAND_LINE, "erasure", "x"), "done")
        trail.close()
    assert len(AuditTrail(SqliteTrail(tmp_path / "trail.sqlite"), lambda: 2000).acts()) == 6


def test_no_trail_tells_of_a_key_that_was_refused_or_failed_to_be_made(
    trail: AuditTrail,
) -> None:
    for outcome in ("refused", "failed"):
        trail.conclude(trail.record(COMMAND_LINE, "key-made", "till"), outcome)
        assert not trail.tells_of("key-made")
    order = trail.record(COMMAND_LINE, "key-made", "till")
    assert trail.tells_of("key-made"), "nobody knows what came of it"
    trail.conclude(order, "done")
    assert trail.tells_of("key-made")


CHANGES = [
    "UPDATE acts SET outcome = 'done' WHERE number = 2",
    "UPDATE acts SET outcome = 'done', ordered_by = 1 WHERE number = 2",
    *(f"UPDATE acts SET {column} = {column} || 'x' WHERE number = 2"
      for column in ("principal", "act", "subject", "previous", "hash")),
    "UPDATE acts SET at = at + 1 WHERE number = 2",
    "UPDATE acts SET detail = '{\"position\":8}' WHERE number = 2",
    "UPDATE acts SET detail = 'x' WHERE number = 2",
    "DELETE FROM acts WHERE number = 2",
    "UPDATE acts SET number = 9 WHERE number = 3",
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_whoever_changes_an_entry_all_the_same_is_found(
    trail: AuditTrail, tmp_path: Path, change: str
) -> None:
    for position in range(3):
        trail.record(COMMAND_LINE, "ledger-exported", "main", position=position)
    with sqlite3.connect(tmp_path / "trail.sqlite") as other:
        other.execute("DROP TRIGGER acts_stay")
        other.execute("DROP TRIGGER acts_remain")
        other.execute(change)
    with pytest.raises(Corrupt, match=r"entry [23] of the audit trail"):
        trail.verify()


def test_what_cannot_be_recorded_is_not_to_be_done(tmp_path: Path) -> None:
    trail = AuditTrail(SqliteTrail(tmp_path / "trail.sqlite", 0.01), lambda: 1)
    with sqlite3.connect(tmp_path / "trail.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="nothing was done"):
            trail.record(COMMAND_LINE, "ledger-exported", "main")
        other.execute("ROLLBACK")
    assert trail.record(COMMAND_LINE, "ledger-exported", "main").number == 1
    trail.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a ledger, of whose trail and the server's three entries are known."""
    (tmp_path / "ledgers" / "main").mkdir(parents=True)
    with closing(trails_of(tmp_path)) as trails:
        for number in range(3):
            for trail in (trails.server(), trails.of("main")):
                trail.record(COMMAND_LINE, "ledger-exported", "main", number=number)
        assert trails.cut_off() == []
        trails.of("main").verify()
    return tmp_path


def trails_of(folder: Path) -> Trails:
    return Trails(SqliteStore(folder), lambda: 7)


def deleted(file: Path) -> None:
    file.unlink()


def shortened(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("DROP TRIGGER acts_remain")
        other.execute("DELETE FROM acts WHERE number = 3")


@pytest.mark.parametrize("ledger", ["main", SERVER])
@pytest.mark.parametrize("harmed", [deleted, shortened])
def test_a_trail_deleted_or_cut_off_is_noticed_also_after_it_went_on(
    folder: Path, ledger: str, harmed: Callable[[Path], None]
) -> None:
    harmed(folder / ("ledgers/main" if ledger else "") / "trail.sqlite")
    for _ in range(3):
        with closing(trails_of(folder)) as trails:
            assert trails.cut_off() == [ledger]
            trail = trails.of(ledger) if ledger else trails.server()
            with pytest.raises(Corrupt, match=r"entry 3 .* was recorded and is gone"):
                trail.verify()
            trail.record(COMMAND_LINE, "ledger-exported", "main")
            trail.record(COMMAND_LINE, "ledger-exported", "main")


def test_a_trail_that_was_put_back_is_whole_again(folder: Path) -> None:
    file = folder / "trail.sqlite"
    kept = file.read_bytes()
    file.unlink()
    with closing(trails_of(folder)) as trails:
        trails.server().record(COMMAND_LINE, "key-made", "till")
    file.write_bytes(kept)
    with closing(trails_of(folder)) as trails:
        assert trails.cut_off() == []
        assert trails.server().record(COMMAND_LINE, "key-made", "till").number == 4
        assert trails.server().verify()[0] == 4


def test_a_ledger_made_anew_begins_a_trail_of_its_own(tmp_path: Path) -> None:
    with closing(DataFolder.open(tmp_path / "data", SqliteStore, clock=lambda: 10**15)) as data:
        for _ in range(2):
            data.create("branch")
            with closing(Trails(data.store, lambda: 7)) as trails:
                assert trails.of("branch").record(COMMAND_LINE, "erasure", "x").number == 1
                assert trails.cut_off() == []
                trails.of("branch").verify()
            data.delete("branch")
