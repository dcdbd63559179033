"""How right the falls by silence were, and what clients were worth beside everybody else."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.http.access import allow
from api.http.dependencies import CurrentReply, InquiryAt, instant_at
from api.http.openapi.calibration_example import CALIBRATION
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.waiting import wait_until_known, wait_until_reflected
from api.http.wire.query_types import MinPosition, PeriodEnd, PeriodStart
from api.service.answers.calibration import CalibrationAnswer
from api.service.calibration import calibration
from ledger.access.scopes import READ

router = APIRouter(
    prefix="/v1/ledgers/{ledger}",
    tags=["Lists"],
    dependencies=[allow(READ)],
    route_class=LedgerRoute,
)


@router.get(
    "/calibration",
    summary="Say how right the falls by silence were",
    responses={
        200: response_of(
            "The falls of the period and what became of them; what clients were worth.",
            CALIBRATION,
            "ETag",
            "Rapport-Position",
        ),
        **problems("projection-behind", "invalid-time", "policy-not-found"),
    },
)
async def calibrate(
    inquiry: InquiryAt,
    reply: CurrentReply,
    from_: PeriodStart = None,
    to: PeriodEnd = None,
    min_position: MinPosition = None,
) -> CalibrationAnswer:
    """A client falls by silence once they have not bought for so long after they were due.

    A fall is `resolved` once the contact bought again within 90 days or two of their own rhythms,
    whichever is longer, or once that time has passed; who `bought` fell prematurely. Falls whose
    outcome is not known yet are in neither number. `within_365_days` says the same of a year.
    `delay_days` are those from the last commerce to the fall. `written_off` are the purchases in
    the period by contacts who had fallen by silence and were not clients again, `of` all purchases
    by contacts who had become clients before.

    `values` compares, by currency, what the clients of 365 days ago brought since then with what
    everybody else brought who had bought in the 365 days before that.

    With `as_known_at`, `policy_version` or an `as_of` that lies ahead a ledger of up to 200,000
    events is folded, which takes seconds. The command line folds a copy of any data folder.
    """
    served = inquiry.served
    if inquiry.is_folded:
        await wait_until_known(served, min_position)
    else:
        await wait_until_reflected(served, min_position, "status")
    period = instant_at(served.ledger, from_), instant_at(served.ledger, to)
    found = await run_in_threadpool(
        calibration, served, inquiry.at, period, inquiry.now, served.limits.calibrated_events
    )
    reply.reflects(found.position)
    return found
