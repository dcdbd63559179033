"""Callbacks that are called when a projection reaches a position, or never will."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from projections.operations import error_trace

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Waiter:
    """A callback, and what it waits for: that the projection ``name`` reflects ``position``."""

    position: int
    name: str
    callback: Callable[[], object]


class Waiters:
    """Threads and callbacks that wait for a projection to move. Any thread may call.

    A waiter is in a hurry: the subscription is hurried, so that it ends its rest early.
    """

    def __init__(self, is_settled: Callable[[Waiter], bool], hurry: Callable[[], object]) -> None:
        """``is_settled`` says whether waiting has an end: it got there, or never will."""
        self.moved = threading.Condition()
        self._is_settled = is_settled
        self._hurry = hurry
        self._callbacks: set[Waiter] = set()
        self._thread_count = 0

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._callbacks) or self._thread_count > 0

    def wait(self, seconds: float) -> None:
        """Wait for the next move, which comes without a rest. Only with ``moved`` held."""
        self._thread_count += 1
        self._hurry()
        try:
            self.moved.wait(seconds)
        finally:
            self._thread_count -= 1

    def add(self, waiter: Waiter) -> Callable[[], object]:
        """Tell this one once, at once where it is settled.

        Returns what lets go of it before that.
        """
        with self.moved:
            if not self._is_settled(waiter):
                self._callbacks.add(waiter)
                self._hurry()
                return partial(self._let_go, waiter)
        waiter.callback()
        return _nothing

    def notify(self) -> None:
        """Something moved, failed or stopped: tell everybody whom that concerns."""
        with self.moved:
            self.moved.notify_all()
            settled = [waiter for waiter in self._callbacks if self._is_settled(waiter)]
            self._callbacks.difference_update(settled)
        for waiter in settled:
            try:
                waiter.callback()
            except Exception as error:  # noqa: BLE001  # the waiter is gone; the others are not
                logger.warning("a waiter could not be notified: %s", error_trace(error))

    def _let_go(self, waiter: Waiter) -> None:
        with self.moved:
            self._callbacks.discard(waiter)


def _nothing() -> None:
    """The release of a waiter that does not wait: nothing to do."""
