"""The answer's side of a connection: every write is waited for, but not forever."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from domain.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping

    from starlette.types import Scope, Send

PIECE_BYTES = 64 * 1024
"""How much is written at once, about what a server keeps for a reader that is behind."""

LOG = logging.getLogger("rapport.http")


class ReaderGone(Exception):
    """The reader does not read the answer."""


class Outgoing:
    """An answer of unknown length, begun with its first write.

    The HTTP server lets a write wait while the reader is behind; after ``reader_seconds`` the
    reader is given up, so that it costs no more than those few buffered bytes.
    """

    def __init__(
        self,
        scope: Scope,
        send: Send,
        headers: Mapping[str, str],
        reader_seconds: float,
    ) -> None:
        self._send = send
        self._state: dict[str, Any] = scope.get("state", {})
        self._headers = [(name.encode(), text.encode()) for name, text in headers.items()]
        self._reader_seconds = reader_seconds
        self._begun = False

    @property
    def without_body(self) -> bool:
        """Only the headers were asked for."""
        return bool(self._state.get("head"))

    async def run(self, answering: Coroutine[Any, Any, None]) -> None:
        """Run what answers. An error after the answer has begun is reported by cutting the answer
        off.

        Raises:
            LedgerError: it went wrong before.
        """
        name = self._state.get("instance")
        try:
            await answering
        except ReaderGone:
            LOG.info("stream id=%s is not read", name)
            await self.cut()
        except LedgerError as error:
            if not self._begun:
                raise
            LOG.error("stream id=%s failed: %s", name, error)
            await self.cut()

    async def begin(self) -> None:
        """Answer 200, unless that was done already.

        Raises:
            ReaderGone: as ``write``.
        """
        if not self._begun:
            self._begun = True
            await self._pass(
                {"type": "http.response.start", "status": 200, "headers": self._headers}
            )

    async def write(self, body: bytes) -> None:
        """Answer this too; returns when there is room for more.

        Raises:
            ReaderGone: nothing was read in time.
        """
        await self.begin()
        await self._pass({"type": "http.response.body", "body": body, "more_body": True})

    async def write_all(self, records: Iterable[bytes]) -> None:
        """Write many records in pieces of a size that the server can hold.

        Raises:
            ReaderGone: as ``write``.
        """
        for piece in pieces(records):
            await self.write(piece)

    async def finish(self) -> None:
        """Tell the reader that this was all.

        Raises:
            ReaderGone: as ``write``.
        """
        await self.begin()
        await self._pass({"type": "http.response.body", "body": b"", "more_body": False})

    async def cut(self) -> None:
        """Close the connection, so that the reader knows that this was not all."""
        if hang_up := self._state.get("hang_up"):
            hang_up()
            await asyncio.sleep(0)  # the server hears of it in the next round of the loop

    async def _pass(self, message: dict[str, Any]) -> None:
        try:
            async with asyncio.timeout(self._reader_seconds):
                await self._send(message)
        except (TimeoutError, OSError) as error:
            raise ReaderGone from error


def pieces(records: Iterable[bytes]) -> Iterable[bytes]:
    """The records joined to pieces of about ``PIECE_BYTES``."""
    waiting: list[bytes] = []
    size = 0
    for record in records:
        waiting.append(record)
        size += len(record)
        if size >= PIECE_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def remember_connection(scope: Scope, send: Send) -> None:
    """Keep in ``scope`` what the framework hides from its answers.

    An ASGI application cannot close its connection, and one to a reader that does not read is not
    closed by ending the answer either: that waits for the reader. Where the server is uvicorn, the
    transport stands behind ``send``; elsewhere the server closes in its own time.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    state = scope.setdefault("state", {})
    state["head"] = scope["method"] == "HEAD"
    state["hang_up"] = getattr(transport, "abort", None)
