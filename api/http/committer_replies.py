"""What the committer's thread answers, brought to the event loop all at once.

A commit answers dozens of appends. Waking the loop for each, and keeping for each a future that
threads could wait on, took a tenth of the loop's time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any


class Answers:
    """The answers on their way to one event loop, which is the loop of the first request."""

    def __init__(self) -> None:
        self._told: deque[tuple[asyncio.Future[Any], object]] = deque()
        self._woken = False

    def new_reply(self) -> Reply:
        """A reply that an answer can be delivered to. The event loop that runs now waits for it."""
        return Reply(self, asyncio.get_running_loop().create_future())

    def deliver(self, waiting: asyncio.Future[Any], outcome: object) -> None:
        """Deliver an outcome, with all others that came until then. Any thread may call this."""
        self._told.append((waiting, outcome))
        if not self._woken:
            self._woken = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                waiting.get_loop().call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # An outcome that comes from here on wakes the loop again, or is delivered below.
        self._woken = False
        while self._told:
            waiting, outcome = self._told.popleft()
            if waiting.done():
                continue  # who asked has left; what the ledger accepted is recorded all the same
            if isinstance(outcome, Exception):
                waiting.set_exception(outcome)
            else:
                waiting.set_result(outcome)


class Reply:
    """A ``ledger.committer.Reply`` whose answer is waited for in an event loop."""

    __slots__ = ("_answers", "waiting")

    def __init__(self, answers: Answers, waiting: asyncio.Future[Any]) -> None:
        self._answers = answers
        self.waiting = waiting

    def set_running_or_notify_cancel(self) -> bool:
        """It is never taken back: who leaves only stops waiting."""
        return True

    def set_result(self, result: object, /) -> None:
        """What became of it."""
        self._answers.deliver(self.waiting, result)

    def set_exception(self, error: Exception, /) -> None:
        """What kept it out."""
        self._answers.deliver(self.waiting, error)
