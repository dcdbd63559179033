"""Serving until told to stop: the address first, then the folder, then the world."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import time
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import uvicorn

from api.bootstrap import build
from api.cli.collecting import collect_seldom
from api.cli.ending import AddressRefused
from api.cli.followers import OtherProcess, followers_of
from api.cli.output import print_message
from api.cli.standby import QuietServer, open_when_free
from api.console.app import Console
from api.http.app import create_app
from api.http.edge import logs
from api.http.edge.connections import IDLE_SECONDS, Sweep, connections_with
from api.http.edge.short_way import ShortWay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from api.service.server import Server
    from api.service.settings import Settings

FINISH_SECONDS = 10
"""Seconds that requests under way may take to finish once the server stops."""

BACKLOG = 2048

SWITCH_SECONDS = 0.001
"""Seconds that a thread may keep the interpreter from another that wants it.

Python's own 5 ms are what the follower waited for after each statement of SQL while requests poured
in: at half the rate of appends that is possible, a status list was 13 to 17 ms behind, and is 5 to
6 so.
"""

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    settings: Settings,
    prepare: Callable[[Server, str], None] | None = None,
    *,
    standby: bool = False,
) -> None:
    """Listen and answer until SIGINT or SIGTERM; then finish what was accepted.

    A second signal ends the process at once, as a crash would: what was answered is recorded.
    ``prepare`` is given the server and its address before the first request is answered. A
    ``standby`` waits while another server records. So does one that another server followed, since
    it was cut off from its database: it opens everything again when it may.

    Raises:
        AddressRefused: the address is taken, or not this machine's; the folder is untouched.
        LedgerError: the folder cannot be used.
    """
    writer = logs.configure(settings.log_level, settings.log_format)
    try:
        with _listening(settings.host, settings.port) as listener, _signals_put_back():
            while _serve(listener, settings, prepare, standby=standby):
                standby = True
    finally:
        writer.close()
    print_message("stopped; everything accepted is recorded")


def _serve(
    listener: socket.socket,
    settings: Settings,
    prepare: Callable[[Server, str], None] | None,
    *,
    standby: bool,
) -> bool:
    """Answer until told to stop, or until another server took over recording: True then."""
    followers = followers_of(settings)
    opening = partial(build, settings, followers=followers)
    told_to_stop, url = False, _url(listener, settings)
    if standby:
        found, told_to_stop = open_when_free(opening, listener, url, settings, _stop_at_signals)
        if found is None:
            return False
        server = found
    else:
        server = opening()
    collect_seldom()
    sys.setswitchinterval(SWITCH_SECONDS)
    other = OtherProcess(settings, followers)
    try:
        other.start()
        if prepare is not None:
            prepare(server, url)
        serving = _Serving(_config(server, settings), server, listener)
        server.sender.start()
        # Before it is said that the server listens: who reads that may send a signal.
        _stop_at_signals(serving)
        serving.should_exit |= told_to_stop
        _note_url(server, url_from_here(listener.getsockname(), settings))
        print_message(f"Rapport listens on {url}  (data in {settings.folder.resolve()})")
        print_message(_whom(server))
        serving.run(sockets=[listener.dup()])
    finally:
        server.close(other.close)
    return serving.is_followed


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens already, so that two servers cannot both believe to have the port."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        if isinstance(error, socket.gaierror):
            raise AddressRefused(
                f"cannot listen on {host}: it is no address or name of this machine; --host "
                "chooses another"
            ) from None
        why = os.strerror(error.errno) if error.errno else str(error)
        option = "--port" if error.errno != errno.EADDRNOTAVAIL else "--host"
        raise AddressRefused(
            f"cannot listen on {host} port {port}: {why.lower()}; {option} chooses another"
        ) from None
    with listener:
        yield listener


def _config(server: Server, settings: Settings) -> uvicorn.Config:
    log_level, app = settings.log_level, create_app(server, pages=Console(server).application())
    return uvicorn.Config(
        app,
        http=connections_with(ShortWay(app)),
        ws="none",
        log_config=None,  # its loggers hand everything to ours
        log_level=log_level if log_level == "debug" else "warning",
        access_log=False,
        proxy_headers=False,  # nothing asks where a request comes from
        lifespan="on",  # where FastAPI configures telemetry from the environment, if asked to
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )


class _Serving(QuietServer):
    """A server with an eye on its connections, and on who records."""

    def __init__(self, config: uvicorn.Config, served: Server, listener: socket.socket) -> None:
        super().__init__(config)
        self._served = served
        self._listener = listener
        self._sweep = Sweep()
        self.is_followed = False
        """Whether another server took over recording, so that this one has to wait."""

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second; whether it is time to stop."""
        if counter % 10 == 0:
            self._sweep.run(self.server_state.connections, time.monotonic())
            if self._served.is_lost() and not self.should_exit:
                self.is_followed = self.should_exit = True
                print_message("another server records now: this one waits until it may again")
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, and let what is under way come to its end."""
        if not self.is_followed:
            self._listener.close()
        self._served.stopping.begin()
        await super().shutdown(sockets)


def _stop_at_signals(serving: uvicorn.Server) -> None:
    """The first signal asks for an orderly end, whenever it comes; the second ends at once."""

    def stop(number: int, _frame: FrameType | None) -> None:
        if serving.should_exit:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        serving.should_exit = True

    for number in SIGNALS:
        signal.signal(number, stop)


@contextmanager
def _signals_put_back() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _whom(server: Server) -> str:
    if server.keys.is_open():
        return "It answers this machine only, without keys. Open it in a browser. Ctrl-C stops it."
    return "It answers who sends an access key. Ctrl-C stops it."


def _url(listener: socket.socket, settings: Settings) -> str:
    host, port = listener.getsockname()[:2]
    return _url_text(host, port, settings)


def url_from_here(name: tuple[Any, ...], settings: Settings) -> str:
    """Where a command on this machine reaches the server whose socket has that name.

    The address of a server that listens on every address is the loopback address. With TLS it is
    the name in the settings, where that is a name, because certificates hold names.
    """
    host, port = name[:2]
    if (address := ip_address(host.partition("%")[0])).is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    elif settings.tls_certificate is not None:
        host = settings.host
    return _url_text(host, port, settings)


def _url_text(host: str, port: int, settings: Settings) -> str:
    scheme = "http" if settings.tls_certificate is None else "https"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _note_url(server: Server, url: str) -> None:
    """Tell commands where to ask; a full disk keeps no server from serving."""
    try:
        server.folder.note_url(url)
    except OSError as error:
        print_message(
            f"Commands will not find this server by itself, and need --url {url}: {error.strerror}"
        )
