"""Answers that pages of chosen origins may read; of none as it comes. Source: WHATWG Fetch, 3.3."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from starlette.middleware.cors import CORSMiddleware

from api.http.edge.dispatch import is_of_console
from api.http.problems import problem_response
from api.http.wire.path_types import REQUEST_HEADERS
from api.service.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.datastructures import Headers
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send


def for_pages(door: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """The front door, with answers that pages of these origins may read."""
    if not origins:
        return door
    return _ForPages(
        door,
        allow_origins=origins,
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", *REQUEST_HEADERS],
        expose_headers=["ETag", "Link", "Location", "Rapport-Position", "Retry-After"],
    )


class _ForPages(CORSMiddleware):
    """Refuses with a problem, as everything here does, where the framework does with a text.

    The console is for its own pages alone: other origins get nothing of it.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_of_console(scope["path"]):
            await self.app(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    def preflight_response(self, request_headers: Headers) -> Response:
        """The answer to a browser that asks whether a page may send a request."""
        answer = super().preflight_response(request_headers)
        if answer.status_code == 200:
            return answer
        refusal = Forbidden("pages of that origin may not ask for this")
        return problem_response(refusal, f"urn:uuid:{uuid4()}")
