"""The rebuilds of a ledger's projections as operations: of one, or of several in one pass."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from projections.builds import ReadModel
    from projections.operations import Operation, Operations, Work
    from projections.range_filling import FillElsewhere
    from projections.rebuild import Rebuild

REBUILD = "rebuild"
"""The kind of these operations."""

ALL_PROJECTIONS = "all"
"""What an operation on several projections at once is about."""

_LOOK_SECONDS = 0.1
"""How often a rebuild that waits for another one looks whether it was cancelled."""


class Rebuilds:
    """Starts rebuilds. Two of one projection come one after the other."""

    def __init__(
        self,
        projections: Mapping[str, ReadModel],
        operations: Operations,
        make: Callable[[Sequence[ReadModel], int, FillElsewhere | None], Rebuild],
    ) -> None:
        """``make`` makes a rebuild of some projections in up to a number of processes.

        It is folded by what is given besides, where something is.
        """
        self._projections = projections
        self._operations = operations
        self._make = make
        self._running = {name: threading.Lock() for name in projections}

    def start(self, name: str, jobs: int, elsewhere: FillElsewhere | None = None) -> Operation:
        """Rebuild a projection; if that is under way, the same operation."""

        def run(work: Work) -> Mapping[str, object]:
            return self._run([name], jobs, elsewhere, work)[0]

        return self._operations.start(REBUILD, name, run)

    def start_all(self, jobs: int, elsewhere: FillElsewhere | None = None) -> Operation:
        """Rebuild every projection in one pass; if that is under way, the same operation.

        Its result has under ``rebuilds`` what the rebuild of each came to.
        """

        def run(work: Work) -> Mapping[str, object]:
            return {"rebuilds": self._run([*self._projections], jobs, elsewhere, work)}

        return self._operations.start(REBUILD, ALL_PROJECTIONS, run)

    def start_first(self, names: Sequence[str], ended: Callable[[str], object]) -> Operation:
        """Build these for the first time, in one pass. At the end ``ended`` gets each name."""
        return self._operations.start(REBUILD, ALL_PROJECTIONS, partial(self._first, names, ended))

    def _first(
        self, names: Sequence[str], ended: Callable[[str], object], work: Work
    ) -> Mapping[str, object]:
        try:
            return {"rebuilds": self._run(names, 1, None, work)}
        finally:
            for name in names:
                ended(name)

    def is_running(self) -> bool:
        """Whether a rebuild is running, whose result is wanted soon."""
        return any(one.kind == REBUILD for one in self._operations.running())

    def _run(
        self, names: Sequence[str], jobs: int, elsewhere: FillElsewhere | None, work: Work
    ) -> list[dict[str, object]]:
        rebuild = self._make([self._projections[name] for name in names], jobs, elsewhere)
        with ExitStack() as held:
            for name in names:
                lock = self._running[name]
                while not lock.acquire(timeout=_LOOK_SECONDS):
                    work.check()
                held.callback(lock.release)
            return rebuild.run(work)
