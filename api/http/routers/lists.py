"""Lists over all contacts, from the projections: stages, counts and referral partners."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.http.access import allow
from api.http.dependencies import (
    CurrentReply,
    Inquiry,
    InquiryAt,
    LabelsInQuery,
    PageInQuery,
    PageRequest,
)
from api.http.exchange import Reply
from api.http.folded_lists import FOLDED, folded_list
from api.http.openapi import examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.waiting import wait_until_known, wait_until_reflected
from api.http.wire.cursors import is_of_kind
from api.http.wire.listed import list_page, page_after, with_labels
from api.http.wire.query_types import (
    ByInfluence,
    FlagWanted,
    MinPosition,
    Sort,
    StageWanted,
    StandingWanted,
)
from api.service.answers.document import Page
from api.service.answers.lists import StandingRow, StatusRow, Summary
from api.service.labels import LabelsWanted
from api.service.league import league_page
from api.service.questions import At, Knowledge, moment_of
from api.service.replays.pages import folded_rows, folded_summary
from api.service.replays.rows import StandingRows, StatusRows
from api.service.server import OpenLedger
from ledger.access.scopes import READ
from projections.answers import Summary as Counted

router = APIRouter(
    prefix="/v1/ledgers/{ledger}",
    tags=["Lists"],
    dependencies=[allow(READ)],
    route_class=LedgerRoute,
)

_HEADERS = ("ETag", "Rapport-Position")
_PROBLEMS = problems("projection-behind", "invalid-time", "policy-not-found")
_STATUSES = "statuses"
_TAKES_A_REPLAY = "ask for a replay, POST .../replays"
_TAKES_THE_ORDER_OF_IDS = "without sort, the contacts come in the order of their ids"


@router.get(
    "/statuses",
    summary="List contacts by stage or flag",
    responses={
        200: response_of(
            "One row per contact, the greatest score or the newest stage first.",
            Page[StatusRow](items=(examples.STATUS_ROW,), next_cursor=None),
            *_HEADERS,
            "Link",
        ),
        **_PROBLEMS,
    },
)
async def list_statuses(
    stage: StageWanted = None,
    flag: FlagWanted = None,
    *,
    inquiry: InquiryAt,
    sort: Sort = None,
    page: PageInQuery,
    min_position: MinPosition = None,
    labels: LabelsInQuery,
    reply: CurrentReply,
) -> Page[StatusRow]:
    """With `as_of` the list is as of that instant by what is known now, the newest stage first.

    With `as_known_at`, `policy_version`, a `flag` beside `as_of`, or an `as_of` that lies ahead,
    contacts come in the order of their ids unless a `sort` is asked for, and all pages speak of one
    position and instant.
    Such a list is folded page by page, with a limit on the work for each page: a page may have
    fewer rows than `limit`, or none, and still a `next_cursor`. Sorting needs all contacts at once,
    which is possible for a ledger of up to 20,000 events. A replay (`POST .../replays`) has all
    contacts of any ledger.

    In a list of the present, a row that changes while pages are read may come twice or be missing.
    """
    served, past = inquiry.served, inquiry.at.as_of is not None
    sorted_otherwise = sort is not None and (
        inquiry.is_folded or (past and (sort == "score" or flag is not None))
    )
    is_folded = sorted_otherwise or inquiry.is_folded or (past and flag is not None)
    if page.cursor is not None and past:
        # As the pages before it, though the clock has passed the instant since, or was put back.
        is_folded = is_of_kind(page.cursor, f"{_STATUSES}{FOLDED}")
    if is_folded:
        await wait_until_known(served, min_position)
        answer = partial(
            folded_list,
            inquiry,
            reply,
            page,
            _STATUSES,
            lambda moment: StatusRows(moment, stage, flag),
            sort=sort,
            elsewhere=_TAKES_A_REPLAY,
        )
    else:
        await wait_until_reflected(served, min_position, "status")
        if past:
            answer = partial(_statuses_then, inquiry, reply, page, stage)
        else:
            answer = partial(_statuses, inquiry, reply, page, stage, flag, sort or "score")
    return await run_in_threadpool(_add_labels, answer, served, labels, reply)


@router.get(
    "/statuses/summary",
    summary="Count the contacts in each stage",
    responses={
        200: response_of(
            "A count for every stage.",
            examples.SUMMARY,
            *_HEADERS,
        ),
        **_PROBLEMS,
    },
)
async def summarise_statuses(
    inquiry: InquiryAt, reply: CurrentReply, min_position: MinPosition = None
) -> Summary:
    """With `as_known_at`, `policy_version` or an `as_of` that lies ahead a ledger of up to 20,000
    events is folded; of a larger one ask for a replay.

    `GET .../calibration` says how right the falls by silence were.
    """
    if inquiry.is_elsewise:
        await wait_until_known(inquiry.served, min_position)
    else:
        await wait_until_reflected(inquiry.served, min_position, "status")
    counted = await run_in_threadpool(_folded_summary if inquiry.is_folded else _summary, inquiry)
    reply.reflects(counted.position)
    return Summary.model_validate(counted)


@router.get(
    "/standings",
    summary="List the referral partners",
    responses={
        200: response_of(
            "Everyone who referred or was sent someone, the most influential first.",
            Page[StandingRow](items=(examples.STANDING_ROW,), next_cursor=None),
            *_HEADERS,
            "Link",
        ),
        **_PROBLEMS,
    },
)
async def list_standings(
    standing: StandingWanted = None,
    *,
    inquiry: InquiryAt,
    sort: ByInfluence = None,
    page: PageInQuery,
    min_position: MinPosition = None,
    labels: LabelsInQuery,
    reply: CurrentReply,
) -> Page[StandingRow]:
    """`won_value` is what the referrals of the window brought that were won: the purchase that won
    each, less what was given back of it, or the amount given at closing. `owed` is the sum of the
    contact's rewards that is not paid yet, below 0 where more was paid than earned. Currencies are
    never added. `names=true` puts names beside the ids.

    With `as_of` the list has everyone who had referred or been sent someone by then.

    With `as_of`, `as_known_at` or `policy_version` contacts come in the order of their ids unless a
    `sort` is asked for, and all pages speak of one position and instant. They are folded page by
    page, with a limit on the work for each page: a page may have fewer rows than `limit`, or none,
    and still a `next_cursor`. Sorting needs all contacts at once, which is possible for a ledger of
    up to 20,000 events.

    In a list of the present, a row that changes while pages are read may come twice or be missing.
    """
    served = inquiry.served
    if inquiry.at.as_of is not None or inquiry.is_elsewise:
        await wait_until_known(served, min_position)
        answer = partial(
            folded_list,
            inquiry,
            reply,
            page,
            "standings",
            lambda moment: StandingRows(served.ledger, moment, standing),
            sort=sort,
            elsewhere=_TAKES_THE_ORDER_OF_IDS,
        )
    else:
        await wait_until_reflected(served, min_position, "standing")
        answer = partial(_standings, inquiry, reply, page, standing)
    return await run_in_threadpool(_add_labels, answer, served, labels, reply)


def _add_labels(
    answer: Callable[[], Page[Any]], served: OpenLedger, labels: LabelsWanted, reply: Reply
) -> Page[Any]:
    return with_labels(answer(), served, labels, reply.position)


def _statuses(
    inquiry: Inquiry,
    reply: Reply,
    page: PageRequest,
    stage: str | None,
    flag: str | None,
    sort: str,
) -> Page[Any]:
    served, kind = inquiry.served, f"statuses {sort}"
    found = served.projections.statuses(
        stage=stage,
        flag=flag,
        sort=sort,
        after=page_after(served.ledger, page.cursor, kind),
        limit=page.limit,
    )
    items = [StatusRow.model_validate(one) for one in found.items]
    return list_page(served.ledger, reply, items, kind, found.next_cursor, found.position)


def _statuses_then(
    inquiry: Inquiry, reply: Reply, page: PageRequest, stage: str | None
) -> Page[Any]:
    """Rows of a past instant: the intervals give contacts and order, and the fold gives the rest.

    A score changes within an interval, and flags stand in none.
    """
    served, kind = inquiry.served, "statuses since"
    found = served.projections.statuses(
        stage=stage,
        sort="since",
        after=page_after(served.ledger, page.cursor, kind),
        limit=page.limit,
        as_of=inquiry.at.as_of,
    )
    at = At(inquiry.at.as_of, Knowledge(position=found.position))
    moment = moment_of(served.ledger, served.aliases, at, inquiry.now)
    contacts = [one.contact_id for one in found.items]
    items = folded_rows(served.ledger, moment, contacts, served.limits.folded_events)
    following = found.next_cursor
    if len(items) < len(found.items):
        last = found.items[len(items) - 1]
        assert last.since is not None, "every interval begins at an instant"
        following = (last.since, last.contact_id)
    return list_page(served.ledger, reply, items, kind, following, found.position)


def _folded_summary(inquiry: Inquiry) -> Counted:
    moment = inquiry.moment()
    most_events = inquiry.served.limits.folded_events
    if moment.position > most_events and not inquiry.is_elsewise:
        return _summary(inquiry)  # a client's clock may be ahead: they hold until something changes
    return folded_summary(inquiry.served.ledger, moment, most_events)


def _summary(inquiry: Inquiry) -> Counted:
    return inquiry.served.projections.summary(inquiry.at.as_of)


def _standings(
    inquiry: Inquiry, reply: Reply, page: PageRequest, standing: str | None
) -> Page[Any]:
    served = inquiry.served
    after = page_after(served.ledger, page.cursor, "standings")
    found = league_page(served, standing, after, page.limit)
    return list_page(
        served.ledger, reply, found.items, "standings", found.next_cursor, found.position
    )
