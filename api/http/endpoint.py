"""One request as a route sees it: read, checked and named; and the answer a route gives back.

A route is an ``Operation``: what it answers to, what it reads, what it is documented as, and a
function from a ``Call`` to an ``Answer``. Reading, negotiation and rendering happen here, once for
all.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.concurrency import run_in_threadpool

from api.http.access import principal_of
from api.http.call import Call
from api.http.wire import media
from api.http.wire.parameters import read_query
from api.http.wire.rendered import Rendered
from api.service import strict_parsing
from domain.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from api.http.wire.parameters import Parameter
    from api.service.server import Server

T = TypeVar("T")

BODY_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a route answers: a body of JSON-like values, or none.

    ``position`` is what the answer reflects. With ``digest`` its ETag is a digest of the body.
    """

    body: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    position: int | None = None
    digest: bool = False


@dataclass(frozen=True, kw_only=True)
class Shown:
    """How an answer of one status looks: for the documentation.

    The schema of a document follows from the ``example``.
    """

    description: str
    schema: Mapping[str, object] | None = None
    example: object = None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Body:
    """What a route reads: for the documentation. ``examples`` by name."""

    schema: Mapping[str, object]
    examples: Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Form:
    """Another form of an operation, in media types of its own, by a function of its own.

    ``shown`` is an example of ``schema``. With ``streamed`` the function reads the body itself.
    ``offered`` are the media types that it answers in; ``outcome`` is schema and example of such an
    answer, where it is not that of the operation.
    """

    media_types: tuple[str, ...]
    function: Callable[[Call], Awaitable[Answer | ASGIApp]]
    schema: Mapping[str, object]
    shown: object
    outcome: tuple[Mapping[str, object], object] | None = None
    streamed: bool = False
    offered: tuple[str, ...] = media.DOCUMENTS


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method on one path, for keys with one of ``scopes``: ``PUBLIC`` is for everybody.

    ``problems`` are the codes it can answer beside the common ones.

    ``reads`` are further forms of the body, ``streams`` of the answer, by ``Accept``; ``offered``
    are the media types of the answer that ``function`` gives. ``ready`` raises what can be told
    before the body is parsed.
    """

    method: str
    path: str
    tag: str
    summary: str
    function: Callable[[Call], Answer | ASGIApp] | Callable[[Call], Awaitable[Answer | ASGIApp]]
    answers: Mapping[int, Shown]
    scopes: tuple[str, ...]
    query: tuple[Parameter[Any], ...] = ()
    headers: tuple[str, ...] = ()
    body: Body | None = None
    problems: tuple[str, ...] = ()
    reads: tuple[Form, ...] = ()
    streams: tuple[Form, ...] = ()
    ready: Callable[[Call], None] | None = None
    offered: tuple[str, ...] = media.DOCUMENTS

    @property
    def name(self) -> str:
        """The operation's id in the documentation."""
        return self.function.__name__

    @property
    def pattern(self) -> str:
        """The path as it is routed: in the place of a tile there may be slashes."""
        return self.path.replace("{tile}", "{tile:path}")


class Routes:
    """The operations of one group, in the order in which they are documented."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.operations: list[Operation] = []

    def on(self, method: str, path: str, **described: Any) -> Callable[[T], T]:
        """Answer this method on this path with the decorated function."""

        def register(function: T) -> T:
            self.operations.append(
                Operation(
                    method=method,
                    path=path,
                    tag=self.tag,
                    function=function,  # type: ignore[arg-type]  # what a decorator is given
                    **described,
                )
            )
            return function

        return register


async def answer(operation: Operation, request: Request, server: Server) -> ASGIApp:
    """Read the request, let the operation answer it, and render what it says.

    Raises:
        LedgerError: anything that a client is told as a problem.
    """
    principal = principal_of(request, server, operation.scopes)
    # Also where no body is needed: a page of another site can post forms and plain text unasked.
    found = None
    if operation.method == "POST":
        found = media.require_readable(request, _media_types(operation.reads))
    form = _form_of(found, operation.reads)
    offered = form.offered if form else (*operation.offered, *_media_types(operation.streams))
    wanted = media.accepted(request, offered)
    form = form or _form_of(wanted, operation.streams)
    values = read_query(request.scope["query_string"], operation.query)
    call = Call(request, server, values, None, wanted, principal)
    try:
        if found and not (form and form.streamed):
            raw = await _received(request)
            if operation.ready is not None:
                operation.ready(call)
            call.body = _parsed(raw, found, operation)
        given = await _given(form.function if form else operation.function, call)
    finally:
        call.leave()
    return _rendered(given, wanted, request) if isinstance(given, Answer) else given


async def _given(function: Callable[[Call], Any], call: Call) -> Answer | ASGIApp:
    given: Answer | ASGIApp
    if _is_async(function):
        given = await function(call)
    else:
        given = await run_in_threadpool(function, call)
    return given


@cache  # one entry for each function that answers
def _is_async(function: Callable[[Call], Any]) -> bool:
    return inspect.iscoroutinefunction(function)


def _media_types(forms: tuple[Form, ...]) -> tuple[str, ...]:
    return tuple(name for form in forms for name in form.media_types)


def _form_of(media_type: str | None, forms: tuple[Form, ...]) -> Form | None:
    return next((form for form in forms if media_type in form.media_types), None)


async def _received(request: Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await media.read_body(request)
    except TimeoutError:
        raise Unavailable(f"the body did not arrive within {BODY_SECONDS:.0f} s") from None


def _parsed(raw: bytes, found: str, operation: Operation) -> object:
    if operation.body is not None:
        return strict_parsing.parse(raw, found)
    if raw and strict_parsing.parse(raw, found) != {}:
        raise Invalid.at("", "unknown-field", "nothing is read here: send no body, or {}")
    return None


def _rendered(given: Answer, wanted: str, request: Request) -> Rendered:
    headers = dict(given.headers)
    if given.position is not None:
        headers["Rapport-Position"] = str(given.position)
    if given.status == 204:
        return Rendered(204, headers)
    content = media.encode(given.body, wanted)
    headers["Vary"] = "Accept"
    if given.digest:
        headers["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Rendered(304, headers)
    headers["Content-Type"] = wanted
    return Rendered(given.status, headers, content)
