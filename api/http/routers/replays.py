"""Questions about the whole ledger: as it was, as it was known, and as it would be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.http.endpoint import Answer, Body, Routes, Shown
from api.http.openapi import long_work
from api.http.routers.projections import operation_id_of
from api.http.streams.spooled import Spooled
from api.http.wire.bodies import optional, read_known_at, read_object, read_proposed
from api.http.wire.media import LINES
from api.service.answers.projections import Operation as Answered
from api.service.questions import AHEAD, At, moment_of
from api.service.replays.preview import Proposal
from api.service.replays.results import ResultNotFound
from api.service.replays.starting import PREVIEW, REPLAY, start_preview, start_replay
from domain.errors import Invalid, NotFinished
from domain.kinds import Whole, read_instant
from ledger.access.scopes import AUDIT, READ

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from api.http.call import Call
    from projections.operations import Operation

ROUTES = Routes("Replays")


@ROUTES.on(
    "POST",
    "/v1/ledgers/{ledger}/replays",
    scopes=(READ, AUDIT),
    summary="Where every contact stood, or was believed to stand",
    body=Body(schema=long_work.ASK_REPLAY, examples=long_work.REPLAYS),
    answers={
        202: Shown(
            description="It is being worked out; the operation tells how far it is.",
            example=long_work.REPLAYING,
            headers=("Location",),
        )
    },
    problems=("invalid-time", "policy-not-found"),
)
def start_ledger_replay(call: Call) -> Answer:
    """`as_of`, `as_known_at` and `policy_version` as for a status, and with the same defaults.

    The result of the operation counts the contacts by stage and gives the SHA-256 of the lines that
    `GET .../operations/{operation}/result` answers: the same question has the same bytes. A contact
    is in it once something had happened to it by `as_of`. Who asks the same again while it runs
    gets the same operation, which is theirs: another key that asks the same gets one of its own.
    """
    body = read_object(call.body, ("as_of", "as_known_at", "policy_version"))
    asked = At(
        optional(body, "as_of", read_instant),
        optional(body, "as_known_at", read_known_at),
        optional(body, "policy_version", Whole(1).read),
    )
    served = call.open_ledger
    moment = moment_of(served.ledger, served.aliases, asked, call.server.clock())
    return _begun(call, start_replay(served, call.principal.id, moment, asked.policy_version))


@ROUTES.on(
    "POST",
    "/v1/ledgers/{ledger}/policies/preview",
    scopes=(READ, AUDIT),
    summary="Who would change stage under a policy; nothing is published",
    body=Body(schema=long_work.ASK_PREVIEW, examples=long_work.PREVIEWS),
    answers={
        202: Shown(
            description="It is being worked out; the operation tells how far it is.",
            example=long_work.PREVIEWING,
            headers=("Location",),
        )
    },
    problems=("invalid-time",),
)
def preview_policy(call: Call) -> Answer:
    """Stages as of `to`, or now, by the policies in force and by this one, contact by contact.

    Without `effective_from` the policy judges all instants, as `policy_version` does; with it, it
    is as if it had been published in force from then on. With `from`, whoever's stage differs at
    any time from then to `to` is listed, and revenue is that of this time.
    """
    body = read_object(call.body, ("preset", "policy", "effective_from", "from", "to"))
    policy = read_proposed(body)
    from_at, to_at = optional(body, "from", read_instant), optional(body, "to", read_instant)
    effective_from = optional(body, "effective_from", read_instant)
    served, now = call.open_ledger, call.server.clock()
    if to_at is not None and to_at > now + AHEAD:
        raise Invalid.at("/to", "invalid-time", "lies more than 24 hours ahead")
    moment = moment_of(served.ledger, served.aliases, At(as_of=to_at), now)
    if from_at is not None and from_at > moment.at:
        raise Invalid.at("/from", "contradiction", "must not be later than to")
    proposal = Proposal(policy, effective_from, from_at)
    return _begun(call, start_preview(served, call.principal.id, moment, proposal))


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/operations/{operation}/result",
    scopes=(READ, AUDIT),
    summary="The lines of a replay or a preview",
    offered=LINES,
    answers={
        200: Shown(
            description="One contact a line, by id: JSON with sorted names and no white space, and "
            "a line feed. The ETag is their SHA-256.",
            schema=long_work.LINES_OF_CONTACTS,
            example=long_work.REPLAYED_LINES,
            headers=("ETag",),
        )
    },
    problems=("operation-not-found", "not-found", "not-finished"),
)
def read_operation_result(call: Call) -> ASGIApp:
    """The ten newest of a ledger are kept, for a day, until the server stops.

    Asking the same question again gives the same lines.
    """
    operation = call.open_ledger.projections.operation(operation_id_of(call))
    if operation.state == "running":
        raise NotFinished("the operation is still running: its result is not there yet")
    if operation.result is None or operation.kind not in (REPLAY, PREVIEW):
        raise ResultNotFound("this operation has no lines as its result")
    file = call.open_ledger.results.open(operation.id)
    return Spooled(file, call.streams, call.wanted, str(operation.result["digest"]))


def _begun(call: Call, work: Operation) -> Answer:
    headers = {"Location": f"{call.base}/operations/{work.id}"}
    return Answer(body=Answered.model_validate(work), status=202, headers=headers)
