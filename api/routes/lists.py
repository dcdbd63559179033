"""Lists over all contacts, from the projections: who is where, how many, who refers whom."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from api.calls import Answer, Call, Routes, Shown
from api.openapi import examples, shapes
from api.wire import present_lists
from api.wire.cursors import make_cursor, read_place
from api.wire.parameters import (
    AS_OF,
    CURSOR,
    FLAG,
    LIMIT,
    MIN_POSITION,
    SORT,
    STAGE,
    STANDING,
)
from domain.errors import Invalid
from domain.instants import format_instant

if TYPE_CHECKING:
    from projections.answers import Cursor

ROUTES = Routes("Lists")

_HEADERS = ("ETag", "Rapport-Position")
_FIRST_PAGE = (None, None)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/statuses",
    summary="Contacts by stage or flag",
    query=(STAGE, FLAG, AS_OF, SORT, LIMIT, CURSOR, MIN_POSITION),
    answers={
        200: Shown(
            description="One row per contact, the greatest score or the newest stage first.",
            schema=shapes.page(shapes.STATUS_ROW),
            example={"items": [examples.STATUS_ROW], "next_cursor": None},
            headers=(*_HEADERS, "Link"),
        )
    },
    problems=("projection-behind", "invalid-time"),
)
async def list_statuses(call: Call) -> Answer:
    """With `as_of`, as of that instant by what is known now; then rows have no flags.

    A row that changes while pages are read may come twice, or not at all.
    """
    await call.wait_until_reflected(call.get(MIN_POSITION), "status")
    return await call.in_thread(_statuses)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/statuses/summary",
    summary="How many contacts are in each stage",
    query=(AS_OF, MIN_POSITION),
    answers={
        200: Shown(
            description="A count for every stage, and how often silence was judged too early.",
            schema=shapes.SUMMARY,
            example=examples.SUMMARY,
            headers=_HEADERS,
        )
    },
    problems=("projection-behind", "invalid-time"),
)
async def summarise_statuses(call: Call) -> Answer:
    """Of the `silence_demotions`, the `premature_demotions` bought again within 90 days.

    Both are null with `as_of`: they count everything up to now.
    """
    await call.wait_until_reflected(call.get(MIN_POSITION), "status")
    return await call.in_thread(_summary)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/standings",
    summary="Referral partners",
    query=(STANDING, LIMIT, CURSOR, MIN_POSITION),
    answers={
        200: Shown(
            description="Everyone who referred or was sent someone, the most influential first.",
            schema=shapes.page(shapes.STANDING_ROW),
            example={"items": [examples.STANDING_ROW], "next_cursor": None},
            headers=(*_HEADERS, "Link"),
        )
    },
    problems=("projection-behind",),
)
async def list_standings(call: Call) -> Answer:
    """A row that changes while pages are read may come twice, or not at all."""
    await call.wait_until_reflected(call.get(MIN_POSITION), "standing")
    return await call.in_thread(_standings)


def _statuses(call: Call) -> Answer:
    as_of, sort = call.get(AS_OF), call.get(SORT) or "score"
    if as_of is not None and call.get(FLAG) is not None:
        raise Invalid.at("/flag", "contradiction", "flags are known for the present only")
    page = call.open_ledger.projections.statuses(
        stage=call.get(STAGE),
        flag=call.get(FLAG),
        sort=sort,
        after=page_after(call, f"statuses {sort}"),
        limit=call.get(LIMIT) or 100,
        as_of=as_of,
    )
    items = [present_lists.status_row(one) for one in page.items]
    return listed(call, items, f"statuses {sort}", page.next_cursor, page.position)


def _summary(call: Call) -> Answer:
    found = call.open_ledger.projections.summary(call.get(AS_OF))
    body = {
        "position": found.position,
        "as_of": format_instant(found.as_of),
        "stages": dict(found.stages),
        "silence_demotions": found.silence_demotions,
        "premature_demotions": found.premature_demotions,
    }
    return Answer(body=body, position=found.position, digest=True)


def _standings(call: Call) -> Answer:
    page = call.open_ledger.projections.standings(
        standing=call.get(STANDING),
        after=page_after(call, "standings"),
        limit=call.get(LIMIT) or 100,
    )
    items = [present_lists.standing_row(one) for one in page.items]
    return listed(call, items, "standings", page.next_cursor, page.position)


def page_after(call: Call, kind: str) -> Cursor | None:
    """Where a projection's list goes on, by the request's cursor."""
    value, contact = read_place(call.open_ledger.ledger, call.get(CURSOR), kind, *_FIRST_PAGE)
    if contact is None:
        return None
    return value, UUID(bytes=contact)


def listed(
    call: Call, items: list[dict[str, object]], kind: str, after: Cursor | None, position: int
) -> Answer:
    """A page of a projection's list."""
    more = None
    if after is not None:
        more = make_cursor(call.open_ledger.ledger, kind, after[0], after[1].bytes)
    body = {"items": items, "next_cursor": more}
    return Answer(body=body, headers=call.next_page(more), position=position, digest=True)
