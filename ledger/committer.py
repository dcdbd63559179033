"""One thread per ledger that writes: it merges waiting appends into one transaction with one flush.

Each append stays atomic and its error its own; the caller gets the answer after the commit.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING, Any

from domain.errors import Corrupt, LedgerError, Unavailable
from ledger.batch import Batch, Publication
from ledger.commit_observer import NullObserver
from ledger.commit_outcomes import is_held_up, outcome_of, recorded_beyond
from ledger.commit_queue import WAITING_EVENTS, CommitQueue, TooManyWaiting
from ledger.commit_work import Each, Trial, appends_of
from ledger.erasure import Erasure, ErasureResult
from ledger.stores.events import NOTHING_RECORDED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyVersion
    from ledger.batch import DecisionContext
    from ledger.commit_observer import CommitObserver
    from ledger.commit_work import Job, Reply, Work
    from ledger.drafts import Append, AppendResult
    from ledger.stores.keys import DataKeyStore
    from ledger.stores.store import LedgerStore

_log = logging.getLogger("rapport.ledger")


class Committer:
    """Takes appends from any thread and records them in the order in which they came."""

    def __init__(
        self,
        load: Callable[[], DecisionContext],
        keys: DataKeyStore,
        committed: Callable[[int], None],
        *,
        store: LedgerStore,
        waiting_events: int = WAITING_EVENTS,
        refusal: Callable[[], LedgerError] | None = None,
    ) -> None:
        """``load`` reads the context from what is stored, at first and after a failed commit.

        ``store`` is where it is stored. Where a ``refusal`` is given, it is the answer to
        everything.
        """
        self._load = load
        self._context: DecisionContext | None = (context := load())
        self._events = context.recorder
        self._keys = keys
        self._committed = committed
        self.watchers: list[Callable[[Sequence[RecordedEvent]], None]] = []
        self._store = store
        self._damage: str | None = None
        self._refusal = refusal
        self._queue = CommitQueue(waiting_events)
        self.observer: CommitObserver = NullObserver()
        self.head = self._context.head
        self.newest_at = self._context.newest_at
        """When the newest event was recorded; 0 before the first."""
        self.policies = self._context.policies
        self.is_held_up = False  # since the last trial, something lacked a key that was away
        self.records = True
        """Whether the last commit worked, or a trial since then did."""
        self._thread = Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def append(self, append: Append) -> Future[AppendResult]:
        """Answers once the append is durable, or with the error that kept it out.

        Raises:
            Unavailable: at once, if too much is waiting already or the ledger is closed.
            Corrupt: its file was found damaged.
        """
        return self._submit(append)

    def append_each(self, appends: Sequence[Append]) -> Future[list[AppendResult | LedgerError]]:
        """Answers once all that can be recorded is durable: each with its place, or its error.

        Raises:
            TooManyWaiting: at once, if half of the queue is full already.
            Unavailable: the ledger is closed.
        """
        return self._submit(Each(appends))

    def publish(self, publication: Publication) -> Future[PolicyVersion]:
        """Answers once the policy is durable.

        Raises:
            Unavailable: as ``append``.
        """
        return self._submit(publication)

    def erase(self, erasure: Erasure) -> Future[ErasureResult]:
        """Answers once the erasure is durable and the keys are destroyed.

        Raises:
            Unavailable: as ``append``.
        """
        return self._submit(erasure)

    def try_commit(self) -> Future[None]:
        """Answers once a commit that changes nothing worked, or with what kept it from working.

        Raises:
            Unavailable: as ``append``.
            Corrupt: as ``append``.
        """
        return self._submit(Trial())

    def refuse(self, damage: Corrupt) -> None:
        """Take no more: what a damaged file acknowledges may be gone. From any thread."""
        if self._damage is None:
            _log.error("no more events are taken: %s", damage)
            self._damage = str(damage)

    def hold(self, refusal: Callable[[], LedgerError] | None) -> None:
        """Answer all but erasures and trials with that refusal from now on, or with None no more.

        Returns once what was accepted before is recorded and answered.
        """
        self._queue.hold(refusal)

    def _submit(self, work: Work) -> Future[Any]:
        future: Future[Any] = Future()
        self.submit(work, future)
        return future

    def submit(self, work: Work, reply: Reply) -> None:
        """Record the work, and tell what became of it on the committer's thread.

        Raises:
            Unavailable: at once, as the other ways to hand work over.
        """
        refusal = self._refusal
        if refusal is None:
            self._check_undamaged()
            try:
                refusal = self._queue.put(work, reply)
            except TooManyWaiting:
                if not isinstance(work, Each):  # bulk comes again by itself
                    self.observer.turned_away()
                raise
        if refusal is not None:
            reply.set_exception(refusal())

    def check_room(self) -> None:
        """Whether a draft could be taken now, for those who would first read a large body.

        Raises:
            TooManyWaiting: the queue is full.
        """
        try:
            self._queue.check_room()
        except TooManyWaiting:
            self.observer.turned_away()
            raise

    def _check_undamaged(self) -> None:
        if self._damage is not None:
            raise Corrupt(f"no more events are taken: {self._damage}")

    @property
    def waiting(self) -> int:
        """How many drafts wait to be taken into a transaction."""
        return self._queue.waiting

    @property
    def works(self) -> bool:
        """Whether it records: its file was not found damaged, and its thread lives."""
        return self._damage is None and self._thread.is_alive()

    def close(self) -> None:
        """Finish what was accepted, and take no more."""
        self._queue.close()
        self._thread.join()

    def _run(self) -> None:
        while jobs := self._queue.take():
            self._process(jobs)

    def _process(self, jobs: list[Job]) -> None:
        """Record the jobs whose callers still wait, and answer them."""
        self._settle([job for job in jobs if job[1].set_running_or_notify_cancel()])

    def _settle(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        try:
            outcomes = self._record([work for work, _ in jobs])
        except LedgerError as error:
            self._context = None
            outcomes = [error] * len(jobs)
        except Exception as error:  # noqa: BLE001  # a fault of ours, logged and answered
            # A fault of ours in one append must not take its neighbours down: each goes alone.
            self._context = None
            if len(jobs) > 1:
                for job in jobs:
                    self._settle([job])
                return
            outcomes = [self._one_by_one(jobs[0][0], error)]
        answered = [
            outcome
            for (work, _), outcome in zip(jobs, outcomes, strict=True)
            if not isinstance(work, Trial)
        ]
        self._notify(self.observer.on_answer, answered)
        for (_, future), outcome in zip(jobs, outcomes, strict=True):
            if isinstance(outcome, Exception):
                # Without the frames that it came through here: they hold it, and all of the batch.
                future.set_exception(outcome.with_traceback(None))
            else:
                future.set_result(outcome)

    def _one_by_one(self, work: Work, error: Exception) -> object:
        """The outcome of work that cannot be recorded together; ``Each`` may be divided."""
        if not isinstance(work, Each):
            _log.error("an append failed unexpectedly", exc_info=error)
            return error
        outcomes: list[object] = []
        for append in work.appends:
            try:
                outcomes.extend(self._record([append]))
            except LedgerError as refused:
                self._context = None
                outcomes.append(refused)
            except Exception:  # noqa: BLE001  # a fault of ours, logged and answered
                self._context = None
                _log.exception("an append of many failed unexpectedly")
                outcomes.append(LedgerError())
        return outcomes

    def _record(self, works: list[Work]) -> list[object]:
        """Decide all, commit once, and give each its answer or its own error.

        Raises:
            LedgerError: the commit failed, and nothing was recorded.
        """
        self._check_undamaged()
        try:
            with self._events.errors(NOTHING_RECORDED):
                context = self._context or self._read_again()
                batch = Batch(context, appends_of(works))
                self._keys.expect(batch.beginning)
                outcomes = [outcome_of(batch, work) for work in works]
                self.is_held_up |= is_held_up(outcomes)
                started = time.perf_counter()
                if batch.stored:
                    self._keys.save()
                    first = batch.first_position
                    context.recorder.insert_events(batch.stored, first_position=first)
                    self._recorded_again()
                elif any(isinstance(work, Trial) for work in works):
                    self._try(context)
                seconds = time.perf_counter() - started
        except Corrupt as error:
            self.refuse(error)
            raise
        except (LedgerError, OSError) as error:
            if self.records or not all(isinstance(work, Trial) for work in works):
                _log.warning("a commit failed: %s", error)
            self.records = False
            if isinstance(error, LedgerError):
                raise
            name = self._store.names.placed_events
            raise Unavailable(f"{name} failed{NOTHING_RECORDED}") from error
        if batch.erased:
            context.states.drop(batch.erased)  # they hold decrypted values
            outcomes = self._destroy(batch.erased, context.clock.stamp().recorded_at, outcomes)
        if batch.stored:
            context.head += len(batch.stored)
            context.policies = batch.policies
            self._announce(context, batch.recorded)
            self._notify(self.observer.on_commit, len(batch.stored), seconds)
        context.states.trim()
        return outcomes

    def _read_again(self) -> DecisionContext:
        """The context after a commit that failed; what it recorded after all is announced now."""
        self._events.settle()
        context = self._context = self._load()
        if context.head > self.head:
            recorded, erased = recorded_beyond(context, self.head)
            if erased:
                self._destroy(erased, context.clock.stamp().recorded_at, [])
            self._announce(context, recorded)
        return context

    def _announce(self, context: DecisionContext, recorded: Sequence[RecordedEvent]) -> None:
        """Have everybody know of events that are durable."""
        for watcher in self.watchers:  # before anybody reads what they watch for
            self._notify(watcher, recorded)
        self.policies = context.policies
        self.head = context.head
        self.newest_at = recorded[-1].recorded_at
        self._notify(self._committed, context.head)

    def _try(self, context: DecisionContext) -> None:
        """Do everything that recording needs, without any events.

        Raises:
            Unavailable: it fails. Errors of the library are raised as they are.
        """
        self._keys.try_saving()
        self.is_held_up = False
        self._store.require_room()
        context.recorder.try_commit()
        self._recorded_again()

    def _recorded_again(self) -> None:
        if not self.records:
            _log.warning("%s is written again", self._store.names.placed_events)
            self.records = True

    def _destroy(self, erased: set[UUID], at: int, outcomes: list[object]) -> list[object]:
        """Destroy keys of the erased; an error is answered, and the next start tries again."""
        try:
            self._keys.destroy(erased, at)
        except LedgerError as error:
            _log.error("keys of erased contacts are not destroyed yet: %s", error)
            return [error if isinstance(one, ErasureResult) else one for one in outcomes]
        return outcomes

    def _notify(self, listener: Callable[..., None], *values: object) -> None:
        try:
            listener(*values)
        except Exception:  # noqa: BLE001  # not the appender's fault
            # The events are durable: a failing listener must not turn that into an error.
            _log.exception("a listener to commits failed")
