"""Whether the server lives, and whether it can do its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.calls import Answer, Call, Routes, Shown
from api.edge.access import PUBLIC
from api.openapi import shapes
from domain.errors import LedgerError, Unavailable
from ledger.transparency.sealer import STOPPED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.bootstrap import OpenLedger

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
    summary="Whether every ledger is read, written, sealed and followed",
    answers={200: _OK},
    problems=("unavailable",),
)
def readyz(call: Call) -> Answer:
    """The problem names each ledger that does not, and which part of it stopped; why is in the log.

    The other ledgers are served meanwhile. It also tells of the end.
    """
    server = call.server
    if server.stopping.begun:
        raise Unavailable("the server is stopping")
    stopped = [f"ledger {name} cannot be opened" for name in sorted(server.unopened)]
    for name, served in sorted(server.ledgers.items()):
        stopped += [f"{part} of ledger {name} stopped" for part in _stopped(served)]
    if stopped:
        raise Unavailable("; ".join(stopped))
    return Answer(body={"status": "ok"})


def _stopped(served: OpenLedger) -> Iterator[str]:
    ledger = served.ledger
    try:
        ledger.recorded_at(ledger.head())
    except LedgerError:
        yield "reading"
    if not ledger.takes_events:
        yield "the committer"
    if ledger.transparency.state == STOPPED:
        yield "the sealer"
    try:
        states = served.projections.states()
    except LedgerError:
        yield "reading the projections"
    else:
        yield from (f"projection {one.name}" for one in states if one.state == "failed")
