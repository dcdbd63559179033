"""What can be recorded, as JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.http.access import PUBLIC
from api.http.endpoint import Answer, Routes, Shown
from api.http.openapi import examples, shapes
from api.service import event_schemas as schemas
from api.service.answers.document import Page
from api.service.answers.ledgers import EventType
from domain.errors import NotFound
from domain.events import CATALOGUE
from domain.events.commerce import PurchaseMade

if TYPE_CHECKING:
    from api.http.call import Call

ROUTES = Routes("Event types")


@ROUTES.on(
    "GET",
    "/v1/event-types",
    scopes=PUBLIC,
    summary="Every type of event",
    answers={
        200: Shown(
            description="All types, by name.",
            example=Page[EventType](items=(examples.EVENT_TYPE,), next_cursor=None),
        )
    },
)
def list_event_types(_call: Call) -> Answer:
    """Those not `from_clients` are written by the ledger itself."""
    items = tuple(
        EventType(
            type=name,
            summary=schemas.event_type(cls)["description"].partition("\n")[0],
            from_clients=cls.FROM_CLIENTS,
            schema=f"/v1/event-types/{name}",
        )
        for name, cls in sorted(CATALOGUE.items())
    )
    return Answer(body=Page[EventType](items=items, next_cursor=None))


@ROUTES.on(
    "GET",
    "/v1/event-types/{type}",
    scopes=PUBLIC,
    summary="The JSON Schema of one type's data",
    answers={
        200: Shown(
            description="A schema of draft 2020-12; personal fields have `x-personal`.",
            schema=shapes.ANY_OBJECT,
            example=schemas.event_type(PurchaseMade),
            headers=("ETag",),
        )
    },
    problems=("not-found",),
)
def read_event_type(call: Call) -> Answer:
    """What `data` must be; the same rules read it when it is appended."""
    cls = CATALOGUE.get(call.text("type"))
    if cls is None:
        raise NotFound("there is no such type of event; see /v1/event-types")
    return Answer(body=schemas.event_type(cls), digest=True)
