"""Following the ledgers of a server, in a process of its own, until told to stop."""

from __future__ import annotations

import signal
import socket
import sys
from contextlib import closing, contextmanager
from functools import partial
from threading import Event
from typing import TYPE_CHECKING

from api.bootstrap import memory_of, open_followed
from api.cli.collecting import collect_seldom
from api.cli.output import print_message
from api.http.edge import logs
from api.service.followers.channel import Channel
from api.service.followers.listening import connect
from api.service.followers.process import FollowerProcess
from ledger.files import FolderInUse
from ledger.followers_lock import FOLLOWERS_SECONDS, FollowersLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from api.service.settings import Settings

SIGNALS = (signal.SIGINT, signal.SIGTERM)

SWITCH_SECONDS = 0.001
"""As the server's: a thread that waits for the interpreter is woken soon."""

LOOK_SECONDS = 0.5
"""How often it is looked whether a server listens."""


def follow_channel(settings: Settings, descriptor: int) -> None:
    """Follow the ledgers of the server at the other end of a socket, until that ends it.

    The signals that a terminal or a supervisor sends to both processes are left to the server,
    which ends this one after everything is recorded.

    Raises:
        FolderInUse: another process follows, and does not end.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    with _logging(settings), closing(Channel(socket.socket(fileno=descriptor))) as channel:
        lock = FollowersLock(settings.folder, wait_seconds=FOLLOWERS_SECONDS)
        try:
            FollowerProcess(channel, partial(open_followed, settings, memory_of(settings))).run()
        finally:
            lock.release()


def follow(settings: Settings, *, standby: bool = False) -> None:
    """Follow the ledgers of whichever server listens for that on the folder, until a signal.

    A ``standby`` waits where another process follows, and takes over when that one ends.

    Raises:
        FolderInUse: another process follows.
    """
    stopped = Event()
    current: list[Channel] = []

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()
        for channel in current:
            channel.end()

    for number in SIGNALS:
        signal.signal(number, stop)
    with _logging(settings):
        if not standby:
            FollowersLock(settings.folder).release()
        print_message(f"Waiting for a server that holds {settings.folder.resolve()}")
        while not stopped.is_set():
            if standby and not _is_free(settings):
                stopped.wait(LOOK_SECONDS)
                continue
            try:
                connection = connect(settings.folder)
            except OSError:
                stopped.wait(LOOK_SECONDS)
                continue
            channel = Channel(connection)
            current[:] = [channel]
            if stopped.is_set():
                channel.end()
            try:
                _follow_one(settings, channel)
            except FolderInUse:
                if not standby:
                    raise
            current.clear()
            stopped.wait(LOOK_SECONDS)
    print_message("stopped; what is not done yet is done when this is started again")


def _is_free(settings: Settings) -> bool:
    """Whether no other process follows."""
    try:
        FollowersLock(settings.folder).release()
    except FolderInUse:
        return False
    return True


def _follow_one(settings: Settings, channel: Channel) -> None:
    """Follow for one server, until that ends.

    Raises:
        FolderInUse: another process follows.
    """
    with closing(channel):
        lock = FollowersLock(settings.folder)
        try:
            print_message("A server is there: its ledgers are followed")
            FollowerProcess(channel, partial(open_followed, settings, memory_of(settings))).run()
        finally:
            lock.release()


@contextmanager
def _logging(settings: Settings) -> Iterator[None]:
    writer = logs.configure(settings.log_level, settings.log_format)
    collect_seldom()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        writer.close()
