"""The further forms of the log: lines of JSON, CloudEvents and server-sent events."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NoReturn

from starlette.concurrency import run_in_threadpool

from api.http.access import is_still_admitted
from api.http.appends import answered, ids_asked_for, recorded, require_no_condition
from api.http.endpoint import Answer, Form
from api.http.openapi import examples, shapes
from api.http.streams.bulk import BulkAppend
from api.http.streams.export import LogExport
from api.http.streams.log import Filter, LogWalk
from api.http.streams.tail import LogTail, read_place
from api.http.wire import cloudevents
from api.http.wire.headers import said_once
from api.http.wire.log_filter import read_filter
from api.http.wire.media import EVENT_STREAM, LINES
from api.http.wire.parameters import AFTER_POSITION, CURSOR, LIMIT, MIN_POSITION
from api.service.answers.events import AppendedToMany
from domain.errors import Invalid
from ledger.drafts import Append

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from api.http.call import Call
    from ledger.drafts import Draft


async def append_in_bulk(call: Call) -> ASGIApp:
    """Lines of events, each appended by itself, answered by lines of outcomes."""
    require_no_condition(call)
    return BulkAppend(
        call.open_ledger.ledger,
        call.streams,
        ids_asked_for(call),
        call.wanted,
        _may_go_on(call),
        call.server.rate_limits.pace(call.principal.id),
    )


async def append_cloud_event(call: Call) -> Answer:
    """One CloudEvent."""
    require_no_condition(call)
    ledger = call.open_ledger.ledger
    try:
        draft = cloudevents.read_cloud_event(
            call.body, "", ledger.named, ledger.contact_id, ledger.knows_id
        )
    except Invalid as error:
        _refuse(error)
    return await _appended(call, (draft,))


async def append_cloud_events(call: Call) -> Answer:
    """A batch of CloudEvents, all or none."""
    require_no_condition(call)
    ledger = call.open_ledger.ledger
    try:
        drafts = cloudevents.read_batch(call.body, ledger.named, ledger.contact_id, ledger.knows_id)
    except Invalid as error:
        _refuse(error)
    return await _appended(call, drafts)


async def export_log(call: Call) -> ASGIApp:
    """The log up to its present end, one event a line."""
    wanted = await _wanted(call)
    ledger = call.open_ledger.ledger
    order = await run_in_threadpool(call.order, "log-exported", "log")
    walk = LogWalk(ledger, wanted, call.get(AFTER_POSITION) or 0, ledger.head())
    return LogExport(walk, call.streams, call.wanted, _may_go_on(call), order)


async def tail_log(call: Call) -> ASGIApp:
    """The log and whatever comes, as server-sent events."""
    wanted = await _wanted(call)
    ledger = call.open_ledger.ledger
    seen = said_once(call.request.headers, "last-event-id")
    after = read_place(seen, call.get(AFTER_POSITION), ledger.head())
    return LogTail(ledger, wanted, after, call.streams, _may_go_on(call))


def _may_go_on(call: Call) -> Callable[[], bool]:
    """Whether whoever asked would still be let in, for a stream to ask as it goes."""
    return partial(is_still_admitted, call.principal, call.server, call.open_ledger)


async def _appended(call: Call, drafts: tuple[Draft, ...]) -> Answer:
    try:
        result = await recorded(call, Append(drafts=drafts))
    except Invalid as error:
        _refuse(error)
    return answered(call, result, {}, AppendedToMany.of(result))


def _refuse(error: Invalid) -> NoReturn:
    raise cloudevents.renamed(error) from None


async def _wanted(call: Call) -> Filter:
    """Which events to stream; a stream has no pages.

    Raises:
        Invalid: a page was asked for, or the contact can be none.
        ProjectionBehind: the log did not come to where it was waited for.
    """
    for parameter in (LIMIT, CURSOR):
        if call.get(parameter) is not None:
            detail = "a stream has no pages: ask for JSON, or leave it out"
            raise Invalid.at(f"/{parameter.name}", "contradiction", detail)
    await call.wait_until_known(call.get(MIN_POSITION))
    return read_filter(call)


BULK_AND_CLOUD_EVENTS = (
    Form(
        media_types=LINES,
        function=append_in_bulk,
        streamed=True,
        offered=LINES,
        schema=shapes.SENT_LINES,
        shown=examples.SENT_LINES,
        outcome=(shapes.OUTCOME_LINES, examples.OUTCOME_LINES),
    ),
    Form(
        media_types=(cloudevents.STRUCTURED,),
        function=append_cloud_event,
        schema=shapes.CLOUD_EVENT,
        shown=examples.CLOUD_EVENT,
    ),
    Form(
        media_types=(cloudevents.BATCH,),
        function=append_cloud_events,
        schema=shapes.CLOUD_EVENTS,
        shown=[examples.CLOUD_EVENT],
    ),
)
"""What ``POST .../events`` reads besides arrays."""

EXPORT_AND_TAIL = (
    Form(
        media_types=LINES,
        function=export_log,
        schema=shapes.LINES_OF_EVENTS,
        shown=examples.LINES_OF_EVENTS,
    ),
    Form(
        media_types=(EVENT_STREAM,),
        function=tail_log,
        schema=shapes.SERVER_SENT_EVENTS,
        shown=examples.SERVER_SENT_EVENTS,
    ),
)
"""What ``GET .../events`` answers besides pages."""
