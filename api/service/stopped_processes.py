"""Processes that were stopped, as by SIGSTOP or Ctrl-Z: they hold their locks, and do nothing.

Another one can take their place only once they have ended. A killed one also finishes nothing later
of what it has begun.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import struct
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger = logging.getLogger("rapport.api")

STOPPED_SECONDS = 1.0
"""How long a process may be stopped before it is killed."""

LOOK_SECONDS = 0.1
_PROCESSES = Path("/proc")
_CREDENTIALS = struct.Struct("3i")


def is_stopped(pid: int) -> bool:
    """Whether a process is stopped; of one that is not our child, where the system tells.

    Source: Linux, proc_pid_stat(5): the state follows the name in brackets.
    """
    try:
        # It is only looked at, so that its end is still told to who waits for it.
        return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        pass  # another's, or it has just ended
    with suppress(OSError):
        said = (_PROCESSES / str(pid) / "stat").read_bytes()
        return said.rpartition(b")")[2].split()[0] == b"T"
    return False


def peer_of(connection: socket.socket) -> int | None:
    """The process that connected, where the system tells. Source: Linux, unix(7), SO_PEERCRED."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    with suppress(OSError):
        said = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid: int = _CREDENTIALS.unpack(said)[0]
        return pid or None  # 0 for a process that cannot be seen from here
    return None


@contextmanager
def killed_if_stopped(pid: int | None, note: Callable[[bool], object]) -> Iterator[None]:
    """Meanwhile, have that process killed once it was stopped for a second.

    It must not have ended and been waited for before this ends. ``note`` is called
    whenever it is stopped or continues, with whether it is stopped.
    """
    if pid is None:
        yield
        return
    ended = Event()
    watching = Thread(target=_watch, args=(pid, ended, note), name="stopped", daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


def _watch(pid: int, ended: Event, note: Callable[[bool], object]) -> None:
    looks = 0
    while not ended.wait(LOOK_SECONDS):
        looks_before, looks = looks, looks + 1 if is_stopped(pid) else 0
        if bool(looks) != bool(looks_before):
            note(bool(looks))
        if looks * LOOK_SECONDS > STOPPED_SECONDS:
            logger.warning("process %s was stopped, and is killed: another one follows then", pid)
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
            return
