"""Short work beside the event loop: in one thread, one piece after the other."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
A = TypeVar("A")


class SerialExecutor:
    """One thread for what takes next to no time.

    Many threads that share one interpreter take half as long again for the same work, and each of
    them keeps the event loop waiting.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="short-reads")

    async def run(self, function: Callable[[A], T], given: A) -> T:
        """What the function returns. A caller that is cancelled meanwhile waits for its end."""
        working = asyncio.get_running_loop().run_in_executor(self._thread, function, given)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            await asyncio.wait([working])  # a ledger is not closed while it is read
            raise
        finally:
            del working  # a failed one holds its error, and that this frame: a cycle

    def close(self) -> None:
        """Take nothing more, and wait for what was taken."""
        self._thread.shutdown()
