"""Random bytes for keys, salts, nonces and ids, fetched from the system a portion at a time.

Each question to the system lets go of the interpreter's lock, and under load the committer waits
for it far longer than the answer takes. A portion is used once and in order, so every byte is as
good as if it had been asked for by itself.
"""

from __future__ import annotations

import os
from threading import Lock

_PORTION_BYTES = 4096

_forks = 0


def _count_fork() -> None:
    global _forks  # noqa: PLW0603  # asked for with every event: a count is read in no time
    _forks += 1


os.register_at_fork(after_in_child=_count_fork)


class Entropy:
    """Callable like ``os.urandom``, from any thread, and in a forked child too."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._portion = b""
        self._used = 0
        self._forks = _forks

    def __call__(self, size: int) -> bytes:
        """``size`` bytes that nobody was given before."""
        with self._lock:
            start, end = self._used, self._used + size
            # A child must not give out what its parent gives out too.
            if end > len(self._portion) or self._forks != _forks:
                self._portion = os.urandom(max(size, _PORTION_BYTES))
                self._forks = _forks
                start, end = 0, size
            self._used = end
            return self._portion[start:end]
