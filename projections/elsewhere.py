"""The projections of one ledger as a process sees them that another process keeps current."""

from __future__ import annotations

import time
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Protocol

from domain.errors import LedgerError, ProjectionBehind
from projections import generations
from projections.generations import Generation
from projections.queries import ProjectionQueries, continues
from projections.rebuilds import ALL_PROJECTIONS, REBUILD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from projections.builds import ReadModel
    from projections.operations import Operation, Work
    from projections.range_filling import FillElsewhere
    from projections.source import EventSource
    from projections.tables import TableReader

OPEN_SECONDS = 5.0
"""How long a question waits at most for projections that are being opened for the first time."""

BACK_SECONDS = 1.0
"""How long a read waits at most for rows that were made for a later instant than the present."""

_LOOK_SECONDS = 0.01

WAITING = "waiting"


class Following(Protocol):
    """What keeps the projections of one ledger current in another process. Any thread may call.

    Nothing here waits for that process, except for a rebuild.
    """

    def start(self, look_again: Callable[[], object]) -> None:
        """Have the ledger followed. ``look_again`` is called when its tables were opened there."""

    def wake(self) -> None:
        """Say that the log has grown, or that the clock jumped."""

    def when_reached(
        self, projection: str, position: int, callback: Callable[[], object]
    ) -> Callable[[], object]:
        """Call back once the projection is at the position, or never will be.

        Returns what lets go of the callback before that.
        """

    def trouble(self, projection: str) -> str | None:
        """What keeps a projection from moving just now, if anything does."""

    def rebuild(self, projection: str, work: Work) -> Mapping[str, object]:
        """Rebuild a projection to the end, or ``ALL_PROJECTIONS``; what a rebuild answers.

        Raises:
            Cancelled: the work was.
            LedgerError: it failed, or the other process ended meanwhile.
        """


class ProjectionsElsewhere(ProjectionQueries):
    """Answers from the tables alone, and asks the other process for the rest."""

    def __init__(
        self,
        source: EventSource,
        tables: TableReader,
        clock: Callable[[], int],
        following: Following,
        projections: Sequence[ReadModel],
    ) -> None:
        super().__init__(source, tables, clock, projections)
        self._following = following
        self._usable: set[str] = set()

    def start(self) -> None:
        """Have the ledger followed."""
        self._following.start(self._store.look_again)

    def close(self) -> None:
        """End what is running. Whether the ledger is followed any longer is not said here."""
        self.operations.close()
        self._store.close()

    def wake(self) -> None:
        """Say that the log has grown. From any thread, and cheap."""
        self._following.wake()

    def wait_for(self, position: int, timeout_seconds: float, name: str = "status") -> int:
        """The position that a projection reflects, once that is at least ``position``.

        Raises:
            ProjectionNotFound: there is no such projection.
            ProjectionBehind: it did not get there in time, or cannot.
        """
        self._projection(name)
        reached = self._position(name)
        if reached < position and timeout_seconds > 0:
            settled = Event()
            let_go = self._following.when_reached(name, position, settled.set)
            settled.wait(timeout_seconds)
            let_go()
            reached = self._position(name)
        if reached < position:
            raise ProjectionBehind(
                f"projection {name} reflects position {reached}, not yet {position}"
            )
        return reached

    def when_reached(
        self, position: int, callback: Callable[[], object], name: str = "status"
    ) -> Callable[[], object]:
        """Call back once, from any thread, when a projection gets to a position or never will.

        For callers that must not block: ``wait_for`` with no time to wait gives the reason. Returns
        what lets go of the callback before that.

        Raises:
            ProjectionNotFound: there is no such projection.
        """
        self._projection(name)
        return self._following.when_reached(name, position, callback)

    def rebuild(
        self, name: str, jobs: int = 1, elsewhere: FillElsewhere | None = None
    ) -> Operation:
        """Rebuild a projection in the other process; if that is under way, the same operation.

        Raises:
            ProjectionNotFound: there is no such projection.
        """
        self._projection(name)
        return self._start_rebuild(name)

    def rebuild_all(self, jobs: int = 1, elsewhere: FillElsewhere | None = None) -> Operation:
        """Rebuild every projection there in one pass; if that is under way, the same operation."""
        return self._start_rebuild(ALL_PROJECTIONS)

    def _start_rebuild(self, name: str) -> Operation:
        return self.operations.start(REBUILD, name, partial(self._following.rebuild, name))

    def _stored_generations(self) -> Sequence[Generation]:
        """None while the tables are being made."""
        try:
            return super()._stored_generations()
        except LedgerError:
            if self._usable:
                raise
            return ()

    def _generation(self, name: str, known: Sequence[Generation]) -> Generation:
        found = [one for one in known if one.projection == name]
        if answering := generations.answering(found):
            return answering
        version = self._projections[name].version
        return Generation(name, 0, version, 0, 0, None, WAITING, "it has not been opened yet")

    def _trouble(self, name: str) -> str | None:
        return self._following.trouble(name)

    def position_of(self, name: str) -> int:
        """The position that a projection reflects now, 0 where it cannot be read yet."""
        return self._position(name)

    def _position(self, name: str) -> int:
        """What is reflected now; 0 where nothing is yet that may be read."""
        found = self._usable_generation(name)
        return found.position if found else 0

    def _usable_generation(self, name: str) -> Generation | None:
        """The generation that answers, if it is of this version and of this log."""
        with self._store.read() as transaction:
            found = generations.current(transaction, name)
        if found is not None and name not in self._usable:
            if not continues(found, self._projections[name], self._source):
                return None
            # Whatever takes its place is made by the process that follows, out of this log.
            self._usable.add(name)
        return found

    def _settle(self, name: str) -> None:
        """Wait a moment until the rows may be read, and hold for the present.

        Raises:
            ProjectionBehind: they cannot be read in time.
        """
        opened_by = time.monotonic() + OPEN_SECONDS
        while (found := self._try(name)) is None:
            if time.monotonic() > opened_by:
                raise ProjectionBehind(f"projection {name} is being opened, or nobody follows it")
            time.sleep(_LOOK_SECONDS)
        until = time.monotonic() + BACK_SECONDS
        while found is not None and found.as_of > self._clock() and time.monotonic() < until:
            if self._following.trouble(name) is not None:
                return
            self._following.wake()
            time.sleep(_LOOK_SECONDS)
            found = self._try(name)

    def _try(self, name: str) -> Generation | None:
        try:
            return self._usable_generation(name)
        except LedgerError:
            if name in self._usable:
                raise
            return None  # the tables are being made
