"""An answer as the bytes that are sent."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from api.http.wire import media

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from api.http.exchange import Exchange


def tag_of(content: bytes) -> str:
    """The ETag of a body: a digest of it."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def weak_tag_of(rest: bytes, wanted: str) -> str:
    """The weak ETag of an object that says this in JSON, beside its question, in that type."""
    return f"W/{tag_of(wanted.encode() + rest)}"


class WholeAnswer:
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

    @classmethod
    def of(cls, response: Response) -> WholeAnswer:
        """The same answer as one of the framework's."""
        answer = cls(response.status_code, {})
        answer.headers, answer.content = response.raw_headers, bytes(response.body)
        return answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        start = {"type": "http.response.start", "status": self.status, "headers": self.headers}
        await send(start)
        await send({"type": "http.response.body", "body": self.content or b""})


def render_answer(body: object, exchange: Exchange, status: int) -> WholeAnswer:
    """The answer with this body, in the media type that is wanted; ``status`` unless it has one."""
    reply = exchange.reply
    headers, status = reply.headers, reply.status or status
    if reply.position is not None:
        headers["Rapport-Position"] = str(reply.position)
    if status == 204:
        return WholeAnswer(204, headers)
    content = media.encode(body, exchange.wanted)
    tag = None
    if isinstance(body, media.PartlyEncoded) and body.is_weak:
        tag = weak_tag_of(body.rest, exchange.wanted)
    return _unless_known(content, exchange.wanted, status, exchange, tag)


def text_answer(content: bytes, media_type: str, exchange: Exchange) -> WholeAnswer:
    """The answer with this text, which is no document; tagged by its content, and not kept."""
    reply = exchange.reply
    reply.headers |= {"Rapport-Position": str(reply.position), "Cache-Control": "no-cache"}
    return _unless_known(content, media_type, 200, exchange)


def _unless_known(
    content: bytes, wanted: str, status: int, exchange: Exchange, tag: str | None = None
) -> WholeAnswer:
    """The answer with this body, or 304 where the client has it already."""
    reply, headers = exchange.reply, exchange.reply.headers
    answer = content_answer(content, wanted, status, headers, digest=reply.digest, tag=tag)
    if reply.digest and exchange.request.headers.get("if-none-match") == headers["ETag"]:
        del headers["Content-Type"]
        return WholeAnswer(304, headers)
    return answer


def content_answer(
    content: bytes,
    wanted: str,
    status: int,
    headers: dict[str, str],
    *,
    digest: bool = False,
    tag: str | None = None,
) -> WholeAnswer:
    """The answer with this body, which is of the media type that is ``wanted``.

    What is said of any body is added to ``headers``; ``digest`` tags one that depends on the clock,
    a policy or a projection, by its content unless there is a ``tag``.
    """
    headers["Vary"] = "Accept"
    if digest:
        headers["ETag"] = tag or tag_of(content)
    headers["Content-Type"] = wanted
    return WholeAnswer(status, headers, content)
