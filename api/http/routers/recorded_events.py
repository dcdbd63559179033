"""Reading back what was appended: streams and the log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.http.access import allow
from api.http.dependencies import (
    ContactInPath,
    CurrentExchange,
    CurrentReply,
    LabelsInQuery,
    LedgerInPath,
    PageRequest,
    PositionKnown,
)
from api.http.exchange import Exchange, Reply
from api.http.log_streams import export_log, tail_log
from api.http.openapi.examples import EVENT, SERVER_SENT_EVENTS
from api.http.openapi.responses import form, lines, problems, response_of
from api.http.routing import LedgerRoute
from api.http.wire.cursors import make_cursor, read_place
from api.http.wire.listed import with_labels
from api.http.wire.log_filter import log_filter
from api.http.wire.media import EVENT_STREAM, LINES
from api.http.wire.path_types import LastEventId, PositionInPath
from api.http.wire.query_types import (
    MOST_ITEMS,
    AfterPosition,
    AfterVersion,
    ContactWanted,
    Cursor,
    Group,
    Limit,
    Types,
)
from api.service.answers.document import Page
from api.service.answers.events import Event
from api.service.labels import LabelsWanted
from api.service.log_pages import Filter, read_events
from api.service.marks import Marks
from api.service.questions import require_registered
from api.service.server import OpenLedger
from domain.errors import EventNotFound, Invalid
from domain.recorded import RecordedEvent
from ledger.access.scopes import READ
from ledger.ledger import Ledger

router = APIRouter(
    prefix="/v1/ledgers/{ledger}",
    tags=["Events"],
    dependencies=[allow(READ)],
    route_class=LedgerRoute,
)

_PAGE = Page[Event](items=(EVENT,), next_cursor=None)
_ONE_A_LINE = lines("One event a line, as in a page.", EVENT)
_SERVER_SENT = {
    "type": "string",
    "description": "`id` is the position, `event` the type, `data` the event as in a page. "
    "A comment every 15 s shows that the connection is alive.",
}


@router.get(
    "/contacts/{contact}/events",
    summary="List the events of a contact's stream",
    responses={
        200: response_of(
            "Events by version; those retracted or corrected later say so.",
            _PAGE,
            "ETag",
            "Link",
            "Content-Location",
        ),
        **problems("contact-not-found", "projection-behind"),
    },
)
def read_stream(
    served: LedgerInPath,
    contact_id: ContactInPath,
    after_version: AfterVersion = None,
    limit: Limit = MOST_ITEMS,
    types: Types = None,
    group: Group = None,
    cursor: Cursor = None,
    *,
    labels: LabelsInQuery,
    _known: PositionKnown,
    reply: CurrentReply,
) -> Page[Event]:
    """Events are shown as they were recorded. For a merged contact the answer is that of its
    survivor.

    A merge is an alias, and both streams continue: the log filtered by `contact` shows the stream
    of exactly that contact, merged or not. With `group=true` the streams of all contacts that are
    one with it, by position; each event names its stream in `contact_id`, which is where a
    correction of it is sent. Together they have no version, so there is no `ETag` to append by.
    """
    ledger, page = served.ledger, PageRequest(limit, cursor)
    aliases = served.aliases.at(ledger.head())
    survivor = aliases.survivor_of(contact_id)
    require_registered(ledger, survivor)
    reply.answers_for(survivor)
    if group:
        if after_version is not None:
            detail = "counts in one stream: leave it out, or leave out group"
            raise Invalid.at("/after_version", "contradiction", detail)
        # The streams of all that are one contact have no version together.
        members = aliases.members(survivor)
        found = _by_position(ledger, members, types, page, "group", 0, reply)
        return with_labels(found, served, labels)
    (after,) = read_place(ledger, page.cursor, "stream", after_version or 0)
    version = ledger.version(survivor)
    events = ledger.stream(
        survivor,
        after_version=after,
        limit=page.limit + 1,
        types=types or (),
        decrypt=True,
    )
    most, more = page.limit, None
    if len(events) > most:
        more = make_cursor(ledger, "stream", events[most - 1].version)
    reply.headers["ETag"] = f'"{version}"'
    return with_labels(_page_of(ledger, events[:most], more, reply), served, labels)


@router.get(
    "/events",
    summary="Read the event log, in the order of positions",
    response_model=Page[Event],
    responses={
        200: response_of(
            "Events by position; those retracted or corrected later say so.",
            _PAGE,
            "Link",
            more={
                **dict.fromkeys(LINES, _ONE_A_LINE),
                EVENT_STREAM: form(_SERVER_SENT, SERVER_SENT_EVENTS),
            },
        ),
        **problems("projection-behind"),
    },
)
async def read_log(
    exchange: CurrentExchange,
    served: LedgerInPath,
    after_position: AfterPosition = None,
    limit: Limit = MOST_ITEMS,
    types: Types = None,
    contact: ContactWanted = None,
    group: Group = None,
    cursor: Cursor = None,
    *,
    labels: LabelsInQuery,
    _known: PositionKnown,
    _last_event_id: LastEventId = None,
) -> Any:
    """Positions have no gaps; policies are events too, of no contact.

    With `Accept: application/jsonl` the answer is the whole log up to its present end, one event a
    line. With `Accept: text/event-stream` it is the log and then all new events, as server-sent
    events whose `id` is the position. A stream continues after the position in `Last-Event-ID` or
    `after_position`.

    `contact` selects exactly that contact's stream, merged or not; with `group=true` the streams of
    all contacts that are one with it, by the merges known when a page is read. When a tail reaches
    a merge, it includes the other stream from there on, without its earlier events.
    """
    if exchange.wanted in (*LINES, EVENT_STREAM):
        _require_no_page(exchange)
    wanted = log_filter(served, types, contact, group=group or False)
    if exchange.wanted in LINES:
        return await export_log(exchange, wanted, after_position, labels)
    if exchange.wanted == EVENT_STREAM:
        return tail_log(exchange, wanted, after_position, labels)
    page = PageRequest(limit, cursor)
    return await run_in_threadpool(
        _log, served, wanted, page, after_position or 0, exchange.reply, labels
    )


@router.get(
    "/events/{position}",
    summary="Get one event by its position",
    responses={200: response_of("The event.", EVENT), **problems("event-not-found")},
)
def read_event(served: LedgerInPath, position: PositionInPath, reply: CurrentReply) -> Event:
    """The event at a position never changes, except for the marks of later corrections."""
    if not re.fullmatch("[1-9][0-9]{0,15}", position):
        raise EventNotFound("positions are whole numbers from 1")
    recorded = served.ledger.event(int(position))
    reply.digest = True
    return Event.of(recorded, Marks(served.ledger, [recorded]))


def _require_no_page(exchange: Exchange) -> None:
    for name in ("limit", "cursor"):
        if name in exchange.query:
            detail = "a stream has no pages: ask for JSON, or leave it out"
            raise Invalid.at(f"/{name}", "contradiction", detail)


def _log(
    served: OpenLedger,
    wanted: Filter,
    page: PageRequest,
    after: int,
    reply: Reply,
    labels: LabelsWanted,
) -> Page[Event]:
    ledger = served.ledger
    streams = wanted.streams(ledger.head())
    found = _by_position(ledger, streams, wanted.types, page, "log", after, reply)
    return with_labels(found, served, labels)


def _by_position(
    ledger: Ledger,
    streams: Sequence[UUID],
    types: tuple[str, ...] | None,
    page: PageRequest,
    kind: str,
    start: int,
    reply: Reply,
) -> Page[Event]:
    """A page of the events of some streams, or of all; the cursor is one of the list ``kind``."""
    (after,) = read_place(ledger, page.cursor, kind, start)
    most, more = page.limit, None
    events = read_events(ledger, streams, types or (), after=after, limit=most + 1)
    if len(events) > most:
        more = make_cursor(ledger, kind, events[most - 1].position)
    return _page_of(ledger, events[:most], more, reply)


def _page_of(
    ledger: Ledger, events: list[RecordedEvent], more: str | None, reply: Reply
) -> Page[Event]:
    marks = Marks(ledger, events)
    items = tuple(Event.of(one, marks) for one in events)
    reply.goes_on(more)
    return Page[Event](items=items, next_cursor=more)
