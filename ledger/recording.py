"""Whether a ledger can record just now, and under a clock that is right."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from domain.errors import LedgerError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ledger.clock import ClockWatch
    from ledger.committer import Committer

AGAIN_SECONDS = 1.0
"""How long after a trial that failed the next one may begin."""

WAIT_SECONDS = 2.0
"""How long a request waits for a trial: a locked file answers later, to another request."""


class Recording:
    """What a ledger tells of its writing. Any thread may ask."""

    def __init__(
        self,
        committer: Committer,
        clock_watch: ClockWatch,
        *,
        again_seconds: float = AGAIN_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self.again_seconds = again_seconds
        self.wait_seconds = wait_seconds
        self._committer = committer
        self._clock_watch = clock_watch
        self._lock = threading.Lock()
        self._trial: Future[None] | None = None
        self._tried_at = time.monotonic() - again_seconds

    @property
    def goes_on(self) -> bool:
        """Whether the committer lives: no file was found damaged. An archived ledger's does too."""
        return self._committer.works

    @property
    def works(self) -> bool:
        """Whether the last commit worked and lacked nothing, or a trial since then."""
        return self._committer.records and not self._committer.is_held_up

    def look(self) -> bool:
        """As ``works``; where the last commit failed, find out by a trial whether one works again.

        There is one trial at a time, and at most one in ``again_seconds``. It is a commit that
        changes nothing, in the order of all others.
        """
        if self.works:
            return True
        trial = self._begin()
        if trial is not None:
            with suppress(LedgerError, TimeoutError):
                trial.result(self.wait_seconds)
        return self.works

    def try_now(self) -> bool:
        """Make a trial although the last commit succeeded, if the next one may fail."""
        with self._lock, suppress(LedgerError, TimeoutError):
            self._committer.try_commit().result(self.wait_seconds)
        return self.works

    def clock_behind_seconds(self) -> int:
        """How far the clock lies behind the newest event; that it began or ended is logged once."""
        return self._clock_watch.behind_seconds(self._committer.newest_at)

    def look_at_the_clock(self) -> None:
        """Log it where the clock has fallen behind or caught up. At once, for every commit."""
        self.clock_behind_seconds()

    def _begin(self) -> Future[None] | None:
        """The trial under way, or a new one if it is time for that."""
        with self._lock:
            if self._trial is not None and not self._trial.done():
                return self._trial
            now = time.monotonic()
            if now - self._tried_at < self.again_seconds:
                return None
            self._tried_at = now
            try:
                self._trial = self._committer.try_commit()
            except LedgerError:
                self._trial = None  # it is closed, or takes nothing
            return self._trial
