"""What late and correcting events changed of the past: believed then, known now."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from api.http.endpoint import Answer, Routes, Shown
from api.http.openapi import examples
from api.http.wire.cursors import make_cursor, read_place
from api.http.wire.parameters import (
    CURSOR,
    LIMIT,
    MIN_POSITION,
    RESTATED_CONTACT,
    SINCE_POSITION,
)
from api.service.answers.document import Page
from api.service.answers.lists import Restatement
from domain.errors import Invalid
from domain.kinds import ContactId
from ledger.access.scopes import AUDIT, READ

if TYPE_CHECKING:
    from api.http.call import Call
    from projections.restatement_reading import Place

ROUTES = Routes("Lists")

_KIND = "restatements"
_FIRST_PAGE = (None, None, None)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/restatements",
    scopes=(READ, AUDIT),
    summary="Which past stages an event changed",
    query=(SINCE_POSITION, RESTATED_CONTACT, LIMIT, CURSOR, MIN_POSITION),
    answers={
        200: Shown(
            description="One row per stretch of time and contact, by the event's position.",
            example=Page[Restatement](items=(examples.RESTATEMENT,), next_cursor=None),
            headers=("ETag", "Rapport-Position", "Link"),
        )
    },
    problems=("projection-behind",),
)
async def list_restatements(call: Call) -> Answer:
    """From one instant up to another a contact was `believed` in one stage, and was in another.

    The contact is the one that answered for itself when the event was recorded. What was not
    believed yet is not restated, and stretches shorter than a minute are left out. Events of one
    contact that are recorded in one minute of UTC are one restatement, at the last. Ask again with
    the `Rapport-Position` of this answer as `since_position` for what was restated in between.
    """
    await call.wait_until_reflected(call.get(MIN_POSITION), "restatements")
    return await call.in_thread(_restatements)


def _restatements(call: Call) -> Answer:
    page = call.open_ledger.projections.restatements(
        since_position=call.get(SINCE_POSITION) or 0,
        contact=_contact(call),
        after=_place_after(call),
        limit=call.get(LIMIT) or 100,
    )
    more = None
    if page.next_place is not None:
        position, contact, number = page.next_place
        more = make_cursor(call.open_ledger.ledger, _KIND, position, contact.bytes, number)
    rows = tuple(Restatement.model_validate(one) for one in page.items)
    body = Page[Restatement](items=rows, next_cursor=more)
    return Answer(body=body, headers=call.next_page(more), position=page.position, digest=True)


def _contact(call: Call) -> UUID | None:
    name = call.get(RESTATED_CONTACT)
    if name is None:
        return None
    try:
        return ContactId().read(name, call.open_ledger.ledger.contact_id)
    except Invalid as error:
        raise error.within("/contact") from None


def _place_after(call: Call) -> Place | None:
    place = read_place(call.open_ledger.ledger, call.get(CURSOR), _KIND, *_FIRST_PAGE)
    position, contact, number = place
    return None if contact is None else (position, UUID(bytes=contact), number)
