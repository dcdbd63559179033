"""The live follower: keeps the projections of one ledger at the head of its log and on time."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from domain.errors import LedgerError, ProjectionBehind, Unavailable, unusable_file
from domain.instants import SECOND
from projections.build import Stumbled
from projections.generations import FAILED, save
from projections.operations import told
from projections.position_waiters import Waiter, Waiters
from projections.resting import Rests
from projections.source import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from projections.builds import AnyBuild
    from projections.source import EventSource
    from projections.tables import TableStore

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""How often it looks without being woken: other processes may write to the log."""

REST_SECONDS = 0.04
"""How long it rests after a step of many events, unless somebody waits: while events pour in, fewer
and larger steps cost less, and what nobody waits for is seen in time all the same."""

MOST_REST_SECONDS = 0.25
"""How long it rests at most between two steps while it is behind and events come in."""

FLOOD_EVENTS = 100
"""How many events a commit, on average, are a flood: single appends hardly ever make such commits,
and bulk requests hardly ever others."""

FAR_BEHIND_EVENTS = 100_000
"""How far a flood may leave it behind before it takes half of the interpreter's time all the same:
what it takes some seconds to fold, and a flood some seconds to bring."""

BACK_SECONDS = 1.0
"""How long a read waits at most for rows that were made for a later instant than the present."""

MANY_EVENTS = 16

QUIET_SECONDS = 0.1
"""How long nothing must have been appended before those that give way take their steps."""

STARVED_SECONDS = 1.0
"""How long they give way at most, however many events pour in."""


