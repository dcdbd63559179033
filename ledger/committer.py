"""One thread per ledger that writes: it merges waiting appends into one transaction with one flush.

Each append stays atomic and its error its own; the caller gets the answer after the commit.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from concurrent.futures import Future
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any

from eventsourcing.persistence import PersistenceError

from domain.errors import LedgerError, Unavailable
from ledger.batch import Batch, Publication
from ledger.datastore import told
from ledger.drafts import Append

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.timeline import PolicyVersion
    from ledger.batch import Desk
    from ledger.drafts import Appended
    from ledger.keys import KeyStore

BATCH_EVENTS = 500
"""How many drafts one transaction takes, unless a single append has more."""

WAITING_EVENTS = 10_000
"""How many drafts may wait; beyond that appends are turned away before memory grows."""

_log = logging.getLogger("rapport.ledger")

Work = Append | Publication
Job = tuple[Work, "Future[Any]"]


class Committer:
    """Takes appends from any thread and records them in the order in which they came."""

    def __init__(
        self,
        load: Callable[[], Desk],
        keys: KeyStore,
        committed: Callable[[int], None],
        *,
        waiting_events: int = WAITING_EVENTS,
    ) -> None:
        """``load`` reads the desk from what is stored, at first and after a failed commit."""
        self._load = load
        self._desk: Desk | None = load()
        self._keys = keys
        self._committed = committed
        self._waiting_events = waiting_events
        self._jobs: deque[Job] = deque()
        self._weight = 0
        self._closed = False
        self._changed = Condition()
        self.head = self._desk.head
        self.policies = self._desk.policies
        self._thread = Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def append(self, append: Append) -> Future[Appended]:
        """Answers once the append is durable, or with the error that kept it out.

        Raises:
            Unavailable: at once, if too much is waiting already or the ledger is closed.
        """
        return self._submit(append, len(append.drafts))

    def publish(self, publication: Publication) -> Future[PolicyVersion]:
        """Answers once the policy is durable.

        Raises:
            Unavailable: as ``append``.
        """
        return self._submit(publication, 1)

    def _submit(self, work: Work, weight: int) -> Future[Any]:
        future: Future[Any] = Future()
        with self._changed:
            if self._closed:
                raise Unavailable("the ledger is closed")
            if self._jobs and self._weight + weight > self._waiting_events:
                raise Unavailable("too many appends are waiting: try again later")
            self._jobs.append((work, future))
            self._weight += weight
            self._changed.notify()
        return future

    def close(self) -> None:
        """Finish what was accepted, and take no more."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while jobs := self._next_jobs():
            self._process(jobs)

    def _next_jobs(self) -> list[Job]:
        """What waits, up to a batch's size; nothing once closed and done."""
        jobs: list[Job] = []
        size = 0
        with self._changed:
            while not self._jobs and not self._closed:
                self._changed.wait()
            while self._jobs:
                weight = _weight(self._jobs[0][0])
                if jobs and size + weight > BATCH_EVENTS:
                    break
                jobs.append(self._jobs.popleft())
                size += weight
            self._weight -= size
        return jobs

    def _process(self, jobs: list[Job]) -> None:
        """Record the jobs whose callers still wait, and answer them."""
        self._settle([job for job in jobs if job[1].set_running_or_notify_cancel()])

    def _settle(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        try:
            outcomes = self._record([work for work, _ in jobs])
        except LedgerError as error:
            self._desk = None
            outcomes = [error] * len(jobs)
        except Exception as error:  # noqa: BLE001  # a fault of ours, logged and answered
            # A fault of ours in one append must not take its neighbours down: each goes alone.
            self._desk = None
            if len(jobs) > 1:
                for job in jobs:
                    self._settle([job])
                return
            _log.exception("an append failed unexpectedly")
            outcomes = [error]
        for (_, future), outcome in zip(jobs, outcomes, strict=True):
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    def _record(self, works: list[Work]) -> list[object]:
        """Decide all, commit once, and give each its answer or its own error.

        Raises:
            LedgerError: the commit failed, and nothing was recorded.
        """
        try:
            if self._desk is None:
                self._desk = self._load()
            desk = self._desk
            batch = Batch(desk, works)
            outcomes = [_outcome(batch, work) for work in works]
            if batch.stored:
                self._keys.save()
                desk.recorder.insert_events(batch.stored, first_position=batch.first_position)
        except (PersistenceError, sqlite3.Error, OSError) as error:
            _log.warning("a commit failed: %s", error)
            raise told(error, ": nothing of this was recorded") from error
        if batch.stored:
            desk.head += len(batch.stored)
            desk.policies = self.policies = batch.policies
            self.head = desk.head
            self._tell(desk.head)
        desk.states.trim()
        return outcomes

    def _tell(self, head: int) -> None:
        try:
            self._committed(head)
        except Exception:  # noqa: BLE001  # not the appender's fault
            # The events are durable: whoever listens badly must not turn that into an error.
            _log.exception("a listener to commits failed")


def _weight(work: Work) -> int:
    return len(work.drafts) if isinstance(work, Append) else 1


def _outcome(batch: Batch, work: Work) -> object:
    try:
        return batch.take(work) if isinstance(work, Append) else batch.publish(work)
    except LedgerError as error:
        return error
