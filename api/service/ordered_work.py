"""Work in the background, whose outcome the audit trail gets when it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.access.orders import CANCELLED
from ledger.stores.access import DONE, FAILED

if TYPE_CHECKING:
    from ledger.access.orders import Order
    from projections.operations import Operation, Operations


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
