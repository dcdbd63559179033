"""Which ledgers are being asked right now, so that none is closed under a question."""

from __future__ import annotations

import time
from threading import Condition, Lock


class UsageCounts:
    """Counts who is in which ledger. Any thread may call."""

    def __init__(self) -> None:
        self._inside: dict[str, int] = {}
        self._lock = Lock()  # a condition's own is taken through three more calls
        self._changed = Condition(self._lock)

    def enter(self, ledger: str) -> None:
        """One more asks it."""
        with self._lock:
            self._inside[ledger] = self._inside.get(ledger, 0) + 1

    def leave(self, ledger: str) -> None:
        """One of them is done."""
        with self._lock:
            left = self._inside[ledger] = self._inside[ledger] - 1
            if not left:
                del self._inside[ledger]
                self._changed.notify_all()

    def all_left(self, ledger: str, seconds: float) -> bool:
        """Wait up to ``seconds`` until no request is under way; False where one still is."""
        ends = time.monotonic() + seconds
        with self._changed:
            while ledger in self._inside:
                if (left := ends - time.monotonic()) <= 0:
                    return False
                self._changed.wait(left)
        return True
