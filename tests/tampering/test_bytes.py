"""Bytes of every file turned over, cleared, doubled, moved and cut off, wherever chance points."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.tampering.conftest import Town

FILES = {
    "master.key": 32,
    "ledgers/main/ledger.json": 100,
    "ledgers/main/events.sqlite": 160,
    "ledgers/main/keys.sqlite": 80,
    "ledgers/main/log.sqlite": 120,
    "ledgers/main/projections.sqlite": 40,
}
"""How many changes are made of each file."""

BLOCK = 64


@pytest.mark.parametrize("name", FILES)
def test_any_changed_byte_is_found_or_changes_nothing(town: Town, name: str) -> None:
    """Where nothing is found, all rows, tables, indexes and settings are as they were."""
    chance = random.Random(f"tampering {name}")
    missed, found = [], 0
    content = (town.path / name).read_bytes()
    for number in range(FILES[name]):
        at = chance.randrange(len(content))
        what, other = changed(content, at, number, chance)
        if other == content:
            continue
        (town.copy() / name).write_bytes(other)
        if town.faults(drift=name.endswith("projections.sqlite")):
            found += 1
        elif not town.is_unchanged():
            missed.append(f"{name}: {what} at byte {at}")
    assert missed == []
    # Most of a small database is room for more, and says nothing.
    assert found >= FILES[name] // 5


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone_or_empty_is_found(town: Town, name: str) -> None:
    derived = "projections" in name  # what is not there yet is made, and has not drifted
    (town.copy() / name).unlink()
    assert bool(town.faults(drift=True)) is (not derived and name != "master.key")
    (town.copy() / name).write_bytes(b"")
    assert town.faults(drift=True)


def test_a_ledger_that_is_gone_is_found_by_its_checkpoint(town: Town) -> None:
    copy = town.copy()
    (copy / "ledgers" / "main").rename(copy / "ledgers" / "other")
    assert "names another ledger" in str(town.faults()[0])
    (copy / "ledgers" / "other" / "ledger.json").write_bytes(b"{}")
    (copy / "ledgers" / "other" / "log.sqlite").unlink()
    assert any("no ledger here has the origin" in str(fault) for fault in town.faults())


def changed(content: bytes, at: int, number: int, chance: random.Random) -> tuple[str, bytes]:
    """What is done there, by turns, and what the content is then."""
    end = at + BLOCK
    match number % 6:
        case 0 | 1:
            flipped = content[at] ^ 1 << chance.randrange(8)
            return "bit flipped", content[:at] + bytes([flipped]) + content[at + 1 :]
        case 2:
            return "bytes cleared", content[:at] + bytes(len(content[at:end])) + content[end:]
        case 3:
            return "byte dropped", content[:at] + content[at + 1 :]
        case 4:
            other = chance.randrange(len(content))
            moved = content[other : other + len(content[at:end])]
            return "bytes copied here", content[:at] + moved + content[at + len(moved) :]
        case _:
            return "cut off", content[:at]
