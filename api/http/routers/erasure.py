"""Making what is personal about somebody unreadable for ever."""

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
from api.http.openapi.responses import problems, shown
from api.http.ordered_acts import carry_out
from api.http.routing import LedgerRoute
from api.service.answers.persons import DONE, REMAINS, Erased, said
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
    summary="Erase a person: what is personal becomes unreadable for ever",
    responses={
        200: shown(
            "It is done; asked again, the same, with `Idempotency-Replayed`.",
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
    """The person is one: whoever was merged with the contact is erased too, by an event each.

    `requested_by` stays readable, so say a role, such as `the person`, and no name. The `reason` is
    sealed like all free text, and unreadable with the rest. From then on personal fields read as
    null, and events with personal data are refused as `contact-erased`. `unavailable` says whether
    it was recorded; asking again goes on in either case. It cannot be undone.
    """
    order, wish = await run_in_threadpool(_ordered, audit, contact_id, event)
    erased = await carry_out(order, partial(served.ledger.erase, wish))
    reply.answers_for(erased.contacts[0].contact_id)
    if not erased.fresh:
        reply.headers["Idempotency-Replayed"] = "true"
    reply.position = erased.position
    return _shown(erased)


def _ordered(
    audit: Audit, contact_id: UUID, event: PersonalDataErased
) -> tuple[Order, erasure.Erasure]:
    """The erasure, and its order in the trail, which stands there before it is done."""
    order = audit.order("erasure", str(contact_id))
    return order, erasure.Erasure(contact_id=contact_id, event=event)


def _shown(erased: erasure.ErasureResult) -> Erased:
    return Erased.model_validate(
        {
            "contact_id": erased.contacts[0].contact_id,
            "contacts": erased.contacts,
            "position": erased.position,
            "done": said(DONE),
            "remains": said(REMAINS),
        }
    )
