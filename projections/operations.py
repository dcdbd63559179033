"""Long work in the background: started, watched, cancelled, and remembered for a while."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from domain.errors import LedgerError, OperationNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

logger = logging.getLogger(__name__)

REMEMBERED = 100
"""How many finished operations are kept."""


@dataclass(frozen=True)
class Progress:
    """How far it is. ``rate`` is per second; ``eta_seconds`` is None while nobody can tell."""

    done: int = 0
    total: int = 0
    rate: int = 0
    eta_seconds: int | None = None


@dataclass(frozen=True)
class Operation:
    """One piece of work as it stands now: running, succeeded, failed or cancelled.

    ``kind`` says what is done, ``subject`` to what: a rebuild, of the projection status. The
    ``owner`` is who asked for it; empty where it is the ledger's own.
    """

    id: UUID
    kind: str
    subject: str
    state: str
    progress: Progress
    result: Mapping[str, object] | None = None
    problem: str | None = None
    owner: str = ""


class Cancelled(Exception):
    """Raised inside the work once someone asked for its end."""


class Work:
    """What running work is given: a place to tell its progress and to learn of its cancellation."""

    def __init__(self, tell: Callable[[Progress], None]) -> None:
        self._tell = tell
        self._cancelled = threading.Event()
        self._cancelled_at = float("inf")
        self._began = time.monotonic()

    def cancel(self) -> None:
        """Ask the work to end; it does so at its next step."""
        self._cancelled_at = min(self._cancelled_at, time.monotonic())
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether someone asked for the end."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Go on, unless cancelled.

        Raises:
            Cancelled: someone asked for the end.
        """
        if self.is_cancelled:
            raise Cancelled

    def advance(self, done: int, total: int) -> None:
        """Tell how far it is, and continue unless cancelled.

        Raises:
            Cancelled: someone asked for the end.
        """
        rate = done / max(self.seconds(), 0.001)
        eta = round((total - done) / rate) if rate else None
        self.report(Progress(done, total, round(rate), eta))
        self.check()

    def report(self, progress: Progress) -> None:
        """Say how far it is, by the measure of another process."""
        self._tell(progress)

    def cancelled_seconds(self) -> float:
        """How long ago its end was asked for; less than 0 where nobody did."""
        return time.monotonic() - self._cancelled_at

    def seconds(self) -> float:
        """How long it has been running."""
        return time.monotonic() - self._began


