"""How far the projections are, what they hold, and building them anew."""

from __future__ import annotations

from uuid import UUID

from api.calls import Answer, Call, Routes, Shown
from api.openapi import examples, shapes
from api.problems import Forbidden
from api.wire import present
from domain.errors import OperationNotFound
from domain.instants import format_instant
from ledger.access.scopes import ADMIN, AUDIT, READ, REBUILD

ROUTES = Routes("Projections")


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/projections",
    scopes=(READ, AUDIT, REBUILD),
    summary="How every projection is",
    answers={
        200: Shown(
            description="`lag` is how many events the ledger is ahead.",
            schema=shapes.page(shapes.PROJECTION),
            example={"items": [examples.PROJECTION], "next_cursor": None},
            headers=("ETag",),
        )
    },
)
def list_projections(call: Call) -> Answer:
    """A projection that failed says why, and goes on when it is built anew."""
    items = [present.projection(one) for one in call.open_ledger.projections.states()]
    return Answer(body={"items": items, "next_cursor": None}, digest=True)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/projections/{name}/digest",
    scopes=(READ, AUDIT, REBUILD),
    summary="What a projection holds, in one figure",
    answers={
        200: Shown(
            description="SHA-256 over all rows in key order, at a position and an instant.",
            schema=shapes.DIGEST,
            example=examples.PROJECTION_DIGEST,
            headers=("ETag", "Rapport-Position"),
        )
    },
    problems=("not-found",),
)
def read_digest(call: Call) -> Answer:
    """Reads the whole projection: equal digests at one position are equal projections."""
    found = call.open_ledger.projections.digest(call.text("name"))
    body = {
        "name": found.name,
        "version": found.version,
        "position": found.position,
        "as_of": format_instant(found.as_of),
        "digest": found.digest,
    }
    return Answer(body=body, position=found.position, digest=True)


@ROUTES.on(
    "POST",
    "/v1/ledgers/{ledger}/projections/{name}/rebuilds",
    scopes=(REBUILD,),
    summary="Build a projection anew from the log",
    answers={
        202: Shown(
            description="It is being built; the operation tells how far it is.",
            schema=shapes.OPERATION,
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
    call.record("rebuild-started", call.text("name"))
    work = projections.rebuild(call.text("name"))
    headers = {"Location": f"{call.base}/operations/{work.id}"}
    return Answer(body=present.operation(work), status=202, headers=headers)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/operations/{operation}",
    scopes=(READ, AUDIT, REBUILD, ADMIN),
    summary="How far a long operation is",
    answers={
        200: Shown(
            description="Its state, progress, and in the end its result.",
            schema=shapes.OPERATION,
            example={
                **examples.OPERATION,
                "state": "succeeded",
                "result": examples.REBUILT,
            },
        )
    },
    problems=("operation-not-found",),
)
def read_operation(call: Call) -> Answer:
    """Operations are remembered for a while after they end, until the server stops."""
    return Answer(
        body=present.operation(call.open_ledger.projections.operation(operation_id_of(call)))
    )


@ROUTES.on(
    "DELETE",
    "/v1/ledgers/{ledger}/operations/{operation}",
    scopes=(READ, AUDIT, REBUILD, ADMIN),
    summary="Cancel a long operation",
    answers={
        202: Shown(
            description="It was asked to end, and will; one that had ended stays as it was.",
            schema=shapes.OPERATION,
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
        call.record("operation-cancelled", found.kind, operation=str(found.id))
    work = call.open_ledger.projections.cancel(operation_id_of(call))
    return Answer(body=present.operation(work), status=202)


def operation_id_of(call: Call) -> UUID:
    """The operation that the path names.

    Raises:
        OperationNotFound: it names none.
    """
    try:
        return UUID(call.text("operation"))
    except ValueError:
        raise OperationNotFound("operations have UUIDs") from None
