"""Lists over all contacts, from the projections: who is where, how many, who refers whom."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from api.http.endpoint import Answer, Routes, Shown
from api.http.openapi import examples
from api.http.wire.cursors import is_of_kind, make_cursor, read_place
from api.http.wire.parameters import (
    AS_KNOWN_AT,
    AS_OF,
    BY_INFLUENCE,
    CURSOR,
    FLAG,
    LIMIT,
    MIN_POSITION,
    POLICY_VERSION,
    SORT,
    STAGE,
    STANDING,
)
from api.service.answers.document import Document, Page
from api.service.answers.lists import StandingRow, StatusRow, Summary
from api.service.questions import At, Knowledge, moment_of
from api.service.replays.pages import (
    MOST_EVENTS,
    folded_page,
    folded_rows,
    folded_summary,
    sorted_page,
)
from api.service.replays.rows import StandingRows, StatusRows
from ledger.access.scopes import READ

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.http.call import Call
    from api.service.replays.rows import Rows
    from projections.answers import Cursor
    from projections.answers import Summary as Counted
    from projections.folding import Moment

ROUTES = Routes("Lists")

_HEADERS = ("ETag", "Rapport-Position")
_FIRST_PAGE = (None, None)
_STATUSES = "statuses"
_FOLDED = " folded by "
_FOLDED_STATUSES = f"{_STATUSES}{_FOLDED}"


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/statuses",
    scopes=(READ,),
    summary="Contacts by stage or flag",
    query=(
        STAGE,
        FLAG,
        AS_OF,
        AS_KNOWN_AT,
        POLICY_VERSION,
        SORT,
        LIMIT,
        CURSOR,
        MIN_POSITION,
    ),
    answers={
        200: Shown(
            description="One row per contact, the greatest score or the newest stage first.",
            example=Page[StatusRow](items=(examples.STATUS_ROW,), next_cursor=None),
            headers=(*_HEADERS, "Link"),
        )
    },
    problems=("projection-behind", "invalid-time", "policy-not-found"),
)
async def list_statuses(call: Call) -> Answer:
    """With `as_of`, as of that instant by what is known now, the newest stage first.

    With `as_known_at`, `policy_version`, a `flag` beside `as_of`, or an `as_of` that lies ahead,
    contacts come in the order of their ids unless a `sort` is asked for, and all pages speak of one
    position and instant.
    Whatever is not of the present is folded page by page, so much and no more: a page may have
    fewer rows than `limit`, or none, and still a `next_cursor`. Sorting takes all contacts at once,
    which one answer does for a ledger of up to 20,000 events. A replay (`POST .../replays`) gives
    all contacts of any ledger.

    Without these, a row that changes while pages are read may come twice, or not at all.
    """
    flagged_then = call.get(AS_OF) is not None and call.get(FLAG) is not None
    is_folded = _is_sorted(call) or _is_folded(call) or flagged_then
    if (cursor := call.get(CURSOR)) is not None and call.get(AS_OF) is not None:
        # As the pages before it, though the clock has passed the instant since, or was put back.
        is_folded = is_of_kind(cursor, _FOLDED_STATUSES)
    if is_folded:
        await call.wait_until_known(call.get(MIN_POSITION))
        return await call.in_thread(_folded_statuses)
    await call.wait_until_reflected(call.get(MIN_POSITION), "status")
    return await call.in_thread(_statuses if call.get(AS_OF) is None else _statuses_then)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/statuses/summary",
    scopes=(READ,),
    summary="How many contacts are in each stage",
    query=(AS_OF, AS_KNOWN_AT, POLICY_VERSION, MIN_POSITION),
    answers={
        200: Shown(
            description="A count for every stage, and how often silence was judged too early.",
            example=examples.SUMMARY,
            headers=_HEADERS,
        )
    },
    problems=("projection-behind", "invalid-time", "policy-not-found"),
)
async def summarise_statuses(call: Call) -> Answer:
    """Of the `silence_demotions`, the `premature_demotions` bought again within 90 days.

    Both are null with a past `as_of` alone: they count everything up to now. With `as_known_at`,
    `policy_version` or an `as_of` that lies ahead a ledger of up to 20,000 events is folded; of a
    larger one ask for a replay.
    """
    if _is_elsewise(call):
        await call.wait_until_known(call.get(MIN_POSITION))
        return await call.in_thread(_folded_summary)
    await call.wait_until_reflected(call.get(MIN_POSITION), "status")
    return await call.in_thread(_folded_summary if _is_folded(call) else _summary)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/standings",
    scopes=(READ,),
    summary="Referral partners",
    query=(
        STANDING,
        AS_OF,
        AS_KNOWN_AT,
        POLICY_VERSION,
        BY_INFLUENCE,
        LIMIT,
        CURSOR,
        MIN_POSITION,
    ),
    answers={
        200: Shown(
            description="Everyone who referred or was sent someone, the most influential first.",
            example=Page[StandingRow](items=(examples.STANDING_ROW,), next_cursor=None),
            headers=(*_HEADERS, "Link"),
        )
    },
    problems=("projection-behind", "invalid-time", "policy-not-found"),
)
async def list_standings(call: Call) -> Answer:
    """With `as_of`, everyone who had referred or been sent someone by then.

    With `as_of`, `as_known_at` or `policy_version` contacts come in the order of their ids unless a
    `sort` is asked for, and all pages speak of one position and instant. They are folded page by
    page, so much and no more: a page may have fewer rows than `limit`, or none, and still a
    `next_cursor`. Sorting takes all contacts at once, which one answer does for a ledger of up to
    20,000 events.

    Without these, a row that changes while pages are read may come twice, or not at all.
    """
    if call.get(AS_OF) is not None or _is_elsewise(call):
        await call.wait_until_known(call.get(MIN_POSITION))
        return await call.in_thread(_folded_standings)
    await call.wait_until_reflected(call.get(MIN_POSITION), "standing")
    return await call.in_thread(_standings)


def _is_folded(call: Call) -> bool:
    """What is asked for is in no projection: they hold what is known, and nothing that lies ahead.

    Not even where nothing is going to change: how far ahead may be asked is for the fold to say.
    """
    as_of = call.get(AS_OF)
    return _is_elsewise(call) or (as_of is not None and as_of > call.server.clock())


def _is_elsewise(call: Call) -> bool:
    """Something else is asked for than what is known, judged by the policies in force."""
    return call.get(AS_KNOWN_AT) is not None or call.get(POLICY_VERSION) is not None


def _is_sorted(call: Call) -> bool:
    """What is asked for has an order that no projection holds."""
    if call.get(SORT) is None:
        return False
    past = call.get(AS_OF) is not None
    return _is_folded(call) or (past and (call.get(SORT) == "score" or call.get(FLAG) is not None))


def _folded_statuses(call: Call) -> Answer:
    return _folded(
        call,
        _STATUSES,
        lambda moment: StatusRows(moment, call.get(STAGE), call.get(FLAG)),
        elsewhere="ask for a replay, POST .../replays",
    )


def _folded_standings(call: Call) -> Answer:
    return _folded(
        call,
        "standings",
        lambda moment: StandingRows(call.open_ledger.ledger, moment, call.get(STANDING)),
        elsewhere="without sort, the contacts come in the order of their ids",
    )


def _folded(call: Call, name: str, rows_at: Callable[[Moment], Rows], *, elsewhere: str) -> Answer:
    """A page of what no projection holds: by ids, or, folded as a whole each time, sorted."""
    served, sort, limit = call.open_ledger, call.get(SORT), call.get(LIMIT) or 100
    ledger, aliases, now = served.ledger, served.aliases, call.server.clock()
    asked = At(call.get(AS_OF), call.get(AS_KNOWN_AT), call.get(POLICY_VERSION))
    kind = f"{name}{_FOLDED}{sort or 'contact'} {asked}"
    first: tuple[int | None, ...] = ()
    if call.get(CURSOR) is None:
        moment = moment_of(ledger, aliases, asked, now)
        first = (*_FIRST_PAGE, moment.position, moment.at)
    value, contact, position, at = read_place(ledger, call.get(CURSOR), kind, *first)
    after = None if contact is None else (value, UUID(bytes=contact))
    # The pages after the first speak of what it spoke of, whatever was appended since.
    fixed = At(at, Knowledge(position=position), asked.policy_version)
    # Also where the clock was put back meanwhile: what may be asked for was settled at first.
    moment = moment_of(ledger, aliases, fixed, max(now, at))
    rows = rows_at(moment)
    if sort is None:
        page = folded_page(ledger, moment, rows, after=after, limit=limit)
    else:
        page = sorted_page(
            ledger, moment, rows, sort=sort, elsewhere=elsewhere, after=after, limit=limit
        )
    more = None
    if (last := page.next_cursor) is not None:
        more = make_cursor(ledger, kind, last[0], last[1].bytes, position, at)
    body = Page[Document](items=page.items, next_cursor=more)
    return Answer(body=body, headers=call.next_page(more), position=position, digest=True)


def _folded_summary(call: Call) -> Answer:
    served = call.open_ledger
    asked = At(call.get(AS_OF), call.get(AS_KNOWN_AT), call.get(POLICY_VERSION))
    moment = moment_of(served.ledger, served.aliases, asked, call.server.clock())
    if moment.position > MOST_EVENTS and not _is_elsewise(call):
        return _summary(call)  # a client's clock may be ahead: they hold until something changes
    return _summarised(folded_summary(served.ledger, moment))


def _statuses(call: Call) -> Answer:
    sort = call.get(SORT) or "score"
    page = call.open_ledger.projections.statuses(
        stage=call.get(STAGE),
        flag=call.get(FLAG),
        sort=sort,
        after=page_after(call, f"statuses {sort}"),
        limit=call.get(LIMIT) or 100,
    )
    items = [StatusRow.model_validate(one) for one in page.items]
    return listed(call, items, f"statuses {sort}", page.next_cursor, page.position)


def _statuses_then(call: Call) -> Answer:
    """Of a past instant: the intervals say who and in which order, the fold says the rest.

    A score changes within an interval, and flags stand in none.
    """
    served, as_of, kind = call.open_ledger, call.get(AS_OF), "statuses since"
    page = served.projections.statuses(
        stage=call.get(STAGE),
        sort="since",
        after=page_after(call, kind),
        limit=call.get(LIMIT) or 100,
        as_of=as_of,
    )
    asked = At(as_of, Knowledge(position=page.position))
    moment = moment_of(served.ledger, served.aliases, asked, call.server.clock())
    items = folded_rows(served.ledger, moment, [one.contact_id for one in page.items])
    following = page.next_cursor
    if len(items) < len(page.items):
        last = page.items[len(items) - 1]
        assert last.since is not None, "every interval begins at an instant"
        following = (last.since, last.contact_id)
    return listed(call, items, kind, following, page.position)


def _summary(call: Call) -> Answer:
    return _summarised(call.open_ledger.projections.summary(call.get(AS_OF)))


def _summarised(found: Counted) -> Answer:
    return Answer(body=Summary.model_validate(found), position=found.position, digest=True)


def _standings(call: Call) -> Answer:
    page = call.open_ledger.projections.standings(
        standing=call.get(STANDING),
        after=page_after(call, "standings"),
        limit=call.get(LIMIT) or 100,
    )
    items = [StandingRow.of(one) for one in page.items]
    return listed(call, items, "standings", page.next_cursor, page.position)


def page_after(call: Call, kind: str) -> Cursor | None:
    """Where a projection's list goes on, by the request's cursor."""
    value, contact = read_place(call.open_ledger.ledger, call.get(CURSOR), kind, *_FIRST_PAGE)
    if contact is None:
        return None
    return value, UUID(bytes=contact)


def listed(
    call: Call, items: Sequence[Document], kind: str, after: Cursor | None, position: int
) -> Answer:
    """A page of a projection's list."""
    more = None
    if after is not None:
        more = make_cursor(call.open_ledger.ledger, kind, after[0], after[1].bytes)
    body = Page[Document](items=tuple(items), next_cursor=more)
    return Answer(body=body, headers=call.next_page(more), position=position, digest=True)
