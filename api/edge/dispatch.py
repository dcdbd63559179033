"""The short way to an operation: by the parts of its path, past the framework's layers.

The framework asks every route in turn whether its expression matches the path, and wraps each
answer in handlers for errors of its own. Here a path is looked up part by part; what is not found
is left to the framework, which also knows what to answer then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class _Place:
    """A part of a path: the fixed parts that may follow, any other part, and who answers here."""

    def __init__(self) -> None:
        self.fixed: dict[str, _Place] = {}
        self.other: _Place | None = None
        self.by_method: dict[str, tuple[ASGIApp, tuple[str, ...]]] = {}
        self.with_rest: dict[str, tuple[ASGIApp, tuple[str, ...]]] = {}


class Dispatch:
    """ASGI application: what was added, where a path leads there, and else ``framework``."""

    def __init__(self, framework: ASGIApp) -> None:
        self.app = framework
        self._root = _Place()

    def add(self, method: str, pattern: str, endpoint: ASGIApp) -> None:
        """Let ``endpoint`` answer a method on paths such as ``/v1/ledgers/{ledger}/events``.

        A last name such as ``{tile:path}`` stands for all that follows, slashes included. A pattern
        whose names stand for less than a whole part is left to the framework. Of two patterns that
        match a path that one is taken which has a fixed part where they differ first.
        """
        place, names = self._root, []
        whole, _, rest = pattern.partition("/{" + _rest_of(pattern) + ":path}")
        for part in whole.split("/"):
            if part.startswith("{") and part.endswith("}") and part[1:-1].isidentifier():
                names.append(part[1:-1])
                place.other = place = place.other or _Place()
            elif "{" in part:
                return
            else:
                place = place.fixed.setdefault(part, _Place())
        if whole == pattern:
            place.by_method.setdefault(method, (endpoint, tuple(names)))
        elif not rest:
            place.with_rest.setdefault(method, (endpoint, (*names, _rest_of(pattern))))

    def find(self, method: str, path: str) -> tuple[ASGIApp, dict[str, str]] | None:
        """Who answers at a canonical path, and what its names stand for; None if nobody here."""
        place = self._root
        values = []
        parts = path.split("/")
        for index, part in enumerate(parts):
            following = place.fixed.get(part)
            if following is None:
                if place.with_rest:
                    values.append("/".join(parts[index:]))
                    found = place.with_rest.get(method)
                    return found and (found[0], dict(zip(found[1], values, strict=True)))
                following = place.other
                if following is None or not part:
                    return None
                values.append(part)
            place = following
        found = place.by_method.get(method)
        return found and (found[0], dict(zip(found[1], values, strict=True)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        found = None
        # What is traced is left to the framework, which names the span after the route.
        if scope["type"] == "http" and "fastapi.telemetry" not in scope:
            found = self.find(scope["method"], scope["path"])
        if found is None:
            await self.app(scope, receive, send)
            return
        endpoint, scope["path_params"] = found
        await endpoint(scope, receive, send)


def _rest_of(pattern: str) -> str:
    """The name that stands for the rest of a path, if the pattern has one."""
    name = pattern.rpartition("{")[2].removesuffix(":path}")
    return name if name.isidentifier() else ""
