"""Which event was changed in an archive is said with its own position, where that can be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgpack
import pytest

from ledger.archive import layout
from ledger.archive.chunks import read_rows, rows_written
from ledger.archive.refusals import ArchiveRefused
from tests.ledger.archive.archives import (
    changed,
    checked,
    exported_from,
    members,
    resummed,
    shop,
    written,
)
from tests.ledger.archive.forger import Forger, rows_of, with_state
from tests.ledger.given import HandClock

if TYPE_CHECKING:
    from pathlib import Path

FIRST_EVENTS = layout.EVENTS.format(first=1)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small archive: one chunk of events, and partial tiles."""
    folder = tmp_path_factory.mktemp("small") / "data"
    shop(folder, HandClock(), events=300)
    return exported_from(folder, HandClock())[1]


def refusal(path: Path, archive: bytes) -> ArchiveRefused:
    with pytest.raises(ArchiveRefused) as raised:
        checked(path, archive)
    return raised.value


@pytest.mark.parametrize("place", [1, 4, 5, 8])
def test_any_event_with_another_byte_is_found_at_its_position(
    small: bytes, path: Path, place: int
) -> None:
    """Also where only what is sealed, or what no line shows, is another."""
    for at in range(1, 300, 23):

        def change(content: bytes, at: int = at) -> bytes:
            rows = read_rows(content, FIRST_EVENTS)
            value = msgpack.unpackb(rows[at][4])[place]
            rows[at] = with_state(rows[at], (place, _other(value)))
            return rows_written(rows)

        error = refusal(path, changed(small, FIRST_EVENTS, change))
        assert error.position == at + 1, str(error)
        assert error.member == FIRST_EVENTS


def _other(value: object) -> object:
    """A value of the same kind that differs as little as it can."""
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(value, int):
        return value + 1
    return "x" if value is None else f"{value}x"


def test_an_event_changed_with_all_that_shows_it_is_bounded(small: bytes, path: Path) -> None:
    """Then the first event is named that no checkpoint before covers, and up to where."""
    rows = rows_of(small)
    rows[99] = with_state(rows[99], (1, bytes(16)))
    forged = dict(members(written(Forger(rows))[1]))
    held = [
        (name, forged[name] if name.startswith(("events/", "readable/", "log/tile/")) else content)
        for name, content in members(small)
    ]
    error = refusal(path, resummed(held))
    assert error.member == layout.CHECKPOINTS.format(number=1)
    assert error.position == 1
    assert "the events up to 300 do not give the root in line 2" in str(error)
