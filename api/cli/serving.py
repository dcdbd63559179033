"""Serving over HTTP in one process: the server that records, its application, and its sockets."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from api.bootstrap import build
from api.cli.followers import OtherProcess, followers_of
from api.cli.output import print_message
from api.cli.standby import QuietServer
from api.console.app import Console
from api.http.app import create_app
from api.http.edge.connections import IDLE_SECONDS, Sweep, connections_with
from api.http.edge.metrics import metrics_of
from api.http.edge.short_way import ShortWay
from api.service.followers.listening import short_path
from ledger.data_layout import SERVER_SOCKET

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import FrameType

    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from api.http.edge.connections import PlainAnswers
    from api.http.edge.figures import SharedFigures
    from api.service.followers.elsewhere import FollowersElsewhere
    from api.service.server import Server
    from api.service.settings import Settings

FINISH_SECONDS = 10
"""Seconds that requests under way may take to finish once the server stops."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)

_BACKLOG = 2048


class Recorder:
    """A server that records, with the process that follows it."""

    def __init__(
        self, server: Server, settings: Settings, followers: FollowersElsewhere | None
    ) -> None:
        """``followers`` speak to the process that follows, where that is another one."""
        self.server = server
        self._settings = settings
        self._other = OtherProcess(settings, followers)

    @classmethod
    def open(cls, settings: Settings) -> Recorder:
        """Open the data folder to record in it.

        Raises:
            LedgerError: it cannot be used; ``FolderInUse`` where another server has it.
        """
        followers = followers_of(settings)
        return cls(build(settings, followers=followers), settings, followers)

    def start_following(self) -> None:
        """Have the ledgers followed, and send what webhooks wait for.

        Raises:
            FolderUnusable: no process can be let in that follows.
        """
        self._other.start()
        self.server.sender.start()

    def application(self, figures: SharedFigures) -> tuple[FastAPI, ShortWay]:
        """What answers requests, and the short way to it. What it counts is among ``figures``."""
        app = create_app(self.server, pages=Console(self.server).application())
        metrics_of(app).share(figures)
        return app, ShortWay(app)

    def note_url(self, url: str) -> None:
        """Tell commands where to ask; a full disk keeps no server from serving."""
        try:
            self.server.folder.note_url(url)
        except OSError as error:
            print_message(
                f"Commands will not find this server by itself, and need --url {url}: "
                f"{error.strerror}"
            )

    def close(self) -> None:
        """Record and sign what was accepted, and let the folder go."""
        self.server.close(self._other.close)


def config_of(app: ASGIApp, short_way: PlainAnswers, settings: Settings) -> uvicorn.Config:
    """How an application is served."""
    log_level = settings.log_level
    return uvicorn.Config(
        app,
        http=connections_with(short_way),
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


class Serving(QuietServer):
    """A server with an eye on its connections, and on who records.

    It also answers what other servers of the folder hand over to it.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        served: Server,
        listener: socket.socket,
        folder: Path,
    ) -> None:
        super().__init__(config)
        self.served = served
        self._listener = listener
        self._socket_path = folder / SERVER_SOCKET
        self._listens_inside = False
        self._sweep = Sweep()
        self.is_followed = False
        """Whether another server took over recording, so that this one has to wait."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if not self.served.is_beside:
            await self.listen_inside()
        if self.served.worker is not None:
            self.served.worker.note_serving()

    async def listen_inside(self) -> None:
        """Answer what is handed over; this process holds the folder."""
        made: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        make = partial(
            made,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
            came_by="https" if self.config.is_ssl else "http",
        )
        try:
            inside = _socket_at(self._socket_path)
        except OSError as error:
            print_message(f"No other server can join this one: {error.strerror}")
            return
        loop = asyncio.get_running_loop()
        self.servers.append(await loop.create_unix_server(make, sock=inside, backlog=_BACKLOG))
        self._listens_inside = True

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second; whether it is time to stop."""
        if counter % 10 == 0:
            self._sweep.run(self.server_state.connections, time.monotonic())
            if self.served.is_lost() and not self.should_exit:
                self.is_followed = self.should_exit = True
                print_message("another server records now: this one waits until it may again")
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, and let what is under way come to its end."""
        if not self.is_followed:
            self._listener.close()
        if self._listens_inside:
            self._socket_path.unlink(missing_ok=True)
        self.served.stopping.begin()
        await super().shutdown(sockets)


def _socket_at(path: Path) -> socket.socket:
    """A socket there, in place of what a server left that was killed.

    Raises:
        OSError: it cannot be made.
    """
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_path(path) as short:
            made.bind(short)
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


def stop_at_signals(serving: uvicorn.Server) -> None:
    """The first signal asks for an orderly end, whenever it comes; the second ends at once."""

    def stop(number: int, _frame: FrameType | None) -> None:
        if serving.should_exit:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        serving.should_exit = True

    for number in SIGNALS:
        signal.signal(number, stop)
