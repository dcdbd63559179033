"""What late and correcting events changed of the past: believed then, known now."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from api.http.access import allow
from api.http.dependencies import (
    CurrentReply,
    LabelsInQuery,
    LedgerInPath,
    PageInQuery,
    contact_named,
)
from api.http.openapi import examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.waiting import wait_until_reflected
from api.http.wire.cursors import make_cursor, read_place
from api.http.wire.listed import with_labels
from api.http.wire.query_types import MinPosition, RestatedContact, SincePosition
from api.service.answers.document import Page
from api.service.answers.lists import Restatement
from ledger.access.scopes import AUDIT, READ
from ledger.ledger import Ledger
from projections.restatement_reading import Place

router = APIRouter(tags=["Lists"], route_class=LedgerRoute)

_KIND = "restatements"
_FIRST_PAGE = (None, None, None)


async def wait_for_restatements(served: LedgerInPath, min_position: MinPosition = None) -> None:
    """Wait until restatements reflect the position that is asked for."""
    await wait_until_reflected(served, min_position, "restatements")


@router.get(
    "/v1/ledgers/{ledger}/restatements",
    dependencies=[allow(READ, AUDIT)],
    summary="List the past stages that an event changed",
    responses={
        200: response_of(
            "One row per stretch of time and contact, by the event's position.",
            Page[Restatement](items=(examples.RESTATEMENT,), next_cursor=None),
            "ETag",
            "Rapport-Position",
            "Link",
        ),
        **problems("projection-behind"),
    },
)
def list_restatements(
    served: LedgerInPath,
    reply: CurrentReply,
    since_position: SincePosition = None,
    contact: RestatedContact = None,
    *,
    page: PageInQuery,
    labels: LabelsInQuery,
    _reflected: Annotated[None, Depends(wait_for_restatements)],
) -> Page[Restatement]:
    """From one instant up to another a contact was `believed` in one stage, and was in another.

    The contact is the one that answered for itself when the event was recorded. A stage that was
    not believed yet is not restated, and stretches shorter than a minute are left out. Events of
    one contact that are recorded in one minute of UTC are one restatement, at the last. Repeat the
    request with the `Rapport-Position` of this answer as `since_position` for what was restated in
    between.
    """
    found = served.projections.restatements(
        since_position=since_position or 0,
        contact=contact_named(served.ledger, contact),
        after=_place_after(served.ledger, page.cursor),
        limit=page.limit,
    )
    more = None
    if found.next_place is not None:
        position, of, number = found.next_place
        more = make_cursor(served.ledger, _KIND, position, of.bytes, number)
    reply.goes_on(more)
    reply.reflects(found.position)
    rows = tuple(Restatement.model_validate(one) for one in found.items)
    answer = Page[Restatement](items=rows, next_cursor=more)
    return with_labels(answer, served, labels, found.position)


def _place_after(ledger: Ledger, cursor: str | None) -> Place | None:
    place = read_place(ledger, cursor, _KIND, *_FIRST_PAGE)
    position, contact, number = place
    return None if contact is None else (position, UUID(bytes=contact), number)
