"""Serving until told to stop: the address first, then the folder, then the world."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
from contextlib import closing, contextmanager
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from api.bootstrap import build
from api.cli.collecting import collect_seldom
from api.cli.ending import AddressRefused
from api.cli.followers import followers_of
from api.cli.joining import open_or_join, serve_beside
from api.cli.output import print_message
from api.cli.serving import SIGNALS, Recorder, Serving, config_of, stop_at_signals
from api.cli.standby import open_when_free
from api.http.edge import logs
from api.http.edge.figures import SharedFigures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from api.service.server import Server
    from api.service.settings import Settings
    from api.service.worker_states import ThisWorker

BACKLOG = 2048

SWITCH_SECONDS = 0.001
"""Seconds that a thread may keep the interpreter from another that wants it.

Python's own 5 ms are what the follower waited for after each statement of SQL while requests poured
in: at half the rate of appends that is possible, a status list was 13 to 17 ms behind, and is 5 to
6 so.
"""


def serve(
    settings: Settings,
    prepare: Callable[[Server, str], None] | None = None,
    *,
    standby: bool = False,
    join: bool = False,
    inherited: int | None = None,
    worker: ThisWorker | None = None,
) -> None:
    """Listen and answer until SIGINT or SIGTERM; then finish what was accepted.

    A second signal ends the process at once, as a crash would: what was answered is recorded.
    ``prepare`` is given the server and its address before the first request is answered. A
    ``standby`` waits while another server records. So does one that another server followed, since
    it was cut off from its database: it opens everything again when it may. One that may ``join``
    does not wait: it reads beside the server that records, until it may record itself. The
    descriptor of a socket that is ``inherited`` listens already. It may be a ``worker``, one of
    several that are watched.

    Raises:
        AddressRefused: the address is taken, or not this machine's; the folder is untouched.
        LedgerError: the folder cannot be used.
    """
    writer = logs.configure(settings.log_level, settings.log_format)
    try:
        with _listening(settings, inherited) as listener, _signals_put_back():
            while _serve(listener, settings, prepare, worker, standby=standby, join=join):
                standby = True
    finally:
        writer.close()
    print_message("stopped; everything accepted is recorded")


def _serve(
    listener: socket.socket,
    settings: Settings,
    prepare: Callable[[Server, str], None] | None,
    worker: ThisWorker | None,
    *,
    standby: bool,
    join: bool,
) -> bool:
    """Answer until told to stop, or until another server took over recording: True then."""
    url, told_to_stop = _url(listener, settings), False
    here = url_from_here(listener.getsockname(), settings)
    if join:
        opened = open_or_join(settings)
        if not isinstance(opened, Recorder):
            opened.worker = worker
            _settle_in()
            return serve_beside(opened, listener, settings, url, here)
        recorder = opened
    else:
        followers = followers_of(settings)
        opening = partial(build, settings, followers=followers)
        if standby:
            found, told_to_stop = open_when_free(opening, listener, url, settings, stop_at_signals)
            if found is None:
                return False
        else:
            found = opening()
        recorder = Recorder(found, settings, followers)
    recorder.server.worker = worker
    figures = SharedFigures(settings.folder, first=join)
    _settle_in()
    try:
        recorder.start_following()
        if prepare is not None:
            prepare(recorder.server, url)
        config = config_of(*recorder.application(figures), settings)
        serving = Serving(config, recorder.server, listener, settings.folder)
        # Before it is said that the server listens: who reads that may send a signal.
        stop_at_signals(serving)
        serving.should_exit |= told_to_stop
        recorder.note_url(here)
        print_message(f"Rapport listens on {url}  (data in {settings.folder.resolve()})")
        print_message(_whom(recorder.server))
        with closing(figures):
            figures.start()
            serving.run(sockets=[listener.dup()])
    finally:
        recorder.close()
    return serving.is_followed


@contextmanager
def _listening(settings: Settings, inherited: int | None) -> Iterator[socket.socket]:
    """A socket that listens already, so that two servers cannot both believe to have the port."""
    if inherited is not None:
        listener = socket.socket(fileno=inherited)
    else:
        listener = listening_socket(settings.host, settings.port)
    with listener:
        yield listener


def _settle_in() -> None:
    """Set up the process for serving, once everything is open."""
    collect_seldom()
    sys.setswitchinterval(SWITCH_SECONDS)


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        AddressRefused: the address is taken, or not this machine's.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
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
