"""The acts of commands on a data folder, in its audit trail: first the order, then the outcome."""

from __future__ import annotations

from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from api.bootstrap import STORE_OF, now
from ledger.access.orders import Order
from ledger.access.scopes import COMMAND_LINE
from ledger.access.trails import Trails

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.access.trail import AuditTrail
    from ledger.stores.store import Store


def order_act(folder: Path, of: str | None, act: str, subject: str, /, **detail: object) -> Order:
    """Order an act ``of`` that ledger, or of the server where none is named.

    Do the act in the order's block: what comes of it is recorded when the block ends.

    Raises:
        LedgerNotFound: there is no such ledger.
        Unavailable: it could not be written: then it must not be done.
    """
    return Order(partial(trail_of, STORE_OF(folder), of), COMMAND_LINE, act, subject, **detail)


@contextmanager
def trail_of(store: Store, ledger: str | None) -> Iterator[AuditTrail]:
    """The trail of that ledger, or of the server where none is named.

    Raises:
        LedgerNotFound: there is no such ledger.
        Corrupt: it is damaged.
        Unavailable: it cannot be opened or written.
    """
    with closing(Trails(store, now)) as trails:
        yield trails.server() if ledger is None else trails.of(ledger)
