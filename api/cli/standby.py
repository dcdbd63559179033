"""A server that waits until it may record: it answers that it waits, and tries again and again."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING
from uuid import uuid4

import uvicorn
from starlette.responses import JSONResponse

from api.cli.output import print_message
from api.http.problems import problem_response
from domain.errors import Unavailable
from ledger.files import FolderInUse
from ledger.stores.events import RecordedElsewhere

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from api.service.settings import Settings

    T = TypeVar("T")

LOOK_SECONDS = 0.2
"""How often a standby looks whether it may record."""

_WAITING = "waiting for the writer: another server records in these ledgers"


class QuietServer(uvicorn.Server):
    """Uvicorn's server, which leaves signals to the caller: its own handlers come late."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured here."""
        yield


def open_when_free(
    opening: Callable[[], T],
    listener: socket.socket,
    url: str,
    settings: Settings,
    stop_at_signals: Callable[[uvicorn.Server], None],
) -> tuple[T | None, bool]:
    """What ``opening`` gives, as soon as no other server records; None where told to stop before.

    And whether a signal asked it to stop, which may be while it opened.

    Meanwhile every request to the ``listener`` is answered 503, and ``/livez`` 200.

    Raises:
        LedgerError: it cannot be opened for another reason.
    """
    waiting = QuietServer(
        uvicorn.Config(
            _answer,
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ssl_certfile=settings.tls_certificate,
            ssl_keyfile=settings.tls_key,
        )
    )
    stop_at_signals(waiting)
    thread: Thread | None = None
    try:
        while not waiting.should_exit:
            try:
                opened = opening()
                return opened, waiting.should_exit
            except (FolderInUse, RecordedElsewhere) as error:
                if thread is None:
                    print_message(f"Rapport waits on {url} until it may record: {error}")
                    sockets = {"sockets": [listener.dup()]}
                    thread = Thread(target=waiting.run, kwargs=sockets, name="standby")
                    thread.start()
            time.sleep(LOOK_SECONDS)
        return None, True
    finally:
        waiting.should_exit = True
        if thread is not None:
            thread.join()


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    answer: Response = JSONResponse({"status": "ok"})
    if scope["path"] != "/livez":
        answer = problem_response(Unavailable(_WAITING), f"urn:uuid:{uuid4()}")
    answer.headers["Connection"] = "close"  # the next request may be for the server itself
    await answer(scope, receive, send)
