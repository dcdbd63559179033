"""A pass over the contacts in several processes, each with a range of them.

A process reads the events by a connection of its own, up to the same position, and sends the rows.
The process that asked writes them, because only one may write. Rows do not depend on the ranges.
"""

from __future__ import annotations

import gc
import multiprocessing
import pickle
import signal
import zoneinfo
from contextlib import ExitStack
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

import msgpack

from domain.errors import LedgerError
from domain.recorded import POLICY_STREAM
from projections.contact_walk import KnownLedger
from projections.filling import begin, parts_of, write_rows
from projections.limits import LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from uuid import UUID

    from projections.builds import AnyFilling, ReadModel
    from projections.generations import Generation
    from projections.limits import Limits
    from projections.operations import Work
    from projections.row_writing import Row
    from projections.source import EventSource
    from projections.tables import TableStore

    ReadEvents = Callable[[int], AbstractContextManager[EventSource]]

_SAMPLES = 500
_LOOK_SECONDS = 0.1
_END_SECONDS = 10.0
_ROWS, _ERROR, _END = b"r", b"e", b"."


class WorkerLost(LedgerError):
    """A process that filled a range of contacts ended without a word."""


@dataclass(frozen=True)
class Several:
    """How many processes fill which projections, and how each reads the events up to a position.

    ``read_events`` is given to other processes, so it must be possible to pickle it.
    """

    count: int
    read_events: ReadEvents
    projections: Sequence[ReadModel]
    limits: Limits


@dataclass(frozen=True)
class _Task:
    """What a process has to do: these projections, for the contacts in a range.

    Contacts come after ``after``, up to and including ``last``, where they are given.
    """

    read_events: ReadEvents
    projections: Sequence[ReadModel]
    generations: Sequence[Generation]
    filled_events: int
    position: int
    after: UUID | None
    last: UUID | None
    time_zone_path: Sequence[str]
    gc_threshold: tuple[int, int, int]


def fill_in_processes(
    several: Several,
    fillings: Sequence[AnyFilling],
    known: KnownLedger,
    store: TableStore,
    work: Work,
) -> None:
    """As ``filling.fill``, in several processes.

    Raises:
        Cancelled: the work was; what was written stays.
        Stumbled: the log holds something that a projection cannot deal with.
        WorkerLost: a process was killed; what was written stays.
    """
    begin(fillings, store)
    generations = [one.generation for one in fillings]
    bounds = _bounds(known.source, known.position, several.count)
    zone_path, threshold = zoneinfo.TZPATH, gc.get_threshold()
    tasks = [
        _Task(
            several.read_events, several.projections, generations, several.limits.filled_events,
            known.position, after, last, zone_path, threshold,
        )
        for after, last in zip([None, *bounds], [*bounds, None], strict=True)
    ]  # fmt: skip  # one argument a line would bury the list
    with ExitStack() as stack:
        working = dict(_start(task, stack) for task in tasks)
        done = 0
        while working:
            for connection in wait(list(working), _LOOK_SECONDS):
                part = _receive(connection, working[connection])  # type: ignore[index, arg-type]  # what was waited for
                if part is None:
                    del working[connection]  # type: ignore[arg-type]  # as above
                    continue
                passed, rows = part
                write_rows(fillings, rows, store)
                done += passed
            work.advance(done, known.contact_events)


def _bounds(source: EventSource, position: int, count: int) -> list[UUID]:
    """Contacts that divide the events into a number of about equal parts, by a sample of them."""
    step = max(position // _SAMPLES, 1)
    sample = []
    for after in range(0, position, step):
        (event,) = source.log(after=after, limit=1, upto=position, decrypt=False)
        sample.append(event.contact_id)
    sample = sorted(one for one in sample if one != POLICY_STREAM)
    found = {sample[len(sample) * part // count] for part in range(1, count) if sample}
    return sorted(found)


def _start(task: _Task, stack: ExitStack) -> tuple[Connection, BaseProcess]:
    """A process at work, which does not outlive the stack."""
    spawning = multiprocessing.get_context("spawn")
    receiver, sender = spawning.Pipe(duplex=False)
    process = spawning.Process(target=_fill_range, args=(task, sender), daemon=True)

    def end() -> None:
        receiver.close()
        process.terminate()
        process.join(_END_SECONDS)

    process.start()
    sender.close()
    stack.callback(end)
    return receiver, process


def _receive(
    connection: Connection, process: BaseProcess
) -> tuple[int, list[list[list[Row]]]] | None:
    """The next part of what a process found; None when it is at its end."""
    try:
        message = connection.recv_bytes()
    except (EOFError, OSError):
        process.join(_END_SECONDS)
        raise WorkerLost(
            f"a process of the rebuild ended with code {process.exitcode}: it may have been killed"
        ) from None
    kind, body = message[:1], message[1:]
    if kind == _ERROR:
        raise pickle.loads(body)  # noqa: S301  # our own process sent it
    if kind == _END:
        return None
    passed, rows = msgpack.unpackb(body, use_list=False)
    return passed, rows


def _fill_range(task: _Task, connection: Connection) -> None:
    """What such a process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asked is interrupted, and ends this one
    zoneinfo.reset_tzpath(task.time_zone_path)
    gc.set_threshold(*task.gc_threshold)
    try:
        limits = replace(LIMITS, filled_events=task.filled_events)
        with task.read_events(task.position) as source:
            known = KnownLedger.at(source, task.position)
            fillings = [
                projection.filling(generation, known, limits)
                for projection, generation in zip(task.projections, task.generations, strict=True)
            ]
            for passed in parts_of(fillings, known, limits, task.after, task.last):
                rows = [one.rows.take() for one in fillings]
                connection.send_bytes(_ROWS + msgpack.packb((passed, rows)))
        connection.send_bytes(_END)
    except BrokenPipeError:
        return  # nobody waits for the rows any more
    except Exception as error:  # noqa: BLE001  # it is raised where the rows are waited for
        connection.send_bytes(_ERROR + _pickle(error))


def _pickle(error: Exception) -> bytes:
    try:
        return pickle.dumps(error)
    except Exception:  # noqa: BLE001  # whatever keeps it from being sent, its class is known
        return pickle.dumps(LedgerError(type(error).__name__))
