"""A subscription: one thread that carries subscribers along a log, and makes room for appends.

Everything that follows an event log does it by a subscription: projections, the checkpoint signer
of the transparency log, tails over HTTP.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from domain.errors import Unavailable, unusable_file
from ledger.subscriptions.resting import Rests
from ledger.subscriptions.signals import Signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ledger.subscriptions.pacing import Pacing

_LEAST_SLEEP_SECONDS = 0.001


class Subscriber(Protocol):
    """What is carried along a log. Only the subscription's thread calls it."""

    @property
    def name(self) -> str:
        """Its name, among the subscribers of one subscription."""

    @property
    def position(self) -> int:
        """Everything up to this position is taken in."""

    @property
    def gives_way(self) -> bool:
        """Whether it waits until the others have nothing to take in, and no events pour in."""

    @property
    def is_dear(self) -> bool:
        """Whether its last step cost far more than its events are worth, so that it should rest."""

    @property
    def follows(self) -> bool:
        """Whether it takes steps now: not if it has failed, or cannot take in more yet.

        In the latter case it wakes the subscription once it can.
        """

    def due_seconds(self) -> float | None:
        """After how many seconds it has something to do without an append; None for never."""

    def step(self, upto: int, breathe: Callable[[], bool]) -> bool:
        """Take in some events up to a position; True while there is more to take in at once.

        A long step calls ``breathe`` now and then, and ends soon where that answers False.

        Raises:
            Unavailable: it cannot at the moment, and the same step is to be tried again. An
            ``OSError`` means the same. After any other error ``report_failure`` is called.
        """

    def report_trouble(self, trouble: Unavailable, cause: Exception) -> None:
        """Report that it cannot continue at the moment. Called once, until it can continue."""

    def report_failure(self, error: Exception) -> None:
        """Report that its step raised an error that would be raised again.

        It must then no longer follow, or continue from another position.
        """


