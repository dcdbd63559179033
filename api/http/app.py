"""The HTTP application: every operation on its path, and no answer but theirs or a problem."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.http.edge import metrics
from api.http.edge.cors import for_pages
from api.http.edge.dispatch import CONSOLE, Dispatch, direct, with_pages
from api.http.edge.frontdoor import FrontDoor
from api.http.edge.request_reports import RequestReports
from api.http.edge.tracing import TELEMETRY
from api.http.openapi import pages as docs
from api.http.openapi.description import description
from api.http.problems import MethodNotAllowed, RouteNotFound, problem_response
from api.http.routers import ROUTERS
from api.http.routing import routes_of
from api.http.streams.outgoing import remember_connection
from api.http.streams.streams import LIMITS, Limits, Streams
from domain.errors import LedgerError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from api.service.server import Server


class _Application(FastAPI):
    """FastAPI where it describes, traces and starts; its layers see what has no short way."""

    def __init__(self, server: Server, pages: ASGIApp | None) -> None:
        super().__init__(
            title="Rapport",
            redirect_slashes=False,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            telemetry=TELEMETRY,
        )
        self._server = server
        self._pages = pages

    def build_middleware_stack(self) -> ASGIApp:
        """The front door around everything, where also every other error becomes a problem."""
        framework = super().build_middleware_stack()
        dispatch = Dispatch(framework)
        for route in routes_of(ROUTERS):
            dispatch.add(route.method, route.path, direct(route))
        within = dispatch if self._pages is None else with_pages(dispatch, self._pages)
        door = FrontDoor(within, reports=self.state.reports, is_open=self._server.keys.is_open)
        return for_pages(door, self._server.settings.cors_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            remember_connection(scope, send)
        await super().__call__(scope, receive, send)


def create_app(server: Server, limits: Limits = LIMITS, pages: ASGIApp | None = None) -> FastAPI:
    """The application that serves what ``server`` holds; who makes it closes the server.

    It answers in one event loop; ``limits`` are those of its streams. ``pages`` answer under
    ``/console``, if there are any.
    """
    app = _Application(server, pages)
    app.state.server = server
    app.state.streams = Streams(limits, server.stopping)
    metrics.count(app, server)
    app.state.reports = RequestReports(metrics.metrics_of(app), server.ledgers)
    for router in ROUTERS:
        app.include_router(router)

    @cache
    def openapi() -> dict[str, Any]:
        # Described when it is asked for: a server starts half a second earlier.
        return {**api_document(), "paths": dict(api_document()["paths"])}

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to replace it

    async def openapi_json(_request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(openapi))

    app.add_route("/openapi.json", openapi_json, include_in_schema=False)
    docs.add_to(app, front=docs.DOCUMENTATION if pages is None else CONSOLE)
    metrics.metrics_of(app).open_tails = lambda: app.state.streams.tails.taken
    app.add_exception_handler(HTTPException, _told_by_framework)
    app.add_exception_handler(Exception, _told_within_framework)
    return app


@cache
def api_document() -> dict[str, Any]:
    """The description of every endpoint, the same for all applications: half a second's work."""
    return description(routes_of(ROUTERS))


async def _told_by_framework(request: Request, error: Exception) -> Response:
    """What the framework itself finds: no such path, or not by this method."""
    assert isinstance(error, HTTPException)
    found: LedgerError = RouteNotFound("nothing is served at this path; /docs lists the paths")
    if error.status_code == 405:
        found = MethodNotAllowed(", ".join(_methods_of(request)))
    return problem_response(found, request.state.instance)


async def _told_within_framework(request: Request, error: Exception) -> Response:
    """What an operation raised that was asked by way of the framework, which answers for it.

    The front door hears of it too, and logs it.
    """
    found = error if isinstance(error, LedgerError) else LedgerError()
    return problem_response(found, request.state.instance)


def _methods_of(request: Request) -> list[str]:
    """Every method that the path answers to, not only those of the route that matched first.

    A path that is also another's template with a name filled in is that of its own.
    """
    plain = (route for route in request.app.routes if isinstance(route, Route))
    routes: list[Route] = [*plain, *routes_of(ROUTERS)]
    matching = [route for route in routes if route.path_regex.match(request.scope["path"])]
    fewest = min((route.path.count("{") for route in matching), default=0)
    methods = {
        method
        for route in matching
        if route.path.count("{") == fewest
        for method in route.methods or ()
    }
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))
