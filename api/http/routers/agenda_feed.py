"""The agenda as calendars subscribe to it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api.http.access import allow
from api.http.dependencies import Caller, CurrentExchange, InquiryNow
from api.http.openapi import agenda_examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.wire.query_types import CalendarToken
from api.http.wire.rendered import text_answer
from api.service.agendas.calendar import agenda_feed
from ledger.access.scopes import CALENDAR, READ

router = APIRouter(
    prefix="/v1/ledgers/{ledger}",
    tags=["Agenda"],
    dependencies=[allow(READ, CALENDAR)],
    route_class=LedgerRoute,
)

ICALENDAR = "text/calendar"


class CalendarText(Response):
    """A calendar as text."""

    media_type = ICALENDAR


async def token_in_query(token: CalendarToken = None) -> None:
    """Declare the token, which was read when the request was let in."""


@router.get(
    "/agenda.ics",
    dependencies=[Depends(token_in_query)],
    summary="Subscribe to the agenda in a calendar",
    responses={
        200: response_of(
            "Overdue items, and those due by 90 days from today, as entries for whole days.",
            agenda_examples.FEED,
            "ETag",
            "Rapport-Position",
            "Cache-Control",
            media_type=ICALENDAR,
            schema={"type": "string"},
        ),
        **problems("refused"),
    },
    response_model=None,
    response_class=CalendarText,
)
async def read_agenda_feed(exchange: CurrentExchange, inquiry: InquiryNow, caller: Caller) -> Any:
    """An iCalendar feed. An entry has the name of the contact and what to do, and nothing else that
    is personal. It stands on the day by which the thing is to be done, in the ledger's time zone.

    Calendars send no headers, so the key stands in the query: it has the scope `calendar`, and no
    other key is taken there. Occasions are left out unless that key was made with `occasions`.
    Muted and deferred items are left out. An entry keeps its UID; its SEQUENCE is the position of
    the contact's newest event.
    """
    served = inquiry.served
    moment = inquiry.moment()
    content = await run_in_threadpool(
        agenda_feed,
        served.ledger,
        moment,
        occasions=caller.occasions,
        most_events=served.limits.calibrated_events,
    )
    exchange.reply.reflects(moment.position)
    return text_answer(content, f"{ICALENDAR}; charset=utf-8", exchange)
