"""How far the projections are, what they hold, and building them anew."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.http.access import allow
from api.http.dependencies import Caller, CurrentAudit, CurrentExchange, CurrentReply, LedgerInPath
from api.http.openapi import examples
from api.http.openapi.responses import problems, shown
from api.http.ordered_acts import end_with
from api.http.problems import Forbidden
from api.http.routing import LedgerRoute
from api.http.wire.path_types import OperationId, ProjectionName
from api.service.answers.document import Page
from api.service.answers.projections import Operation, Projection, ProjectionDigest
from domain.errors import OperationNotFound
from ledger.access.scopes import ADMIN, AUDIT, READ, REBUILD

router = APIRouter(prefix="/v1/ledgers/{ledger}", tags=["Projections"], route_class=LedgerRoute)


@router.get(
    "/projections",
    dependencies=[allow(READ, AUDIT, REBUILD)],
    summary="How every projection is",
    responses={
        200: shown(
            "`lag` is how many events the ledger is ahead.",
            Page[Projection](items=(examples.PROJECTION,), next_cursor=None),
            "ETag",
        )
    },
)
def list_projections(served: LedgerInPath, reply: CurrentReply) -> Page[Projection]:
    """A projection that failed says why, and goes on when it is built anew."""
    items = tuple(Projection.model_validate(one) for one in served.projections.states())
    reply.digest = True
    return Page[Projection](items=items, next_cursor=None)


@router.get(
    "/projections/{name}/digest",
    dependencies=[allow(READ, AUDIT, REBUILD)],
    summary="What a projection holds, in one figure",
    responses={
        200: shown(
            "SHA-256 over all rows in key order, at a position and an instant.",
            examples.PROJECTION_DIGEST,
            "ETag",
            "Rapport-Position",
        ),
        **problems("not-found"),
    },
)
def read_digest(
    served: LedgerInPath, name: ProjectionName, reply: CurrentReply
) -> ProjectionDigest:
    """Reads the whole projection: equal digests at one position are equal projections."""
    found = served.projections.digest(name)
    reply.reflects(found.position)
    return ProjectionDigest.model_validate(found)


@router.post(
    "/projections/{name}/rebuilds",
    dependencies=[allow(REBUILD)],
    summary="Build a projection anew from the log",
    status_code=202,
    responses={
        202: shown(
            "It is being built; the operation tells how far it is.", examples.OPERATION, "Location"
        ),
        **problems("not-found"),
    },
)
def rebuild_projection(
    exchange: CurrentExchange,
    served: LedgerInPath,
    name: ProjectionName,
    audit: CurrentAudit,
    reply: CurrentReply,
) -> Operation:
    """Reads go on meanwhile from the old one; the result compares both. Send no body, or `{}`."""
    projections = served.projections
    projections.require(name)
    with audit.order("rebuild-started", name) as order:
        work = projections.rebuild(name)
        end_with(order, projections.operations, work)
    reply.headers["Location"] = f"{exchange.base}/operations/{work.id}"
    return Operation.model_validate(work)


@router.get(
    "/operations/{operation}",
    dependencies=[allow(READ, AUDIT, REBUILD, ADMIN)],
    summary="How far a long operation is",
    responses={
        200: shown("Its state, progress, and in the end its result.", examples.REBUILT_OPERATION),
        **problems("operation-not-found"),
    },
)
def read_operation(served: LedgerInPath, operation: OperationId) -> Operation:
    """Operations are remembered for a while after they end, until the server stops."""
    return Operation.model_validate(served.projections.operation(operation_id(operation)))


@router.delete(
    "/operations/{operation}",
    dependencies=[allow(READ, AUDIT, REBUILD, ADMIN)],
    summary="Cancel a long operation",
    status_code=202,
    responses={
        202: shown(
            "It was asked to end, and will; one that had ended stays as it was.", examples.OPERATION
        ),
        **problems("operation-not-found"),
    },
)
def cancel_operation(
    served: LedgerInPath, operation: OperationId, caller: Caller, audit: CurrentAudit
) -> Operation:
    """A rebuild that is cancelled leaves the projection as it was.

    A rebuild is cancelled with `rebuild` or `admin`; a replay or a preview by the key that asked
    for it, or with `admin`.
    """
    found = served.projections.operation(operation_id(operation))
    if found.kind == "rebuild" and not caller.has((REBUILD, ADMIN)):
        raise Forbidden("the access key lacks the scope rebuild or admin")
    if found.owner not in ("", caller.id) and not caller.has((ADMIN,)):
        raise Forbidden("another access key asked for this operation, and this one lacks admin")
    if found.state == "running":
        with audit.order("operation-cancelled", found.kind, operation=str(found.id)):
            work = served.projections.cancel(found.id)
    else:
        work = found
    return Operation.model_validate(work)


def operation_id(text: str) -> UUID:
    """The operation that a path names.

    Raises:
        OperationNotFound: it names none.
    """
    try:
        return UUID(text)
    except ValueError:
        raise OperationNotFound("operations have UUIDs") from None
