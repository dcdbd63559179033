"""The one thread that builds the indexes of all ledgers of a server, a part of one at a time."""

from __future__ import annotations

import logging
import time
from collections import deque
from threading import Condition, Thread, current_thread
from typing import Protocol

from domain.errors import LedgerError

logger = logging.getLogger("rapport.api")

IDLE_SECONDS = 2.0
"""How long the thread waits for more to do before it ends; the next work starts another."""

REST = 1.0
REST_WHILE_BUSY = 20.0
"""For how many times as long as a part took the thread rests after it. Building an index must not
slow down who appends and reads: while others compute in this process, it rests longer."""

BUSY_SHARE = 0.2
"""From which share of a core on that others used while the thread rested they are busy."""

MOST_REST_SECONDS = 1.0
"""How long the thread rests at most, so that an index is built in the end however busy it is."""


class Advancing(Protocol):
    """An index that is built part by part."""

    def advance(self) -> bool:
        """Take in the next part; whether there is more to take in.

        Raises:
            LedgerError: it cannot be read now.
        """


class IndexingWorker:
    """Takes the ledgers whose logs have grown in turn. Any thread may call."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: deque[Advancing] = deque()
        self._thread: Thread | None = None
        self._is_closed = False

    def wake(self, finder: Advancing) -> None:
        """Have the index of a ledger built as far as its log goes. Cheap: commits call it."""
        with self._changed:
            if self._is_closed or finder in self._waiting:
                return
            self._waiting.append(finder)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="search-index", daemon=True)
                self._thread.start()
            else:
                self._changed.notify()

    def close(self) -> None:
        """End the thread after the part that it is at."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        try:
            rest = REST
            while (finder := self._next()) is not None:
                began = time.monotonic()
                if self._advance(finder):
                    self.wake(finder)
                share = self._rest(min(rest * (time.monotonic() - began), MOST_REST_SECONDS))
                rest = REST if share < BUSY_SHARE else REST_WHILE_BUSY
        finally:
            with self._changed:  # also after an error of ours: the next work starts another
                if self._thread is current_thread():
                    self._thread = None

    def _rest(self, seconds: float) -> float:
        """Let others compute; the share of a core that they used meanwhile, in this process."""
        began, used = time.monotonic(), time.process_time()
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed, seconds)
        return (time.process_time() - used) / max(time.monotonic() - began, 0.001)

    def _next(self) -> Advancing | None:
        """Whose index is next; None where the thread is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed, IDLE_SECONDS)
            if self._waiting and not self._is_closed:
                return self._waiting.popleft()
            self._thread = None
            return None

    def _advance(self, finder: Advancing) -> bool:
        try:
            return finder.advance()
        except LedgerError as error:
            # The next commit or question tries again.
            logger.warning("the index of who is called what is not current: %s", error)
            return False
