"""Making what is personal about somebody unreadable for ever."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from api.http.endpoint import Answer, Body, Routes, Shown
from api.http.openapi import person_shapes
from api.http.ordered_acts import carry_out
from api.service.answers.persons import Erased
from domain.events.governance import PersonalDataErased
from ledger.access.scopes import ADMIN
from ledger.erasure import Erasure

if TYPE_CHECKING:
    from api.http.call import Call
    from ledger import erasure
    from ledger.access.orders import Order

ROUTES = Routes("Contacts")


@ROUTES.on(
    "POST",
    "/v1/ledgers/{ledger}/contacts/{contact}/erasure",
    scopes=(ADMIN,),
    summary="Erase a person: what is personal becomes unreadable for ever",
    body=Body(
        schema=person_shapes.ERASE,
        examples={
            "on request": {"requested_by": "the person", "reason": "Asked by letter of 2 March."}
        },
    ),
    answers={
        200: Shown(
            description="It is done; asked again, the same, with `Idempotency-Replayed`.",
            example=person_shapes.ERASED_EXAMPLE,
            headers=("Rapport-Position", "Content-Location", "Idempotency-Replayed"),
        )
    },
    problems=("contact-not-found", "refused", "unavailable"),
)
async def erase_contact(call: Call) -> Answer:
    """The person is one: whoever was merged with the contact is erased too, by an event each.

    `requested_by` stays readable, so say a role, such as `the person`, and no name. The `reason` is
    sealed like all free text, and unreadable with the rest. From then on personal fields read as
    null, and events with personal data are refused as `contact-erased`. `unavailable` says whether
    it was recorded; asking again goes on in either case. It cannot be undone.
    """
    event = PersonalDataErased.read(call.body)
    order, wish = await run_in_threadpool(_ordered, call, event)
    erased = await carry_out(order, partial(call.open_ledger.ledger.erase, wish))
    survivor = erased.contacts[0].contact_id
    replayed = {} if erased.fresh else {"Idempotency-Replayed": "true"}
    return Answer(
        body=_shown(erased),
        headers={**call.located(survivor), **replayed},
        position=erased.position,
    )


def _ordered(call: Call, event: PersonalDataErased) -> tuple[Order, Erasure]:
    """The erasure, and its order in the trail, which stands there before it is done."""
    order = call.order("erasure", str(call.contact_id))
    return order, Erasure(contact_id=call.contact_id, event=event)


def _shown(erased: erasure.Erased) -> Erased:
    return Erased.model_validate(
        {
            "contact_id": erased.contacts[0].contact_id,
            "contacts": erased.contacts,
            "position": erased.position,
            "done": person_shapes.said(person_shapes.DONE),
            "remains": person_shapes.said(person_shapes.REMAINS),
        }
    )
