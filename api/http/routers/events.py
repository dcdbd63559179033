"""Appending: events of one contact, or of many, in each form in which they can be sent."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.datastructures import Headers
from starlette.requests import Request

from api.http.access import allow
from api.http.appends import (
    append_result,
    ids_asked_for,
    require_no_condition,
    sent_events,
    set_append_status,
    version_tag,
)
from api.http.dependencies import contact_of, ledger_of
from api.http.exchange import Exchange, exchange_in
from api.http.log_streams import still_admitted
from api.http.openapi import event_bodies
from api.http.openapi.examples import APPENDED, APPENDED_MANY
from api.http.openapi.responses import problems, response_of
from api.http.routing import BareRoute
from api.http.streams.bulk import BulkAppend
from api.http.wire import cloudevents
from api.http.wire.headers import said_once
from api.http.wire.media import LINES
from api.http.wire.path_types import IdempotencyKey, IfMatch, IfNoneMatch, Prefer
from api.service.answers.events import Appended, AppendedToMany
from api.service.envelope import read_many
from domain.errors import Invalid
from ledger.access.scopes import APPEND
from ledger.drafts import Append, Draft

router = APIRouter(
    prefix="/v1/ledgers/{ledger}",
    tags=["Events"],
    dependencies=[allow(APPEND)],
    route_class=BareRoute,
)

_PROBLEMS = ("refused", "event-id-reused", "invalid-time", "unavailable")
_ETAG = re.compile(r'"(0|[1-9][0-9]{0,15})"')
_NEW = "Something was appended."
_KNOWN = "Nothing was new: known ids, or facts that were already so."
_MINIMAL = "As 201 or 200, where `Prefer: return=minimal` asked for no body."


async def conditions(if_match: IfMatch = None, if_none_match: IfNoneMatch = None) -> None:
    """The conditions in the headers: the version that the contact must have."""


async def preferences(key: IdempotencyKey = None, prefer: Prefer = None) -> None:
    """The headers that every append may have."""


@router.post(
    "/contacts/{contact}/events",
    dependencies=[Depends(contact_of), Depends(conditions), Depends(preferences)],
    summary="Append one event of a contact, or up to 500 events together, all or none",
    status_code=201,
    response_model=Appended,
    responses={
        201: response_of(_NEW, APPENDED, "ETag", "Location"),
        200: response_of(
            _KNOWN,
            APPENDED.model_copy(update={"replayed": True}),
            "ETag",
            "Idempotency-Replayed",
        ),
        204: response_of(_MINIMAL, None, "ETag", "Rapport-Position"),
        **problems(*_PROBLEMS, "version-mismatch"),
    },
    openapi_extra=event_bodies.OF_ONE_CONTACT,
)
async def append_events(request: Request) -> Appended | None:
    """Events are recorded in the given order, in one transaction. The answer comes after the
    commit.

    An event with an `id` can be sent again safely, forever: it is recorded once. A contact is
    created by its `contact-registered`. A merged contact still takes events on its own stream, at
    its own `version`; `counts_for` is the contact that they count for, or null.

    Each ref in a `contact-registered` or a `registration-amended` becomes an address of the
    contact: events that are sent to it count for the contact. A ref that is another contact's name
    does not, and is listed in `not_addressed`.
    """
    exchange = exchange_in(request)
    contact_id, name = exchange.contact_id, exchange.text("contact")
    drafts = _drafts(exchange, await sent_events(exchange), contact_id, name)
    if_version, if_new = _condition(request.headers)
    append = Append(drafts=drafts, if_version=if_version, if_new=if_new)
    result = await append_result(exchange, append)
    exchange.reply.headers["ETag"] = version_tag(result)
    return Appended.model_validate(result) if set_append_status(exchange, result) else None


@router.post(
    "/events",
    dependencies=[Depends(ledger_of), Depends(preferences)],
    summary="Append up to 500 events of many contacts, all or none",
    status_code=201,
    response_model=AppendedToMany,
    responses={
        201: response_of(_NEW, APPENDED_MANY, "Location"),
        200: response_of(
            _KNOWN,
            APPENDED_MANY.model_copy(update={"replayed": True}),
            "Idempotency-Replayed",
            more=dict.fromkeys(LINES, event_bodies.OUTCOME_LINES),
        ),
        204: response_of(_MINIMAL, None, "Rapport-Position"),
        **problems(*_PROBLEMS),
    },
    openapi_extra=event_bodies.OF_MANY_CONTACTS,
)
async def append_events_of_many_contacts(request: Request) -> Any:
    """It works as appending to one contact, but every event names its own `contact`.

    Sent as lines of JSON (`application/jsonl`), the events may be any number, and each is appended
    by itself: every line is answered by a line with its number from 1, its `status` and its
    `position` or `problem`, in order, once the event is durable. A bad line stops no other. Read
    the answers while you send, or send at most 1,000 lines: the server waits 30 s for a reader.
    With an `Idempotency-Key` the event of line n has the index
    n - 1. CloudEvents 1.0 name their contact in `subject`.
    """
    exchange = exchange_in(request)
    if exchange.sent in LINES:
        return _in_bulk(exchange)
    body = await sent_events(exchange)
    if exchange.sent in (cloudevents.STRUCTURED, cloudevents.BATCH):
        require_no_condition(exchange)
        try:
            result = await append_result(exchange, Append(drafts=_cloud_drafts(exchange, body)))
        except Invalid as error:
            raise cloudevents.with_cloudevents_names(error) from None
    else:
        if not isinstance(body, list):
            raise Invalid.at("", "wrong-type", "must be an array of events")
        require_no_condition(exchange)
        result = await append_result(exchange, Append(drafts=_drafts(exchange, body, None)))
    return AppendedToMany.of(result) if set_append_status(exchange, result) else None


def _in_bulk(exchange: Exchange) -> BulkAppend:
    """Lines of events, each appended by itself, answered by lines of outcomes."""
    require_no_condition(exchange)
    return BulkAppend(
        exchange.served.ledger,
        exchange.streams,
        ids_asked_for(exchange),
        exchange.wanted,
        still_admitted(exchange),
        exchange.server.rate_limits.pace(exchange.principal.id),
    )


def _cloud_drafts(exchange: Exchange, body: object) -> tuple[Draft, ...]:
    ledger = exchange.served.ledger
    names = (ledger.id_of, ledger.contact_id, ledger.knows_id)
    if exchange.sent == cloudevents.BATCH:
        return cloudevents.read_batch(body, *names)
    return (cloudevents.read_cloud_event(body, "", *names),)


def _drafts(
    exchange: Exchange, body: object, contact_id: UUID | None, name: str = ""
) -> tuple[Draft, ...]:
    ledger = exchange.served.ledger
    return read_many(body, contact_id, ledger.contact_id, ids_asked_for(exchange), name)


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
