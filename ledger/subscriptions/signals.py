"""The signals of other threads to the thread of a subscription, and waiting for them."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Signals:
    """The wakes, hurries, pauses and the stop of one subscription, and the waits for them.

    Any thread may call ``wake``, ``hurry``, ``stop`` and ``pause``. The subscription's own thread
    alone calls ``begin``, ``sleep``, ``rest`` and ``breathe``. A wake ends a sleep, a hurry ends a
    rest, and a stop ends every wait.
    """

    def __init__(self) -> None:
        self._told = threading.Condition()
        self._hurried = threading.Event()
        self._stopped = threading.Event()
        self._woken = False
        self._pauses = 0
        self.wakes = 0
        """How often it was woken."""
        self.woken_at = float("-inf")
        """When it was woken last, by ``now``."""

    def now(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    @property
    def is_stopped(self) -> bool:
        """Whether it was stopped."""
        return self._stopped.is_set()

    def wake(self) -> None:
        """Have the next sleep end at once. Cheap: each commit calls it."""
        with self._told:
            self._woken = True
            self.wakes += 1
            self.woken_at = self.now()
            self._told.notify_all()

    def hurry(self) -> None:
        """Have the rest under way end at once, or the one after the turn under way."""
        self._hurried.set()

    def stop(self) -> None:
        """Have every wait end, for good."""
        with self._told:
            self._stopped.set()
            self._hurried.set()
            self._told.notify_all()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """While inside, no further turn begins."""
        with self._told:
            self._pauses += 1
        try:
            yield
        finally:
            with self._told:
                self._pauses -= 1
                self._told.notify_all()

    def begin(self) -> bool:
        """Wait while paused; False once stopped. Signals from here on are for the next turn."""
        with self._told:
            while self._pauses and not self.is_stopped:
                self._told.wait()
            if self.is_stopped:
                return False
            self._woken = False
            self._hurried.clear()
        return True

    def sleep(self, seconds: float | None) -> None:
        """Wait until woken, or until ``seconds`` have passed, where that is given."""
        with self._told:
            if not self._woken and not self.is_stopped:
                self._told.wait(seconds)

    def rest(self, seconds: float) -> bool:
        """Wait for ``seconds``, woken or not; False where a hurry or the stop ended it early."""
        return not self._hurried.wait(seconds)

    def breathe(self, seconds: float) -> bool:
        """Wait for ``seconds``, hurried or not; False where it was stopped."""
        return not self._stopped.wait(seconds)
