"""Erasing a person: their personal data becomes unreadable forever."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool

from api.http.access import allow
from api.http.bodies import SentBody
from api.http.dependencies import Audit, ContactInPath, CurrentAudit, CurrentReply, LedgerInPath
from api.http.openapi.person_examples import ERASED
from api.http.openapi.responses import problems, response_of
from api.http.ordered_acts import carry_out
from api.http.routing import LedgerRoute
from api.service.answers.persons import DONE, REMAINS, Erased, coded_sentences
from api.service.event_schemas import data_schema
from domain.events.governance import PersonalDataErased
from ledger import erasure
from ledger.access.orders import Order
from ledger.access.scopes import ADMIN

router = APIRouter(tags=["Contacts"], route_class=LedgerRoute)

_SENT = SentBody(
    PersonalDataErased.read,
    data_schema(PersonalDataErased),
    {"on request": {"requested_by": "the person", "reason": "Asked by letter of 2 March."}},
)


@router.post(
    "/v1/ledgers/{ledger}/contacts/{contact}/erasure",
    dependencies=[allow(ADMIN)],
    summary="Erase a person: their personal data becomes unreadable forever",
    responses={
        200: response_of(
            "The person is erased. A repeated request has the same answer, with "
            "`Idempotency-Replayed`.",
            ERASED,
            "Rapport-Position",
            "Content-Location",
            "Idempotency-Replayed",
        ),
        **problems("contact-not-found", "refused", "unavailable"),
    },
)
async def erase_contact(
    event: Annotated[PersonalDataErased, Depends(_SENT)],
    served: LedgerInPath,
    contact_id: ContactInPath,
    audit: CurrentAudit,
    reply: CurrentReply,
) -> Erased:
    """Every contact that was merged with this one is erased too, by an event of its own.

    `requested_by` stays readable, so name a role in it, such as `the person`, and not a person. The
    `reason` is encrypted like all free text, and becomes unreadable with the rest. From then on
    personal fields are null, and events with personal data are refused as `contact-erased`. After
    the problem `unavailable`, which says whether the erasure was recorded, the same request
    completes it. An erasure cannot be undone.
    """
    order, wish = await run_in_threadpool(_order_erasure, audit, contact_id, event)
    erased = await carry_out(order, partial(served.ledger.erase, wish))
    reply.answers_for(erased.contacts[0].contact_id)
    if not erased.fresh:
        reply.headers["Idempotency-Replayed"] = "true"
    reply.position = erased.position
    return _answer(erased)


def _order_erasure(
    audit: Audit, contact_id: UUID, event: PersonalDataErased
) -> tuple[Order, erasure.Erasure]:
    """The erasure, and its order, which is in the trail before the erasure is done."""
    order = audit.order("erasure", str(contact_id))
    return order, erasure.Erasure(contact_id=contact_id, event=event)


def _answer(erased: erasure.ErasureResult) -> Erased:
    return Erased.model_validate(
        {
            "contact_id": erased.contacts[0].contact_id,
            "contacts": erased.contacts,
            "position": erased.position,
            "done": coded_sentences(DONE),
            "remains": coded_sentences(REMAINS),
        }
    )
