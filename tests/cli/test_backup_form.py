"""What a backup's list and trails may hold, whoever wrote them: else they are damaged, no more."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from api.service.backups.form import LIST, MOST_BYTES, Backup, TrailCopy, read_trail, trail_lines
from domain.errors import Corrupt
from ledger.stores.access import BEGINNING, Act

if TYPE_CHECKING:
    from pathlib import Path

ACT = Act(
    number=1,
    at=5,
    principal="command-line",
    act="rebuild-started",
    subject="status",
    detail={},
    previous=BEGINNING,
    hash="",
)

OLD_FIELDS = ("number", "at", "principal", "act", "subject", "detail", "previous", "hash")
"""Of an entry as it was written before outcomes were recorded, and as an order still is."""


def chained(**other: object) -> dict[str, object]:
    """An entry whose hash is right, which anybody can reckon."""
    act = replace(ACT, **other)  # type: ignore[arg-type]  # wrong on purpose
    try:
        shown = asdict(replace(act, hash=act.compute_hash()))
    except UnicodeEncodeError:
        shown = asdict(replace(act, hash=ACT.compute_hash()))
    return {name: value for name, value in shown.items() if name in (*OLD_FIELDS, *other)}


def entries(path: Path, entry: dict[str, object]) -> list[Act]:
    path.write_text(json.dumps(entry) + "\n")
    return list(read_trail(path, TrailCopy(entries=1, newest=str(entry["hash"]))))


def test_an_entry_reads_as_it_was_written(tmp_path: Path) -> None:
    act = replace(ACT, hash=ACT.compute_hash())
    assert entries(tmp_path / "trail", chained()) == [act]
    (line,) = trail_lines([act])
    assert json.loads(line) == chained()


def test_an_outcome_reads_as_it_was_written_and_goes_with_its_order(tmp_path: Path) -> None:
    order = replace(ACT, hash=ACT.compute_hash())
    ended = replace(order, number=2, previous=order.hash, outcome="failed", of=1)
    ended = replace(ended, hash=ended.compute_hash())
    path = tmp_path / "x.trail.jsonl"
    path.write_bytes(b"".join(trail_lines([order, ended])))
    copy = TrailCopy(entries=2, newest=ended.hash)
    assert list(read_trail(path, copy)) == [order, ended]
    path.write_bytes(path.read_bytes().replace(b'"failed"', b'"done"'))
    with pytest.raises(Corrupt, match="entry 2 is not as recorded"):
        list(read_trail(path, copy))


@pytest.mark.parametrize(
    "other",
    [
        {"at": 10**30},
        {"at": -1},
        {"at": "x"},
        {"at": 5.5},
        {"principal": ["x"]},
        {"act": None},
        {"subject": "\x1b[31mred"},
        {"subject": "\u202ereversed"},
        {"subject": "\ud800"},
        {"detail": {"why": "\ud800"}},
        {"detail": []},
        {"outcome": "done", "of": 1},
        {"outcome": "done", "of": 0},
        {"outcome": "ordered", "of": 7},
        {"outcome": "done", "of": None},
        {"outcome": "done"},
        {"of": 1},
    ],
    ids=str,
)
def test_an_entry_that_no_server_makes_is_damage(tmp_path: Path, other: dict[str, object]) -> None:
    with pytest.raises(Corrupt):
        entries(tmp_path / "trail", chained(**other))


@pytest.mark.parametrize("content", [b"[" * 100_000, b" " * MOST_BYTES + b"{}", b"[]", b"\xff"])
def test_what_is_endless_or_nothing_of_the_kind_is_damage(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LIST).write_bytes(content)
    with pytest.raises(Corrupt):
        Backup.read(tmp_path)
    with pytest.raises(Corrupt):
        list(read_trail(tmp_path / LIST, TrailCopy(entries=1)))
