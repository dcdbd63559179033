"""Waiting, for a bounded time, until what a request asks for is there."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from domain.errors import ProjectionBehind

if TYPE_CHECKING:
    from api.service.server import OpenLedger


async def wait_until_known(served: OpenLedger, position: int | None) -> None:
    """Wait until the ledger has come to a position.

    Raises:
        ProjectionBehind: it did not in time.
    """
    ends = time.monotonic() + served.limits.wait_seconds
    while position is not None and served.ledger.head() < position:
        if time.monotonic() >= ends:
            raise ProjectionBehind(f"position {position} is not recorded yet")
        await asyncio.sleep(0.01)


async def wait_until_reflected(served: OpenLedger, position: int | None, projection: str) -> None:
    """Wait until a projection reflects a position.

    Waiting takes no thread, so that however many wait keep nobody from reading.

    Raises:
        ProjectionBehind: it did not in time, or cannot.
    """
    if position is None:
        return
    projections, loop = served.projections, asyncio.get_running_loop()
    settled = asyncio.Event()
    let_go = projections.when_reached(
        position, partial(loop.call_soon_threadsafe, settled.set), projection
    )
    try:
        with suppress(TimeoutError):  # what it came to is asked for below
            async with asyncio.timeout(served.limits.wait_seconds):
                await settled.wait()
    finally:
        let_go()
    projections.wait_for(position, 0, projection)
