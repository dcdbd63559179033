"""The process that follows the ledgers of a server, as the server sees it.

The server keeps what it wants of that process: which ledgers are followed, and who waits for which
position. Another process that takes its place gets all of it again, so that nobody who waits
notices. A rebuild under way is lost with the process, and its operation says so.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from contextlib import closing
from functools import partial
from itertools import count
from threading import Condition, Event, Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from api.service.followers.process import EVERY
from api.service.stopped_processes import killed_if_stopped
from domain.errors import LedgerError, Unavailable
from projections.operations import Cancelled, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from api.service.followers.channel import Channel, Wakes
    from ledger.ledger import Ledger
    from projections.operations import Work

logger = logging.getLogger("rapport.api")

GRACE_SECONDS = 10.0
"""How long the first process may take to begin before it is missed."""

CLOSE_SECONDS = 10.0
"""How long the files of a ledger may take to be let go."""

END_SECONDS = 15.0
"""How long the process may take to sign what is left and end."""

NOBODY = "no process follows the ledger at the moment"

_LOOK_SECONDS = 0.2


class _Want(NamedTuple):
    ledger: str
    projection: str
    position: int
    callback: Callable[[], object]


class _Order:
    """A rebuild under way. What the other process says of it is read by the thread that waits."""

    def __init__(self) -> None:
        self.said: deque[list[Any]] = deque()
        self.changed = Condition()

    def add(self, message: list[Any]) -> None:
        with self.changed:
            self.said.append(message)
            self.changed.notify_all()

    def next(self) -> list[Any] | None:
        """What was said next; None where nothing was for a moment."""
        with self.changed:
            if not self.said:
                self.changed.wait(_LOOK_SECONDS)
            return self.said.popleft() if self.said else None


class FollowersElsewhere:
    """What a server says to the process that follows its ledgers. Any thread may call."""

    def __init__(self, close_seconds: float = CLOSE_SECONDS) -> None:
        """``close_seconds`` is how long the files of a ledger may take to be let go."""
        self._close_seconds = close_seconds
        self._lock = Lock()
        self._channel: Channel | None = None
        self._wakes: Wakes | None = None
        self._is_talking = False
        self._is_stopped = False
        self._numbers = count(1)
        self._ledger_numbers = count()
        self._followed: dict[str, LedgerFollowing] = {}
        self._wants: dict[int, _Want] = {}
        self._orders: dict[int, _Order] = {}
        self._missed_at = time.monotonic() + GRACE_SECONDS
        self._ending = False

    @property
    def is_missing(self) -> bool:
        """Whether no process follows, beyond the time that the first one may take to begin.

        One that was stopped follows nothing either.
        """
        if self._is_stopped:
            return True
        return self._channel is None and time.monotonic() >= self._missed_at

    def follow(self, ledger: Ledger) -> LedgerFollowing:
        """What follows a ledger, once it is started."""
        return LedgerFollowing(self, ledger, next(self._ledger_numbers))

    def talk(self, channel: Channel, process: int | None = None) -> bool:
        """Say what is wanted to a process, and hear what it says, until it ends.

        False where another one follows already. The ``process``, where its number is known, is
        killed when it was stopped for a second: it holds the lock that another one needs.
        """
        with self._lock:
            if self._is_talking or self._ending:
                return False
            self._is_talking = True
        try:
            with (
                closing(channel.send_wakes()) as self._wakes,
                killed_if_stopped(process, self._note_stop),
            ):
                self._send_all_wanted(channel)
                for kind, *values in channel.messages():
                    self._hear(kind, values)
        except OSError as error:
            logger.debug("the process that follows ended at once: %s", error)
        finally:
            self._forget_process()
        return True

    def _send_all_wanted(self, channel: Channel) -> None:
        """Say which ledgers are followed, and who waits. New wishes are sent from then on."""
        sent: set[str] = set()
        while True:
            with self._lock:
                new = {name: one for name, one in self._followed.items() if name not in sent}
                if not new:
                    self._channel = channel
                    wants = list(self._wants.items())
                    break
            # Without the lock: a process that does not read yet must hold nobody up.
            for name, one in new.items():
                channel.send_surely("open", name, one.number)
            sent.update(new)
        for number, want in wants:
            channel.send_surely("want", number, *want[:3])

    def _note_stop(self, is_stopped: bool) -> None:
        self._is_stopped = is_stopped

    def _forget_process(self) -> None:
        with self._lock:
            self._channel, self._is_talking, self._is_stopped = None, False, False
            self._missed_at = time.monotonic()
            orders = list(self._orders.values())
            followed = list(self._followed.values())
        for one in followed:
            one.closed.set()
        for order in orders:
            order.add(["ended", "failed", None, "the process that rebuilt it ended: ask again"])

    def end(self, seconds: float) -> None:
        """Have the process sign what is left and end, in this time."""
        with self._lock:
            self._ending, channel = True, self._channel
        if channel is None:
            return
        channel.send("end")
        ends = time.monotonic() + seconds
        while self._channel is not None and time.monotonic() < ends:
            time.sleep(_LOOK_SECONDS / 10)
        channel.end()

    def let_go(self, name: str) -> None:
        """Have a ledger followed no longer, because it is to be deleted.

        Raises:
            Unavailable: its files are still in use; it is followed as before.
        """
        followed = self._followed.get(name)
        if followed is None or self._channel is None:
            self._followed.pop(name, None)
            return
        followed.closed.clear()
        if self.send("close", name) and followed.closed.wait(self._close_seconds):
            self._followed.pop(name, None)
            return
        self.send("open", name, followed.number)
        raise Unavailable(f"the ledger {name} is still being followed: try again in a moment")

    def send(self, *message: object) -> bool:
        """Send a message now, or not at all: False where nobody is there to read it.

        A request whose wish was left out so looks for itself when its time is up.
        """
        channel = self._channel
        return channel is not None and channel.send(*message)

    def add(self, name: str, followed: LedgerFollowing) -> None:
        """Have a ledger followed from now on, by whichever process does it."""
        with self._lock:
            self._followed[name] = followed
            channel = self._channel
        if channel is not None:
            channel.send_surely("open", name, followed.number)

    def wake(self, number: int) -> None:
        """Say that the log of the ledger with that number has grown."""
        if (wakes := self._wakes) is not None:
            wakes.wake(number)

    def want(self, want: _Want) -> Callable[[], object]:
        """Have the callback called once; answers what lets go of it before that."""
        number = next(self._numbers)
        with self._lock:
            self._wants[number] = want
        self.send("want", number, *want[:3])
        return partial(self._drop, number)

    def _drop(self, number: int) -> None:
        with self._lock:
            want = self._wants.pop(number, None)
        if want is not None:
            self.send("drop", number, want.ledger)

    def rebuild(self, name: str, projection: str, work: Work) -> Mapping[str, object]:
        """Have a projection rebuilt; answers what the rebuild does.

        Raises:
            Cancelled: the work was.
            LedgerError: it failed, or the process ended, or there is none.
        """
        number, order = next(self._numbers), _Order()
        self._orders[number] = order
        try:
            ends = time.monotonic() + GRACE_SECONDS
            while not self.send("rebuild", number, name, projection):
                work.check()
                if time.monotonic() >= ends:
                    raise Unavailable(f"{NOBODY}: ask again in a moment")
                time.sleep(_LOOK_SECONDS)
            while True:
                said = order.next()
                if said is None:
                    if work.is_cancelled:
                        self._cancel(number, work)
                elif said[0] == "progress":
                    work.report(Progress(*said[1:]))
                else:
                    return _outcome(*said[1:])
        finally:
            del self._orders[number]

    def _cancel(self, number: int, work: Work) -> None:
        """Ask for the end of a rebuild, which is not waited for without an end.

        Raises:
            Cancelled: the process does not say that it ended.
        """
        self.send("cancel", number)
        if work.cancelled_seconds() > END_SECONDS:
            raise Cancelled

    def _hear(self, kind: str, values: list[Any]) -> None:
        if kind == "reached":
            with self._lock:
                want = self._wants.pop(values[0], None)
            if want is not None:
                _call(want.callback)
        elif kind in ("progress", "ended"):
            number, *rest = values
            if (order := self._orders.get(number)) is not None:
                order.add([kind, *rest])
        elif (followed := self._followed.get(values[0])) is not None:
            followed.hear(kind, values[1:])


class LedgerFollowing:
    """What follows one ledger; see ``projections.elsewhere.Following``."""

    def __init__(self, followers: FollowersElsewhere, ledger: Ledger, number: int) -> None:
        self.number = number
        """What stands for the ledger in the pipe of wakes."""
        self.closed = Event()
        """Whether its files were let go."""
        self._followers = followers
        self._ledger = ledger
        self._name = ledger.name
        self._troubles: Mapping[str, str] = {}
        self._look_again: Callable[[], object] = lambda: None

    def start(self, look_again: Callable[[], object]) -> None:
        """Have the ledger followed, and send the process each new head."""
        self._look_again = look_again
        self._followers.add(self._name, self)
        self._ledger.on_commit(lambda _head: self.wake())

    def wake(self) -> None:
        """Say that the log has grown, or that the clock jumped. Cheap: each commit calls it."""
        self._followers.wake(self.number)

    def when_reached(
        self, projection: str, position: int, callback: Callable[[], object]
    ) -> Callable[[], object]:
        """Call back once the projection is at the position, or never will be."""
        return self._followers.want(_Want(self._name, projection, position, callback))

    def trouble(self, projection: str) -> str | None:
        """What keeps a projection from moving just now, if anything does."""
        if self._followers.is_missing:
            return NOBODY
        return self._troubles.get(projection) or self._troubles.get(EVERY)

    def rebuild(self, projection: str, work: Work) -> Mapping[str, object]:
        """Rebuild a projection to the end; raises as ``FollowersElsewhere.rebuild``."""
        return self._followers.rebuild(self._name, projection, work)

    def hear(self, kind: str, values: list[Any]) -> None:
        """Take in what the other process says of this ledger."""
        if kind == "opened":
            self._look_again()
        elif kind == "closed":
            self.closed.set()
        elif kind == "report":
            self._troubles, self._ledger.transparency.problem_elsewhere = values


def _outcome(
    state: str, result: Mapping[str, object] | None, problem: str | None
) -> Mapping[str, object]:
    if state == "cancelled":
        raise Cancelled
    if result is None:
        raise LedgerError(problem or "the rebuild failed")
    return result


def _call(callback: Callable[[], object]) -> None:
    try:
        callback()
    except RuntimeError as error:  # the event loop of who waited is closed
        logger.debug("nobody waits any more: %s", error)
