"""Whether the server lives, whether it can do its work, and what it counts of itself."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from starlette.responses import Response

from api.http.access import EVERYBODY, allow
from api.http.dependencies import CallerOfEveryLedger, CurrentExchange, CurrentServer
from api.http.edge.metrics import CONTENT_TYPE, metrics_of
from api.http.openapi.example import example
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.service.answers.health import Health, Readiness
from api.service.readiness import NotReady, readiness_of
from domain.errors import Unavailable
from ledger.access.scopes import SCOPES

router = APIRouter(tags=["Health"], route_class=LedgerRoute)

_READINESS = example(
    Readiness,
    {
        "status": "degraded",
        "stopped": {"ledger": 1},
        "clock_behind_seconds": 0,
        "recording": True,
    },
)


@router.get(
    "/livez",
    dependencies=[EVERYBODY],
    summary="Check that the process is running",
    responses={200: response_of("The process is running.", example(Health, {"status": "ok"}))},
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
            "`committer`, `sealer` or `projections` stopped, or that no process follows "
            "(`followers`). Where several processes serve, it has 1 for each that does not "
            "(`worker-2`). `clock_behind_seconds` is how far the clock is behind the newest "
            "event; meanwhile events are recorded as of that instant. `recording` is false "
            "if the last commit of a ledger failed, as on a full disk.",
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
    recorded again. A server that is stopping answers 503. So does a process that only reads, while
    the one that records does not answer: `stopped` then counts the ledgers under `recorder`.
    """
    if server.stopping.begun:
        raise Unavailable("the server is stopping")
    found = readiness_of(server)
    if not found.serving:
        raise NotReady(found)
    return Readiness.model_validate(found)


@router.get(
    "/metrics",
    dependencies=[allow(*SCOPES)],
    summary="The metrics of the server, for Prometheus",
    responses={
        200: response_of(
            "The figures.",
            'rapport_events_appended_total{ledger="main"} 3.0\n',
            media_type="text/plain",
            schema={"type": "string"},
        ),
        **problems("unavailable"),
    },
    response_model=None,
    response_class=PlainTextResponse,
)
def metrics(_caller: CallerOfEveryLedger, exchange: CurrentExchange) -> Any:
    """The labels are ledgers, projections and routes, and no contacts.

    Where several processes serve, the counters and histograms are those of all.
    """
    figures = metrics_of(exchange.request.app).text()
    return Response(figures, headers={"Content-Type": CONTENT_TYPE})
