"""The book: what contacts brought and cost; and the watch lists."""

from __future__ import annotations

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
    PositionKnown,
)
from api.http.exchange import Reply
from api.http.openapi import money_examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.whole_lists import Place, WholeList
from api.http.wire.money_query_types import BookRowWanted, DividedBy
from api.http.wire.path_types import WatchListName
from api.http.wire.query_types import FirstMonth, LastMonth, WithNames
from api.service.answers.book import BookAnswer, WatchItem
from api.service.answers.document import Page
from api.service.book import book_of, watch_list
from api.service.labels import LabelsWanted
from domain.book.book import BookQuestion, Within
from domain.book.watch import LISTS, WatchEntry
from domain.errors import NotFound
from ledger.access.scopes import READ

router = APIRouter(
    prefix="/v1/ledgers/{ledger}",
    tags=["Money"],
    dependencies=[allow(READ)],
    route_class=LedgerRoute,
)

_HEADERS = ("ETag", "Rapport-Position")
_PROBLEMS = ("projection-behind", "invalid-time", "policy-not-found")


@router.get(
    "/book",
    summary="Say what contacts brought and cost",
    responses={
        200: response_of(
            "The figures of the months from one to another, by what is asked for and by currency.",
            money_examples.BOOK,
            *_HEADERS,
        ),
        **problems(*_PROBLEMS),
    },
)
async def read_book(
    inquiry: InquiryAt,
    _known: PositionKnown,
    reply: CurrentReply,
    from_: FirstMonth = None,
    to: LastMonth = None,
    by: DividedBy = "month",
    within: BookRowWanted = None,
    names: WithNames = None,
) -> BookAnswer:
    """A purchase stands at its instant, under the stage that was shown just before it; a refund at
    its own instant, under the stage, category and steward of its purchase. By stage, contact and
    steward, a gesture stands under what held at its instant; a reward that was paid under its
    referrer. Months are those of the ledger's time zone.

    `client_year_minor` is what clients brought while they were clients, for each 365 days that
    contacts spent as clients; `customer_year_minor` the same of customers. `repeat_percent` are
    those with two purchase days or more up to the end, of those who bought in the period.
    `referred_percent` and `top_ten_percent` are the shares of net of contacts with a credited
    referral, and of the ten who brought most. Currencies are never added.

    With `within`, rows and totals hold what stands in that row alone, such as the people and
    purchases behind `stage:client`. The figures beside are still of everybody; within a contact
    they are of the contact.

    A ledger of up to 200,000 events is folded, which takes seconds. The command line folds a copy
    of any data folder.
    """
    question = BookQuestion(from_, to, by, None if within is None else Within.read(within))
    return await run_in_threadpool(_book, inquiry, question, reply, names=bool(names))


@router.get(
    "/watch/{list}",
    summary="List clients to look at",
    responses={
        200: response_of(
            "The contacts on the list, those who brought most first.",
            Page[WatchItem](items=(money_examples.WATCH_ITEM,), next_cursor=None),
            *_HEADERS,
            "Link",
        ),
        **problems(*_PROBLEMS, "not-found"),
    },
)
async def list_watched(
    list_: WatchListName,
    inquiry: InquiryAt,
    page: PageInQuery,
    labels: LabelsInQuery,
    reply: CurrentReply,
    _known: PositionKnown,
) -> Page[WatchItem]:
    """`never-asked`: clients for 30 days whom nobody asked for a referral, and who made none.
    `under-served`: clients to whom we did not turn in 180 days. `lost`: those who were clients and
    are not, ended and erased ones left out, by what they brought in their last year as a client.

    A ledger of up to 200,000 events is folded, which takes seconds. All pages speak of one position
    and instant.
    """
    if list_ not in LISTS:
        raise NotFound(f"there is no list {list_}; there are {', '.join(LISTS)}")
    return await run_in_threadpool(_watch_page, inquiry, list_, page, labels, reply)


def _book(inquiry: Inquiry, question: BookQuestion, reply: Reply, *, names: bool) -> BookAnswer:
    served, moment = inquiry.served, inquiry.moment()
    labels = served.labels(LabelsWanted(names=names), moment.position)
    most_events = served.limits.calibrated_events
    found = book_of(served.ledger, moment, question, labels, most_events)
    reply.reflects(moment.position)
    return found


def _watch_page(
    inquiry: Inquiry, name: str, page: PageRequest, labels: LabelsWanted, reply: Reply
) -> Page[WatchItem]:
    served = inquiry.served
    whole = WholeList.begin(inquiry, page, f"watch {name}")
    found = watch_list(served.ledger, whole.moment, name, served.limits.calibrated_events)
    listed = whole.page(found, _place_of, page.limit, reply)
    beside = served.labels(labels, whole.moment.position)
    items = beside.beside(WatchItem.of(one) for one in listed.rows)
    return Page[WatchItem](items=tuple(items), next_cursor=listed.next_cursor)


def _place_of(one: WatchEntry) -> Place:
    return one.order
