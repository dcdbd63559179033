"""The stream of a page: it says when the ledger has moved, and lives no longer than the session."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.responses import StreamingResponse

from api.console.visit import Page
from domain.errors import Unavailable
from ledger.access.scopes import READ, THIS_MACHINE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response

    from api.console.visit import Visit

QUIET_SECONDS = 15.0
"""Seconds of silence after which the stream says that it is still there, and looks at the key."""

GATHER_SECONDS = 0.2
"""Seconds in which several commits are one message."""

MOST_STREAMS = 500

_open: set[int] = set()


async def follow(visit: Visit) -> Response:
    """Server-sent events: ``moved`` with the newest position, whenever it is another.

    Raises:
        Unavailable: too many pages follow already.
    """
    if len(_open) >= MOST_STREAMS:
        raise Unavailable("too many pages are open at once")
    _ = visit.served  # or there is none to follow
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(_messages(visit), headers=headers, media_type="text/event-stream")


async def _messages(visit: Visit) -> AsyncIterator[str]:
    ledger, loop = visit.served.ledger, asyncio.get_running_loop()
    moved, said = asyncio.Event(), -1

    def wake(_: int) -> None:
        loop.call_soon_threadsafe(moved.set)

    let_go = ledger.on_commit(wake)
    _open.add(id(moved))
    try:
        with visit.server.stopping.future() as stopped:
            stopped.add_done_callback(lambda _: moved.set())
            while may_go_on(visit):
                moved.clear()
                head = ledger.head()
                yield ": still here\n\n" if head == said else f"event: moved\ndata: {head}\n\n"
                said = head
                with suppress(TimeoutError):
                    async with asyncio.timeout(QUIET_SECONDS):
                        await moved.wait()
                        await asyncio.sleep(GATHER_SECONDS)
    finally:
        _open.discard(id(moved))
        let_go()


def may_go_on(visit: Visit) -> bool:
    """Whether the session still opens the ledger, and the server does not stop."""
    server, principal = visit.server, visit.principal
    served = visit.served
    if not visit.sessions.go_on(visit.session):
        return False
    if server.stopping.begun or server.ledgers.get(served.ledger.name) is not served:
        return False
    return (
        server.keys.is_open() if principal == THIS_MACHINE else server.keys.still_opens(principal)
    )


PAGES = (Page("/ledgers/{ledger}/live", follow, (READ,)),)
