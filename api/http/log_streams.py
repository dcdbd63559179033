"""The event log as a stream: all of it in lines, or also new events, as server-sent events."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from api.http.access import is_still_admitted
from api.http.streams.export import LogExport
from api.http.streams.tail import LogTail, read_place
from api.http.wire.headers import said_once
from api.service.log_pages import LogWalk, contents_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.http.exchange import Exchange
    from api.service.labels import LabelsWanted
    from api.service.log_pages import Filter


async def export_log(
    exchange: Exchange, wanted: Filter, after: int | None, labels: LabelsWanted
) -> LogExport:
    """The log up to its present end, one event a line."""
    ledger = exchange.served.ledger
    order = await run_in_threadpool(
        exchange.server.trails.order, ledger.name, exchange.principal, "log-exported", "log"
    )
    page_events = exchange.streams.limits.page_events
    walk = LogWalk(ledger, wanted, after or 0, ledger.head(), page_events)
    may_go_on = still_admitted(exchange)
    content = contents_of(exchange.served, labels)
    return LogExport(walk, exchange.streams, exchange.wanted, may_go_on, order, content)


def tail_log(
    exchange: Exchange, wanted: Filter, after: int | None, labels: LabelsWanted
) -> LogTail:
    """The event log and new events, as server-sent events.

    Raises:
        Invalid: ``Last-Event-ID`` is no position, or beyond the log's end.
    """
    ledger = exchange.served.ledger
    seen = said_once(exchange.request.headers, "last-event-id")
    begins = read_place(seen, after, ledger.head())
    content = contents_of(exchange.served, labels)
    return LogTail(ledger, wanted, begins, exchange.streams, still_admitted(exchange), content)


def still_admitted(exchange: Exchange) -> Callable[[], bool]:
    """A function that a stream calls as it runs: whether the principal may still read."""
    return partial(is_still_admitted, exchange.principal, exchange.server, exchange.served)