class Subscription:
    """A thread that takes its subscribers' steps until each stands at the head of the log.

    A subscriber that fails does not stop the others. Nothing is lost when the subscription is
    stopped at any time: it continues from the subscribers' positions. Any thread may call.
    """

    def __init__(
        self,
        name: str,
        head: Callable[[], int],
        subscribers: Sequence[Subscriber],
        pacing: Pacing,
        *,
        on_commit: Callable[[Callable[[int], None]], Callable[[], object]],
        is_awaited: Callable[[], bool] = lambda: False,
        is_busy: Callable[[], bool] = lambda: False,
        signals: Signals | None = None,
        used_seconds: Callable[[], float] = time.thread_time,
    ) -> None:
        """``head`` is the newest position. ``on_commit`` has a callback called with it after each
        commit, and returns what lets go of the callback.

        ``is_awaited`` says whether somebody waits for a position, which makes an end of every
        rest; ``is_busy`` whether those that give way are to wait for something else, too.
        ``used_seconds`` is how much of the processor this thread has had.
        """
        self._head = head
        self._subscribers = sorted(subscribers, key=lambda one: one.gives_way)
        self._pacing = pacing
        self._on_commit = on_commit
        self._is_awaited = is_awaited
        self._is_busy = is_busy
        self._signals = signals or Signals()
        self._used_seconds = used_seconds
        self._working = threading.RLock()
        self._troubles: dict[str, str] = {}
        self._rests = Rests(pacing, self._signals.now)
        self._gave_way_at = self._signals.now()
        self._ends_at = float("inf")
        self._let_go: Callable[[], object] | None = None
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to follow, with a first look at once. Commits wake it from here on."""
        self._let_go = self._on_commit(lambda _head: self.wake())
        self._thread.start()

    def stop(self) -> None:
        """Make it end soon, without waiting for the end. Nothing wakes it any more."""
        if not self._signals.is_stopped:
            self._ends_at = self._signals.now() + self._pacing.last_seconds
            self._signals.stop()
        let_go, self._let_go = self._let_go, None
        if let_go is not None:
            let_go()

    def close(self) -> None:
        """Stop, and wait for the end, if it was started."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join()

    def wake(self) -> None:
        """Look at once: something was appended, or a subscriber can continue. This is cheap."""
        self._signals.wake()

    def hurry(self) -> None:
        """End a rest early, because somebody waits from now on."""
        self._signals.hurry()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Pause between two turns: while inside, only the caller moves subscribers."""
        with self._signals.pause(), self._working:
            yield

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._thread.is_alive()

    @property
    def is_stopped(self) -> bool:
        """Whether its end has begun."""
        return self._signals.is_stopped

    @property
    def position(self) -> int:
        """How far the foremost subscriber has come."""
        return max((one.position for one in self._subscribers), default=0)

    def lag(self, position: int) -> int:
        """How many events the log has beyond a position."""
        return max(self._head() - position, 0)

    def trouble(self, name: str) -> str | None:
        """What keeps a subscriber from moving just now, if anything does."""
        return self._troubles.get(name)

    def forget_trouble(self, name: str) -> None:
        """Forget a subscriber's trouble, because something else takes its place."""
        self._troubles.pop(name, None)

    def run(self) -> None:
        """Follow until stopped, and then for as long as the end may take. Its thread does this."""
        while self._signals.begin():
            before, began = self.position, self._signals.now()
            behind = self.take_turn()
            took_seconds = self._signals.now() - began
            if not behind:
                self._rest(self._pacing.rest_after(took_seconds, self.position - before))
                self._signals.sleep(self._idle_seconds(began))
            elif self._is_pouring():
                self._rest(self._pacing.rest_between(took_seconds))
                self._wait_out_a_flood()
        while self._signals.now() < self._ends_at and self.take_turn():
            pass

    def take_turn(self) -> bool:
        """One step of every subscriber; True while one of them has more to take in at once.

        Those that give way take theirs once the others have nothing left to do.
        """
        behind = False
        with self._working:
            for one in self._subscribers:
                if one.follows and not (one.gives_way and (behind or self._has_to_wait(one))):
                    behind = self._step(one) or behind
        return behind

    def _has_to_wait(self, one: Subscriber) -> bool:
        if self._is_busy() or self._pours():
            return True
        return not self._is_awaited() and self._rests.is_resting(one.name)

    def _is_pouring(self) -> bool:
        """Whether something was appended just now."""
        return self._signals.now() - self._signals.woken_at < self._pacing.quiet_seconds

    def _pours(self) -> bool:
        """Whether events pour in while nobody waits, and not for too long already."""
        now = self._signals.now()
        pours = self._is_pouring() and not self._is_awaited()
        if pours and now - self._gave_way_at < self._pacing.starved_seconds:
            return True
        self._gave_way_at = now
        return False

    def _wait_out_a_flood(self) -> None:
        """While bulk requests pour in, leave the interpreter to them, unless somebody waits.

        Larger steps fold each contact less often, so that less is left to do afterwards.
        """
        pacing = self._pacing
        head, wakes = self._head(), self._signals.wakes
        while head - self.position < pacing.far_behind_events:
            if not self._rest(pacing.most_rest_seconds):
                return
            before, head = head, self._head()
            earlier, wakes = wakes, self._signals.wakes
            if head - before < pacing.flood_events * max(wakes - earlier, 1):
                return

    def _rest(self, seconds: float) -> bool:
        """Let more come together, as long as nobody waits for it; False if somebody does."""
        if self._is_awaited() or self._signals.is_stopped:
            return False
        return seconds <= 0 or self._signals.rest(seconds)

    def _idle_seconds(self, began: float) -> float | None:
        """How long nothing can happen without a wake; None for no limit."""
        most = [] if self._pacing.poll_seconds is None else [self._pacing.poll_seconds]
        following = [one for one in self._subscribers if one.follows]
        if any(one.gives_way and one.position < self._head() for one in following):
            most.append(self._pacing.quiet_seconds)
        elif self._troubles:
            most.append(began + self._pacing.retry_seconds - self._signals.now())
        else:
            most += [due for one in following if (due := one.due_seconds()) is not None]
        return max(min(most), _LEAST_SLEEP_SECONDS) if most else None

    def _step(self, one: Subscriber) -> bool:
        """Take a step; True if there is more to take in."""
        before, used = one.position, self._used_seconds()
        try:
            more = one.step(self._head(), self._breather())
        except (Unavailable, OSError) as error:
            trouble = unusable_file(error, "a file") if isinstance(error, OSError) else error
            if one.name not in self._troubles:
                one.report_trouble(trouble, error)
            self._troubles[one.name] = str(trouble)
            return False
        except Exception as error:  # noqa: BLE001  # the others continue
            self._troubles.pop(one.name, None)
            one.report_failure(error)
            return False
        wrote = one.position > before
        self._rests.spend(one.name, self._used_seconds() - used, wrote=wrote, is_dear=one.is_dear)
        self._troubles.pop(one.name, None)
        return more

    def _breather(self) -> Callable[[], bool]:
        """Gives other threads as much of the interpreter as this one has taken since the last call.

        Answers False once the step is to end, which is ``last_seconds`` after the stop.
        """
        used = self._used_seconds()

        def breathe() -> bool:
            nonlocal used
            if not self._signals.is_stopped:
                taken = self._used_seconds() - used
                self._signals.breathe(min(taken, self._pacing.breath_seconds))
                used = self._used_seconds()
            return self._signals.now() < self._ends_at

        return breathe
