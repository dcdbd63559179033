"""What the tails of one ledger share: each new event is read and rendered once for all of them."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from api.http.streams.log import PAGE_EVENTS, show_all
from domain.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.http.streams.log import Shown
    from ledger.ledger import Ledger

KEPT_EVENTS = 1000
KEPT_BYTES = 4 * 1024 * 1024
"""How much of the newest is kept at most; a tail that is further behind reads the log itself."""

LOG = logging.getLogger("rapport.http")


class Broadcast:
    """The newest events of a ledger, while anybody listens. For one event loop.

    It holds every event after the position ``after`` up to ``head``. A commit wakes the loop once,
    however many listen; ``news`` is then done, and a new one takes its place.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._loop = asyncio.get_running_loop()
        self._kept: list[Shown] = []
        self._kept_bytes = 0
        self._reading: asyncio.Task[None] | None = None
        self._woken = False
        self.listeners = 0
        self.after = self.head = 0
        self.news: asyncio.Future[None] = self._loop.create_future()
        ledger.on_commit(self._committed)

    def is_of(self, ledger: Ledger) -> bool:
        """Whether this is of that very ledger, and not of one that had its name."""
        return self._ledger is ledger

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Be told of commits."""
        self.listeners += 1
        if self.listeners == 1:
            # Counted first: a commit from here on wakes us, and an older one is in the head.
            self._begin_at(self._ledger.head())
        try:
            yield
        finally:
            self.listeners -= 1
            if not self.listeners:
                self._begin_at(self.head)

    def beyond(self, position: int) -> list[Shown]:
        """The next events after a position, which must not be before ``after``."""
        assert position >= self.after, "what is not kept is in the log"
        begin = position - self.after
        return self._kept[begin : begin + PAGE_EVENTS]

    def _begin_at(self, position: int) -> None:
        self._kept, self._kept_bytes = [], 0
        self.after = self.head = position

    def _committed(self, _head: int) -> None:
        """On the committer's thread: wake the loop, unless it is on its way already."""
        if self.listeners and not self._woken:
            self._woken = True
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._woken = False
        if self._reading is None and self.listeners:
            self._reading = self._loop.create_task(self._read_on())

    async def _read_on(self) -> None:
        """Read what is new, page by page, and let everyone know of each."""
        try:
            while self.listeners and self.head < self._ledger.head():
                after = self.head
                page = await run_in_threadpool(self._page, after)
                if after == self.head:  # nobody left and came back meanwhile
                    self._keep(page)
                self._tell()
        except LedgerError as error:
            # Tails read for themselves what is not kept, and each is told what is wrong.
            LOG.error("new events cannot be read for tails: %s", error)
            self._begin_at(self._ledger.head())
            self._tell()
        finally:
            self._reading = None

    def _page(self, after: int) -> list[Shown]:
        return show_all(self._ledger, self._ledger.log(after=after, limit=PAGE_EVENTS))

    def _keep(self, page: list[Shown]) -> None:
        for shown in page:
            if shown.erases:
                # What was personal must not be told from memory after it was erased.
                self._begin_at(self.head)
            self._kept.append(shown)
            self._kept_bytes += len(shown.content)
            self.head = shown.position
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        count = max(0, len(self._kept) - KEPT_EVENTS)
        size = self._kept_bytes - sum(len(shown.content) for shown in self._kept[:count])
        while size > KEPT_BYTES:
            size -= len(self._kept[count].content)
            count += 1
        del self._kept[:count]
        self.after += count
        self._kept_bytes = size

    def _tell(self) -> None:
        news, self.news = self.news, self._loop.create_future()
        news.set_result(None)
