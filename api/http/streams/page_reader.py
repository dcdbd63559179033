"""Reads what is new in a ledger, off the event loop, as long as the loop takes it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from api.service.log_pages import PAGE_EVENTS, show_all
from domain.errors import LedgerError
from ledger.subscriptions.pacing import TAILS
from ledger.subscriptions.subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.service.log_pages import EventText
    from domain.errors import Unavailable
    from ledger.ledger import Ledger

LOG = logging.getLogger("rapport.http")


class PageReader:
    """A subscriber that hands one page after the other to an event loop.

    It reads the next page once the loop has taken the one before, so that no more than one waits
    for it, however much is appended.
    """

    name = "tails"
    gives_way = False
    is_dear = False

    def __init__(
        self,
        ledger: Ledger,
        after: int,
        take: Callable[[list[EventText]], object],
        leave_out: Callable[[int], object],
        page_events: int = PAGE_EVENTS,
    ) -> None:
        """Made on the loop, on which ``take`` is called with each page of events after ``after``.

        Where they cannot be read, ``leave_out`` is called instead with the position up to which.
        """
        self.position = after
        self._ledger = ledger
        self._take = take
        self._leave_out = leave_out
        self._page_events = page_events
        self._loop = asyncio.get_running_loop()
        self._handed_over = False
        self._subscription = Subscription(
            self.name, ledger.head, (self,), TAILS, on_commit=ledger.on_commit
        )

    def start(self) -> None:
        """Begin to read."""
        self._subscription.start()

    def stop(self) -> None:
        """Hand over nothing more. Only on the loop, which does not wait for the thread to end."""
        self._subscription.stop()

    @property
    def follows(self) -> bool:
        """Whether the loop has taken what was read last."""
        return not self._handed_over

    def due_seconds(self) -> float | None:
        """None: what is new is committed."""
        return None

    def step(self, upto: int, _breathe: Callable[[], bool]) -> bool:
        """Read the next page and hand it over; False, since the next one has to wait for that."""
        if self.position >= upto:
            return False
        try:
            events = self._ledger.log(after=self.position, limit=self._page_events)
            page = show_all(self._ledger, events)
        except LedgerError as error:
            self.report_failure(error)  # also a passing one: each tail gets the error
            return False
        self.position = page[-1].position
        self._hand_over(partial(self._take, page))
        return False

    def report_trouble(self, trouble: Unavailable, cause: Exception) -> None:
        """Log that tails wait."""
        LOG.warning("tails wait: %s", trouble)

    def report_failure(self, error: Exception) -> None:
        """Skip events that cannot be read. Each tail reads them itself, and gets the error."""
        if isinstance(error, LedgerError):
            LOG.error("new events cannot be read for tails: %s", error)
        else:
            LOG.error("new events could not be read for tails", exc_info=error)
        self.position = self._ledger.head()
        self._hand_over(partial(self._leave_out, self.position))

    def _hand_over(self, call: Callable[[], object]) -> None:
        self._handed_over = True
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._run_on_loop, call)

    def _run_on_loop(self, call: Callable[[], object]) -> None:
        """On the loop."""
        if not self._subscription.is_stopped:
            call()
            self._handed_over = False
            self._subscription.wake()
