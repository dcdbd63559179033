"""Opening access keys in the store of a data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.access.keys import AccessKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.stores.store import Store


def open_access_keys(
    store: Store, clock: Callable[[], int], *, fresh_seconds: float | None = None
) -> AccessKeys:
    """The access keys of the store, which are made where there are none.

    Raises:
        Corrupt: they are damaged, or another program's.
        Unavailable: they cannot be opened or written.
    """
    kept = store.open_access_keys()
    try:
        return AccessKeys(kept, clock, fresh_seconds=fresh_seconds)
    except BaseException:
        kept.close()
        raise
