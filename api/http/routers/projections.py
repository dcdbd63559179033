"""How far the projections are, what they hold, and building them anew."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from api.http.endpoint import Answer, Routes, Shown
from api.http.openapi import examples
from api.http.ordered_acts import end_with
from api.http.problems import Forbidden
from api.service.answers.document import Page
from api.service.answers.projections import Operation, Projection, ProjectionDigest
from domain.errors import OperationNotFound
from ledger.access.scopes import ADMIN, AUDIT, READ, REBUILD

if TYPE_CHECKING:
    from api.http.call import Call

ROUTES = Routes("Projections")


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/projections",
    scopes=(READ, AUDIT, REBUILD),
    summary="How every projection is",
    answers={
        200: Shown(
            description="`lag` is how many events the ledger is ahead.",
            example=Page[Projection](items=(examples.PROJECTION,), next_cursor=None),
            headers=("ETag",),
        )
    },
)
def list_projections(call: Call) -> Answer:
    """A projection that failed says why, and goes on when it is built anew."""
    states = call.open_ledger.projections.states()
    items = tuple(Projection.model_validate(one) for one in states)
    return Answer(body=Page[Projection](items=items, next_cursor=None), digest=True)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/projections/{name}/digest",
    scopes=(READ, AUDIT, REBUILD),
    summary="What a projection holds, in one figure",
    answers={
        200: Shown(
            description="SHA-256 over all rows in key order, at a position and an instant.",
            example=examples.PROJECTION_DIGEST,
            headers=("ETag", "Rapport-Position"),
        )
    },
    problems=("not-found",),
)
def read_digest(call: Call) -> Answer:
    """Reads the whole projection: equal digests at one position are equal projections."""
    found = call.open_ledger.projections.digest(call.text("name"))
    body = ProjectionDigest.model_validate(found)
    return Answer(body=body, position=found.position, digest=True)


@ROUTES.on(
    "POST",
    "/v1/ledgers/{ledger}/projections/{name}/rebuilds",
    scopes=(REBUILD,),
    summary="Build a projection anew from the log",
    answers={
        202: Shown(
            description="It is being built; the operation tells how far it is.",
            example=examples.OPERATION,
            headers=("Location",),
        )
    },
    problems=("not-found",),
)
def rebuild_projection(call: Call) -> Answer:
    """Reads go on meanwhile from the old one; the result compares both. Send no body, or `{}`."""
    projections = call.open_ledger.projections
    projections.require(call.text("name"))
    with call.order("rebuild-started", call.text("name")) as order:
        work = projections.rebuild(call.text("name"))
        end_with(order, projections.operations, work)
    headers = {"Location": f"{call.base}/operations/{work.id}"}
    return Answer(body=Operation.model_validate(work), status=202, headers=headers)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/operations/{operation}",
    scopes=(READ, AUDIT, REBUILD, ADMIN),
    summary="How far a long operation is",
    answers={
        200: Shown(
            description="Its state, progress, and in the end its result.",
            example=examples.REBUILT_OPERATION,
        )
    },
    problems=("operation-not-found",),
)
def read_operation(call: Call) -> Answer:
    """Operations are remembered for a while after they end, until the server stops."""
    found = call.open_ledger.projections.operation(operation_id_of(call))
    return Answer(body=Operation.model_validate(found))


@ROUTES.on(
    "DELETE",
    "/v1/ledgers/{ledger}/operations/{operation}",
    scopes=(READ, AUDIT, REBUILD, ADMIN),
    summary="Cancel a long operation",
    answers={
        202: Shown(
            description="It was asked to end, and will; one that had ended stays as it was.",
            example=examples.OPERATION,
        )
    },
    problems=("operation-not-found",),
)
def cancel_operation(call: Call) -> Answer:
    """A rebuild that is cancelled leaves the projection as it was.

    A rebuild is cancelled with `rebuild` or `admin`; a replay or a preview by the key that asked
    for it, or with `admin`.
    """
    found = call.open_ledger.projections.operation(operation_id_of(call))
    if found.kind == "rebuild" and not call.principal.has((REBUILD, ADMIN)):
        raise Forbidden("the access key lacks the scope rebuild or admin")
    if found.owner not in ("", call.principal.id) and not call.principal.has((ADMIN,)):
        raise Forbidden("another access key asked for this operation, and this one lacks admin")
    if found.state == "running":
        with call.order("operation-cancelled", found.kind, operation=str(found.id)):
            work = call.open_ledger.projections.cancel(found.id)
    else:
        work = found
    return Answer(body=Operation.model_validate(work), status=202)


def operation_id_of(call: Call) -> UUID:
    """The operation that the path names.

    Raises:
        OperationNotFound: it names none.
    """
    try:
        return UUID(call.text("operation"))
    except ValueError:
        raise OperationNotFound("operations have UUIDs") from None
