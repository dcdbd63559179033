"""The live follower: keeps the projections of one ledger at the head of its log and on time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from domain.errors import ProjectionBehind
from projections.build import Stumbled
from projections.build_subscriber import BuildSubscriber
from projections.position_waiters import Waiter, Waiters
from projections.source import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from projections.builds import AnyBuild
    from projections.source import EventSource
    from projections.subscription import Subscribe
    from projections.tables import TableStore

BACK_SECONDS = 1.0
"""How long a read waits at most for rows that were made for a later instant than the present."""


class Follower:
    """The live builds that one subscription takes forward, and those who wait for them.

    A build that raises an error is marked as failed and left where it was; the others continue.
    After trouble with a file, such as a full disk, it tries again, and the problem is shown
    meanwhile.
    """

    def __init__(
        self,
        builds: Iterable[AnyBuild],
        store: TableStore,
        source: EventSource,
        clock: Callable[[], int],
        subscribe: Subscribe,
        is_busy: Callable[[], bool] = lambda: False,
        fill_instead: Callable[[AnyBuild, int], bool] = lambda _build, _upto: False,
    ) -> None:
        """``is_busy`` says whether what gives way is to wait for something else, too.

        ``fill_instead`` is that of ``BuildSubscriber``.
        """
        self._is_busy = is_busy
        self._clock = clock
        self._waiters = Waiters(self._is_settled, self._hurry)
        page = Page(source)
        subscribers = [
            BuildSubscriber(build, store, page, clock, self._waiters.notify, fill_instead)
            for build in builds
        ]
        self._subscribers = {one.name: one for one in subscribers}
        self._subscription = subscribe(
            subscribers, is_awaited=lambda: bool(self._waiters), is_busy=self._is_rebuilding
        )

    def start(self) -> None:
        """Begin to follow."""
        self._subscription.start()

    def close(self) -> None:
        """Stop after the current step. Nothing is lost, since it continues where it stopped."""
        self._subscription.stop()
        self._waiters.notify()
        self._subscription.close()

    def wake(self) -> None:
        """Look at once: something was appended, or the clock jumped. From any thread, and cheap."""
        self._subscription.wake()

    def take_turn(self) -> bool:
        """One step of every build, by hand; True while one of them has more to take in at once."""
        return self._subscription.take_turn()

    def build(self, name: str) -> AnyBuild:
        """The live build of a projection."""
        return self._subscribers[name].build

    def lag(self, name: str) -> int:
        """How many events the live build of a projection has not taken in yet."""
        return self._subscription.lag(self.build(name).position)

    def trouble(self, name: str) -> str | None:
        """What keeps a projection from moving just now, if anything does."""
        return self._subscription.trouble(name)

    def rest(self, name: str) -> None:
        """Leave a projection alone: another build will take its place."""
        self._subscribers[name].is_left_alone = True

    def is_resting(self, name: str) -> bool:
        """Whether a projection is left alone."""
        return self._subscribers[name].is_left_alone

    def resume(self, name: str) -> None:
        """Follow a projection again."""
        self._subscribers[name].is_left_alone = False
        self.wake()

    def pause(self) -> AbstractContextManager[None]:
        """Between two steps: while inside, no live build moves but by the caller's hand."""
        return self._subscription.pause()

    def replace(self, build: AnyBuild) -> None:
        """Go on with another build of its projection. Only while ``pause``."""
        subscriber = self._subscribers[build.generation.projection]
        subscriber.build = build
        subscriber.is_left_alone = False
        self._subscription.forget_trouble(subscriber.name)
        self._waiters.notify()

    def wait_for(self, position: int, timeout_seconds: float, name: str) -> int:
        """The position that the projection reflects, once that is at least ``position``.

        Raises:
            ProjectionBehind: it did not get there in time, or has failed or been closed.
        """
        until = time.monotonic() + timeout_seconds
        subscriber = self._subscribers[name]
        with self._waiters.moved:
            while (reached := subscriber.position) < position:
                left = until - time.monotonic()
                if self._subscription.is_stopped or subscriber.has_failed or left <= 0:
                    raise ProjectionBehind(
                        f"projection {name} reflects position {reached}, not yet {position}"
                    )
                self._waiters.wait(left)
        return reached

    def wait_while_ahead(self, name: str) -> None:
        """Wait a moment while the clock lies behind the instant for which the rows were made.

        It was put back, and the next step makes them for the present.
        """
        subscriber = self._subscribers[name]
        if not self._is_ahead(name) or subscriber.gives_way or not self._subscription.is_running:
            return
        self.wake()
        until = time.monotonic() + BACK_SECONDS
        with self._waiters.moved:
            while self._is_ahead(name):
                left = until - time.monotonic()
                if left <= 0 or not subscriber.follows or self._subscription.is_stopped:
                    return
                self._waiters.wait(left)

    def _is_ahead(self, name: str) -> bool:
        return self.build(name).generation.as_of > self._clock()

    def when_reached(
        self, position: int, name: str, callback: Callable[[], object]
    ) -> Callable[[], object]:
        """Call back once, from any thread, when the projection gets to a position or never will.

        Returns what lets go of the callback before that.
        """
        return self._waiters.add(Waiter(position, name, callback))

    def _is_settled(self, waiter: Waiter) -> bool:
        """Whether waiting has an end: it got there, or cannot."""
        subscriber = self._subscribers[waiter.name]
        there = subscriber.position >= waiter.position
        return there or subscriber.has_failed or self._subscription.is_stopped

    def bring_live_forward(self, build: AnyBuild, upto: int, at: int) -> bool:
        """Take a live build to position ``upto`` and instant ``at``. Only while ``pause``.

        False where it has failed, now or before, or has never been filled.
        """
        subscriber = self._subscribers[build.generation.projection]
        if not subscriber.follows:
            return False
        while self.take_step(build, upto, at):
            pass
        return not subscriber.has_failed

    def take_step(self, build: AnyBuild, upto: int, at: int) -> bool:
        """One step of a live build. Only while ``pause``. False if it has none to take."""
        subscriber = self._subscribers[build.generation.projection]
        if not subscriber.follows:
            return False
        try:
            moved = build.step(upto, at)
        except Stumbled as error:
            subscriber.report_failure(error)
            return False
        if moved:
            self._waiters.notify()
        return moved

    def _hurry(self) -> None:
        self._subscription.hurry()

    def _is_rebuilding(self) -> bool:
        """Whether a projection is being rebuilt, or built for the first time."""
        return self._is_busy() or any(one.is_left_alone for one in self._subscribers.values())
