"""The thread that seals: at least every second while there is something new, and out of the way."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from domain.errors import Corrupt, LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.transparency.sealer import Sealer

PAUSE_SECONDS = 0.8
"""From the beginning of one checkpoint to that of the next, so that one is there every second."""

TROUBLE_SECONDS = 1.0
"""After how long it tries again when a file could not be read or written."""

LAST_SECONDS = 10.0
"""How long the end may take. What is left then is sealed after the next start."""

_MOST_BREATH_SECONDS = 0.01

_log = logging.getLogger("rapport.ledger")


class Following:
    """Takes a sealer's steps, off the threads that append, as long as it is not closed."""

    def __init__(self, sealer: Sealer, head: Callable[[], int]) -> None:
        self._sealer = sealer
        self._head = head
        self._woken = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sealer", daemon=True)
        self.trouble: str | None = None
        """What keeps it from sealing just now, though it goes on trying."""

    def start(self) -> None:
        """Begin to seal."""
        self._woken.set()
        self._thread.start()

    def wake(self) -> None:
        """Something was appended. From any thread, and cheap: each commit calls this."""
        if not self._woken.is_set():
            self._woken.set()

    def close(self) -> None:
        """Seal what is left, if this was ever started, and stop."""
        if self._thread.ident is None or self._closing.is_set():
            return
        self._closing.set()
        self._woken.set()
        self._thread.join()
        until = time.monotonic() + LAST_SECONDS
        while self._step(lambda: time.monotonic() < until) and time.monotonic() < until:
            pass

    def _run(self) -> None:
        while not self._closing.is_set():
            self._woken.wait()
            self._woken.clear()
            started = time.monotonic()
            while self._step(self._breathe()) and not self._closing.is_set():
                pass
            pause = TROUBLE_SECONDS if self.trouble else PAUSE_SECONDS
            if self.trouble:
                self._woken.set()
            self._closing.wait(max(0.0, started + pause - time.monotonic()))

    def _breathe(self) -> Callable[[], bool]:
        """Gives other threads as much of the interpreter as the sealer has just taken."""
        used = time.thread_time()

        def breathe() -> bool:
            nonlocal used
            taken = time.thread_time() - used
            closing = self._closing.wait(min(taken, _MOST_BREATH_SECONDS))
            used = time.thread_time()
            return not closing

        return breathe

    def _step(self, breathe: Callable[[], bool]) -> bool:
        """Take one step; True while there is more to take in at once."""
        if self._sealer.problem is not None:
            return False
        try:
            signed = self._sealer.step(head := self._head(), breathe)
        except Corrupt:
            return False  # the sealer has stopped and said so
        except LedgerError as error:
            if self.trouble is None:
                _log.warning("the log waits to be sealed: %s", error)
            self.trouble = str(error)
            return False
        except Exception as error:  # noqa: BLE001  # a fault of ours, logged; events go on
            _log.exception("the log could not be sealed")
            self._sealer.stop(f"it failed unexpectedly: {type(error).__name__}")
            return False
        self.trouble = None
        return signed.size < head
