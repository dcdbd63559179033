"""The console as one ASGI application, which stands beside the HTTP interface.

Who may see a page is decided here for all pages, before anything is read. Source: the console
document, "How it is made".
"""

from __future__ import annotations

from contextlib import suppress
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from api.console.errors import Failed, FormRefused, NotAllowed, PageNotFound, error_page
from api.console.forms import is_without_file, read_form
from api.console.multipart import NoFile, read_multipart
from api.console.origins import Origin, is_authority, path_of_page
from api.console.pages import PAGES
from api.console.pages.sign_in import TRIES_PER_MINUTE, sign_in_again
from api.console.rendering import STATIC, static_content
from api.console.sessions import NOBODY, Sessions
from api.console.visit import Visit
from domain.errors import LedgerError
from ledger.access.scopes import THIS_MACHINE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.datastructures import FormData
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from api.console.sessions import Session
    from api.console.visit import Page
    from api.service.server import Server

SIGN_IN = "/console/sign-in"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""What a page may load and do. Source: Content Security Policy Level 3."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""What every page tells the browser, besides what the front door adds to every answer."""


class Console:
    """Answers for the pages of one server."""

    def __init__(self, server: Server, sessions: Sessions | None = None) -> None:
        """The pages of a server; ``sessions`` of its own unless they are given."""
        self.server = server
        self.sessions = sessions or Sessions()

    def application(self) -> ASGIApp:
        """The pages on their paths, and what they load."""
        routes = [Route("/console/static/{name}", _static)]
        for page in PAGES:
            path = f"/console{page.path}"
            routes.append(Route(path, self._endpoint(page, path), methods=[page.method]))
        made = Starlette(routes=routes)
        made.router.redirect_slashes = False
        made.add_exception_handler(HTTPException, self._answer_unknown)
        made.add_exception_handler(Exception, self._answer_failed)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            # Everything below works out addresses, which a Host that is none makes impossible.
            if scope["type"] == "http" and not is_authority(Headers(scope=scope).get("host", "")):
                scope["state"].setdefault("route", "/console")
                refused = PlainTextResponse("The Host header names no host.", 400, HEADERS)
                await refused(scope, receive, send)
                return
            await made(scope, receive, send)

        return answer

    def _endpoint(self, page: Page, path: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            request.scope["state"]["route"] = path
            origin = Origin.of(request, self.server.settings)
            session, secret = self._session(request, origin)
            visit = Visit(request, self.server, self.sessions, session or NOBODY)
            try:
                if session is None and not page.is_public:
                    response = await _to_sign_in(visit, page, origin)
                else:
                    response = await self._answer(visit, page, origin)
            except LedgerError as error:
                response = error_page(visit, error)
            finally:
                visit.leave()
            if secret is not None:
                response.headers.append("Set-Cookie", origin.cookie_header(secret))
            response.headers.update({**HEADERS, **response.headers})
            return response

        return answer

    async def _answer(self, visit: Visit, page: Page, origin: Origin) -> Response:
        """The page, if the principal may see it and one of our own pages sent its form.

        Raises:
            LedgerError: it may not, or the page cannot be made.
        """
        if page.method == "POST" and not origin.is_of_own_page(visit.request):
            raise FormRefused("another site may not change anything here")
        if not page.is_public:
            self._require(visit, page)
        if page.method == "POST":
            await _read_form(visit, page)
        if iscoroutinefunction(page.answer):
            response: Response = await page.answer(visit)
            return response
        return await run_in_threadpool(page.answer, visit)

    def _require(self, visit: Visit, page: Page) -> None:
        """Let pass who may see the page.

        Raises:
            NotAllowed: the key is for other things, or for another ledger.
            RateLimited: it asked too often.
        """
        principal, session = visit.principal, visit.session
        name = visit.request.path_params.get("ledger")
        if name is not None and not principal.may_enter(name):
            raise NotAllowed("the access key is for another ledger")
        if page.scopes and not visit.may(*page.scopes):
            raise NotAllowed(f"this takes an access key with the scope {' or '.join(page.scopes)}")
        self.server.rate_limits.take(principal.id, session.per_minute)

    def _session(self, request: Request, origin: Origin) -> tuple[Session | None, str | None]:
        """The session of the browser, and the secret of one that was begun just now.

        What a page asks by itself, because the ledger moved, is no use of the session.
        In open mode every browser on this machine has one.
        """
        keys, kept = self.server.keys, None
        secret = request.cookies.get(origin.cookie or "", "")
        is_used = request.headers.get("rapport-refresh") is None
        session = self.sessions.find(secret, is_used=is_used) if secret else None
        if keys.is_open():
            if session is None or session.principal != THIS_MACHINE:
                kept, session = self.sessions.begin(THIS_MACHINE)
            return session, kept
        if session is not None and (
            session.principal == THIS_MACHINE or not keys.still_opens(session.principal)
        ):
            self.sessions.end(secret)
            session = None
        return session, None

    async def _answer_unknown(self, request: Request, error: Exception) -> Response:
        """What the framework itself finds: no such page, or not by this method."""
        assert isinstance(error, HTTPException)
        return self._error_page(request, PageNotFound("there is no such page"), error.status_code)

    async def _answer_failed(self, request: Request, _error: Exception) -> Response:
        """The page after a fault of ours; the front door logs it."""
        return self._error_page(request, Failed("the server failed"), 500)

    def _error_page(self, request: Request, error: LedgerError, status: int) -> Response:
        request.scope["state"].setdefault("route", "/console")
        session, _ = self._session(request, Origin.of(request, self.server.settings))
        response = error_page(Visit(request, self.server, self.sessions, session or NOBODY), error)
        response.status_code = status
        response.headers.update(HEADERS)
        return response


async def _read_form(visit: Visit, page: Page) -> None:
    """Read the form that was sent, and its file, if one of our own pages made it.

    Raises:
        FormRefused: it was made for another session.
        Invalid: it is no form, or longer than is read.
    """
    if page.new_file is None or (page.asks_again and is_without_file(visit.request)):
        visit.form = await read_form(visit.request)
    else:
        visit.file = await run_in_threadpool(page.new_file, visit)
        try:
            visit.form = await read_multipart(visit.request, visit.file)
        except BaseException:
            _drop(visit.file)
            raise
    visit.is_stale = not page.is_public and not visit.session.made_form(visit.field("token"))
    # The script on a page keeps the form as it is, with the file, and gives it the new token.
    is_kept = visit.is_scripted and visit.file is not None
    if visit.is_stale and (is_kept or not page.asks_again):
        _drop(visit.file)
        raise FormRefused(
            "nothing was recorded: this page was loaded before the server was started or the "
            "session began. Go back, load the page again, and send it once more"
        )


def _drop(file: object) -> None:
    remove = getattr(file, "remove", None)
    if remove is not None:
        remove()


async def _to_sign_in(visit: Visit, page: Page, origin: Origin) -> Response:
    """To the sign-in, which leads back to the page that was wanted.

    What was typed into a form is not lost: the script on a page keeps it there, and without scripts
    the sign-in takes it along, where the form's page asks again.
    """
    request = visit.request
    if visit.is_scripted:
        if request.method == "POST":
            return Response("", 401)  # the page keeps what was typed, and says what to do
        wanted = path_of_page(request.headers.get("hx-current-url", ""))
        return Response("", headers={"HX-Redirect": _sign_in_path(wanted)})
    if page.method == "POST" and page.asks_again and origin.is_of_own_page(request):
        with suppress(LedgerError):
            visit.form = await _read_without_file(visit, page)
            again = path_of_page(str(request.url)) or ""
            return sign_in_again(visit, again)
    wanted = path_of_page(str(request.url)) if request.method == "GET" else None
    return RedirectResponse(_sign_in_path(wanted), 303)


async def _read_without_file(visit: Visit, page: Page) -> FormData:
    """What was typed into a form; the file of one, which no page can fill in again, is let go.

    Raises:
        Invalid: it is no form, or longer than is read.
        RateLimited: this address sent too many files.
    """
    if page.new_file is None or is_without_file(visit.request):
        return await read_form(visit.request)
    address = visit.request.client.host if visit.request.client else "-"
    visit.server.rate_limits.take(f"sign-in {address}", TRIES_PER_MINUTE)
    return await read_multipart(visit.request, NoFile())


def _sign_in_path(wanted: str | None) -> str:
    if wanted in (None, "/console"):
        return SIGN_IN
    return f"{SIGN_IN}?{urlencode({'next': wanted})}"


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    request.scope["state"]["route"] = "/console/static/{name}"
    if name not in STATIC:
        raise HTTPException(404)
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(static_content(name), media_type=STATIC[name], headers=headers)
