"""A pass over the contacts in several processes, each with a range of them.

A process reads the events by a connection of its own, up to the same position, and sends the rows.
The process that asked writes them, because only one may write. Rows do not depend on the ranges.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from domain.errors import LedgerError
from projections.filling import begin, write_rows
from projections.range_filling import (
    WorkerLost,
    contact_bounds,
    packed_parts,
    range_tasks,
    unpack_part,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from projections.builds import AnyFilling, ReadModel
    from projections.contact_walk import KnownLedger
    from projections.limits import Limits
    from projections.operations import Work
    from projections.range_filling import RangeTask, ReadEvents
    from projections.row_writing import Row
    from projections.tables import TableStore

_LOOK_SECONDS = 0.1
_END_SECONDS = 10.0
_ROWS, _ERROR, _END = b"r", b"e", b"."


@dataclass(frozen=True)
class Several:
    """How many processes fill which projections, and how each reads the events up to a position.

    ``read_events`` is given to other processes, so it must be possible to pickle it.
    """

    count: int
    read_events: ReadEvents
    projections: Sequence[ReadModel]
    limits: Limits


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
    bounds = contact_bounds(known.source, known.position, several.count)
    tasks = range_tasks(
        several.read_events,
        several.projections,
        fillings,
        known,
        bounds,
        several.limits.filled_events,
    )
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


def _start(task: RangeTask, stack: ExitStack) -> tuple[Connection, BaseProcess]:
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
    return unpack_part(body)


def _fill_range(task: RangeTask, connection: Connection) -> None:
    """What such a process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asked is interrupted, and ends this one
    try:
        for part in packed_parts(task):
            connection.send_bytes(_ROWS + part)
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
