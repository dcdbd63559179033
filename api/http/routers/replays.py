"""Questions about the whole ledger: as it was, as it was known, and as it would be judged."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from fastapi import APIRouter
from starlette.responses import Response

from api.http.access import allow
from api.http.bodies import body_dependency
from api.http.dependencies import (
    Caller,
    CurrentExchange,
    CurrentServer,
    LabelsInQuery,
    LedgerInPath,
    at_in,
    instant_at,
)
from api.http.exchange import Exchange
from api.http.openapi import work_examples
from api.http.openapi.responses import lines, problems, response_of
from api.http.routers.projections import operation_id
from api.http.routing import LedgerRoute
from api.http.streams.spooled import FileAnswer, LabelledAnswer
from api.http.wire.coordinates import SentCoordinates
from api.http.wire.media import JSONL, LINES
from api.http.wire.path_types import OperationId
from api.http.wire.proposals import PolicyPreview
from api.service.answers.projections import Operation
from api.service.answers.replays import PreviewOperation, ReplayOperation
from api.service.questions import AHEAD, At, moment_of
from api.service.replays.preview import Proposal
from api.service.replays.results import ResultNotFound
from api.service.replays.starting import PREVIEW, REPLAY, start_preview, start_replay
from domain.errors import Invalid, NotFinished
from ledger.access.scopes import AUDIT, READ
from projections import operations

router = APIRouter(prefix="/v1/ledgers/{ledger}", tags=["Replays"], route_class=LedgerRoute)


class NewReplay(SentCoordinates):
    """The question of a replay: null means now, all that is known, the policies in force."""

    EXAMPLES: ClassVar = {
        "what was believed then": {"as_of": "2026-03-02T08:30:00Z", "as_known_at": 3},
        "now, by what is known now": {},
        "all of it under one version": {"policy_version": 1},
    }


class Lines(Response):
    """One JSON value a line."""

    media_type = JSONL


_LINES = lines(
    "One contact a line: `ReplayedStatus` of a replay, `PreviewedChange` of a preview, as the two "
    "lines of the example.",
    work_examples.REPLAYED_STATUS,
    work_examples.PREVIEWED_CHANGE,
)


@router.post(
    "/replays",
    dependencies=[allow(READ, AUDIT)],
    summary="Replay: the stage of every contact at an instant, as known at another",
    response_model=ReplayOperation,
    status_code=202,
    responses={
        202: response_of(
            "The work has started. The operation shows its progress.",
            work_examples.REPLAYING,
            "Location",
        ),
        **problems("invalid-time", "policy-not-found"),
    },
)
def start_ledger_replay(
    body: Annotated[NewReplay, body_dependency(NewReplay)],
    exchange: CurrentExchange,
    served: LedgerInPath,
    server: CurrentServer,
    caller: Caller,
) -> Operation:
    """`as_of`, `as_known_at` and `policy_version` mean the same as for a status, with the same
    defaults.

    The result of the operation counts the contacts by stage and gives the SHA-256 of the lines that
    `GET .../operations/{operation}/result` answers: the same question has the same bytes. A contact
    is in it if something had happened to it by `as_of`. A principal who asks the same again while
    it runs gets the same operation, which is theirs: another key that asks the same gets one of its
    own.
    """
    at = at_in(served.ledger, body.as_of, body.as_known_at, body.policy_version)
    moment = moment_of(served.ledger, served.aliases, at, server.clock())
    return answer_with_location(
        exchange, start_replay(served, caller.id, moment, at.policy_version)
    )


@router.post(
    "/policies/preview",
    dependencies=[allow(READ, AUDIT)],
    summary="Preview a policy: which contacts would change stage. Nothing is published",
    response_model=PreviewOperation,
    status_code=202,
    responses={
        202: response_of(
            "The work has started. The operation shows its progress.",
            work_examples.PREVIEWING,
            "Location",
        ),
        **problems("invalid-time"),
    },
)
def preview_policy(
    body: Annotated[PolicyPreview, body_dependency(PolicyPreview)],
    exchange: CurrentExchange,
    served: LedgerInPath,
    server: CurrentServer,
    caller: Caller,
) -> Operation:
    """It compares the stages as of `to`, or now, by the policies in force and by this one.

    Without `effective_from` the policy judges all instants, as `policy_version` does; with it, it
    is as if it had been published in force from then on. With `from`, every contact whose stage
    differs at any time from then to `to` is listed, and revenue is that of this time.
    """
    ledger, now = served.ledger, server.clock()
    from_at, to_at = instant_at(ledger, body.from_at), instant_at(ledger, body.to_at)
    if to_at is not None and to_at > now + AHEAD:
        raise Invalid.at("/to", "invalid-time", "must be at most 24 hours ahead of now")
    moment = moment_of(ledger, served.aliases, At(as_of=to_at), now)
    if from_at is not None and from_at > moment.at:
        raise Invalid.at("/from", "contradiction", "must not be later than to")
    proposal = Proposal(body.to_policy(), instant_at(ledger, body.effective_from), from_at)
    return answer_with_location(exchange, start_preview(served, caller.id, moment, proposal))


@router.get(
    "/operations/{operation}/result",
    dependencies=[allow(READ, AUDIT)],
    summary="Get the lines of a replay or a preview",
    responses={
        200: response_of(
            "One contact a line, by id: JSON with sorted names and no white space, and "
            "a line feed. The ETag is their SHA-256.",
            None,
            "ETag",
            more=dict.fromkeys(LINES, _LINES),
        ),
        **problems("operation-not-found", "not-found", "not-finished"),
    },
    response_model=None,
    response_class=Lines,
)
def read_operation_result(
    exchange: CurrentExchange,
    served: LedgerInPath,
    operation: OperationId,
    labels: LabelsInQuery,
) -> Any:
    """The ten newest results of a ledger are kept for a day, or until the server stops.

    Asking the same question again gives the same lines. With `names=true` or `refs=true` each line
    has what the contact was called as far as was known at the position of the result, less what was
    erased since; such lines are not those of the digest, and have no `ETag`.
    """
    work = served.projections.operation(operation_id(operation))
    if work.state == "running":
        raise NotFinished("the operation is still running: its result is not there yet")
    if work.result is None or work.kind not in (REPLAY, PREVIEW):
        raise ResultNotFound("this operation has no lines as its result")
    file = served.results.open(work.id)
    if labels.any:
        position = work.result["position"]
        assert isinstance(position, int), "as every result of lines says"
        known = served.labels(labels, position)
        return LabelledAnswer(file, exchange.streams, exchange.wanted, known.in_lines)
    return FileAnswer(file, exchange.streams, exchange.wanted, str(work.result["digest"]))


def answer_with_location(exchange: Exchange, work: operations.Operation) -> Operation:
    """The operation that was started, and in the headers where it is."""
    exchange.reply.headers["Location"] = f"{exchange.base}/operations/{work.id}"
    return Operation.model_validate(work)
