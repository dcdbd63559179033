"""Projections: their state, their digest, and rebuilding them."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from api.http.access import allow
from api.http.dependencies import Caller, CurrentAudit, CurrentExchange, CurrentReply, LedgerInPath
from api.http.openapi import work_examples
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.wire.path_types import OperationId, ProjectionName
from api.service.answers.document import Page
from api.service.answers.projections import Operation, Projection, ProjectionDigest
from api.service.errors import Forbidden
from api.service.importing.served import APPENDING
from api.service.ordered_work import begin_rebuild, require_more_than_append
from domain.errors import OperationNotFound
from ledger.access.scopes import ADMIN, APPEND, AUDIT, READ, REBUILD

router = APIRouter(prefix="/v1/ledgers/{ledger}", tags=["Projections"], route_class=LedgerRoute)


@router.get(
    "/projections",
    dependencies=[allow(READ, AUDIT, REBUILD)],
    summary="List the projections and their state",
    responses={
        200: response_of(
            "`lag` is the number of events that a projection is behind the ledger.",
            Page[Projection](items=(work_examples.PROJECTION,), next_cursor=None),
            "ETag",
        )
    },
)
def list_projections(served: LedgerInPath, reply: CurrentReply) -> Page[Projection]:
    """A projection that failed says why. It works again after a rebuild."""
    items = tuple(Projection.model_validate(one) for one in served.projections.states())
    reply.digest = True
    return Page[Projection](items=items, next_cursor=None)


@router.get(
    "/projections/{name}/digest",
    dependencies=[allow(READ, AUDIT, REBUILD)],
    summary="Get the digest of a projection",
    responses={
        200: response_of(
            "SHA-256 over all rows in key order, at a position and an instant.",
            work_examples.PROJECTION_DIGEST,
            "ETag",
            "Rapport-Position",
        ),
        **problems("not-found"),
    },
)
def read_digest(
    served: LedgerInPath, name: ProjectionName, reply: CurrentReply
) -> ProjectionDigest:
    """It reads the whole projection. Equal digests at one position mean equal projections."""
    found = served.projections.digest(name)
    reply.reflects(found.position)
    return ProjectionDigest.model_validate(found)


@router.post(
    "/projections/{name}/rebuilds",
    dependencies=[allow(REBUILD)],
    summary="Rebuild a projection from the event log",
    status_code=202,
    responses={
        202: response_of(
            "The rebuild has started. The operation shows its progress.",
            work_examples.OPERATION,
            "Location",
        ),
        **problems("not-found"),
    },
)
def rebuild_projection(
    exchange: CurrentExchange,
    served: LedgerInPath,
    name: ProjectionName,
    reply: CurrentReply,
) -> Operation:
    """Reads use the old one meanwhile. The result compares both. Send no body, or `{}`."""
    work = begin_rebuild(exchange.server, served, exchange.principal, name)
    reply.headers["Location"] = f"{exchange.base}/operations/{work.id}"
    return Operation.model_validate(work)


@router.get(
    "/operations/{operation}",
    dependencies=[allow(READ, AUDIT, REBUILD, ADMIN, APPEND)],
    summary="Get an operation and its progress",
    responses={
        200: response_of(
            "The state and progress of the operation, and its result once it has ended.",
            work_examples.REBUILT_OPERATION,
        ),
        **problems("operation-not-found"),
    },
)
def read_operation(served: LedgerInPath, operation: OperationId, caller: Caller) -> Operation:
    """Operations are remembered for a while after they end, until the server stops.

    With `append` alone, imports and undos can be read.
    """
    found = served.projections.operation(operation_id(operation))
    require_more_than_append(found, caller)
    return Operation.model_validate(found)


@router.delete(
    "/operations/{operation}",
    dependencies=[allow(READ, AUDIT, REBUILD, ADMIN, APPEND)],
    summary="Cancel an operation",
    status_code=202,
    responses={
        202: response_of(
            "The operation will end. One that had ended stays as it was.", work_examples.OPERATION
        ),
        **problems("operation-not-found"),
    },
)
def cancel_operation(
    served: LedgerInPath, operation: OperationId, caller: Caller, audit: CurrentAudit
) -> Operation:
    """A rebuild that is cancelled leaves the projection as it was.

    A rebuild is cancelled with `rebuild` or `admin`, an import or undo with `append` or `admin`; a
    replay or a preview by the key that asked for it, or with `admin`.
    """
    found = served.projections.operation(operation_id(operation))
    require_more_than_append(found, caller)
    if found.kind in APPENDING and not caller.has((APPEND, ADMIN)):
        raise Forbidden("the access key lacks the scope append or admin")
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
