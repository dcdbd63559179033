"""Telling of keys of the erased that were there again when a ledger was opened."""

from __future__ import annotations

import logging
from contextlib import closing
from typing import TYPE_CHECKING

from domain.errors import LedgerError
from ledger.access.scopes import ITSELF
from ledger.access.trails import Trails

if TYPE_CHECKING:
    from ledger.clock import Clock
    from ledger.ledger import Ledger
    from ledger.stores.store import Store

_log = logging.getLogger("rapport.ledger")

KEYS_DESTROYED_AGAIN = "keys-destroyed-again"
"""The act of destroying keys of the erased that were there when a ledger was opened."""


def tell_of_keys(ledger: Ledger, store: Store, clock: Clock) -> Ledger:
    """Say in the log and in the trail of the ledger how many keys were destroyed again, if any.

    They are destroyed by now: that does not wait for a trail that cannot be written, which is
    logged. Nobody is named.
    """
    if not (count := ledger.destroyed_again):
        return ledger
    _log.warning(
        "ledger %s had %d keys of erased contacts again, from a backup of keys or an erasure that "
        "was cut off: they are destroyed",
        ledger.name,
        count,
    )
    try:
        with closing(Trails(store, clock)) as trails:
            name = ledger.name
            with trails.order(name, ITSELF, KEYS_DESTROYED_AGAIN, name, keys=count):
                pass  # done already
    except LedgerError as error:
        _log.error("that keys were destroyed again is not in the trail: %s", error)
    return ledger
