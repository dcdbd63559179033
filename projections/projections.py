"""The projections of one ledger: kept current, asked, digested and rebuilt."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from domain.instants import SECOND
from projections import generations
from projections.agenda import AgendaProjection
from projections.answers import (
    CalibrationSnapshot,
    ContactStanding,
    ContactStatus,
    Cursor,
    Page,
    ProjectionDigest,
    ProjectionState,
    Referrals,
    StatusRow,
    Summary,
)
from projections.follower import Follower
from projections.generations import BUILDING, LIVE, Generation
from projections.limits import LIMITS
from projections.operations import Operation
from projections.outbox import Outbox
from projections.outbox_reading import reporters_of
from projections.queries import ProjectionQueries, continues
from projections.rebuild import Rebuild
from projections.rebuilds import Rebuilds
from projections.restatements import RestatementProjection
from projections.standing import StandingProjection
from projections.status import StatusProjection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from projections.builds import AnyBuild, ReadModel
    from projections.limits import Limits
    from projections.operations import Operation
    from projections.range_filling import FillElsewhere, ReadEvents
    from projections.source import EventSource
    from projections.subscription import Subscribe
    from projections.tables import TableStore

__all__ = [
    "CalibrationSnapshot",
    "ContactStanding",
    "ContactStatus",
    "Cursor",
    "Page",
    "ProjectionDigest",
    "ProjectionState",
    "Projections",
    "Referrals",
    "StatusRow",
    "Summary",
]

logger = logging.getLogger(__name__)

ALL: tuple[ReadModel, ...] = (
    StatusProjection(),
    StandingProjection(),
    AgendaProjection(),
    RestatementProjection(),
)


class Projections(ProjectionQueries):
    """Everything that is derived from one ledger's log, in a store of its own, which it closes."""

    def __init__(
        self,
        source: EventSource,
        store: TableStore,
        clock: Callable[[], int],
        subscribe: Subscribe,
        *,
        projections: tuple[ReadModel, ...] = ALL,
        limits: Limits = LIMITS,
        read_events: ReadEvents | None = None,
        wanted: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """``subscribe`` makes what carries the live builds along the log.

        ``read_events`` is how another process reads the log up to a position, where one can.
        ``wanted`` reads which kinds of notices are to be reported.
        """
        self._read_events = read_events
        super().__init__(source, store, clock, projections)
        self._head_seen, self._grown_at = 0, 0.0
        """The newest position that was seen, and when it was seen first."""
        self._filled_to = 0
        """How long the log was when projections that were far behind were filled last."""
        self._tables = store
        self._limits = limits
        self._rebuilds = Rebuilds(self._projections, self.operations, self._new_rebuild)
        try:
            builds = [self._open(projection) for projection in projections]
            outbox = Outbox(source, wanted, reporters_of(projections))
            for build in builds:
                build.outbox = outbox
        except BaseException:
            self._store.close()
            raise
        self.follower = Follower(
            builds,
            store,
            source,
            clock,
            subscribe,
            self._rebuilds.is_running,
            self._fill_instead,
        )
        """What takes the live builds forward: by itself once started, and else a step at a time."""

    def start(self) -> None:
        """Begin to follow the log. What was never filled is built first, if the log is long.

        While events pour in, as from the first file of a new ledger, they come together first.
        """
        head = self._source.head()
        if head > self._limits.batch_events:
            self._head_seen, self._grown_at = head, time.monotonic() - self._age_seconds(head)
            empty = [name for name in self._projections if self._is_to_be_filled(name)]
            if empty and not self._pours():
                self._begin_filling(empty)
        self.follower.start()

    def _begin_filling(self, names: Sequence[str]) -> None:
        """Fill the projections in one pass. If it is given up, the follower does it in its way."""
        for name in names:
            self.follower.rest(name)
        self._rebuilds.start_first(names, self.follower.resume)

    def _fill_instead(self, build: AnyBuild, upto: int) -> bool:
        """Begin to fill a projection that is far behind, and all others that are."""
        if upto != self._head_seen:
            self._head_seen, self._grown_at = upto, time.monotonic()
        if (
            (build.gives_way and build.position)
            or not self._is_far(build, upto)
            or self._rebuilds.is_running()
        ):
            return False
        builds = [self.follower.build(name) for name in self._projections]
        far = [one.generation.projection for one in builds if self._is_far(one, upto)]
        self._filled_to = upto
        self._begin_filling(far)
        return True

    def _is_far(self, build: AnyBuild, upto: int) -> bool:
        """Whether it is cheaper to go over all contacts once than to follow.

        If that was tried in vain, it is tried again only after as much has been appended.
        """
        if build.generation.state != LIVE:
            return False
        limits = self._limits
        lag = upto - max(build.position, self._filled_to)
        if self._pours():
            return lag >= max(limits.far_pouring_events, upto // 2)
        if not build.position:
            return lag >= limits.first_events
        return lag >= max(limits.far_events, upto // limits.far_share)

    def _pours(self) -> bool:
        """Whether events pour in, as far as the follower has looked."""
        return time.monotonic() - self._grown_at < self._limits.pouring_seconds

    def _age_seconds(self, position: int) -> float:
        """How long ago the event at a position was recorded."""
        [newest] = self._source.log(after=position - 1, limit=1, upto=position, decrypt=False)
        return (self._clock() - newest.recorded_at) / SECOND

    def _is_to_be_filled(self, name: str) -> bool:
        return not self.follower.build(name).position

    def close(self) -> None:
        """Stop following and end what is running; a rebuild under way is given up."""
        self.operations.close()
        self.follower.close()
        self._store.close()

    def wake(self) -> None:
        """Say that the log has grown. From any thread, and cheap."""
        self.follower.wake()

    def wait_for(self, position: int, timeout_seconds: float, name: str = "status") -> int:
        """The position that a projection reflects, once that is at least ``position``.

        Raises:
            ProjectionNotFound: there is no such projection.
            ProjectionBehind: it did not get there in time, or cannot.
        """
        self._projection(name)
        return self.follower.wait_for(position, timeout_seconds, name)

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
        return self.follower.when_reached(position, name, callback)

    def rebuild(
        self, name: str, jobs: int = 1, elsewhere: FillElsewhere | None = None
    ) -> Operation:
        """Rebuild a projection in the background; if that is under way, the same operation.

        A long log is folded in up to ``jobs`` processes, or by ``elsewhere``.

        Raises:
            ProjectionNotFound: there is no such projection.
        """
        self._projection(name)
        return self._rebuilds.start(name, jobs, elsewhere)

    def rebuild_all(self, jobs: int = 1, elsewhere: FillElsewhere | None = None) -> Operation:
        """Rebuild every projection in one pass; if that is under way, the same operation.

        Its result has under ``rebuilds`` what the rebuild of each came to.
        """
        return self._rebuilds.start_all(jobs, elsewhere)

    def _open(self, projection: ReadModel) -> AnyBuild:
        """The live build of a projection, emptied where it is not one of this log and program."""
        with self._tables.write() as connection:
            for leftover in generations.generations(connection, projection.name):
                if leftover.state == BUILDING:
                    generations.remove(connection, leftover)
            found = generations.current(connection, projection.name)
            if found is not None and not continues(found, projection, self._source):
                logger.warning("projection %s is rebuilt: it is not of this log", projection.name)
                generations.remove(connection, found)
                found = None
            if found is None:
                empty = Generation(
                    projection.name, 0, projection.version, 0, self._clock(), None, LIVE
                )
                found = generations.add(connection, empty, projection.tables)
        return projection.open(found, self._tables, self._source, self._limits)

    def _generation(self, name: str, known: Sequence[Generation]) -> Generation:
        """As the live build has it, which knows of a failure that could not be written too."""
        return self.follower.build(name).generation

    def _trouble(self, name: str) -> str | None:
        return self.follower.trouble(name)

    def _settle(self, name: str) -> None:
        """Where the clock was put back, the rows are made for the present first."""
        self.follower.wait_while_ahead(name)

    def _new_rebuild(
        self, projections: Sequence[ReadModel], jobs: int, elsewhere: FillElsewhere | None
    ) -> Rebuild:
        return Rebuild(
            projections,
            self._tables,
            self._source,
            self.follower,
            self._clock,
            self._limits,
            self._read_events,
            jobs,
            elsewhere,
        )
