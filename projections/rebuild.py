"""A rebuild: the same rows are built again, compared with the live ones, and replace them.

It writes in short transactions beside the live build, which answers and follows meanwhile. Whatever
ends it early, a cancellation or the end of the process, leaves the live build as it was.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from domain.errors import LedgerError
from projections import generations
from projections.build import read_aliases
from projections.builds import count_contact_events
from projections.contact_walk import KnownLedger
from projections.digest import digest, drift
from projections.filling import fill
from projections.folding import Moment
from projections.generations import BUILDING, LIVE, Generation, Tables
from projections.operations import error_trace
from projections.parallel_filling import Several, fill_in_processes
from projections.reporting import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from projections.builds import AnyBuild, AnyFilling, ReadModel
    from projections.follower import Follower
    from projections.limits import Limits
    from projections.operations import Work
    from projections.range_filling import FillElsewhere, ReadEvents
    from projections.source import EventSource
    from projections.tables import TableStore, Transaction

logger = logging.getLogger(__name__)

_ROUNDS = 5
"""How often a rebuild catches up with what was appended meanwhile, at most."""


class Switch(NamedTuple):
    """That the rows of a rebuild are reported, and when there is more to report."""

    next_at: int | None


class Rebuild:
    """One rebuild of some projections, which are filled in one pass over the contacts."""

    def __init__(
        self,
        projections: Sequence[ReadModel],
        store: TableStore,
        source: EventSource,
        follower: Follower,
        clock: Callable[[], int],
        limits: Limits,
        read_events: ReadEvents | None = None,
        jobs: int = 1,
        elsewhere: FillElsewhere | None = None,
    ) -> None:
        """A long log is folded in up to ``jobs`` processes, where they can read it.

        Where ``elsewhere`` is given, it is what folds, however long the log is.
        """
        self._elsewhere = elsewhere
        self._jobs = jobs
        self._read_events = read_events
        self._limits = limits
        self._projections = projections
        self._store = store
        self._source = source
        self._follower = follower
        self._clock = clock

    def run(self, work: Work) -> list[dict[str, object]]:
        """Build, and for each projection in turn catch up, compare and switch.

        Returns: of each its projection, position, events, seconds since the beginning, digest,
        live_digest (None where there was no live build to compare with) and drift, the first
        differences.

        Raises:
            Cancelled: it was cancelled before the last switch. What was switched stays.
            Stumbled: the log holds something that a projection cannot deal with.
        """
        unfinished = self.begin()
        try:
            fillings = self.fill(unfinished, work)
            finished = []
            for projection, filling in zip(self._projections, fillings, strict=True):
                build = filling.finish(self._store, work)
                finished.append(self._finish(projection, build, work))
                unfinished = unfinished[1:]
        except BaseException:
            self._abandon(unfinished)
            raise
        return finished

    def begin(self) -> list[Generation]:
        """Fresh tables at a fixed position and instant, known to be under construction."""
        head, at = self._source.head(), self._clock()
        with self._store.write() as connection:
            return [self._begin(connection, one, head, at) for one in self._projections]

    def _begin(
        self, connection: Transaction, projection: ReadModel, position: int, at: int
    ) -> Generation:
        for leftover in generations.generations(connection, projection.name):
            if leftover.state == BUILDING:
                generations.remove(connection, leftover)
        tip = tip_at(self._source, position)
        fresh = Generation(projection.name, 0, projection.version, position, at, tip, BUILDING)
        return generations.add(connection, fresh, projection.tables, indexed=False)

    def fill(self, begun: Sequence[Generation], work: Work) -> list[AnyFilling]:
        """What follows for each contact from the log up to where it stood at the beginning."""
        known = KnownLedger.at(
            self._source, max(one.position for one in begun) or self._source.head()
        )
        fillings = [
            projection.filling(generation, known, self._limits)
            for projection, generation in zip(self._projections, begun, strict=True)
        ]
        if self._elsewhere is not None:
            self._elsewhere(self._projections, fillings, known, self._store, work)
            return fillings
        jobs = min(self._jobs, known.contact_events // self._limits.filled_alone_events)
        if jobs > 1 and self._read_events is not None:
            several = Several(jobs, self._read_events, self._projections, self._limits)
            fill_in_processes(several, fillings, known, self._store, work)
        else:
            fill(fillings, known, self._store, work, self._limits)
        return fillings

    def _abandon(self, unfinished: Sequence[Generation]) -> None:
        """Drop what was built. Where even that cannot be written, the next rebuild drops it."""
        try:
            with self._store.write() as connection:
                for generation in unfinished:
                    generations.remove(connection, generation)
        except LedgerError as error:
            logger.warning("what a rebuild left behind is still there: %s", error_trace(error))

    def _finish(self, projection: ReadModel, build: AnyBuild, work: Work) -> dict[str, object]:
        """Catch up beside the live build, then hold it still to compare and switch."""
        name = projection.name
        self._catch_up(build, work)
        self._accompany(name, build.position, work)
        with self._follower.pause():
            live = self._follower.build(name)
            compares = self._bring_both(live, build, work)
            live_digest, own_digest, differences = self._compare(
                projection, live if compares else None, build
            )
            work.check()
            switched = replace(build.generation, state=LIVE, problem=None)
            with self._store.write() as connection:
                generations.save(connection, switched)
                switch = self._report(connection, live, switched)
                generations.remove(connection, live.generation)
            build.generation = switched
            build.outbox = live.outbox
            if switch is not None and live.outbox is not None:
                live.outbox.note(name, reports=True, next_at=switch.next_at)
            self._follower.replace(build)
        return {
            "projection": name,
            "position": build.position,
            "events": count_contact_events(self._source, build.position),
            "seconds": round(work.seconds(), 3),
            "digest": own_digest,
            "live_digest": live_digest,
            "drift": differences,
        }

    def _report(
        self, connection: Transaction, live: AnyBuild, switched: Generation
    ) -> Switch | None:
        """Report what differs in the new rows: nothing, where they are as the live ones were."""
        if live.outbox is None:
            return None
        kept, tables = Tables(connection, live.generation), Tables(connection, switched)
        aliases = read_aliases(tables)
        policies = self._source.policies(switched.position)
        at = switched.as_of
        moment = Moment(switched.position, at, policies, self._source.time_zone, aliases)
        step = Step(moment, {}, at, at)
        if not live.outbox.switch((kept, live.generation), (tables, switched), step):
            return None
        return Switch(live.outbox.earliest(tables, switched.projection))

    def _catch_up(self, build: AnyBuild, work: Work) -> None:
        """Take in what was appended meanwhile, for as long as that gets less.

        Where appends outrun it, only holding the live build still brings both to one position.
        """
        if self._is_alone(build):
            return
        for _ in range(_ROUNDS):
            head, began_at = self._source.head(), build.position
            if head - began_at <= self._limits.batch_events:
                return
            self._bring_forward(build, head, self._clock(), work)
            if self._source.head() - head >= head - began_at:
                return

    def _is_alone(self, build: AnyBuild) -> bool:
        """Whether nobody compares, because the live build rests.

        Then it is best to switch at once, and to leave what was appended meanwhile to the follower,
        which makes room for appends.
        """
        return self._follower.is_resting(build.generation.projection)

    def _accompany(self, name: str, position: int, work: Work) -> None:
        """Bring the live build to a position a step at a time, so that nobody waits for it long.

        Only what gives way can be far behind and still be worth comparing with.
        """
        while (live := self._follower.build(name)).gives_way and live.position < position:
            with self._follower.pause():
                if not self._follower.take_step(live, position, self._clock()):
                    return
            work.check()

    def _bring_forward(self, build: AnyBuild, upto: int, at: int, work: Work) -> None:
        """Take the build all the way to position ``upto`` and instant ``at``, telling how far."""
        total = count_contact_events(self._source, upto)
        while build.step(upto, at):
            work.advance(count_contact_events(self._source, build.position), total)

    def _bring_both(self, live: AnyBuild, build: AnyBuild, work: Work) -> bool:
        """Both to one position and instant; False where the live one cannot get there.

        That takes as long as what was appended by now does, and no longer.
        """
        head = self._source.head()
        at = self._clock()
        compares = self._follower.bring_live_forward(live, head, at)
        if not self._is_alone(build):
            self._bring_forward(build, head, at, work)
        return compares

    def _compare(
        self, projection: ReadModel, live: AnyBuild | None, build: AnyBuild
    ) -> tuple[str | None, str, list[dict[str, object]]]:
        with self._store.read() as connection:
            rebuilt = Tables(connection, build.generation)
            own_digest = digest(projection, rebuilt)
            if live is None:
                return None, own_digest, []
            kept = Tables(connection, live.generation)
            live_digest = digest(projection, kept)
            if live_digest == own_digest:
                return live_digest, own_digest, []
            return live_digest, own_digest, drift(projection, kept, rebuilt)


def tip_at(source: EventSource, position: int) -> UUID | None:
    """The id of the event at a position; None where the log does not reach it."""
    if position < 1:
        return None
    events = source.log(after=position - 1, limit=1, upto=position, decrypt=False)
    return events[0].id if events else None
