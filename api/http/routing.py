"""The route classes: an endpoint is an ordinary function, and what is the same for all is here.

FastAPI's extension point for routes, ``APIRoute.get_route_handler``, is where a request is admitted
before FastAPI looks at it, and where what an endpoint returned is encoded.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, cast

from fastapi.routing import APIRoute
from starlette.responses import Response

from api.http.admission import admit, body_of
from api.http.contract import Contract
from api.http.wire.rendered import render_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from fastapi import APIRouter
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from api.http.exchange import Exchange

    Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class LedgerRoute(APIRoute):
    """An endpoint whose parameters FastAPI hands to it, and whose answer is encoded as accepted.

    It returns a document, or an ASGI application that sends an answer by itself.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        operation_id: str | None = None,
        **declared: Any,
    ) -> None:
        named = operation_id or endpoint.__name__
        super().__init__(path, self.prepare(endpoint), operation_id=named, **declared)

    @property
    def method(self) -> str:
        """The one method that it answers."""
        return next(iter(self.methods or ()))

    def prepare(self, endpoint: Callable[..., Any]) -> Callable[..., Any]:
        """The endpoint as FastAPI calls it: what it returns is not validated again."""
        if inspect.iscoroutinefunction(endpoint):

            @functools.wraps(endpoint)
            async def call_endpoint(**values: Any) -> _ReturnValue:
                return _ReturnValue(await endpoint(**values))

            return call_endpoint

        @functools.wraps(endpoint)
        def answered_in_thread(**values: Any) -> _ReturnValue:
            return _ReturnValue(endpoint(**values))

        return answered_in_thread

    def get_route_handler(self) -> Handler:
        """What answers a request: FastAPI's own handler between admission and encoding."""
        contract, solve = Contract.of(self), super().get_route_handler()
        status = self.status_code or 200

        async def handle(request: Request) -> Response:
            with _Admission(request, contract) as exchange:
                if contract.takes_body:
                    exchange.body = await body_of(exchange, contract)
                returned = cast("_ReturnValue", await solve(request))
            return _answer(returned.value, exchange, status)

        return handle


class BareRoute(LedgerRoute):
    """An endpoint that takes the bare request: declared like the others, and handed no parameters.

    For appends and the status of one contact. FastAPI's handing over of parameters takes longer
    than either: decision 35 has the measurement. The endpoint reads its body itself.
    """

    def prepare(self, endpoint: Callable[..., Any]) -> Callable[..., Any]:
        """The endpoint itself."""
        return endpoint

    def get_route_handler(self) -> Handler:
        """What answers a request, without FastAPI's."""
        contract, endpoint = Contract.of(self), self.endpoint
        status = self.status_code or 200

        async def handle(request: Request) -> Response:
            with _Admission(request, contract) as exchange:
                value = await endpoint(request)
            return _answer(value, exchange, status)

        return handle


class _Admission:
    """Lets the exchange be found in the request's scope until the endpoint has returned.

    Left there it would be part of a cycle: the scope holds it, it holds the request, and that the
    scope. Whole requests would then wait for the garbage collector, which stops all others.
    """

    def __init__(self, request: Request, contract: Contract) -> None:
        self.state = request.scope["state"]
        self.exchange = admit(request, contract)

    def __enter__(self) -> Exchange:
        self.state["exchange"] = self.exchange
        return self.exchange

    def __exit__(self, *raised: object) -> None:
        del self.state["exchange"]
        self.exchange.leave()


def routes_of(routers: Iterable[APIRouter]) -> list[LedgerRoute]:
    """The endpoints of these routers, in order."""
    routes = (route for router in routers for route in router.routes)
    return [route for route in routes if isinstance(route, LedgerRoute)]


class _ReturnValue(Response):
    """What an endpoint returned, on its way past FastAPI, which leaves responses as they are."""

    def __init__(self, value: object) -> None:
        self.value = value
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("it is encoded before it is sent")


def _answer(value: object, exchange: Exchange, status: int) -> Response:
    """What is sent: an answer that sends itself, or the document, encoded."""
    if callable(value):
        return cast("Response", value)
    return cast("Response", render_answer(value, exchange, status))
