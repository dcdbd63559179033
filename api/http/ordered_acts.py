"""Acts that end later than the function that ordered them, on the committer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from starlette.concurrency import run_in_threadpool

from ledger.stores.access import DONE

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from ledger.access.orders import Order

T = TypeVar("T")


async def carry_out(order: Order, begin: Callable[[], Future[T]]) -> T:
    """Begin the act, wait for it, and record what came of it.

    A client that leaves cancels its own waiting, never the act, nor the record of its outcome.

    Raises:
        LedgerError: what the act raises.
    """

    async def carried_out() -> T:
        try:
            result = await asyncio.wrap_future(begin())
        except BaseException as error:
            await run_in_threadpool(order.end_by, error)
            raise
        await run_in_threadpool(order.end, DONE)
        return result

    return await asyncio.shield(carried_out())
