"""Callbacks that are called when the log of a ledger has grown."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class HeadListeners:
    """Calls each of its callbacks with a new head. Any thread may add and remove callbacks."""

    def __init__(self) -> None:
        self._callbacks: tuple[Callable[[int], None], ...] = ()
        self._changing = Lock()

    def add(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call this from now on. Returns what removes it."""

        def remove() -> None:
            with self._changing:
                self._callbacks = tuple(one for one in self._callbacks if one is not callback)

        with self._changing:
            self._callbacks = (*self._callbacks, callback)
        return remove

    def announce(self, head: int) -> None:
        """Call every callback with the head, in the order in which they were added."""
        for callback in self._callbacks:
            callback(head)
