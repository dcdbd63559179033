"""Whether the server lives, and whether it can do its work."""

from __future__ import annotations

from api.calls import Answer, Call, Routes, Shown
from api.edge.access import PUBLIC
from api.openapi import shapes
from domain.errors import Unavailable

ROUTES = Routes("Health")

_OK = Shown(description="It does.", schema=shapes.HEALTH, example={"status": "ok"})


@ROUTES.on("GET", "/livez", scopes=PUBLIC, summary="Whether the process lives", answers={200: _OK})
async def livez(_call: Call) -> Answer:
    """Touches nothing: an answer is the sign of life."""
    return Answer(body={"status": "ok"})


@ROUTES.on(
    "GET",
    "/readyz",
    scopes=PUBLIC,
    summary="Whether every ledger can be read and every projection goes on",
    answers={200: _OK},
    problems=("unavailable",),
)
def readyz(call: Call) -> Answer:
    """The problem names the ledger and the projection that stopped, or tells of the end."""
    if call.server.stopping.begun:
        raise Unavailable("the server is stopping")
    for name, served in sorted(call.server.ledgers.items()):
        served.ledger.recorded_at(served.ledger.head())
        for state in served.projections.states():
            if state.state == "failed":
                raise Unavailable(f"projection {state.name} of ledger {name} stopped")
    return Answer(body={"status": "ok"})
