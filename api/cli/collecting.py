"""The frequency of the garbage collector in a process that holds a ledger."""

from __future__ import annotations

import gc

_NEW_OBJECTS = 50_000


def collect_seldom() -> None:
    """Look for unreachable cycles less often than Python does by default.

    Cached contacts and events are hundreds of thousands of objects without a cycle
    among them, and each full look walks through them all: a third of the time of an append went
    there. Objects without references are freed as before.
    """
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 100)
