"""``python -m benchmarks.bare PORT``: what FastAPI does with the same requests if nothing is done.

The same server program, event loop and parser as ours; the body is read into a model of the same
fields, and the answers are empty.
"""

from __future__ import annotations

import sys
from datetime import datetime  # noqa: TC003  # pydantic reads the annotations
from typing import Literal
from uuid import UUID  # noqa: TC003  # pydantic reads the annotations

import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict

from api.http.edge.connections import IDLE_SECONDS


class Purchase(BaseModel):
    """What ``purchase-made`` holds."""

    model_config = ConfigDict(extra="forbid")

    purchase_id: str
    amount_minor: int
    currency: str
    category: str | None = None
    initiated_by: Literal["contact", "business"]


class Event(BaseModel):
    """An event as it is sent."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["purchase-made"]
    data: Purchase
    id: UUID | None = None
    occurred_at: datetime | None = None
    source: str | None = None
    actor: str | None = None
    causation_id: UUID | None = None


def application() -> FastAPI:
    """The empty POST, and the empty GET."""
    app = FastAPI(openapi_url=None)

    @app.post("/v1/ledgers/{ledger}/contacts/{contact}/events")
    async def post(event: Event) -> Response:
        assert event.data.purchase_id
        return Response(status_code=201)

    @app.get("/v1/ledgers/{ledger}/contacts/{contact}/status")
    @app.get("/livez")
    async def get() -> Response:
        return Response()

    return app


if __name__ == "__main__":
    uvicorn.run(
        application(),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=IDLE_SECONDS,
    )
