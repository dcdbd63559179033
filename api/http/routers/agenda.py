"""The agenda: what is to be done for whom, on any day, at any point in both times."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool

from api.http.access import allow
from api.http.dependencies import (
    ContactInPath,
    CurrentReply,
    Inquiry,
    InquiryAt,
    LedgerInPath,
    PageInQuery,
    PageRequest,
    PositionKnown,
    contact_named,
)
from api.http.exchange import Reply
from api.http.openapi import agenda_examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.waiting import wait_until_known, wait_until_reflected
from api.http.wire.cursors import is_of_kind, make_cursor, read_place
from api.http.wire.query_types import (
    FirstMonth,
    KindWanted,
    LastMonth,
    MinPosition,
    OnDay,
    OneContact,
    Refs,
    StageWanted,
    StateWanted,
    StewardWanted,
    WithDeferred,
    WithMuted,
    WithNames,
)
from api.service.agendas.answering import AgendaQuestion, agenda_page, names_at, rows_of
from api.service.agendas.gratitude import gratitude
from api.service.agendas.listing import (
    AgendaFilter,
    AgendaRow,
    counts_of,
    wanted_day,
    with_everything,
)
from api.service.answers.agenda import AgendaCount, AgendaPage, AgendaSummary
from api.service.answers.gratitude import GratitudeAnswer
from api.service.labels import LabelsWanted
from api.service.questions import At, Knowledge, moment_of
from domain.errors import ContactNotFound, Invalid
from ledger.access.scopes import READ

if TYPE_CHECKING:
    from domain.agenda.days import Day
    from projections.folding import Moment

router = APIRouter(
    prefix="/v1/ledgers/{ledger}",
    tags=["Agenda"],
    dependencies=[allow(READ)],
    route_class=LedgerRoute,
)

_PRESENT = "agenda of today"
"""The kind of the cursors of pages that the projection answers."""

_HEADERS = ("ETag", "Rapport-Position")
_PROBLEMS = problems("projection-behind", "invalid-time", "policy-not-found")


async def wanted_of(
    on: OnDay = None,
    kind: KindWanted = None,
    state: StateWanted = None,
    steward: StewardWanted = None,
    stage: StageWanted = None,
    muted: WithMuted = None,
    deferred: WithDeferred = None,
    names: WithNames = None,
    refs: Refs = None,
) -> AgendaQuestion:
    """What the query asks for."""
    items = AgendaFilter(kind, state, steward, stage, bool(muted), bool(deferred))
    return AgendaQuestion(on, items, LabelsWanted(bool(names), bool(refs)))


async def wanted_in_ledger(
    served: LedgerInPath,
    wanted: Annotated[AgendaQuestion, Depends(wanted_of)],
    contact: OneContact = None,
) -> AgendaQuestion:
    """What the query asks for, perhaps of one contact.

    Raises:
        Invalid: the contact is neither a UUID nor source:ref.
    """
    return replace(wanted, contact=contact_named(served.ledger, contact))


WantedOfContact = Annotated[AgendaQuestion, Depends(wanted_of)]
WantedOfLedger = Annotated[AgendaQuestion, Depends(wanted_in_ledger)]


@router.get(
    "/agenda",
    summary="List what is to be done on a day",
    responses={
        200: response_of(
            "The items that exist at any instant that is left of the day, the most urgent first.",
            agenda_examples.AGENDA,
            *_HEADERS,
            "Link",
        ),
        **_PROBLEMS,
    },
)
async def list_agenda(
    wanted: WantedOfLedger,
    inquiry: InquiryAt,
    page: PageInQuery,
    reply: CurrentReply,
    min_position: MinPosition = None,
) -> AgendaPage:
    """To do a thing, append one of the events in `cleared_by` to `stream`. To put it off, append
    `action-deferred` with its `key`.

    A day that has passed is answered as it was just before its end. Of a day to come, only what is
    recorded, windows and policies take effect: nothing else happens, no renewal either. Items that
    are muted, because a consent was refused, or deferred are listed on request.

    With `as_of`, that instant takes the place of now. All pages speak of one position and instant,
    but for those of today: what changes while they are read may come twice or be missing. Today is
    answered for any number of contacts; other days, and other knowledge, are folded, which is
    possible for a ledger of up to 200,000 events.
    """
    if await _is_present(inquiry, wanted, page.cursor, min_position):
        return await run_in_threadpool(_present_page, inquiry, wanted, page, reply)
    return await run_in_threadpool(_page, inquiry, wanted, page, reply, "agenda")


@router.get(
    "/agenda/summary",
    summary="Count what is to be done on a day",
    responses={
        200: response_of(
            "The number of items by kind and state, muted and deferred ones included.",
            agenda_examples.SUMMARY,
            *_HEADERS,
        ),
        **_PROBLEMS,
    },
)
async def summarise_agenda(
    wanted: WantedOfLedger,
    inquiry: InquiryAt,
    reply: CurrentReply,
    min_position: MinPosition = None,
) -> AgendaSummary:
    """Kinds and states without an item are left out."""
    if await _is_present(inquiry, wanted, None, min_position):
        return await run_in_threadpool(_present_summary, inquiry, wanted, reply)
    return await run_in_threadpool(_summary, inquiry, wanted, reply)


@router.get(
    "/contacts/{contact}/agenda",
    summary="List what is to be done for a contact on a day",
    responses={
        200: response_of(
            "The same as the agenda of the ledger, for one contact.",
            agenda_examples.AGENDA,
            *_HEADERS,
            "Link",
            "Content-Location",
        ),
        **_PROBLEMS,
        **problems("contact-not-found"),
    },
)
async def list_agenda_of_contact(
    contact_id: ContactInPath,
    wanted: WantedOfContact,
    inquiry: InquiryAt,
    page: PageInQuery,
    _known: PositionKnown,
    reply: CurrentReply,
) -> AgendaPage:
    """For a merged contact the answer is that of its survivor, which `Content-Location` names."""
    wanted = replace(wanted, contact=contact_id)
    return await run_in_threadpool(_page, inquiry, wanted, page, reply, "contact's agenda")


@router.get(
    "/gratitude",
    summary="Say how well thanks were given",
    responses={
        200: response_of(
            "By the month in which thanks became owed, and by contact, most missed first.",
            agenda_examples.GRATITUDE,
            *_HEADERS,
        ),
        **_PROBLEMS,
    },
)
async def read_gratitude(
    inquiry: InquiryAt,
    _known: PositionKnown,
    reply: CurrentReply,
    from_: FirstMonth = None,
    to: LastMonth = None,
    names: WithNames = None,
) -> GratitudeAnswer:
    """Thanks are owed for a first purchase and for the one that makes a client, for referrals and
    what they bring, and for testimonials: within 48 hours by default, and after 30 days they are
    missed, also where they came later. `median_hours` is about those that were given in time or
    late.
    """
    return await run_in_threadpool(_gratitude, inquiry, from_, to, reply, names=bool(names))


def _gratitude(
    inquiry: Inquiry, from_: str | None, to: str | None, reply: Reply, *, names: bool
) -> GratitudeAnswer:
    if from_ is not None and to is not None and from_ > to:
        raise Invalid.at("/from", "contradiction", "must not be later than to")
    moment = inquiry.moment()
    served = inquiry.served
    found = gratitude(served.ledger, moment, from_, to, served.limits.calibrated_events)
    reply.reflects(moment.position)
    return GratitudeAnswer.of(found, names_at(served.ledger, moment, wanted=names))


async def _is_present(
    inquiry: Inquiry, wanted: AgendaQuestion, cursor: str | None, min_position: int | None
) -> bool:
    """Whether today is asked for by what is known now, which the projection answers.

    Later pages are of what the first one was. Waits for the position that is asked for.

    Raises:
        ProjectionBehind: it was not reached in time.
    """
    served, at = inquiry.served, inquiry.at
    is_present = (
        at == At() and wanted.contact is None and wanted.is_today(served.ledger, inquiry.now)
    )
    if cursor is not None:
        is_present = is_of_kind(cursor, _PRESENT)
    if is_present:
        await wait_until_reflected(served, min_position, "agenda")
    else:
        await wait_until_known(served, min_position)
    return is_present


def _present_page(
    inquiry: Inquiry, wanted: AgendaQuestion, page: PageRequest, reply: Reply
) -> AgendaPage:
    served = inquiry.served
    kind = f"{_PRESENT} {wanted} {inquiry.at}"
    place = read_place(served.ledger, page.cursor, kind)
    after = (place[0], place[1], UUID(place[2]), place[3]) if place else None
    found = served.agenda.page(wanted.items, after, page.limit)
    more = None
    if found.has_more:
        more = make_cursor(served.ledger, kind, *_place(found.rows[-1]))
    reply.goes_on(more)
    reply.reflects(found.moment.position)
    labels = served.labels(wanted.labels, found.moment.position)
    return agenda_page(found.rows, found.day, labels, more)


def _present_summary(inquiry: Inquiry, wanted: AgendaQuestion, reply: Reply) -> AgendaSummary:
    found = inquiry.served.agenda.counts(with_everything(wanted.items))
    reply.reflects(found.moment.position)
    counts = [AgendaCount(kind=k, state=s, count=n) for k, s, n in found.counts]
    return AgendaSummary(on=found.day.on.isoformat(), counts=tuple(counts))


def _page(
    inquiry: Inquiry, wanted: AgendaQuestion, page: PageRequest, reply: Reply, name: str
) -> AgendaPage:
    ledger = inquiry.served.ledger
    kind = f"{name} {wanted} {inquiry.at}"
    first: list[object] = [None, None]
    if page.cursor is None:
        begins = inquiry.moment()
        first = [begins.position, begins.at]
    position, now, *after = read_place(ledger, page.cursor, kind, *first)
    moment, day = _moment_and_day(inquiry, wanted, position, now)
    rows = _rows(inquiry, wanted, moment, day, reply)
    if after:
        rows = [row for row in rows if _place(row) > tuple(after)]
    listed = rows[: page.limit]
    more = None
    if len(rows) > page.limit:
        more = make_cursor(ledger, kind, position, now, *_place(listed[-1]))
    reply.goes_on(more)
    reply.reflects(position)
    labels = inquiry.served.labels(wanted.labels, position)
    return agenda_page(listed, day, labels, more)


def _summary(inquiry: Inquiry, wanted: AgendaQuestion, reply: Reply) -> AgendaSummary:
    begins = inquiry.moment()
    moment, day = _moment_and_day(inquiry, wanted, begins.position, begins.at)
    everything = replace(wanted, items=with_everything(wanted.items))
    rows = _rows(inquiry, everything, moment, day, reply)
    reply.reflects(moment.position)
    counts = [AgendaCount(kind=k, state=s, count=n) for k, s, n in counts_of(rows)]
    return AgendaSummary(on=day.on.isoformat(), counts=tuple(counts))


def _moment_and_day(
    inquiry: Inquiry, wanted: AgendaQuestion, position: int, now: int
) -> tuple[Moment, Day]:
    """The point in both times, and the day as it is left at it."""
    served, at = inquiry.served, inquiry.at
    fixed = At(now, Knowledge(position=position), at.policy_version)
    moment = moment_of(served.ledger, served.aliases, fixed, max(now, inquiry.now))
    return moment, wanted_day(served.ledger, wanted.on, now)


def _rows(
    inquiry: Inquiry, wanted: AgendaQuestion, moment: Moment, day: Day, reply: Reply
) -> list[AgendaRow]:
    served, is_of_contact = inquiry.served, "contact" in reply.request.path_params
    if is_of_contact and wanted.contact is not None:
        reply.answers_for(moment.aliases.survivor_of(wanted.contact))
    try:
        return rows_of(served.ledger, moment, day, wanted, served.limits.calibrated_events)
    except ContactNotFound:
        if is_of_contact:
            raise
        return []


def _place(row: AgendaRow) -> tuple[int, int, str, str]:
    """Where a row stands in the list, in what a cursor can hold."""
    number, due_at, contact, key = row.item.order
    return number, due_at, str(contact), key
