"""A policy fitted to the ledger's own history, to be previewed and then perhaps published."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from api.http.access import allow
from api.http.bodies import body_dependency
from api.http.dependencies import Caller, CurrentExchange, CurrentServer, LedgerInPath, instant_at
from api.http.openapi import work_examples
from api.http.openapi.responses import problems, response_of
from api.http.routers.replays import answer_with_location
from api.http.routing import LedgerRoute
from api.http.wire.proposals import PolicyFit
from api.service.answers.fitting import FitOperation
from api.service.answers.projections import Operation
from api.service.fitting import start_fit
from api.service.questions import At, moment_of
from domain.fitting.fit import Target
from ledger.access.scopes import REBUILD

router = APIRouter(prefix="/v1/ledgers/{ledger}", tags=["Replays"], route_class=LedgerRoute)


@router.post(
    "/policies/fit",
    dependencies=[allow(REBUILD)],
    summary="Fit a policy to the ledger's own purchases. Nothing is published",
    response_model=FitOperation,
    status_code=202,
    responses={
        202: response_of(
            "The work has started. The operation shows its progress.",
            work_examples.FITTING,
            "Location",
        ),
        **problems("invalid-time"),
    },
)
def fit_policy(
    body: Annotated[PolicyFit, body_dependency(PolicyFit)],
    exchange: CurrentExchange,
    served: LedgerInPath,
    server: CurrentServer,
    caller: Caller,
) -> Operation:
    """It proposes `rhythm.demote_after_days` and `signals.regularity.purchase_days`; all other
    numbers are those of the policy that is sent.

    The wait is the least after which, of those who fell, `target.of - target.stay` of `target.of`
    or fewer bought again within 90 days; two of three stay without a target. The purchase days are
    the fewest for which the clients of 365 days before the last purchase brought five times as much
    since as everybody else who had bought in the year before. A number that the history does
    not decide is null and stays as it is in the policy, and `abstained` says why.

    `hold_out` fits the wait again on the first 50, 60, 70 and 80 % of the time, and counts its
    falls in the rest. `POST .../policies/preview` shows what the proposed `policy` would change.
    """
    moment = moment_of(
        served.ledger,
        served.aliases,
        At(as_of=instant_at(served.ledger, body.as_of)),
        server.clock(),
    )
    work = start_fit(served, caller.id, moment, body.to_policy(), body.target or Target())
    return answer_with_location(exchange, work)
