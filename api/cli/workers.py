"""Several processes that serve one data folder on one port, and the one that watches them.

They accept connections from one socket, which outlives each of them. One of them records and the
others have joined it; which one does is decided between themselves, by the lock of the folder.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

from api.cli.followers import PROGRAM
from api.cli.output import print_message
from api.cli.serving import FINISH_SECONDS, SIGNALS
from api.http.edge.figures import KeptFigures
from api.http.edge.handing_over import HandingOver
from api.service.followers.elsewhere import END_SECONDS
from api.service.stopped_processes import STOPPED_SECONDS, is_stopped
from api.service.worker_states import WorkerStates

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence
    from pathlib import Path
    from types import FrameType

LOOK_SECONDS = 0.1

FIRST_WAIT_SECONDS = 0.2
MOST_WAIT_SECONDS = 10.0
"""The wait before a process is started again doubles from the first to this."""

STEADY_SECONDS = 60.0
"""A process that ran for this long is started again after the first wait."""

CLOSE_SECONDS = FINISH_SECONDS + END_SECONDS + 5.0
"""How long the processes may take to end before they are killed."""

REFUSED = (2, 3, 4)
"""How a process ends that cannot serve at all: settings, the folder, the address."""


class _Worker:
    """One of the processes, which is started again whenever it ends."""

    def __init__(
        self, number: int, states: WorkerStates, command: Sequence[str], passed: Sequence[int]
    ) -> None:
        self._number = number
        self._states = states
        self._command = [*command, "--number", str(number)]
        self._passed = passed
        self._wait_seconds = FIRST_WAIT_SECONDS
        self._start_at = self._began = 0.0
        self._stopped_since: float | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def look(self) -> int | None:
        """Start it where it is time for that; how it ended, where it did just now."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._start_at:
                self._began = now
                self._process = subprocess.Popen(  # noqa: S603  # this very program
                    self._command,
                    pass_fds=self._passed,
                    # A terminal's Ctrl-C goes to the process that watches, which ends this one.
                    process_group=0,
                )
            return None
        if (status := self._process.poll()) is not None:
            self._note_end(now)
            return status
        self._kill_if_stopped(self._process.pid, now)
        return None

    def _note_end(self, now: float) -> None:
        self._states.note_end(self._number)
        self._process, self._stopped_since = None, None
        if now - self._began >= STEADY_SECONDS:
            self._wait_seconds = FIRST_WAIT_SECONDS
        self._start_at = now + self._wait_seconds
        self._wait_seconds = min(self._wait_seconds * 2, MOST_WAIT_SECONDS)

    def _kill_if_stopped(self, pid: int, now: float) -> None:
        stopped = is_stopped(pid)
        self._states.note_stop(self._number, is_stopped=stopped)
        if not stopped:
            self._stopped_since = None
            return
        self._stopped_since = self._stopped_since or now
        if now - self._stopped_since >= STOPPED_SECONDS:
            print_message(f"process {pid} was stopped, and is killed so that another one records")
            os.kill(pid, signal.SIGKILL)

    def send(self, number: int) -> None:
        """Send it a signal, where it runs."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    def wait(self, until: float) -> bool:
        """Wait for its end; whether it came in time."""
        if self._process is None:
            return True
        try:
            self._process.wait(max(until - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            return False
        return True


def serve_with_workers(
    listener: socket.socket, options: Sequence[str], folder: Path, count: int
) -> int:
    """Keep ``count`` processes serving on a socket that listens, until SIGINT or SIGTERM.

    ``options`` are those of ``rapport serve`` besides the ``folder``. Returns the exit code: that
    of a process that could not serve before any other one did, else 0.
    """
    descriptor = listener.fileno()
    ours, theirs = os.pipe()
    state_file = tempfile.TemporaryFile()  # noqa: SIM115  # closed with this process
    states = WorkerStates.new(state_file.fileno(), count)
    command = [sys.executable, *PROGRAM, "serve", "--join", "--listener", str(descriptor)]
    command += ["--watched", str(ours), "--states", str(states.descriptor), *options]
    command += ["--data", str(folder)]
    recorder, has_served, figures = HandingOver(folder), False, KeptFigures(folder)
    passed = descriptor, ours, states.descriptor
    workers = [_Worker(number, states, command, passed) for number in range(1, count + 1)]
    told = _StopRequest(workers)
    before = {number: signal.signal(number, told.stop) for number in SIGNALS}
    refused = 0
    try:
        while not told.to_stop and not refused:
            figures.hold()
            for worker in workers:
                status = worker.look()
                has_served = has_served or recorder.is_there()
                if status in REFUSED and not has_served:
                    refused = status or 0
                elif status is not None and not told.to_stop:
                    print_message(f"a process {_how(status)}, and is started again")
            time.sleep(LOOK_SECONDS)
    finally:
        _end(workers)
        os.close(theirs)
        os.close(ours)
        state_file.close()
        figures.release()
        for number, handler in before.items():
            signal.signal(number, handler)
    return refused


class _StopRequest:
    """Whether to stop, as signals say it; the second one ends all processes at once."""

    def __init__(self, workers: Sequence[_Worker]) -> None:
        self._workers = workers
        self.to_stop = False

    def stop(self, number: int, _frame: FrameType | None) -> None:
        if self.to_stop:
            for worker in self._workers:
                worker.send(number)
        self.to_stop = True


def _end(workers: Sequence[_Worker]) -> None:
    """Have all of them finish what they accepted, and kill who takes too long."""
    for worker in workers:
        worker.send(signal.SIGTERM)
        worker.send(signal.SIGCONT)
    until = time.monotonic() + CLOSE_SECONDS
    for worker in workers:
        if not worker.wait(until):
            worker.send(signal.SIGKILL)
            worker.wait(until + 1.0)


def end_with(descriptor: int) -> None:
    """End this process in order when the one that watches it has ended, however it ended.

    ``descriptor`` is the end of a pipe that is read, of which that process has the other one.
    """

    def wait() -> None:
        with suppress(OSError):
            while os.read(descriptor, 1):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=wait, name="watched", daemon=True).start()


def _how(status: int) -> str:
    return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
