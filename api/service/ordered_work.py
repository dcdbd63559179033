"""Work in the background, whose order and outcome stand in the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.errors import Forbidden
from api.service.importing.served import APPENDING
from ledger.access.orders import CANCELLED
from ledger.access.scopes import ADMIN, AUDIT, READ, REBUILD
from ledger.stores.access import DONE, FAILED

if TYPE_CHECKING:
    from uuid import UUID

    from api.service.importing.kept_imports import ImportRecord, Upload
    from api.service.importing.mapping import FileMapping
    from api.service.server import OpenLedger, Server
    from ledger.access.orders import Order
    from ledger.access.scopes import Principal
    from projections.operations import Operation, Operations


def begin_rebuild(server: Server, served: OpenLedger, principal: Principal, name: str) -> Operation:
    """Rebuild a projection from the log.

    Raises:
        ProjectionNotFound: there is no such projection.
        Unavailable: the order could not be recorded, and nothing was begun.
    """
    projections = served.projections
    projections.require(name)
    with server.trails.order(served.ledger.name, principal, "rebuild-started", name) as order:
        work = projections.rebuild(name)
        end_with(order, projections.operations, work)
    return work


def begin_import(
    server: Server,
    served: OpenLedger,
    principal: Principal,
    upload: Upload,
    mapping: FileMapping,
    record: ImportRecord,
) -> None:
    """Import a file that was looked at, or try it, which is no order.

    Raises:
        LedgerError: as ``Imports.begin``.
        Unavailable: the order could not be recorded, and nothing was begun.
    """
    imports, trails = served.imports, server.trails
    if record.dry_run:
        imports.begin(upload, mapping, record)
        return
    detail = {"id": str(record.id)}
    name = served.ledger.name
    with trails.order(name, principal, "rows-imported", mapping.name, **detail) as order:
        work = imports.begin(upload, mapping, record)
        end_with(order, served.projections.operations, work)


def begin_undo(
    server: Server, served: OpenLedger, principal: Principal, import_id: UUID
) -> Operation:
    """Retract what an import appended.

    Raises:
        LedgerError: as ``Imports.undo``.
        Unavailable: the order could not be recorded, and nothing was begun.
    """
    name = served.ledger.name
    with server.trails.order(name, principal, "import-undone", str(import_id)) as order:
        work = served.imports.undo(import_id)
        end_with(order, served.projections.operations, work)
    return work


def require_more_than_append(found: Operation, principal: Principal) -> None:
    """Let pass a key that only appends where the operation appends.

    Raises:
        Forbidden: it does not.
    """
    if found.kind not in APPENDING and not principal.has((READ, AUDIT, REBUILD, ADMIN)):
        raise Forbidden("the access key lacks the scope read, audit, rebuild or admin")


def end_with(order: Order, operations: Operations, operation: Operation) -> None:
    """Record the outcome when the operation ends: cancelled ones have failed, as ``cancelled``."""

    def complete(operation: Operation) -> None:
        detail = {"operation": str(operation.id)}
        if operation.state == "succeeded":
            order.end(DONE, **detail)
        elif operation.state == "cancelled":
            order.end(FAILED, reason=CANCELLED, **detail)
        else:
            order.end(FAILED, reason="operation-failed", **detail)

    order.leave_open()
    operations.when_ended(operation, complete)
