"""The queue in front of a committer: bounded, in two lines, and able to be held."""

from __future__ import annotations

from collections import deque
from threading import Condition
from typing import TYPE_CHECKING

from domain.errors import LedgerError, Unavailable
from ledger.commit_work import Each, Trial, weight_of
from ledger.erasure import Erasure

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.commit_work import Job, Reply, Work

    Refusal = Callable[[], LedgerError]
    """Makes the answer to what is not taken."""

BATCH_EVENTS = 500
"""How many drafts one transaction takes, unless a single append has more."""

WAITING_EVENTS = 10_000
"""How many drafts may wait; beyond that appends are turned away before memory grows."""

SHARE_OF_MANY = 0.5
"""How much of the queue bulk work may fill, so that it keeps no single append out."""


class TooManyWaiting(Unavailable):
    """The queue is full now, and drains with every commit."""


class CommitQueue:
    """Work that waits for one transaction after the other. Any thread may put; one takes.

    Bulk work waits in a line of its own, so that a single append never stands behind thousands of
    lines. Of each line something is taken, so that neither keeps the other out.
    """

    def __init__(self, waiting_events: int = WAITING_EVENTS) -> None:
        """``waiting_events`` is how many drafts may wait."""
        self._waiting_events = waiting_events
        self._single: deque[Job] = deque()
        self._bulk: deque[Job] = deque()
        self._weight = 0
        self._held: Refusal | None = None
        self._working = False
        self._closed = False
        self._changed = Condition()

    @property
    def waiting(self) -> int:
        """How many drafts wait to be taken into a transaction."""
        return self._weight

    def put(self, work: Work, reply: Reply) -> Refusal | None:
        """Have the work wait; or what refuses it, where the queue is held.

        Raises:
            TooManyWaiting: too much is waiting already; for bulk work, half of that.
            Unavailable: the queue is closed.
        """
        weight = weight_of(work)
        is_bulk = isinstance(work, Each)
        most = self._waiting_events * (SHARE_OF_MANY if is_bulk else 1)
        with self._changed:
            if self._held is not None and not isinstance(work, Erasure | Trial):
                return self._held
            if self._closed:
                raise Unavailable("the ledger is closed")
            if self._weight and self._weight + weight > most:
                raise _too_many()
            (self._bulk if is_bulk else self._single).append((work, reply))
            if not self._weight:  # else the committer is awake, or about to be
                self._changed.notify_all()
            self._weight += weight
        return None

    def check_room(self) -> None:
        """Let pass who could put one draft now.

        Raises:
            TooManyWaiting: the queue is full.
        """
        if self._weight >= self._waiting_events:
            raise _too_many()

    def take(self) -> list[Job]:
        """What waits, up to a batch's size, as soon as there is some; nothing once closed and done.

        What was taken the time before is done with this call.
        """
        with self._changed:
            if self._working:
                self._working = False
                self._changed.notify_all()
            while not self._weight and not self._closed:
                self._changed.wait()
            bulk, bulk_size = _take_jobs(self._bulk, 0, least=1)
            single, size = _take_jobs(self._single, BATCH_EVENTS - bulk_size, least=1)
            if not single:
                more, size = _take_jobs(self._bulk, BATCH_EVENTS - bulk_size, least=0)
                bulk += more
            self._weight -= bulk_size + size
            self._working = bool(single or bulk)
        return single + bulk

    def hold(self, refusal: Refusal | None) -> None:
        """Refuse all but erasures and trials with that from now on, or with None no more.

        Returns once what was accepted before is done.
        """
        with self._changed:
            self._held = refusal
            while refusal is not None and (self._weight or self._working):
                self._changed.wait()

    def close(self) -> None:
        """Take no more; what waits is still taken from it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _too_many() -> TooManyWaiting:
    return TooManyWaiting("too many appends are waiting: try again later")


def _take_jobs(waiting: deque[Job], most: int, *, least: int) -> tuple[list[Job], int]:
    """The first jobs that have at most ``most`` drafts together, and the number of these drafts."""
    jobs: list[Job] = []
    size = 0
    while waiting:
        weight = weight_of(waiting[0][0])
        if size + weight > most and len(jobs) >= least:
            break
        jobs.append(waiting.popleft())
        size += weight
    return jobs, size
