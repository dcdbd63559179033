"""Opening access keys and audit trails in the files of a data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.access.keys import AccessKeys
from ledger.access.trail import SERVER, AuditTrail
from ledger.stores.sqlite.access_keys import ACCESS_FILE, SqliteAccessKeys
from ledger.stores.sqlite.trail import LOCK_SECONDS, TRAIL_FILE, SqliteTrail
from ledger.stores.sqlite.trail_heads import SqliteTrailHeads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.stores.access import TrailHeads

__all__ = ["ACCESS_FILE", "TRAIL_FILE", "open_access_keys", "open_trail", "open_trail_heads"]


def open_access_keys(
    path: Path, clock: Callable[[], int], *, fresh_seconds: float | None = None
) -> AccessKeys:
    """The access keys in the file, which is made where there is none.

    Raises:
        Corrupt: it is damaged, or another program's.
        Unavailable: it cannot be opened or written.
    """
    store = SqliteAccessKeys(path)
    try:
        return AccessKeys(store, clock, fresh_seconds=fresh_seconds)
    except BaseException:
        store.close()
        raise


def open_trail(
    path: Path,
    clock: Callable[[], int],
    heads: TrailHeads | None = None,
    name: str = SERVER,
    *,
    lock_seconds: float = LOCK_SECONDS,
) -> AuditTrail:
    """The audit trail in the file, which is made where there is none.

    Its newest entry is noted in ``heads`` under its ``name``. Another process may hold the file for
    ``lock_seconds``.

    Raises:
        Corrupt: it is damaged, or another program's.
        Unavailable: it cannot be opened or written.
    """
    return AuditTrail(SqliteTrail(path, lock_seconds), clock, heads, name)


def open_trail_heads(folder: Path) -> TrailHeads:
    """What is known of the trails of a data folder, in which nothing is made before it is noted."""
    return SqliteTrailHeads(folder)
