"""What the tails of one ledger share: each new event is read and rendered once for all of them."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from api.http.streams.page_reader import PageReader
from api.service.log_pages import PAGE_EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.service.log_pages import EventText
    from ledger.ledger import Ledger


class Broadcast:
    """The newest events of a ledger, as long as there are listeners. For one event loop.

    It holds every event after the position ``after`` up to ``head``. What is new wakes the loop
    once, however many listen; ``news`` is then done, and a new one takes its place.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        most_events: int,
        most_bytes: int,
        page_events: int = PAGE_EVENTS,
    ) -> None:
        """It keeps so much of the newest; a tail that is further behind reads the log itself."""
        self._ledger = ledger
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._page_events = page_events
        self._loop = asyncio.get_running_loop()
        self._kept: list[EventText] = []
        self._kept_bytes = 0
        self._reader: PageReader | None = None
        self.listeners = 0
        self.after = self.head = 0
        self.news: asyncio.Future[None] = self._loop.create_future()

    def is_of(self, ledger: Ledger) -> bool:
        """Whether this is of that very ledger, and not of one that had its name."""
        return self._ledger is ledger

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While inside, new events are delivered."""
        self.listeners += 1
        if self._reader is None:
            self._begin_at(self._ledger.head())
            self._reader = PageReader(
                self._ledger, self.head, self.take, self._leave_out, self._page_events
            )
            self._reader.start()
        try:
            yield
        finally:
            self.listeners -= 1
            if not self.listeners:
                self._reader.stop()
                self._reader = None
                self._begin_at(self.head)

    def beyond(self, position: int) -> list[EventText]:
        """The next events after a position, which must not be before ``after``."""
        assert position >= self.after, "what is not kept is in the log"
        begin = position - self.after
        return self._kept[begin : begin + self._page_events]

    def _begin_at(self, position: int) -> None:
        self._kept, self._kept_bytes = [], 0
        self.after = self.head = position

    def take(self, page: list[EventText]) -> None:
        """Keep the next events, and let everyone know of them."""
        for shown in page:
            if shown.erases:
                # Personal data must not be sent from memory after it was erased.
                self._begin_at(self.head)
            self._kept.append(shown)
            self._kept_bytes += len(shown.content)
            self.head = shown.position
        self._forget_oldest()
        self._wake_tails()

    def _leave_out(self, position: int) -> None:
        """Keep nothing up to a position: tails read for themselves what is not kept."""
        self._begin_at(position)
        self._wake_tails()

    def _forget_oldest(self) -> None:
        count = max(0, len(self._kept) - self._most_events)
        size = self._kept_bytes - sum(len(shown.content) for shown in self._kept[:count])
        while size > self._most_bytes:
            size -= len(self._kept[count].content)
            count += 1
        del self._kept[:count]
        self.after += count
        self._kept_bytes = size

    def _wake_tails(self) -> None:
        news, self.news = self.news, self._loop.create_future()
        news.set_result(None)
