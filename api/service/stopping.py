"""The signal by which streams without an end of their own learn that the server stops."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stopping:
    """Begins once, from any thread or signal handler; streams in any event loop hear of it.

    There is no lock, because a signal may arrive while its own thread would hold it.
    """

    def __init__(self) -> None:
        self.begun = False
        self._told: set[asyncio.Future[None]] = set()

    def begin(self) -> None:
        """Have every stream end: tails cleanly, bulk once what it read is answered."""
        self.begun = True
        for future in tuple(self._told):
            with suppress(RuntimeError):  # its loop is closed, and its stream gone with it
                future.get_loop().call_soon_threadsafe(_set_done, future)

    @contextmanager
    def future(self) -> Iterator[asyncio.Future[None]]:
        """A future of the running loop that is done once stopping has begun."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._told.add(future)
        if self.begun:
            _set_done(future)
        try:
            yield future
        finally:
            self._told.discard(future)


def _set_done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
