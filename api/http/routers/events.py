"""Appending, and reading back what was appended: streams and the log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from api.http.appends import (
    answered,
    ids_asked_for,
    recorded,
    require_no_condition,
    require_room,
)
from api.http.endpoint import Answer, Body, Routes, Shown
from api.http.openapi import shapes
from api.http.openapi.examples import APPENDED, APPENDED_MANY, EVENT, EVENTS, FIRST_EVENTS
from api.http.streams.log import read_events
from api.http.wire.cursors import make_cursor, read_place
from api.http.wire.envelope import read_many
from api.http.wire.forms import BULK_AND_CLOUD_EVENTS, EXPORT_AND_TAIL
from api.http.wire.headers import said_once
from api.http.wire.log_filter import read_filter
from api.http.wire.parameters import (
    AFTER_POSITION,
    AFTER_VERSION,
    CONTACT,
    CURSOR,
    GROUP,
    LIMIT,
    MIN_POSITION,
    TYPES,
)
from api.service.answers.document import Page
from api.service.answers.events import Appended, AppendedToMany, Event
from api.service.marks import Marks
from api.service.questions import require_registered
from domain.errors import EventNotFound, Invalid
from ledger.access.scopes import APPEND, READ
from ledger.drafts import Append

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from starlette.datastructures import Headers

    from api.http.call import Call
    from domain.recorded import Recorded
    from ledger.drafts import Draft

ROUTES = Routes("Events")

_APPEND_PROBLEMS = ("refused", "event-id-reused", "version-mismatch", "invalid-time", "unavailable")
_APPEND_HEADERS = ("Idempotency-Key", "Prefer")
_ETAG = re.compile(r'"(0|[1-9][0-9]{0,15})"')


@ROUTES.on(
    "POST",
    "/v1/ledgers/{ledger}/contacts/{contact}/events",
    scopes=(APPEND,),
    summary="Append one event of a contact, or up to 500 at once, all or none",
    body=Body(schema=shapes.ONE_OR_MANY_EVENTS, examples=FIRST_EVENTS),
    headers=("If-Match", "If-None-Match", *_APPEND_HEADERS),
    answers={
        201: Shown(
            description="Something was appended.",
            example=APPENDED,
            headers=("ETag", "Location"),
        ),
        200: Shown(
            description="Nothing was new: known ids, or facts that were already so.",
            example=APPENDED.model_copy(update={"replayed": True}),
            headers=("ETag", "Idempotency-Replayed"),
        ),
        204: Shown(
            description="As 201 or 200, where `Prefer: return=minimal` asked for no body.",
            headers=("ETag", "Rapport-Position"),
        ),
    },
    problems=_APPEND_PROBLEMS,
    ready=require_room,
)
async def append_events(call: Call) -> Answer:
    """Events are recorded in the order given, in one transaction, and answered after the commit.

    An event with an `id` can be sent again safely, for ever: it is recorded once. A contact comes
    into being by its `contact-registered`. A merged contact goes on taking events on its own
    stream, at its own `version`; `counts_for` is the contact that they count for, or null.
    """
    drafts = _drafts(call, call.contact_id)
    if_version, if_new = _condition(call.request.headers)
    result = await recorded(call, Append(drafts=drafts, if_version=if_version, if_new=if_new))
    headers = {"ETag": f'"{result.version}"'}
    return answered(call, result, headers, Appended.model_validate(result))


@ROUTES.on(
    "POST",
    "/v1/ledgers/{ledger}/events",
    scopes=(APPEND,),
    summary="Append up to 500 events of many contacts, all or none",
    body=Body(schema=shapes.EVENTS_WITH_CONTACT, examples={"two contacts": EVENTS}),
    headers=_APPEND_HEADERS,
    answers={
        201: Shown(
            description="Something was appended.",
            example=APPENDED_MANY,
            headers=("Location",),
        ),
        200: Shown(
            description="Nothing was new: known ids, or facts that were already so.",
            example=APPENDED_MANY.model_copy(update={"replayed": True}),
            headers=("Idempotency-Replayed",),
        ),
        204: Shown(
            description="As 201 or 200, where `Prefer: return=minimal` asked for no body.",
            headers=("Rapport-Position",),
        ),
    },
    problems=tuple(code for code in _APPEND_PROBLEMS if code != "version-mismatch"),
    reads=BULK_AND_CLOUD_EVENTS,
    ready=require_room,
)
async def append_events_of_many_contacts(call: Call) -> Answer:
    """As appending to one contact, but every event names its own `contact`.

    As lines of JSON (`application/jsonl`), any number of events, each appended by itself: every
    line is answered by one with its number from 1, its `status` and its `position` or `problem`, in
    order, once it is durable. A bad line stops no other. Read while you send, or send at most 1,000
    lines; a reader is waited for 30 s. With an `Idempotency-Key` the event of line n has the index
    n - 1. CloudEvents 1.0 name their contact in `subject`.
    """
    if not isinstance(call.body, list):
        raise Invalid.at("", "wrong-type", "must be an array of events")
    require_no_condition(call)
    result = await recorded(call, Append(drafts=_drafts(call, None)))
    return answered(call, result, {}, AppendedToMany.of(result))


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/contacts/{contact}/events",
    scopes=(READ,),
    summary="A contact's stream of events",
    query=(AFTER_VERSION, LIMIT, TYPES, GROUP, CURSOR, MIN_POSITION),
    answers={
        200: Shown(
            description="Events by version; those retracted or corrected later say so.",
            example=Page[Event](items=(EVENT,), next_cursor=None),
            headers=("ETag", "Link", "Content-Location"),
        )
    },
    problems=("contact-not-found", "projection-behind"),
)
async def read_stream(call: Call) -> Answer:
    """The events as they were recorded. A merged contact answers as the one it was merged into.

    A merge is an alias, and both streams go on: the log filtered by `contact` shows the stream of
    exactly that contact, merged or not. With `group=true` the streams of all contacts that are one
    with it, by position; each event names its stream in `contact_id`, which is where a correction
    of it is sent. Together they have no version, so there is no `ETag` to append by.
    """
    await call.wait_until_known(call.get(MIN_POSITION))
    return await call.in_thread(_stream)


def _stream(call: Call) -> Answer:
    ledger = call.open_ledger.ledger
    aliases = call.open_ledger.aliases.at(ledger.head())
    contact_id = aliases.survivor_of(call.contact_id)
    require_registered(ledger, contact_id)
    if call.get(GROUP):
        return _group(call, aliases.members(contact_id))
    limit = call.get(LIMIT) or 100
    (after,) = read_place(ledger, call.get(CURSOR), "stream", call.get(AFTER_VERSION) or 0)
    version = ledger.version(contact_id)
    events = ledger.stream(
        contact_id,
        after_version=after,
        limit=limit + 1,
        types=call.get(TYPES) or (),
        unseal=True,
    )
    more = make_cursor(ledger, "stream", events[limit - 1].version) if len(events) > limit else None
    headers = {"ETag": f'"{version}"', **call.located(contact_id)}
    return _listed(call, events[:limit], more, headers)


def _group(call: Call, streams: tuple[UUID, ...]) -> Answer:
    """The events of all streams that are one contact; they have no version together."""
    if call.get(AFTER_VERSION) is not None:
        detail = "counts in one stream: leave it out, or leave out group"
        raise Invalid.at("/after_version", "contradiction", detail)
    return _by_position(call, streams, "group", 0, call.located(streams[0]))


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/events",
    scopes=(READ,),
    summary="The log: everything that was recorded, in order",
    query=(AFTER_POSITION, LIMIT, TYPES, CONTACT, GROUP, CURSOR, MIN_POSITION),
    answers={
        200: Shown(
            description="Events by position; those retracted or corrected later say so.",
            example=Page[Event](items=(EVENT,), next_cursor=None),
            headers=("Link",),
        )
    },
    headers=("Last-Event-ID",),
    problems=("projection-behind",),
    streams=EXPORT_AND_TAIL,
)
async def read_log(call: Call) -> Answer:
    """Positions have no gaps; policies are events too, of no contact.

    With `Accept: application/jsonl` the whole log up to its present end, one event a line. With
    `Accept: text/event-stream` all of it and whatever comes, as server-sent events whose `id` is
    the position: `Last-Event-ID` goes on from there, `after_position` elsewhere.

    `contact` is exactly that contact's stream, merged or not; with `group=true` the streams of all
    that are one with it, by the merges known when a page is read. A merge that a tail comes to
    brings in the other stream from there on, and not what stands before.
    """
    await call.wait_until_known(call.get(MIN_POSITION))
    return await call.in_thread(_log)


def _log(call: Call) -> Answer:
    streams = read_filter(call).streams(call.open_ledger.ledger.head())
    return _by_position(call, streams, "log", call.get(AFTER_POSITION) or 0, {})


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/events/{position}",
    scopes=(READ,),
    summary="One event by its position",
    answers={200: Shown(description="The event.", example=EVENT)},
    problems=("event-not-found",),
)
def read_event(call: Call) -> Answer:
    """What stands at a position never changes, but for the marks of later corrections."""
    text = call.text("position")
    if not re.fullmatch("[1-9][0-9]{0,15}", text):
        raise EventNotFound("positions are whole numbers from 1")
    ledger = call.open_ledger.ledger
    recorded = ledger.event(int(text))
    return Answer(body=Event.of(recorded, Marks(ledger, [recorded])), digest=True)


def _drafts(call: Call, contact_id: UUID | None) -> tuple[Draft, ...]:
    ledger = call.open_ledger.ledger
    return read_many(call.body, contact_id, ledger.contact_id, ids_asked_for(call))


def _condition(headers: Headers) -> tuple[int | None, bool]:
    """The version the contact must have, and whether it must not exist; both, where both are asked.

    Source: RFC 9110 section 13.2.2, for what changes something.
    """
    match, none_match = said_once(headers, "if-match"), said_once(headers, "if-none-match")
    if none_match is not None and none_match.strip() != "*":
        raise Invalid.at("", "malformed", "If-None-Match must be *")
    if_new = none_match is not None
    if match is None:
        return None, if_new
    if not (found := _ETAG.fullmatch(match.strip())):
        raise Invalid.at("", "malformed", 'If-Match must be one version, such as "6"')
    return int(found[1]), if_new


def _by_position(
    call: Call, streams: Sequence[UUID], kind: str, start: int, headers: dict[str, str]
) -> Answer:
    """A page of the events of some streams, or of all; the cursor is one of the list ``kind``."""
    ledger, limit = call.open_ledger.ledger, call.get(LIMIT) or 100
    (after,) = read_place(ledger, call.get(CURSOR), kind, start)
    types = call.get(TYPES) or ()
    events = read_events(ledger, streams, types, after=after, limit=limit + 1)
    more = make_cursor(ledger, kind, events[limit - 1].position) if len(events) > limit else None
    return _listed(call, events[:limit], more, headers)


def _listed(
    call: Call, events: list[Recorded], more: str | None, headers: dict[str, str]
) -> Answer:
    marks = Marks(call.open_ledger.ledger, events)
    items = tuple(Event.of(one, marks) for one in events)
    body = Page[Event](items=items, next_cursor=more)
    return Answer(body=body, headers=headers | call.next_page(more))
