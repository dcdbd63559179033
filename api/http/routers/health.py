"""Whether the server lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.access import EVERYBODY
from api.http.dependencies import CurrentServer
from api.http.edge.readiness import NotReady, readiness_of
from api.http.openapi.responses import problems, shown
from api.http.routing import LedgerRoute
from api.service.answers.health import Health, Readiness
from domain.errors import Unavailable

router = APIRouter(tags=["Health"], route_class=LedgerRoute)

_READINESS = Readiness(
    status="degraded", stopped={"ledger": 1}, clock_behind_seconds=0, recording=True
)


@router.get(
    "/livez",
    dependencies=[EVERYBODY],
    summary="Whether the process lives",
    responses={200: shown("It does.", Health(status="ok"))},
)
async def livez() -> Health:
    """Touches nothing: an answer is the sign of life."""
    return Health(status="ok")


@router.get(
    "/readyz",
    dependencies=[EVERYBODY],
    summary="Whether there is a ledger that is read and written",
    responses={
        200: shown(
            "There is. `degraded` says that something is wrong. `stopped`: of how many ledgers "
            "something has stopped; they could not be opened (`ledger`), or their `reading`, "
            "`committer`, `sealer` or `projections` stopped. `clock_behind_seconds`: how far the "
            "clock lies behind the newest event; events are recorded as of that instant meanwhile. "
            "`recording`: false where the last commit of a ledger failed, as on a full disk.",
            _READINESS,
        ),
        **problems("unavailable"),
    },
)
def readyz(server: CurrentServer) -> Readiness:
    """What is wrong is counted, not named: anybody may ask. Names are in the metrics.

    One ledger that stopped takes no other out of service: 503 says that none can be read and
    written, with the same fields. Where the last commit of a ledger failed, asking has another one
    tried, once a second at most, so it says by itself when events are recorded again. It also tells
    of the end.
    """
    if server.stopping.begun:
        raise Unavailable("the server is stopping")
    found = readiness_of(server)
    if not found.serving:
        raise NotReady(found)
    status = "ok" if found.is_well else "degraded"
    return Readiness.model_validate({"status": status, **found.shown()})
