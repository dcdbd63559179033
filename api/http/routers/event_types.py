"""What can be recorded, as JSON Schema."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.http.access import EVERYBODY
from api.http.dependencies import CurrentReply
from api.http.openapi import examples
from api.http.openapi.responses import problems, shown
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
    summary="Every type of event",
    responses={
        200: shown(
            "All types, by name.",
            Page[EventType](items=(examples.EVENT_TYPE,), next_cursor=None),
        )
    },
)
def list_event_types() -> Page[EventType]:
    """Those not `from_clients` are written by the ledger itself."""
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
    summary="The JSON Schema of one type's data",
    response_model=None,
    responses={
        200: shown(
            "A schema of draft 2020-12; personal fields have `x-personal`.",
            schemas.event_type(PurchaseMade),
            "ETag",
            schema={"type": "object"},
        ),
        **problems("not-found"),
    },
)
def read_event_type(name: EventTypeName, reply: CurrentReply) -> dict[str, Any]:
    """What `data` must be; the same rules read it when it is appended."""
    cls = CATALOGUE.get(name)
    if cls is None:
        raise NotFound("there is no such type of event; see /v1/event-types")
    reply.digest = True
    return schemas.event_type(cls)
