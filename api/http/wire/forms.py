"""The further forms of the log: lines of JSON, CloudEvents and server-sent events."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NoReturn

from api.http.access import is_still_admitted
from api.http.appends import answered, ids_asked_for, recorded, require_no_condition
from api.http.endpoint import Answer, Form
from api.http.openapi import examples, shapes
from api.http.streams.bulk import BulkAppend
from api.http.wire import cloudevents
from api.http.wire.media import LINES
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
