"""Whether the server lives, and whether it can do its work."""

from __future__ import annotations

from collections import Counter
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
_READY = Shown(
    description="There is. `degraded` says that something has stopped, and `stopped` of how many "
    "ledgers: they could not be opened (`ledger`), or their `reading`, `committer`, `sealer` or "
    "`projections` stopped.",
    schema=shapes.READINESS,
    example={"status": "degraded", "stopped": {"ledger": 1}},
)
_NEEDED = frozenset({"reading", "committer"})
"""The parts without which a ledger serves nobody."""


@ROUTES.on("GET", "/livez", scopes=PUBLIC, summary="Whether the process lives", answers={200: _OK})
async def livez(_call: Call) -> Answer:
    """Touches nothing: an answer is the sign of life."""
    return Answer(body={"status": "ok"})


@ROUTES.on(
    "GET",
    "/readyz",
    scopes=PUBLIC,
    summary="Whether there is a ledger that is read and written",
    answers={200: _READY},
    problems=("unavailable",),
)
def readyz(call: Call) -> Answer:
    """What has stopped is counted, not named: anybody may ask. Names are in the metrics.

    One ledger that stopped takes no other out of service. It also tells of the end.
    """
    server = call.server
    if server.stopping.begun:
        raise Unavailable("the server is stopping")
    stopped = Counter(ledger=len(server.unopened))
    serving = 0
    for served in list(server.ledgers.values()):
        parts = set(_stopped(served))
        serving += not parts & _NEEDED
        stopped.update(parts)
    if not serving:
        raise Unavailable("no ledger can be read and written; the log says why")
    if not stopped.total():
        return Answer(body={"status": "ok"})
    return Answer(body={"status": "degraded", "stopped": dict(sorted((+stopped).items()))})


def _stopped(served: OpenLedger) -> Iterator[str]:
    ledger = served.ledger
    try:
        ledger.recorded_at(ledger.head())
    except LedgerError:
        yield "reading"
    if not ledger.takes_events:
        yield "committer"
    if ledger.transparency.state == STOPPED:
        yield "sealer"
    try:
        states = served.projections.states()
    except LedgerError:
        yield "projections"
    else:
        if any(one.state == "failed" for one in states):
            yield "projections"
