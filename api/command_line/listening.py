"""Serving until told to stop: the address first, then the folder, then the world."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from api import logs
from api.app import create_app
from api.bootstrap import build
from api.command_line.ending import AddressRefused
from api.command_line.output import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from api.bootstrap import Server
    from api.settings import Settings

FINISH_SECONDS = 10
"""How long requests under way may take to finish once the server is told to stop."""

BACKLOG = 2048


def serve(settings: Settings, prepare: Callable[[Server, str], None] | None = None) -> None:
    """Listen and answer until SIGINT or SIGTERM; then finish what was accepted.

    ``prepare`` is given the server and its address before the first request is answered.

    Raises:
        AddressRefused: the address is taken, or not this machine's; the folder is untouched.
        LedgerError: the folder cannot be used.
    """
    logs.configure(settings.log_level)
    with _listening(settings.host, settings.port) as listener:
        server = build(settings)
        try:
            if prepare is not None:
                prepare(server, _url(listener))
            say(f"Rapport listens on {_url(listener)}  (data in {settings.folder.resolve()})")
            say("It answers this machine only, without keys. Try /docs. Ctrl-C stops it.")
            _answer(server, listener, settings.log_level)
        finally:
            server.close()
    say("stopped; everything accepted is recorded")


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens already, so that two servers cannot both believe to have the port."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        raise AddressRefused(
            f"cannot listen on {host} port {port}: {why.lower()}; --port chooses another"
        ) from None
    with listener:
        yield listener


def _answer(server: Server, listener: socket.socket, log_level: str) -> None:
    config = uvicorn.Config(
        create_app(server),
        log_level=log_level if log_level == "debug" else "warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    with _no_second_blow():
        uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def _no_second_blow() -> Iterator[None]:
    """Uvicorn raises the signal that stopped it once more when done: that one must not kill us."""

    def ignore(_number: int, _frame: FrameType | None) -> None:
        """The server has stopped already."""

    before = {number: signal.signal(number, ignore) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
