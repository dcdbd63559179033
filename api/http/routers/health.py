"""Whether the server lives, and whether it can do its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.http.access import PUBLIC
from api.http.edge.readiness import NotReady, readiness_of
from api.http.endpoint import Answer, Routes, Shown
from api.service.answers.health import Health, Readiness
from domain.errors import Unavailable

if TYPE_CHECKING:
    from api.http.call import Call

ROUTES = Routes("Health")

_OK = Shown(description="It does.", example=Health(status="ok"))
_READY = Shown(
    description="There is. `degraded` says that something is wrong. `stopped`: of how many ledgers "
    "something has stopped; they could not be opened (`ledger`), or their `reading`, `committer`, "
    "`sealer` or `projections` stopped. `clock_behind_seconds`: how far the clock lies behind the "
    "newest event; events are recorded as of that instant meanwhile. `recording`: false where the "
    "last commit of a ledger failed, as on a full disk.",
    example=Readiness(
        status="degraded", stopped={"ledger": 1}, clock_behind_seconds=0, recording=True
    ),
)


@ROUTES.on("GET", "/livez", scopes=PUBLIC, summary="Whether the process lives", answers={200: _OK})
async def livez(_call: Call) -> Answer:
    """Touches nothing: an answer is the sign of life."""
    return Answer(body=Health(status="ok"))


@ROUTES.on(
    "GET",
    "/readyz",
    scopes=PUBLIC,
    summary="Whether there is a ledger that is read and written",
    answers={200: _READY},
    problems=("unavailable",),
)
def readyz(call: Call) -> Answer:
    """What is wrong is counted, not named: anybody may ask. Names are in the metrics.

    One ledger that stopped takes no other out of service: 503 says that none can be read and
    written, with the same fields. Where the last commit of a ledger failed, asking has another one
    tried, once a second at most, so it says by itself when events are recorded again. It also tells
    of the end.
    """
    if call.server.stopping.begun:
        raise Unavailable("the server is stopping")
    found = readiness_of(call.server)
    if not found.serving:
        raise NotReady(found)
    status = "ok" if found.is_well else "degraded"
    return Answer(body=Readiness.model_validate({"status": status, **found.shown()}))
