"""What every request passes first: who may ask in open mode, a log line, no way out but problems.

With no access keys the server answers this machine only, and no web page may drive it: the Host
must be a loopback name (against DNS rebinding) and unsafe methods must not come from another
origin.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, unquote_to_bytes, urlsplit
from uuid import UUID

from starlette.requests import ClientDisconnect

from api.http.edge.logs import LogEvent, places
from api.http.edge.tracing import trace_id_of
from api.http.problems import Forbidden, problem_response, status_of
from api.service.settings import is_loopback
from domain.errors import Corrupt, LedgerError, Unavailable
from ledger.entropy import Entropy

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG = logging.getLogger("rapport.http")

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

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestObserver(Protocol):
    """Counts requests; on the event loop, so it must return at once."""

    def began(self) -> None:
        """A request arrived."""

    def count_answer(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer; ``route`` is ``-`` and ``status`` is 0 where there is none."""


class FrontDoor:
    """ASGI middleware around everything; more than ``most_in_flight`` requests wait outside."""

    def __init__(
        self,
        app: ASGIApp,
        most_in_flight: int = MOST_IN_FLIGHT,
        observer: RequestObserver | None = None,
        ledgers: Container[str] = (),
        is_open: Callable[[], bool] = lambda: True,
    ) -> None:
        """``ledgers`` are those whose names may be logged; a sender has invented any others.

        ``is_open`` says whether nobody is asked for a key, and only this machine is answered.
        """
        self.is_open = is_open
        self.app = app
        self.most_in_flight = most_in_flight
        self.observer = observer
        self.ledgers = ledgers
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.in_flight += 1
        if self.observer is not None:
            self.observer.began()
        headers = dict(scope["headers"])
        inner = _inner(scope, headers)
        seen = _ObservedAnswer(send, inner["state"]["request_id"], head=scope["method"] == "HEAD")
        started = time.perf_counter()
        try:
            await self._answer(inner, headers, receive, seen)
        finally:
            self.in_flight -= 1
            self._report(scope["method"], inner, seen.status, time.perf_counter() - started)

    async def _answer(
        self, inner: Scope, headers: dict[bytes, bytes], receive: Receive, seen: _ObservedAnswer
    ) -> None:
        state = inner["state"]
        instance: str = state["instance"]
        try:
            if self.in_flight > self.most_in_flight and inner["path"] not in ALWAYS_ANSWERED:
                raise Unavailable("too many requests at once")
            if sum(name == b"host" for name, _ in inner["headers"]) > 1:
                raise Forbidden("a request names one Host")
            if self.is_open():
                require_same_machine(inner["method"], headers)
            await self.app(inner, receive, seen)
        except ClientDisconnect:
            LOG.info(LogEvent("client-left", instance=instance, trace=state["trace"]))
        except asyncio.CancelledError:
            # Only at the end, to what did not finish in time.
            if not seen.status:
                error: LedgerError = Unavailable("the server stopped: send it again, same ids")
                await problem_response(error, instance)(inner, receive, seen)
            raise
        except LedgerError as error:
            if status_of(type(error)) == 500 or isinstance(error, Corrupt):
                self._log_failure(state, error, str(error))
            if not seen.status:  # else the framework has told it
                await problem_response(error, instance)(inner, receive, seen)
        except Exception as error:  # noqa: BLE001  # the last place before the server's plain text
            self._log_failure(state, error, None)
            if not seen.status:
                await problem_response(LedgerError(), instance)(inner, receive, seen)

    def _log_failure(self, state: dict[str, Any], error: Exception, told: str | None) -> None:
        more = {"error": places(error), "told": told, "trace": state["trace"]}
        LOG.error(LogEvent("failed", instance=state["instance"], **more))

    def _report(self, method: str, inner: Scope, status: int, seconds: float) -> None:
        state = inner["state"]
        # The template, never the path: a path holds refs, and refs are personal.
        route = state.get("route", "-")
        if self.observer is not None:
            self.observer.count_answer(method, route, status, seconds)
        if LOG.isEnabledFor(logging.INFO):
            ledger = inner.get("path_params", {}).get("ledger")
            line = LogEvent(
                "request",
                id=state["request_id"],
                ledger=ledger if ledger in self.ledgers else None,
                method=method,
                route=route,
                status=status,
                ms=f"{seconds * 1000:.1f}",
                trace=state["trace"],
            )
            LOG.info(line)


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


def require_same_machine(method: str, headers: dict[bytes, bytes]) -> None:
    """Let through what this machine asks for itself.

    Raises:
        Forbidden: the Host is not a loopback name, or a web page of another origin sent it.
    """
    host = headers.get(b"host", b"").decode("latin-1")
    if not _is_this_machine(host):
        raise Forbidden("without access keys only 127.0.0.1, localhost and [::1] are answered")
    if method in SAFE_METHODS:
        return
    origin = headers.get(b"origin")
    if origin is not None and _authority(origin.decode("latin-1")) != host.lower():
        raise Forbidden("another origin may not change anything here")
    if headers.get(b"sec-fetch-site", b"none").lower() == b"cross-site":
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


def _inner(scope: Scope, headers: dict[bytes, bytes]) -> Scope:
    """What the routes see: the canonical path, GET for HEAD, and names for this request."""
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    request_id, instance = _names(headers.get(b"x-request-id"))
    state = {
        **scope.get("state", {}),
        "request_id": request_id,
        "instance": instance,
        "trace": trace_id_of(headers.get(b"traceparent", b"").decode("latin-1")),
    }
    return {
        **scope,
        "path": canonical_path(raw),
        "method": "GET" if scope["method"] == "HEAD" else scope["method"],
        "state": state,
    }


_random = Entropy()  # asking the system for every request costs more than the request


def _names(sent: bytes | None) -> tuple[str, str]:
    """The request's id, the client's own where that is one, and as a URI for ``instance``."""
    if sent is None or not _REQUEST_ID.fullmatch(sent):
        made = _random_uuid()
        return made, f"urn:uuid:{made}"
    named = sent.decode()
    try:
        return named, UUID(named).urn
    except ValueError:
        return named, f"urn:rapport:request:{named}"


def _random_uuid() -> str:
    """The text of a new UUID of version 4. Source: RFC 9562, section 5.4."""
    digits = _random(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    parts = digits[:8], digits[8:12], "4" + digits[13:16], variant + digits[17:20], digits[20:]
    return "-".join(parts)


@lru_cache(maxsize=64)
def _is_this_machine(host: str) -> bool:
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback(found[1].strip("[]"))
