"""The audit trails in a store: one of the server, and one of each ledger."""

from __future__ import annotations

from contextlib import nullcontext
from threading import Lock
from typing import TYPE_CHECKING

from domain.errors import LedgerError, LedgerNotFound
from ledger.access.orders import Order
from ledger.access.scopes import CALENDAR
from ledger.access.trail import SERVER, AuditTrail

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ledger.access.scopes import Principal
    from ledger.stores.store import Store

KEY_MADE = "key-made"
"""The act of making an access key."""


def key_detail(
    scopes: Collection[str], ledger: str | None, *, occasions: bool
) -> dict[str, object]:
    """What a trail says of the making of a key: occasions only of one for calendars."""
    shown: dict[str, object] = {"scopes": sorted(set(scopes)), "ledger": ledger}
    return {**shown, "occasions": occasions} if CALENDAR in scopes else shown


LEDGER_RESTORED = "ledger-restored"
"""The act of putting a ledger, with its trail, where a backup was made of it."""


class Trails:
    """Trails, opened when they are first asked for. Any thread may call."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        """For the trails of that store."""
        self._store = store
        self._clock = clock
        self._heads = store.trail_heads()
        self._lock = Lock()
        self._open: dict[str | None, AuditTrail] = {}

    def server(self) -> AuditTrail:
        """What was done to the server: to keys of all ledgers, and to ledgers as wholes.

        Raises:
            Corrupt: the file is damaged.
            Unavailable: it cannot be opened or written.
        """
        return self._trail(None)

    def of(self, ledger: str) -> AuditTrail:
        """What was done to the ledger of that name, which must be the name of one.

        Raises:
            LedgerNotFound: there is no folder of that name.
            Corrupt: the file is damaged.
            Unavailable: it cannot be opened or written.
        """
        return self._trail(ledger)

    def order(
        self, of: str | None, principal: Principal, act: str, subject: str, /, **detail: object
    ) -> Order:
        """Order an act ``of`` that ledger, or of the server where none is named.

        Raises:
            LedgerNotFound: there is no folder of that name.
            Corrupt: the file is damaged.
            Unavailable: it could not be recorded: then the act must not be done.
        """
        return Order(lambda: nullcontext(self._trail(of)), principal, act, subject, **detail)

    def tell_of_keys(self) -> bool:
        """Whether access keys were made for this server or a ledger of it, as far as is recorded.

        What a ledger's trail says of the time before the ledger was restored is of another server,
        perhaps, and is left aside.

        Raises:
            Corrupt: a file is damaged.
            Unavailable: one cannot be opened.
        """
        if self._store.has_trail() and self.server().tells_of(KEY_MADE):
            return True
        return any(
            self.of(name).tells_of(KEY_MADE, since=LEDGER_RESTORED)
            for name in self._store.ledgers_with_trail()
        )

    def cut_off(self) -> list[str]:
        """The ledgers, or ``SERVER``, whose trail lacks what was recorded, or cannot be read."""
        return [name for name in sorted(self._heads.heads()) if self._is_cut_off(name)]

    def _is_cut_off(self, name: str) -> bool:
        if name != SERVER and not self._store.ledger(name).exists():
            return False  # it was deleted with its ledger
        try:
            return self._trail(name or None).missing() is not None
        except LedgerError:
            return True

    def let_go(self, ledger: str) -> None:
        """Close the trail of a ledger that is about to be deleted."""
        with self._lock:
            if (trail := self._open.pop(ledger, None)) is not None:
                trail.close()

    def close(self) -> None:
        """Close every trail."""
        with self._lock:
            for trail in self._open.values():
                trail.close()
            self._open.clear()

    def _trail(self, ledger: str | None) -> AuditTrail:
        with self._lock:
            if (found := self._open.get(ledger)) is not None:
                return found
            if ledger is None:
                store = self._store.open_trail()
            elif (of := self._store.ledger(ledger)).exists():
                store = of.open_trail()
            else:
                raise LedgerNotFound(f"no ledger is named {ledger!r}")
            made = AuditTrail(store, self._clock, self._heads, ledger or SERVER)
            self._open[ledger] = made
            return made
