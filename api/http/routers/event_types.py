"""What can be recorded, as JSON Schema."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.http.access import EVERYBODY
from api.http.dependencies import CurrentReply
from api.http.openapi import examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.wire.path_types import EventTypeName
from api.service import event_schemas as schemas
from api.service.answers.document import Page
from api.service.answers.ledgers import EventType
from domain.errors import NotFound
from domain.events import CATALOGUE
from domain.events.commerce import PurchaseMade

router = APIRouter(tags=["Event types"], route_class=LedgerRoute)


@router.get(
    "/v1/event-types",
    dependencies=[EVERYBODY],
    summary="List the types of events",
    responses={
        200: response_of(
            "The types of events, by name.",
            Page[EventType](items=(examples.EVENT_TYPE,), next_cursor=None),
        )
    },
)
def list_event_types() -> Page[EventType]:
    """The ledger itself records those that are not `from_clients`."""
    items = tuple(
        EventType(
            type=name,
            summary=schemas.event_type(cls)["description"].partition("\n")[0],
            from_clients=cls.FROM_PRODUCERS,
            schema=f"/v1/event-types/{name}",
        )
        for name, cls in sorted(CATALOGUE.items())
    )
    return Page[EventType](items=items, next_cursor=None)


@router.get(
    "/v1/event-types/{type}",
    dependencies=[EVERYBODY],
    summary="Get the JSON Schema of one type's data",
    response_model=None,
    responses={
        200: response_of(
            "A schema of draft 2020-12; personal fields have `x-personal`.",
            schemas.event_type(PurchaseMade),
            "ETag",
            schema={"type": "object"},
        ),
        **problems("not-found"),
    },
)
def read_event_type(name: EventTypeName, reply: CurrentReply) -> dict[str, Any]:
    """The schema says what `data` must be. Appends check it by the same rules."""
    cls = CATALOGUE.get(name)
    if cls is None:
        raise NotFound("there is no such type of event; see /v1/event-types")
    reply.digest = True
    return schemas.event_type(cls)
