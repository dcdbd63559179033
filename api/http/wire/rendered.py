"""An answer as the bytes that are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send


class Rendered:
    """ASGI application that sends one whole answer, without a body where ``content`` is None."""

    __slots__ = ("content", "headers", "status")

    def __init__(
        self, status: int, headers: Mapping[str, str], content: bytes | None = None
    ) -> None:
        self.status = status
        self.content = content
        self.headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers.items()
        ]
        if content is not None:
            self.headers.append((b"content-length", b"%d" % len(content)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.content or b""})
