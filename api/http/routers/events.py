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
from api.http.openapi.examples import APPENDED, APPENDED_MANY, EVENTS, FIRST_EVENTS
from api.http.wire.envelope import read_many
from api.http.wire.forms import BULK_AND_CLOUD_EVENTS
from api.http.wire.headers import said_once
from api.service.answers.events import Appended, AppendedToMany
from domain.errors import Invalid
from ledger.access.scopes import APPEND
from ledger.drafts import Append

if TYPE_CHECKING:
    from uuid import UUID

    from starlette.datastructures import Headers

    from api.http.call import Call
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
