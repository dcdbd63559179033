"""Whether the server that records lives: a request may take long, and a stopped server forever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

PULSE_SECONDS = 3.0
"""How long that server has to say that it lives: one that was stopped, as by SIGSTOP, does not."""


class Pulse:
    """Whether the server that records answers at all. It is asked once for all who wait."""

    _QUESTION = b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"

    def __init__(
        self, connect: Callable[[], socket.socket], seconds: float = PULSE_SECONDS
    ) -> None:
        """``connect`` makes a connection to that server, at once or not at all."""
        self._connect = connect
        self._seconds = seconds
        self._asking: asyncio.Future[bool] | None = None

    async def beats(self) -> bool:
        """Whether it says so in time. One that has ended is heard of otherwise."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._request())
        return await asyncio.shield(self._asking)

    async def _request(self) -> bool:
        try:
            connection = self._connect()
        except OSError:
            return True
        reader, writer = await asyncio.open_unix_connection(sock=connection)
        try:
            writer.write(self._QUESTION)
            await asyncio.wait_for(reader.read(1), self._seconds)
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            writer.close()
        return True
