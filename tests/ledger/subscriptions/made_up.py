"""A log, subscribers and a passing of time that are made up, so that nothing takes any."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ledger.subscriptions.signals import Signals
from ledger.subscriptions.subscription import Subscription
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.errors import Unavailable
    from ledger.subscriptions.pacing import Pacing


class MadeUpLog:
    """Positions that grow, and those who are told of it."""

    def __init__(self, head: int = 0) -> None:
        self.position = head
        self.listeners: list[Callable[[int], None]] = []

    def head(self) -> int:
        """The newest position."""
        return self.position

    def on_commit(self, callback: Callable[[int], None]) -> Callable[[], object]:
        """Tell this one of what is appended, until it is let go of."""
        self.listeners.append(callback)
        return lambda: self.listeners.remove(callback)

    def append(self, count: int) -> None:
        """Grow by one commit."""
        self.position += count
        for listener in self.listeners:
            listener(self.position)


class MadeUpSubscriber:
    """Takes in ``step_events`` a step, unless it is told to do something else."""

    gives_way = False
    is_dear = False
    follows = True

    def __init__(self, name: str = "one", *, step_events: int = 10) -> None:
        self.name = name
        self.step_events = step_events
        self.position = 0
        self.due: float | None = None
        self.steps: list[int] = []
        self.said: list[str] = []
        self.moved = threading.Condition()
        self.before_step: Callable[[], object] = lambda: None
        self.part: Callable[[Callable[[], bool]], object] = lambda _breathe: None

    def due_seconds(self) -> float | None:
        """As it was set."""
        return self.due

    def step(self, upto: int, breathe: Callable[[], bool]) -> bool:
        """Go on."""
        self.before_step()
        self.part(breathe)
        with self.moved:
            self.steps.append(upto)
            self.position = min(upto, self.position + self.step_events)
            self.moved.notify_all()
        return self.position < upto

    def report_trouble(self, trouble: Unavailable, cause: Exception) -> None:
        """Remember it."""
        self.said.append(f"waits: {trouble}")

    def report_failure(self, error: Exception) -> None:
        """Remember it, and take no more steps."""
        self.said.append(f"failed: {error}")
        self.follows = False

    def reaches(self, position: int) -> bool:
        """Whether it comes so far within a time that no machine needs."""
        with self.moved:
            return self.moved.wait_for(lambda: self.position >= position, END_SECONDS)


class MadeUpTime(Signals):
    """Time that passes only while somebody waits. At each wait the next thing happens.

    Where nothing is left to happen, ``ended`` is called. ``waits`` has what was waited for.
    """

    ended: Callable[[], object]

    def __init__(self, *happenings: Callable[[], object]) -> None:
        super().__init__()
        self.seconds = 0.0
        self.used = 0.0
        self.waits: list[tuple[str, float | None]] = []
        self._happenings = list(happenings)

    def now(self) -> float:
        """Seconds since it was made."""
        return self.seconds

    def work(self, seconds: float) -> None:
        """Use the processor for so long."""
        self.seconds += seconds
        self.used += seconds

    def sleep(self, seconds: float | None) -> None:
        """Have the next thing happen after these seconds."""
        self._pass("sleep", seconds)

    def rest(self, seconds: float) -> bool:
        """The same; True, since nobody hurries."""
        self._pass("rest", seconds)
        return not self._hurried.is_set()

    def breathe(self, seconds: float) -> bool:
        """Have these seconds pass, and nothing happen."""
        self.waits.append(("breath", seconds))
        self.seconds += seconds
        return not self.is_stopped

    def _pass(self, kind: str, seconds: float | None) -> None:
        self.waits.append((kind, None if seconds is None else round(seconds, 9)))
        self.seconds += seconds or 0.0
        if self._happenings:
            self._happenings.pop(0)()
        else:
            self.ended()


def subscribed(
    log: MadeUpLog,
    *subscribers: MadeUpSubscriber,
    pacing: Pacing,
    passing: MadeUpTime | None = None,
    is_awaited: Callable[[], bool] = lambda: False,
    is_busy: Callable[[], bool] = lambda: False,
) -> Subscription:
    """A subscription in made-up time, or in real time where none is given."""
    if passing is None:
        return Subscription("made up", log.head, subscribers, pacing, on_commit=log.on_commit)
    made = Subscription(
        "made up",
        log.head,
        subscribers,
        pacing,
        on_commit=log.on_commit,
        is_awaited=is_awaited,
        is_busy=is_busy,
        signals=passing,
        used_seconds=lambda: passing.used,
    )
    passing.ended = made.stop
    return made
