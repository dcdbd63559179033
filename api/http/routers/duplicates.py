"""Contacts that may be one person."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.access import allow
from api.http.dependencies import CurrentReply, InquiryNow, PageInQuery
from api.http.openapi import examples
from api.http.openapi.responses import response_of
from api.http.routing import LedgerRoute
from api.http.wire.cursors import make_cursor, read_place
from api.service.answers.lists import Duplicates
from api.service.finding.pages import duplicates_page
from ledger.access.scopes import READ

router = APIRouter(tags=["Contacts"], route_class=LedgerRoute)

_KIND = "duplicates"


@router.get(
    "/v1/ledgers/{ledger}/duplicates",
    dependencies=[allow(READ)],
    summary="List contacts that may be one person",
    responses={
        200: response_of(
            "The pairs, the likeliest first.",
            examples.DUPLICATES,
            "ETag",
            "Link",
            "Rapport-Position",
        ),
    },
)
def list_duplicates(page: PageInQuery, inquiry: InquiryNow, reply: CurrentReply) -> Duplicates:
    """A pair has the same e-mail address, phone number or ref, or the same name and with it a
    birthday, a postal code, or a ref in another source. Phone numbers are compared in E.164, by the
    region of the ledger.

    A pair leaves the list when one is merged into the other, and when `contacts-distinguished` says
    that they are two. A ref that an append left out in `not_addressed` makes a pair with the same
    ref.
    """
    served = inquiry.served
    (skipped,) = read_place(served.ledger, page.cursor, _KIND, 0)
    found = duplicates_page(served, skipped, page.limit + 1)
    more = None
    if len(found.items) > page.limit:
        more = make_cursor(served.ledger, _KIND, skipped + page.limit)
    reply.goes_on(more)
    reply.reflects(found.index.done)
    return found.model_copy(update={"items": found.items[: page.limit], "next_cursor": more})
