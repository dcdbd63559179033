"""Whether the server lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.access import EVERYBODY
from api.http.dependencies import CurrentServer
from api.http.edge.readiness import NotReady, readiness_of
from api.http.openapi.responses import problems, response_of
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
    summary="Check that the process is running",
    responses={200: response_of("The process is running.", Health(status="ok"))},
)
async def livez() -> Health:
    """The endpoint reads nothing: any answer means that the process is running."""
    return Health(status="ok")


@router.get(
    "/readyz",
    dependencies=[EVERYBODY],
    summary="Check that a ledger can be read and written",
    responses={
        200: response_of(
            "A ledger can be read and written. `degraded` says that something is wrong. `stopped` "
            "counts the ledgers that could not be opened (`ledger`), or whose `reading`, "
            "`committer`, `sealer` or `projections` stopped. `clock_behind_seconds` is how far the "
            "clock is behind the newest event; meanwhile events are recorded as of that instant. "
            "`recording` is false if the last commit of a ledger failed, as on a full disk.",
            _READINESS,
        ),
        **problems("unavailable"),
    },
)
def readyz(server: CurrentServer) -> Readiness:
    """Anybody may call it, so problems are counted without names. The names are in the metrics.

    One ledger that stopped takes no other out of service: 503 means that none can be read and
    written, and has the same fields. If the last commit of a ledger failed, a request makes the
    ledger try another one, once a second at most, so the answer changes as soon as events are
    recorded again. A server that is stopping answers 503.
    """
    if server.stopping.begun:
        raise Unavailable("the server is stopping")
    found = readiness_of(server)
    if not found.serving:
        raise NotReady(found)
    status = "ok" if found.is_well else "degraded"
    return Readiness.model_validate({"status": status, **found.as_document()})
