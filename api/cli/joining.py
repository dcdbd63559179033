"""Serving beside the server that records, and recording in its place once it has ended."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING

from api.bootstrap import build_beside
from api.cli.output import print_message
from api.cli.serving import FINISH_SECONDS, Recorder, Serving, config_of, stop_at_signals
from api.http.app import create_app
from api.http.edge.figures import SharedFigures
from api.http.edge.handing_over import HandingOver
from api.http.edge.metrics import metrics_of
from api.http.edge.sharing import SharedReading
from api.service.readiness import without_recorder
from domain.errors import LedgerError
from ledger.files import FolderInUse
from ledger.stores.events import RecordedElsewhere

if TYPE_CHECKING:
    import socket

    import uvicorn
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.lifespan.on import LifespanOn

    from api.http.edge.plain_requests import Cycle, PlainRequest
    from api.http.edge.short_way import ShortWay
    from api.service.server_beside import ServerBeside
    from api.service.settings import Settings
    from api.service.worker_states import ThisWorker

logger = logging.getLogger("rapport.api")

LOOK_SECONDS = 0.1
"""How often it is tried to record in place of the server that does."""


def open_or_join(settings: Settings) -> Recorder | ServerBeside:
    """The data folder to record in it, or to read it beside the server that records.

    It waits for a server that is about to begin or to end.

    Raises:
        LedgerError: the folder cannot be used.
    """
    handing_over, is_told = HandingOver(settings.folder), False
    while True:
        try:
            return Recorder.open(settings)
        except (FolderInUse, RecordedElsewhere) as error:
            if handing_over.is_there():
                return build_beside(settings)
            if not is_told:
                print_message(f"Rapport waits for a server to join: {error}")
                is_told = True
        time.sleep(LOOK_SECONDS)


def serve_beside(
    server: ServerBeside, listener: socket.socket, settings: Settings, url: str, here: str
) -> bool:
    """Answer until told to stop; True where this one recorded, and another one took over.

    ``url`` is where this process listens, and ``here`` where commands of this machine reach it.
    """
    figures = SharedFigures(settings.folder, first=True)
    app = create_app(server)
    metrics = metrics_of(app)
    metrics.share(figures)
    unready = partial(without_recorder, server)
    handing_over = HandingOver(settings.folder, unready=unready, observer=metrics)
    reading = SharedReading(app, server, handing_over)
    switch = _Switch(reading)
    successor = _Successor(settings, here, figures, server.worker)
    serving = _JoiningServer(
        config_of(switch, switch, settings), server, listener, settings, successor
    )
    serving.reading, serving.switch = reading, switch
    stop_at_signals(serving)
    with closing(figures):
        figures.start()
        try:
            successor.start()
            print_message(
                f"Rapport listens on {url}  (reads the data in {settings.folder.resolve()}, beside "
                "the server that records)"
            )
            serving.run(sockets=[listener.dup()])
        finally:
            successor.close()
            serving.close_reading()
    return serving.is_followed


class _Switch:
    """An ASGI application, and its short way, that is another one from some moment on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._short_way: ShortWay | None = None

    def to(self, app: ASGIApp, short_way: ShortWay) -> None:
        self._app, self._short_way = app, short_way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def is_open(self) -> bool:
        return self._short_way is None or self._short_way.is_open()

    def answer(self, request: PlainRequest, body: bytes, cycle: Cycle) -> bool:
        return self._short_way is not None and self._short_way.answer(request, body, cycle)


class _Successor(Thread):
    """Tries to record in the folder until that works."""

    def __init__(
        self, settings: Settings, here: str, figures: SharedFigures, worker: ThisWorker | None
    ) -> None:
        super().__init__(name="successor", daemon=True)
        self._settings = settings
        self._here = here
        self._figures = figures
        self._worker = worker
        self._ended = Event()
        self._recorder: Recorder | None = None
        self.found: tuple[Recorder, FastAPI, ShortWay] | None = None
        """What records, once it does and can be asked."""

    def run(self) -> None:
        """Until it works, or nobody wants it any more."""
        said = ""
        while not self._ended.is_set() and self.found is None:
            try:
                self._recorder = recorder = Recorder.open(self._settings)
                recorder.server.worker = self._worker
                recorder.start_following()
                recorder.note_url(self._here)
                self.found = recorder, *recorder.application(self._figures)
            except (FolderInUse, RecordedElsewhere):
                self._ended.wait(LOOK_SECONDS)
            except LedgerError as error:
                if str(error) != said:
                    logger.warning("this server cannot record yet: %s", error)
                    said = str(error)
                self._let_go()
                self._ended.wait(LOOK_SECONDS)

    def close(self) -> None:
        """Try it no more, and end what records."""
        self._ended.set()
        if self.is_alive():
            self.join()
        self._let_go()

    def _let_go(self) -> None:
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None


class _JoiningServer(Serving):
    """Serves what is read, and from some moment on what is recorded."""

    reading: SharedReading
    switch: _Switch

    def __init__(
        self,
        config: uvicorn.Config,
        server: ServerBeside,
        listener: socket.socket,
        settings: Settings,
        successor: _Successor,
    ) -> None:
        super().__init__(config, server, listener, settings.folder)
        self._beside = server
        self._settings = settings
        self._successor = successor
        self._lifespan_of_recorder: LifespanOn | None = None
        self._leaving: Thread | None = None

    async def on_tick(self, counter: int) -> bool:
        """Record as soon as that is possible."""
        if self.served is self._beside and self._successor.found is not None:
            await self._record(*self._successor.found)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, and let what is under way come to its end."""
        self._beside.stopping.begin()
        await super().shutdown(sockets)
        if self._lifespan_of_recorder is not None:
            await self._lifespan_of_recorder.shutdown()

    def close_reading(self) -> None:
        """Let go of what was read, if that was not done when recording began."""
        if self._leaving is None:
            self._beside.close()
        else:
            self._leaving.join()

    async def _record(self, recorder: Recorder, app: FastAPI, short_way: ShortWay) -> None:
        config = config_of(app, short_way, self._settings)
        config.load()
        self._lifespan_of_recorder = config.lifespan_class(config)
        await self._lifespan_of_recorder.startup()
        self.served = recorder.server
        self.switch.to(app, short_way)
        await self.listen_inside()
        print_message("the server that recorded has ended: this one records now")
        self._leaving = Thread(target=self._leave, name="leaving", daemon=True)
        self._leaving.start()

    def _leave(self) -> None:
        """Let the answers end that were begun before; streams end at once, to be asked again."""
        self._beside.stopping.begin()
        ends = time.monotonic() + FINISH_SECONDS
        while self.reading.in_flight and time.monotonic() < ends:
            time.sleep(LOOK_SECONDS)
        self._beside.close()
