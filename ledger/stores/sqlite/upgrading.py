"""Bringing the files of a data folder to the newest layout, and saying which they have."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.data_layout import LEDGERS, is_ledger_name
from ledger.stores.sqlite import access_keys, connections, data_keys, trail, transparency_log
from ledger.stores.sqlite.file_names import (
    ACCESS_FILE,
    EVENTS_FILE,
    KEYS_FILE,
    LOG_FILE,
    TRAIL_FILE,
)
from ledger.stores.sqlite.migrations import layout_of, steps_of, upgrade_file
from ledger.stores.upgrading import PartLayout, refuse_newer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class _Kind(NamedTuple):
    name: str
    application_id: int


_KINDS = {
    EVENTS_FILE: _Kind("events", connections.APPLICATION_ID),
    KEYS_FILE: _Kind("keys", data_keys.APPLICATION_ID),
    LOG_FILE: _Kind("log", transparency_log.APPLICATION_ID),
    TRAIL_FILE: _Kind("trail", trail.APPLICATION_ID),
    ACCESS_FILE: _Kind("access", access_keys.APPLICATION_ID),
}


def layouts(folder: Path) -> list[PartLayout]:
    """Which layout each file in a data folder has, whatever that is.

    Raises:
        Corrupt: one is damaged, or another program's.
        Unavailable: one cannot be read now.
    """
    return [
        PartLayout(
            str(path.relative_to(folder)), layout_of(path, kind.application_id), connections.LAYOUT
        )
        for path, kind in _files(folder)
    ]


def upgrade(folder: Path) -> None:
    """Bring each file in a data folder that nobody serves to the newest layout.

    Each is there as it was, or whole in the newest layout. Killed on the way, it is done again.

    Raises:
        Corrupt: one is damaged, another program's, or a newer Rapport's: then none is changed.
        Unavailable: one could not be written.
    """
    refuse_newer(layouts(folder))
    for path, kind in _files(folder):
        if layout_of(path, kind.application_id) < connections.LAYOUT:
            upgrade_file(path, kind.application_id, steps_of(kind.name), connections.LAYOUT)


def _files(folder: Path) -> Iterator[tuple[Path, _Kind]]:
    kept = folder / LEDGERS
    names = sorted(kept.iterdir()) if kept.is_dir() else []
    # Of a ledger in a database there is a folder named by an id, with its keys alone.
    for place in (folder, *(one for one in names if is_ledger_name(one.name) or _is_id(one.name))):
        for name, kind in _KINDS.items():
            if (place / name).is_file():
                yield place / name, kind


def _is_id(name: str) -> bool:
    return len(name) == 36 and name.count("-") == 4