class Follower:
    """One thread that takes every live build forward, until each stands at the head of the log.

    A build that stumbles is marked as failed and left where it was; the others go on. Trouble with
    a file, a full disk say, is tried again and shown as a problem meanwhile.
    """

    def __init__(
        self,
        builds: Iterable[AnyBuild],
        store: TableStore,
        source: EventSource,
        clock: Callable[[], int],
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        """``is_busy`` says whether what gives way is to wait for something else, too."""
        self._is_busy = is_busy
        self._builds = {build.projection.name: build for build in builds}
        self._store = store
        self._source = source
        self._clock = clock
        self._wake = threading.Condition()
        self._waiters = Waiters(self._is_settled)
        self._woken = False
        self._commits = 0
        self._stopping = False
        self._working = threading.RLock()
        self._visitors = 0
        self._resting: set[str] = set()
        self._troubles: dict[str, str] = {}
        self._rests = Rests()
        self._page = Page(source)
        self._appended_at = self._gave_way_at = time.monotonic() - QUIET_SECONDS
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the step being taken; nothing is lost, since it goes on where it stopped."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self._waiters.hurry.set()
        self._waiters.tell()
        if self._thread.ident is not None:
            self._thread.join()

    def wake(self) -> None:
        """Look at once: something was appended, or the clock jumped. From any thread, and cheap."""
        with self._wake:
            self._woken = True
            self._commits += 1
            self._appended_at = time.monotonic()
            self._wake.notify_all()

    def build(self, name: str) -> AnyBuild:
        """The live build of a projection."""
        return self._builds[name]

    def trouble(self, name: str) -> str | None:
        """What keeps a projection from moving just now, if anything does."""
        return self._troubles.get(name)

    def rest(self, name: str) -> None:
        """Leave a projection alone: another build will take its place."""
        self._resting.add(name)

    def resume(self, name: str) -> None:
        """Follow a projection again."""
        self._resting.discard(name)
        self.wake()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Between two steps: while inside, no live build moves but by the caller's hand."""
        with self._wake:
            self._visitors += 1
        try:
            with self._working:
                yield
        finally:
            with self._wake:
                self._visitors -= 1
                self._wake.notify_all()

    def replace(self, build: AnyBuild) -> None:
        """Go on with another build of its projection. Only while ``paused``."""
        self._builds[build.projection.name] = build
        self._resting.discard(build.projection.name)
        self._troubles.pop(build.projection.name, None)
        self._waiters.tell()

    def wait_for(self, position: int, timeout_seconds: float, name: str) -> int:
        """The position that the projection reflects, once that is at least ``position``.

        Raises:
            ProjectionBehind: it did not get there in time, or has failed or been closed.
        """
        until = time.monotonic() + timeout_seconds
        with self._waiters.moved:
            while (reached := self._builds[name].position) < position:
                left = until - time.monotonic()
                if self._stopping or self._builds[name].generation.state == FAILED or left <= 0:
                    raise ProjectionBehind(
                        f"projection {name} reflects position {reached}, not yet {position}"
                    )
                self._waiters.wait(left)
        return reached

    def wait_while_ahead(self, name: str) -> None:
        """Wait a moment while the clock lies behind the instant for which the rows were made.

        It was put back, and the next step makes them for the present.
        """
        build = self._builds[name]
        is_ahead = build.generation.as_of > self._clock()
        if not is_ahead or build.gives_way or not self._thread.is_alive():
            return
        self.wake()
        until = time.monotonic() + BACK_SECONDS
        with self._waiters.moved:
            while (build := self._builds[name]).generation.as_of > self._clock():
                left = until - time.monotonic()
                if left <= 0 or not self._follows(build) or self._stopping:
                    return
                self._waiters.wait(left)

    def when_reached(
        self, position: int, name: str, callback: Callable[[], object]
    ) -> Callable[[], object]:
        """Call back once, from any thread, when the projection gets to a position or never will.

        Returns what lets go of the callback before that.
        """
        return self._waiters.add(Waiter(position, name, callback))

    def _is_settled(self, waiter: Waiter) -> bool:
        """Whether waiting has an end: it got there, or cannot."""
        generation = self._builds[waiter.name].generation
        there = generation.position >= waiter.position
        return there or generation.state == FAILED or self._stopping

    def bring_live_forward(self, build: AnyBuild, upto: int, at: int) -> bool:
        """Take a live build to position ``upto`` and instant ``at``. Only while ``paused``.

        False where it has failed, now or before, or has never been filled.
        """
        if not self._follows(build):
            return False
        while self.take_step(build, upto, at):
            pass
        return build.generation.state != FAILED

    def take_step(self, build: AnyBuild, upto: int, at: int) -> bool:
        """One step of a live build. Only while ``paused``. False if it has none to take."""
        if not self._follows(build):
            return False
        try:
            moved = build.step(upto, at)
        except Stumbled as error:
            self._fail(build.projection.name, build, error)
            return False
        if moved:
            self._waiters.tell()
        return moved

    def _run(self) -> None:
        while True:
            with self._wake:
                while self._visitors and not self._stopping:
                    self._wake.wait()
                if self._stopping:
                    return
                self._woken = False
            self._waiters.hurry.clear()  # whoever waits from here on cuts the rest short
            before, began = self._taken_in(), time.monotonic()
            with self._working:
                behind = self._cycle()
            if behind and time.monotonic() - self._appended_at < QUIET_SECONDS:
                # As long as the step took: whoever appends has half of the interpreter's time.
                self._rest(min(time.monotonic() - began, MOST_REST_SECONDS))
                self._wait_out_a_flood()
            if not behind:
                took = time.monotonic() - began
                if took >= REST_SECONDS:  # a long history was folded: as above
                    self._rest(min(took, MOST_REST_SECONDS))
                elif self._taken_in() - before >= MANY_EVENTS:
                    self._rest(REST_SECONDS)
                self._sleep()

    def _taken_in(self) -> int:
        return max((build.position for build in self._builds.values()), default=0)

    def _wait_out_a_flood(self) -> None:
        """While bulk requests pour in, leave the interpreter to them, unless somebody waits.

        Larger steps fold each contact less often, so that less is left to do afterwards.
        """
        head, commits = self._source.head(), self._commits
        while head - self._taken_in() < FAR_BEHIND_EVENTS and self._rest(MOST_REST_SECONDS):
            before, head = head, self._source.head()
            told, commits = commits, self._commits
            if head - before < FLOOD_EVENTS * max(commits - told, 1):
                return

    def _rest(self, seconds: float) -> bool:
        """Let more come together, as long as nobody waits for it; False if somebody does."""
        if self._waiters or self._stopping:
            return False
        return not self._waiters.hurry.wait(seconds)

    def _sleep(self) -> None:
        with self._wake:
            if not self._woken and not self._stopping:
                self._wake.wait(self._idle_seconds())

    def _idle_seconds(self) -> float:
        """How long nothing can happen that nobody would wake us for."""
        if any(build.gives_way and self._is_behind(build) for build in self._builds.values()):
            return min(QUIET_SECONDS, POLL_SECONDS)
        breakpoints = [
            build.next_breakpoint
            for build in self._builds.values()
            if build.next_breakpoint is not None and self._follows(build)
        ]
        if not breakpoints or self._troubles:
            return POLL_SECONDS
        return min(max((min(breakpoints) - self._clock()) / SECOND, 0.001), POLL_SECONDS)

    def _cycle(self) -> bool:
        """One step of every build; True while one of them has more to take in at once.

        Those that give way take theirs once the others have nothing left to do.
        """
        behind = False
        for name, build in sorted(self._builds.items(), key=_gives_way):
            if build.gives_way and (behind or self._resting or self._is_busy()):
                continue
            if build.gives_way and (self._pours() or self._recovers(name)):
                continue
            if self._follows(build):
                behind = self._step(name, build) or behind
        return behind

    def _pours(self) -> bool:
        """Whether events pour in while nobody waits, and not for too long already."""
        now = time.monotonic()
        if self._waiters or now - self._appended_at >= QUIET_SECONDS:
            self._gave_way_at = now
            return False
        if now - self._gave_way_at >= STARVED_SECONDS:
            self._gave_way_at = now
            return False
        return True

    def _recovers(self, name: str) -> bool:
        """Whether a projection rests from dear steps while nobody waits."""
        return not self._waiters and self._rests.is_resting(name)

    def _is_behind(self, build: AnyBuild) -> bool:
        return self._follows(build) and build.position < self._source.head()

    def _follows(self, build: AnyBuild) -> bool:
        return build.generation.state != FAILED and build.projection.name not in self._resting

    def _step(self, name: str, build: AnyBuild) -> bool:
        """Take one step; True if it moved and there is more to take in."""
        try:
            head, before, began = self._source.head(), build.position, time.thread_time()
            moved = build.step(head, self._clock(), self._page)
            seconds, wrote = time.thread_time() - began, build.position > before
            self._rests.spend(name, seconds, wrote=wrote, is_dear=build.is_dear)
        except (Unavailable, OSError) as error:
            trouble = unusable_file(error, "a file") if isinstance(error, OSError) else error
            if name not in self._troubles:
                logger.warning("projection %s waits: %s\n%s", name, trouble, told(error))
            self._troubles[name] = str(trouble)
            return False
        except Exception as error:  # noqa: BLE001  # the others go on, this one says why not
            self._fail(name, build, error)
            return False
        self._troubles.pop(name, None)
        if moved:
            self._waiters.tell()
        return moved and build.position < head

    def _fail(self, name: str, build: AnyBuild, error: Exception) -> None:
        logger.error("projection %s failed: %s", name, told(error))
        problem = str(error) if isinstance(error, LedgerError) else type(error).__name__
        build.generation = replace(build.generation, state=FAILED, problem=problem)
        try:
            with self._store.write() as connection:
                save(connection, build.generation)
        except LedgerError as unsaved:
            logger.error("the failure of %s could not be kept: %s", name, told(unsaved))
        self._waiters.tell()


def _gives_way(named: tuple[str, AnyBuild]) -> bool:
    return named[1].gives_way