class Operations:
    """The operations of one ledger, in memory: those running and the newest that ended."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        """``remembered`` is how many finished ones are kept."""
        self._remembered = remembered
        self._lock = threading.Lock()
        self._operations: OrderedDict[UUID, Operation] = OrderedDict()
        self._works: dict[UUID, Work] = {}
        self._threads: dict[UUID, threading.Thread] = {}
        self._told: dict[UUID, list[Callable[[Operation], None]]] = {}
        self._closed = False

    def start(
        self,
        kind: str,
        subject: str,
        run: Callable[[Work], Mapping[str, object]],
        operation_id: UUID | None = None,
        owner: str = "",
    ) -> Operation:
        """Run in a thread of its own; if the owner's same is running already, that is returned.

        One that was cancelled and has not ended yet is not: the new one begins once it has.
        A caller that must know the new operation's id beforehand gives one.
        """
        with self._lock:
            ending: threading.Thread | None = None
            for running in self._operations.values():
                same = (running.kind, running.subject, running.owner) == (kind, subject, owner)
                if same and running.state == "running":
                    if not self._works[running.id].is_cancelled:
                        return running
                    ending = self._threads[running.id]
            new_id = operation_id or uuid4()
            operation = Operation(new_id, kind, subject, "running", Progress(), owner=owner)
            work = Work(lambda progress: self._change(operation.id, progress=progress))
            name = f"{kind} {subject}"
            thread = threading.Thread(
                target=self._run, args=(operation.id, work, run, ending), name=name, daemon=True
            )
            if self._closed:
                return replace(operation, state="cancelled")
            self._operations[operation.id] = operation
            self._works[operation.id] = work
            self._threads[operation.id] = thread
            self._forget_oldest()
            thread.start()
        return operation

    def get(self, operation_id: UUID) -> Operation:
        """The operation as it stands now.

        Raises:
            OperationNotFound: there was none, or it ended long ago.
        """
        with self._lock:
            operation = self._operations.get(operation_id)
        if operation is None:
            raise OperationNotFound(f"no operation {operation_id} is running or remembered")
        return operation

    def when_ended(self, operation: Operation, tell: Callable[[Operation], None]) -> None:
        """Tell of the operation once it ended, just before everybody can see that; or at once."""
        with self._lock:
            now = self._operations.get(operation.id, operation)
            if now.state == "running" and operation.id in self._operations:
                self._told.setdefault(operation.id, []).append(tell)
                return
        tell(now)

    def running(self) -> list[Operation]:
        """Those that have not ended, in the order in which they began."""
        with self._lock:
            return [one for one in self._operations.values() if one.state == "running"]

    def history(self) -> list[Operation]:
        """Those that have ended and are remembered, in the order in which they began."""
        with self._lock:
            return [one for one in self._operations.values() if one.state != "running"]

    def cancel(self, operation_id: UUID) -> Operation:
        """Ask a running operation to end; one that ended stays as it is.

        Raises:
            OperationNotFound: there was none, or it ended long ago.
        """
        operation = self.get(operation_id)
        with self._lock:
            work = self._works.get(operation_id)
        if work is not None:
            work.cancel()
        return operation

    def wait(self, operation_id: UUID, timeout_seconds: float | None = None) -> Operation:
        """The operation once it ended, or as it stands when the time is up."""
        with self._lock:
            thread = self._threads.get(operation_id)
        if thread is not None:
            thread.join(timeout_seconds)
        return self.get(operation_id)

    def close(self) -> None:
        """Cancel everything and wait for the end; nothing starts afterwards."""
        with self._lock:
            self._closed = True
            works, threads = list(self._works.values()), list(self._threads.values())
        for work in works:
            work.cancel()
        for thread in threads:
            thread.join()

    def _run(
        self,
        operation_id: UUID,
        work: Work,
        run: Callable[[Work], Mapping[str, object]],
        ending: threading.Thread | None,
    ) -> None:
        try:
            if ending is not None:
                ending.join()
            work.check()
            self._end(operation_id, state="succeeded", result=run(work))
        except Cancelled:
            self._end(operation_id, state="cancelled")
        except LedgerError as error:
            logger.warning("operation %s failed: %s", operation_id, error_trace(error))
            self._end(operation_id, state="failed", problem=str(error))
        except Exception as error:  # noqa: BLE001  # the waiting thread must see it
            logger.error("operation %s failed: %s", operation_id, error_trace(error))
            self._end(operation_id, state="failed", problem=type(error).__name__)

    def _end(self, operation_id: UUID, **changes: object) -> None:
        while True:
            with self._lock:
                ended = replace(self._operations[operation_id], **changes)  # type: ignore[arg-type]  # one funnel for all fields
                waiting = self._told.pop(operation_id, None)
                if waiting is None:
                    self._operations[operation_id] = ended
                    self._works.pop(operation_id, None)
                    self._threads.pop(operation_id, None)
                    return
            for tell in waiting:
                tell(ended)

    def _change(self, operation_id: UUID, **changes: object) -> None:
        with self._lock:
            operation = self._operations[operation_id]
            self._operations[operation_id] = replace(operation, **changes)  # type: ignore[arg-type]  # one funnel for all fields

    def _forget_oldest(self) -> None:
        ended = [one.id for one in self._operations.values() if one.state != "running"]
        for operation_id in ended[: max(len(ended) - self._remembered, 0)]:
            del self._operations[operation_id]


def error_trace(error: BaseException) -> str:
    """An error's classes and places in the code, without any message, which may quote a person."""
    places = "".join(traceback.format_tb(error.__traceback__))
    because = f"because of {error_trace(error.__cause__)}" if error.__cause__ else ""
    return f"{type(error).__name__}\n{places}{because}"
