"""A policy fitted to the ledger's own history, to be previewed and then perhaps published."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from fastapi import APIRouter

from api.http.access import allow
from api.http.bodies import body_dependency
from api.http.dependencies import Caller, CurrentExchange, CurrentServer, LedgerInPath, instant_at
from api.http.openapi import work_examples
from api.http.openapi.responses import problems, response_of
from api.http.routers.replays import answer_with_location
from api.http.routing import LedgerRoute
from api.http.wire.proposals import MOMENT, Moment, ProposedPolicy, read_sent_moment
from api.http.wire.query import Reads
from api.http.wire.sent import SentObject
from api.service.answers.fitting import FitOperation
from api.service.answers.projections import Operation
from api.service.fitting import start_fit
from api.service.questions import At, moment_of
from domain.errors import Invalid
from domain.fitting.fit import Target
from domain.kinds import Whole
from ledger.access.scopes import REBUILD

router = APIRouter(prefix="/v1/ledgers/{ledger}", tags=["Replays"], route_class=LedgerRoute)

MOST = 1000
"""The greatest number in a target."""

_NUMBER = Reads(Whole(1, MOST).read, {"type": "integer", "minimum": 1, "maximum": MOST})


class FitTarget(SentObject):
    """How many falls by silence are to stay falls for 90 days: ``stay`` of ``of``."""

    stay: Annotated[int, _NUMBER]
    of: Annotated[int, _NUMBER]


def _read_target(value: object) -> Target:
    sent = FitTarget.read(value)
    if sent.stay >= sent.of:
        raise Invalid.at("/stay", "too-great", f"must be less than of, which is {sent.of}")
    return Target(sent.stay, sent.of)


_TARGET: dict[str, Any] = {
    "type": "object",
    "properties": dict.fromkeys(("stay", "of"), _NUMBER.schema),
    "required": ["stay", "of"],
    "additionalProperties": False,
}


class PolicyFit(ProposedPolicy):
    """A policy whose wait and purchase days are to be fitted, and how many falls are to stay."""

    EXAMPLES: ClassVar = {
        "a preset": {"preset": "retail"},
        "a document and a target": {
            "policy": {"extends": "cafe"},
            "target": {"stay": 3, "of": 4},
        },
    }

    target: Annotated[Target | None, Reads(_read_target, _TARGET, nullable=True)] = None
    as_of: Annotated[Moment, Reads(read_sent_moment, MOMENT, nullable=True)] = None


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
