"""Every entry of the ledger as a file, which the audit trail records."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from api.console.pages.live import may_go_on
from api.console.visit import Page
from api.service.log_pages import Filter, LogWalk
from domain.errors import LedgerError, Unavailable
from ledger.access.orders import CANCELLED, INTERRUPTED, outcome_of
from ledger.access.scopes import READ
from ledger.stores.access import DONE, FAILED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response

    from api.console.visit import Visit
    from ledger.access.orders import Order

MOST_EXPORTS = 4
"""How many files are made at once."""

LOG = logging.getLogger("rapport.console")

_open: set[int] = set()


async def export(visit: Visit) -> Response:
    """The log up to its present end, an event a line, as the HTTP interface exports it.

    Raises:
        Unavailable: too many files are being made, or the order could not be recorded.
    """
    if len(_open) >= MOST_EXPORTS:
        raise Unavailable("too many files are being made at once")
    ledger = visit.served.ledger
    order = await run_in_threadpool(
        visit.server.trails.order, ledger.name, visit.principal, "log-exported", "log"
    )
    walk = LogWalk(ledger, Filter(), 0, ledger.head())
    headers = {"Content-Disposition": f'attachment; filename="{ledger.name}-entries.jsonl"'}
    lines = _lines(visit, walk, order)
    return StreamingResponse(lines, headers=headers, media_type="application/jsonl")


async def _lines(visit: Visit, walk: LogWalk, order: Order) -> AsyncIterator[bytes]:
    """The events, a page in memory at a time.

    Where the session ends or the server stops, the connection is cut, so that the reader knows that
    this was not all. The order is done before the end is sent.
    """
    outcome, reason = FAILED, CANCELLED
    _open.add(id(walk))
    try:
        while not walk.done:
            page = await run_in_threadpool(walk.page)
            yield b"".join(one.content + b"\n" for one in page)
            if not may_go_on(visit):
                reason = INTERRUPTED
                _cut(visit)
                return
        await run_in_threadpool(order.end, DONE)
    except LedgerError as error:
        outcome, reason = outcome_of(error)
        LOG.error("export id=%s failed: %s", visit.request.state.instance, error)
        _cut(visit)
    finally:
        _open.discard(id(walk))
        with anyio.CancelScope(shield=True):  # also where the reader went away
            await run_in_threadpool(order.end, outcome, reason=reason)


def _cut(visit: Visit) -> None:
    if hang_up := visit.request.scope["state"].get("hang_up"):
        hang_up()


PAGES = (Page("/ledgers/{ledger}/export", export, (READ,)),)
