"""The welcome card of a contact, at any moment: everything that the person at the door needs.

Tills ask for it with every visit, so it takes the bare request as the status does, and is answered
from what is kept where nothing has happened since.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from api.http.access import allow
from api.http.dependencies import at_of, contact_of, wait_for_ledger
from api.http.exchange import Exchange, exchange_in
from api.http.kept_answers import CARDS, answer_now, is_about_now, question_in
from api.http.openapi import care_examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import BareRoute
from api.http.waiting import wait_until_known
from api.http.wire.media import PartlyEncoded
from api.service.answers.cards import Card
from api.service.answers.document import ContactQuestion
from api.service.cards import welcome_card
from ledger.access.scopes import READ

router = APIRouter(tags=["Status"], route_class=BareRoute)


@router.get(
    "/v1/ledgers/{ledger}/contacts/{contact}/card",
    dependencies=[allow(READ), Depends(contact_of), Depends(at_of), Depends(wait_for_ledger)],
    summary="Get a contact's welcome card",
    response_model=Card,
    responses={
        200: response_of(
            "Everything that the person who opens the door needs, in one call.",
            care_examples.CARD,
            "ETag",
            "Rapport-Position",
            "Content-Location",
        ),
        **problems("contact-not-found", "policy-not-found", "invalid-time", "projection-behind"),
    },
)
async def read_card(request: Request) -> Any:
    """`sentence` is one line to read on the way to the door. `agenda` has the five most urgent
    items of the day, `said` and `done_for_them` the latest things, the latest first.

    Personal values are decrypted for this answer, and null after an erasure. The `ETag` leaves out
    `as_of` and `as_known_at`: a card that says the same has the same tag.
    """
    exchange = exchange_in(request)
    if (min_position := exchange.query.get("min_position")) is not None:
        await wait_until_known(exchange.served, min_position)
    if is_about_now(exchange):
        return await answer_now(exchange, CARDS)
    return await run_in_threadpool(_card, exchange)


def _card(exchange: Exchange) -> PartlyEncoded:
    question = question_in(exchange)
    found = welcome_card(question, exchange.contact_id)
    exchange.reply.answers_for(found.contact_id)
    exchange.reply.reflects(question.position)
    begun = ContactQuestion(
        contact_id=found.contact_id, as_of=question.as_of, as_known_at=question.as_known_at
    )
    return PartlyEncoded(begun, found.content.json_bytes(), is_weak=True)
