"""Whom contacts brought: trees, the graph of referrals, connections, and what is at risk."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.http.access import allow
from api.http.dependencies import (
    ContactInPath,
    CurrentReply,
    Inquiry,
    InquiryAt,
    LabelsInQuery,
    PageInQuery,
    PageRequest,
    PositionKnown,
    contact_named,
)
from api.http.exchange import Reply
from api.http.openapi import money_examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.whole_lists import Place, WholeList
from api.http.wire.money_query_types import ConnectionEnd, ConnectionStart, Depth
from api.service.answers.document import Page
from api.service.answers.trees import Downstream, ExposureItem, GraphReferrer, ReferralPath
from api.service.labels import LabelsWanted
from api.service.referral_trees import (
    connection_between,
    downstream_of,
    exposure_items,
    exposures_at,
    graph_rows,
    referrers_at,
)
from domain.exposure import Exposure
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
    "/contacts/{contact}/downstream",
    summary="Get the tree of contacts whom a contact brought",
    responses={
        200: response_of(
            "Those credited to the contact, those credited to them, and so on, nearest first.",
            money_examples.DOWNSTREAM,
            *_HEADERS,
            "Content-Location",
        ),
        **problems(*_PROBLEMS, "contact-not-found"),
    },
)
def read_downstream(
    contact_id: ContactInPath,
    inquiry: InquiryAt,
    _known: PositionKnown,
    reply: CurrentReply,
    depth: Depth = None,
) -> Downstream:
    """Each contact stands in a tree once. `level` and `outcome` are those of the referral by which
    they came, `net` is what they brought, less refunds, in the last 365 days and ever. `sums` are
    of the nodes that are shown; the currencies are never added.

    `exposure` is what a complaint of the contact puts at risk: its own net revenue of the last 365
    days and that of its whole tree, whatever the `depth`. Up to 200,000 events are read.
    """
    served, moment = inquiry.served, inquiry.moment()
    labels = served.labels(LabelsWanted(names=True), moment.position)
    most_events = served.limits.calibrated_events
    found = downstream_of(served.ledger, moment, contact_id, depth, labels, most_events)
    reply.answers_for(found.contact_id)
    reply.reflects(moment.position)
    return found


@router.get(
    "/referrals/graph",
    summary="List who referred whom",
    responses={
        200: response_of(
            "Everyone who sent us somebody, in the order of their ids, with their referrals.",
            Page[GraphReferrer](items=(money_examples.GRAPH_REFERRER,), next_cursor=None),
            *_HEADERS,
            "Link",
        ),
        **problems(*_PROBLEMS),
    },
)
async def list_referral_graph(
    inquiry: InquiryAt,
    page: PageInQuery,
    labels: LabelsInQuery,
    reply: CurrentReply,
    _known: PositionKnown,
) -> Page[GraphReferrer]:
    """`referrals` are the inbound ones, oldest first. `credited` says which of them has the credit
    for whom it brought: these make the trees. All pages speak of one position and instant. Up to
    200,000 events are read.
    """
    return await run_in_threadpool(_graph, inquiry, page, labels, reply)


@router.get(
    "/referrals/path",
    summary="Say how two contacts are connected by referrals",
    responses={
        200: response_of(
            "The shortest way, up or down the referrals; an empty list where there is none.",
            money_examples.CONNECTION,
            *_HEADERS,
        ),
        **problems(*_PROBLEMS, "contact-not-found"),
    },
)
def read_referral_path(
    from_: ConnectionStart,
    to: ConnectionEnd,
    *,
    inquiry: InquiryAt,
    labels: LabelsInQuery,
    _known: PositionKnown,
    reply: CurrentReply,
) -> ReferralPath:
    """`referral_id` is the referral between a contact and the one before; the first has none. Every
    inbound referral connects, with credit or without. Up to 200,000 events are read.
    """
    served, moment = inquiry.served, inquiry.moment()
    start = contact_named(served.ledger, from_, "from")
    end = contact_named(served.ledger, to, "to")
    assert start is not None
    assert end is not None
    most_events = served.limits.calibrated_events
    steps = connection_between(served.ledger, moment, start, end, most_events)
    reply.reflects(moment.position)
    return ReferralPath(path=tuple(served.labels(labels, moment.position).beside(steps)))


@router.get(
    "/exposures",
    summary="List what open complaints put at risk",
    responses={
        200: response_of(
            "The contacts with open complaints, the greatest exposure first.",
            Page[ExposureItem](items=(money_examples.EXPOSURE_ITEM,), next_cursor=None),
            *_HEADERS,
            "Link",
        ),
        **problems(*_PROBLEMS),
    },
)
async def list_exposures(
    inquiry: InquiryAt,
    page: PageInQuery,
    labels: LabelsInQuery,
    reply: CurrentReply,
    _known: PositionKnown,
) -> Page[ExposureItem]:
    """`exposure` is the contact's own net revenue of the last 365 days and that of the tree of
    those whom they brought, by currency. Contacts with several currencies are compared by the
    greatest amount in whole units of its currency. All pages speak of one position and instant. Up
    to 200,000 events are read.
    """
    return await run_in_threadpool(_exposures, inquiry, page, labels, reply)


def _graph(
    inquiry: Inquiry, page: PageRequest, labels: LabelsWanted, reply: Reply
) -> Page[GraphReferrer]:
    served = inquiry.served
    ledger, most_events = served.ledger, served.limits.calibrated_events
    whole = WholeList.begin(inquiry, page, "referral graph")
    referrers = referrers_at(ledger, whole.moment, most_events)
    listed = whole.page(referrers, _place_of_contact, page.limit, reply)
    rows = graph_rows(ledger, whole.moment, listed.rows, most_events)
    beside = served.labels(labels, whole.moment.position)
    return Page[GraphReferrer](items=tuple(beside.beside(rows)), next_cursor=listed.next_cursor)


def _exposures(
    inquiry: Inquiry, page: PageRequest, labels: LabelsWanted, reply: Reply
) -> Page[ExposureItem]:
    served = inquiry.served
    whole = WholeList.begin(inquiry, page, "exposures")
    found = exposures_at(served.ledger, whole.moment, served.limits.calibrated_events)
    listed = whole.page(found, _place_of_exposure, page.limit, reply)
    items = served.labels(labels, whole.moment.position).beside(exposure_items(listed.rows))
    return Page[ExposureItem](items=tuple(items), next_cursor=listed.next_cursor)


def _place_of_contact(contact: UUID) -> Place:
    return (str(contact),)


def _place_of_exposure(one: Exposure) -> Place:
    return one.order
