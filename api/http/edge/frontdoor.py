"""What every request passes first: who may ask in open mode, a log line, no way out but problems.

With no access keys the server answers this machine only, and no web page may drive it: the Host
must be a loopback name (against DNS rebinding) and unsafe methods must not come from another
origin.
"""

from __future__ import annotations

import asyncio
import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes, urlsplit

from starlette.requests import ClientDisconnect

from api.http.edge.logs import LogEvent
from api.http.edge.request_reports import LOG, RequestNames, RequestReports, refusal_of
from api.http.edge.tracing import trace_id_of
from api.service.errors import Forbidden
from api.service.settings import is_loopback
from domain.errors import LedgerError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MOST_IN_FLIGHT = 1000

ALWAYS_ANSWERED = ("/livez", "/readyz", "/metrics")
"""What is asked to learn of an overload must not be turned away for it."""

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""What every answer tells a browser that has it. Source: OWASP, HTTP Headers Cheat Sheet."""

_CANONICAL = re.compile(rb"[A-Za-z0-9_.~:/-]*")
_HOST = re.compile(r"([a-zA-Z0-9.-]+|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?")
"""A name or an address, and a port: nothing else that a URL may have. Source: RFC 9110, 7.2."""


class FrontDoor:
    """ASGI middleware around everything; more than ``most_in_flight`` requests wait outside."""

    def __init__(
        self,
        app: ASGIApp,
        most_in_flight: int = MOST_IN_FLIGHT,
        reports: RequestReports | None = None,
        is_open: Callable[[], bool] = lambda: True,
    ) -> None:
        """``is_open`` says whether nobody is asked for a key, and only this machine is answered."""
        self.is_open = is_open
        self.app = app
        self.most_in_flight = most_in_flight
        self.reports = reports or RequestReports()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        self.reports.begin()
        headers = dict(scope["headers"])
        names = RequestNames.of(
            headers.get(b"x-request-id"),
            trace_id_of(headers.get(b"traceparent", b"").decode("latin-1")),
        )
        inner = _inner(scope, names)
        seen = _ObservedAnswer(send, names.request_id, head=scope["method"] == "HEAD")
        try:
            await self._answer(inner, headers, names, receive, seen)
        finally:
            route = inner["state"].get("route", "-")
            ledger = inner.get("path_params", {}).get("ledger")
            self.reports.end(names, scope["method"], route, ledger, seen.status, started)

    async def _answer(
        self,
        inner: Scope,
        headers: dict[bytes, bytes],
        names: RequestNames,
        receive: Receive,
        seen: _ObservedAnswer,
    ) -> None:
        try:
            overloaded = self.reports.in_flight > self.most_in_flight
            if overloaded and inner["path"] not in ALWAYS_ANSWERED:
                raise Unavailable("too many requests at once")
            if sum(name == b"host" for name, _ in inner["headers"]) > 1:
                raise Forbidden("a request names one Host")
            if self.is_open():
                require_same_machine(inner["method"], headers)
            await self.app(inner, receive, seen)
        except ClientDisconnect:
            LOG.info(LogEvent("client-left", instance=names.instance, trace=names.trace))
        except asyncio.CancelledError:
            # Only at the end, to what did not finish in time.
            if not seen.status:
                await refusal_of(server_stopped(), names)(inner, receive, seen)
            raise
        except Exception as error:  # noqa: BLE001  # the last place before the server's plain text
            refusal = refusal_of(error, names)
            if not seen.status:  # else the framework has told it
                await refusal(inner, receive, seen)


class _ObservedAnswer:
    """Passes an answer on with the request's id, remembers its status, gives HEAD no body."""

    def __init__(self, send: Send, request_id: str, *, head: bool) -> None:
        self.send = send
        self.request_id = request_id
        self.head = head
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            named = (b"x-request-id", self.request_id.encode())
            headers = [*message.get("headers", ()), *SECURITY_HEADERS, named]
            message = {**message, "headers": headers}
        elif self.head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self.send(message)


def server_stopped() -> LedgerError:
    """What a request hears that did not finish before the server's end."""
    return Unavailable("the server stopped: send it again, same ids")


def require_same_machine(method: str, headers: Mapping[bytes, bytes]) -> None:
    """Let through what this machine asks for itself.

    Raises:
        Forbidden: the Host is not a loopback name, or a web page of another origin sent it.
    """
    host = headers.get(b"host", b"").decode("latin-1")
    if not _is_this_machine(host):
        raise Forbidden("without access keys only 127.0.0.1, localhost and [::1] are answered")
    if method in SAFE_METHODS:
        return
    origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site", b"none").lower()
    # A form of a page that names no referrer comes with the origin null, and is of the same origin.
    is_own_form = origin == b"null" and site == b"same-origin"
    if (
        origin is not None
        and not is_own_form
        and _authority(origin.decode("latin-1")) != host.lower()
    ):
        raise Forbidden("another origin may not change anything here")
    if site == b"cross-site":
        raise Forbidden("another site may not change anything here")


def _authority(origin: str) -> str:
    """Host and port of an origin; empty for a text that is not an origin."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def canonical_path(raw_path: bytes) -> str:
    """The path with every segment percent-encoded in the one shortest way.

    Routes match this, so that ``%2F`` stays inside its segment; all ways to encode the same path
    give the same text.

    >>> canonical_path(b"/contacts/pos%3a17%2f850")
    '/contacts/pos:17%2F850'
    """
    if _CANONICAL.fullmatch(raw_path):
        return raw_path.decode()
    segments = raw_path.split(b"/")
    return "/".join(quote(unquote_to_bytes(segment), safe=":") for segment in segments)


def _inner(scope: Scope, names: RequestNames) -> Scope:
    """What the routes see: the canonical path, GET for HEAD, and names for this request."""
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    return {
        **scope,
        "path": canonical_path(raw),
        "method": "GET" if scope["method"] == "HEAD" else scope["method"],
        "state": {**scope.get("state", {}), **names._asdict()},
    }


@lru_cache(maxsize=64)
def _is_this_machine(host: str) -> bool:
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback(found[1].strip("[]"))
