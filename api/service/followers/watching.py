"""Starting the process that follows, and starting it again whenever it ends."""

from __future__ import annotations

import logging
import socket
import subprocess
import time
from threading import Event, Thread
from typing import TYPE_CHECKING

from api.service.followers.channel import Channel
from api.service.followers.elsewhere import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.service.followers.elsewhere import FollowersElsewhere

logger = logging.getLogger("rapport.api")

FIRST_WAIT_SECONDS = 0.2
MOST_WAIT_SECONDS = 30.0
"""The wait before the process is started again doubles from the first to this."""

STEADY_SECONDS = 60.0
"""A process that ran for this long is started again after the first wait."""


class ProcessBeside:
    """Keeps one process beside the server that follows its ledgers.

    The process has one end of a socket, which ends with the server, however that ends; it then ends
    by itself.
    """

    def __init__(self, followers: FollowersElsewhere, command: Sequence[str]) -> None:
        """``command`` starts it; the number of the socket's file follows."""
        self._followers = followers
        self._command = command
        self._stopped = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = Thread(target=self._run, name="followers", daemon=True)

    def start(self) -> None:
        """Start the process, and watch it from now on."""
        self._thread.start()

    def close(self) -> None:
        """Have it sign what is left and end; kill it where that takes too long."""
        self._stopped.set()
        self._followers.end(END_SECONDS)
        self._thread.join(END_SECONDS)
        if self._process is not None and self._process.poll() is None:
            logger.warning("the process that follows did not end in time, and is killed")
            self._process.kill()
            self._process.wait()

    def _run(self) -> None:
        wait_seconds = FIRST_WAIT_SECONDS
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                how = self._run_once()
            except OSError as error:
                how = f"could not be started: {error.strerror}"
            if self._stopped.is_set():
                return
            if time.monotonic() - began >= STEADY_SECONDS:
                wait_seconds = FIRST_WAIT_SECONDS
            logger.error(
                "the process that follows the ledgers %s; it is started again in %s s",
                how,
                wait_seconds,
            )
            self._stopped.wait(wait_seconds)
            wait_seconds = min(wait_seconds * 2, MOST_WAIT_SECONDS)

    def _run_once(self) -> str:
        """Start it and talk with it until it ends; how it ended."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = process = subprocess.Popen(  # noqa: S603  # this very program
                [*self._command, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                # A terminal's Ctrl-C goes to the group of the server, which ends this one.
                process_group=0,
            )
        channel = Channel(ours)
        self._followers.talk(channel, process.pid)
        channel.end()
        channel.close()
        try:
            status = process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
        return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
