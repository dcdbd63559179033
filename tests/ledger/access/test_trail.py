from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from domain.errors import Corrupt, Unavailable
from ledger.access import trail as trail_module
from ledger.access.scopes import COMMAND_LINE, THIS_MACHINE
from ledger.access.trail import BEGINNING, AuditTrail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[AuditTrail]:
    instants = iter(range(1000, 2000))
    opened = AuditTrail(tmp_path / "trail.sqlite", lambda: next(instants))
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
    again = AuditTrail(tmp_path / "trail.sqlite", lambda: 5)
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


CHANGES = [
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


def test_what_cannot_be_recorded_is_not_to_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail_module, "LOCK_SECONDS", 0.01)
    trail = AuditTrail(tmp_path / "trail.sqlite", lambda: 1)
    with sqlite3.connect(tmp_path / "trail.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="nothing was done"):
            trail.record(COMMAND_LINE, "ledger-exported", "main")
        other.execute("ROLLBACK")
    assert trail.record(COMMAND_LINE, "ledger-exported", "main").number == 1
    trail.close()
