"""What every request passes first: who may ask in open mode, a log line, no way out but problems.

With no access keys the server answers this machine only, and no web page may drive it: the Host
must be a loopback name (against DNS rebinding) and unsafe methods must not come from another
origin.
"""

from __future__ import annotations

import logging
import time
import traceback
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes, urlsplit
from uuid import uuid4

from starlette.requests import ClientDisconnect

from api.problems import Forbidden, problem_response, status_of
from api.settings import is_loopback
from domain.errors import LedgerError, Unavailable

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOG = logging.getLogger("rapport.http")

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MOST_IN_FLIGHT = 1000


class FrontDoor:
    """ASGI middleware around everything; more than ``most_in_flight`` requests wait outside."""

    def __init__(self, app: ASGIApp, most_in_flight: int = MOST_IN_FLIGHT) -> None:
        self.app = app
        self.most_in_flight = most_in_flight
        self.in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.in_flight += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self.in_flight -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        seen = _Seen(send, head=scope["method"] == "HEAD")
        inner = _inner(scope)
        instance: str = inner["state"]["instance"]
        try:
            if self.in_flight > self.most_in_flight:
                raise Unavailable("too many requests at once")
            require_same_machine(scope)
            await self.app(inner, receive, seen)
        except ClientDisconnect:
            LOG.info("request id=%s client left before its body had arrived", instance)
        except LedgerError as error:
            if status_of(type(error)) == 500:
                LOG.error("failed id=%s %s: %s", instance, _frames(error), error)
            await problem_response(error, instance)(scope, receive, seen)
        except Exception as error:  # noqa: BLE001  # the last place before the server's plain text
            LOG.error("failed id=%s %s", instance, _frames(error))
            if not seen.status:
                await problem_response(LedgerError(), instance)(scope, receive, seen)
        finally:
            # The template, never the path: a path holds refs, and refs are personal.
            route = inner["state"].get("route", "-")
            milliseconds = (time.perf_counter() - started) * 1000
            line = "request id=%s method=%s route=%s status=%s ms=%.1f"
            LOG.info(line, instance, scope["method"], route, seen.status, milliseconds)


class _Seen:
    """Passes an answer on, remembers its status, and leaves out the body of one to HEAD."""

    def __init__(self, send: Send, *, head: bool) -> None:
        self.send = send
        self.head = head
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif self.head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self.send(message)


def require_same_machine(scope: Scope) -> None:
    """Let through what this machine asks for itself.

    Raises:
        Forbidden: the Host is not a loopback name, or a web page of another origin sent it.
    """
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get(b"host", "")
    if not is_loopback(_host_name(host)):
        raise Forbidden("without access keys only 127.0.0.1, localhost and [::1] are answered")
    if scope["method"] in SAFE_METHODS:
        return
    origin = headers.get(b"origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        raise Forbidden("another origin may not change anything here")
    if headers.get(b"sec-fetch-site", "none").lower() == "cross-site":
        raise Forbidden("another site may not change anything here")


def canonical_path(raw_path: bytes) -> str:
    """The path with every segment percent-encoded in the one shortest way.

    Routes match this, so that ``%2F`` stays inside its segment; all ways to encode the same path
    give the same text.

    >>> canonical_path(b"/contacts/pos%3a17%2f850")
    '/contacts/pos:17%2F850'
    """
    segments = raw_path.split(b"/")
    return "/".join(quote(unquote_to_bytes(segment), safe=":") for segment in segments)


def _inner(scope: Scope) -> Scope:
    """What the routes see: the canonical path, GET for HEAD, and a name for this request."""
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    return {
        **scope,
        "path": canonical_path(raw),
        "method": "GET" if scope["method"] == "HEAD" else scope["method"],
        "state": {**scope.get("state", {}), "instance": f"urn:uuid:{uuid4()}"},
    }


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _frames(error: BaseException) -> str:
    """Where it failed and as what, in one line, without the texts that may hold personal data."""
    frames = traceback.extract_tb(error.__traceback__)[-8:]
    places = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__qualname__} in {places}"
