"""A pass over the contacts on a Dask cluster: ranges of them on whatever workers it has.

Dask schedules: it gives ranges to workers, and those of a worker that died to another one. What is
asked for at once is bounded, so that no rows pile up that nobody wrote yet. A worker has this
program installed, in the same version, and reads the events by itself.
"""

from __future__ import annotations

import logging
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from distributed import Client, KilledWorker, LocalCluster, wait
from distributed.client import FutureCancelledError
from distributed.comm.core import CommClosedError

from domain.errors import Unavailable
from projections.filling import begin, write_rows
from projections.range_filling import (
    WorkerLost,
    contact_bounds,
    packed_parts,
    range_tasks,
    unpack_part,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any
    from uuid import UUID

    from projections.builds import AnyFilling, ReadModel
    from projections.contact_walk import KnownLedger
    from projections.limits import Limits
    from projections.operations import Work
    from projections.range_filling import RangeTask, ReadEvents
    from projections.tables import TableStore

    Provide = Callable[[int, Sequence[UUID], Work], ReadEvents]

_DISTRIBUTION = "rapport-ledger"

LOCAL = "local"
"""Names a cluster of processes on this machine, for as long as the work lasts."""

RANGE_EVENTS = 40_000
"""About how many events a range has. What reads the merges again for each is small beside that."""

_ASKED_FOR_EACH_THREAD = 2
_CONNECT_SECONDS = 15
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class OnDask:
    """Fills projections on the cluster at an address, or on one of this machine.

    ``address`` is that of a scheduler, such as tcp://10.0.0.5:8786, or ``LOCAL``; ``workers`` is
    how many processes a cluster of this machine has. ``provide`` makes the events up to a position
    ready, cut after each of some contacts where that matters, and answers how a worker reads them.
    """

    address: str
    provide: Provide
    limits: Limits
    workers: int = 1
    range_events: int = RANGE_EVENTS

    def __call__(
        self,
        projections: Sequence[ReadModel],
        fillings: Sequence[AnyFilling],
        known: KnownLedger,
        store: TableStore,
        work: Work,
    ) -> None:
        """As ``filling.fill``, on the cluster.

        Raises:
            Cancelled: the work was; what was written stays.
            Stumbled: the log holds something that a projection cannot deal with.
            WorkerLost: workers died again and again, or the scheduler did; what was written stays.
            Unavailable: there is no scheduler at the address, or a worker has another version.
        """
        begin(fillings, store)
        count = max(known.contact_events // self.range_events, 1)
        bounds = contact_bounds(known.source, known.position, count)
        read_events = self.provide(known.position, bounds, work)
        tasks = range_tasks(
            read_events, projections, fillings, known, bounds, self.limits.filled_events
        )
        with _client(self.address, self.workers) as client, _ledger_errors():
            _fill(client, tasks, fillings, known, store, work)


def ready(read_events: ReadEvents) -> Provide:
    """For events that a worker can read as they are."""

    def provide(_position: int, _bounds: Sequence[UUID], _work: Work) -> ReadEvents:
        return read_events

    return provide


def parts_of_range(task: RangeTask, asking: str) -> list[bytes]:
    """What a worker is given to do by a program of that version, and answers.

    Raises:
        Unavailable: the worker has another version, whose rows may be others.
    """
    if (own := version(_DISTRIBUTION)) != asking:
        raise Unavailable(
            f"a worker has Rapport {own}, and is asked by {asking}: install one version everywhere"
        )
    return list(packed_parts(task))


def _fill(
    client: Client,
    tasks: Sequence[RangeTask],
    fillings: Sequence[AnyFilling],
    known: KnownLedger,
    store: TableStore,
    work: Work,
) -> None:
    asked: set[Any] = set()
    waiting, asking = iter(tasks), version(_DISTRIBUTION)
    done = 0
    try:
        while True:
            most = _ASKED_FOR_EACH_THREAD * max(sum(client.nthreads().values()), 1)
            while len(asked) < most and (task := next(waiting, None)) is not None:
                asked.add(client.submit(parts_of_range, task, asking, pure=False))
            if not asked:
                return
            for future in _await_some(asked):
                for part in future.result():
                    passed, rows = unpack_part(part)
                    write_rows(fillings, rows, store)
                    done += passed
                asked.discard(future)
                future.release()
            work.advance(done, known.contact_events)
    finally:
        client.cancel(list(asked), force=True)


def _await_some(asked: set[Any]) -> Sequence[Any]:
    """Those of which the outcome is known, after a moment at most."""
    try:
        return list(wait(asked, timeout=_LOOK_SECONDS, return_when="FIRST_COMPLETED").done)
    except TimeoutError:
        return ()


def own_cluster(workers: int) -> LocalCluster:
    """A cluster of processes of this machine, which nobody else can send work to.

    Anyone who reaches a scheduler can run any program as its user. So this one has certificates
    that are made for it, and its pages are at a port that nobody else uses.
    """
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        protocol="tls",
        security=True,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.WARNING,
    )


@contextmanager
def _client(address: str, workers: int) -> Iterator[Client]:
    if address == LOCAL:
        with own_cluster(workers) as cluster, closing(Client(cluster)) as client:
            yield client
        return
    try:
        client = Client(address, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"no Dask scheduler answers at {address}: check the address, or start one"
        ) from error
    with closing(client):
        yield client


@contextmanager
def _ledger_errors() -> Iterator[None]:
    """Raise what befell the cluster as an error of ours."""
    try:
        yield
    except KilledWorker as error:
        raise WorkerLost(
            f"several workers died over one range of contacts, the last one at "
            f"{error.last_worker.address}: they may have too little memory"
        ) from error
    except (CommClosedError, FutureCancelledError) as error:
        raise WorkerLost("the Dask scheduler has ended, or cannot be reached any more") from error
