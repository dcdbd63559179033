"""Which ledgers are being asked right now, so that none is closed under a question."""

from __future__ import annotations

import time
from collections import Counter
from threading import Condition


class UsageCounts:
    """Counts who is in which ledger. Any thread may call."""

    def __init__(self) -> None:
        self._inside: Counter[str] = Counter()
        self._changed = Condition()

    def enter(self, ledger: str) -> None:
        """One more asks it."""
        with self._changed:
            self._inside[ledger] += 1

    def leave(self, ledger: str) -> None:
        """One of them is done."""
        with self._changed:
            self._inside[ledger] -= 1
            if not self._inside[ledger]:
                del self._inside[ledger]
                self._changed.notify_all()

    def all_left(self, ledger: str, seconds: float) -> bool:
        """Wait up to ``seconds`` until no request is under way; False where one still is."""
        ends = time.monotonic() + seconds
        with self._changed:
            while self._inside[ledger]:
                if (left := ends - time.monotonic()) <= 0:
                    return False
                self._changed.wait(left)
            del self._inside[ledger]
        return True
