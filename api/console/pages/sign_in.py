"""Signing in with an access key, and out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from api.console.origins import Origin, path_of_page
from api.console.visit import MENU, Page
from domain.errors import Unauthenticated

if TYPE_CHECKING:
    from starlette.responses import Response

    from api.console.visit import Visit

TRIES_PER_MINUTE = 10
"""How often one address may try a key."""

_NO_COOKIE = (
    "this address is neither this machine nor HTTPS, so that a session could be read on its way. "
    "Serve the console over HTTPS and set RAPPORT_PUBLIC_URL to its address"
)


def show(visit: Visit) -> Response:
    """The form for an access key."""
    if visit.server.keys.is_open():
        return visit.lead_to(path_of_page(visit.parameter("next") or "") or "/console")
    return _form(visit, 200, "")


def sign_in(visit: Visit) -> Response:
    """Begin a session with the key that was pasted, under a new id, at the page that was wanted.

    Raises:
        RateLimited: this address tried too often.
    """
    request, server = visit.request, visit.server
    origin = Origin.of(request, server.settings)
    if origin.cookie is None:
        return _form(visit, 403, f"You cannot sign in here: {_NO_COOKIE}.")
    address = request.client.host if request.client else "-"
    server.rate_limits.take(f"sign-in {address}", TRIES_PER_MINUTE)
    try:
        key = server.keys.authenticate(visit.field("key"))
    except Unauthenticated as error:
        return _form(visit, 401, f"{str(error).capitalize()}.")
    if not any(key.principal.has(scopes) for _, _, scopes in MENU):
        return _form(visit, 403, "This key opens no page: it is for a calendar's feed alone.")
    if secret := request.cookies.get(origin.cookie):
        visit.sessions.end(secret)
    secret, _ = visit.sessions.begin(key.principal, key.per_minute)
    # 307 sends the form once more, to the page that it was for, which asks before it records.
    again = _page_of_a_ledger(visit.field("again"))
    wanted = again or path_of_page(visit.field("next")) or "/console"
    response = RedirectResponse(wanted, status_code=303 if again is None else 307)
    response.headers.append("Set-Cookie", origin.cookie_header(secret))
    return response


def sign_out(visit: Visit) -> Response:
    """End the session."""
    request = visit.request
    origin = Origin.of(request, visit.server.settings)
    visit.sessions.end(request.cookies.get(origin.cookie or "", ""))
    response = RedirectResponse("/console/sign-in", status_code=303)
    response.headers.append("Set-Cookie", origin.cookie_header("", 0))
    return response


def _page_of_a_ledger(address: str) -> str | None:
    path = path_of_page(address)
    return path if path is not None and path.startswith("/console/ledgers/") else None


def sign_in_again(visit: Visit, again: str) -> Response:
    """The form for an access key, which takes along what was typed into the form of a page."""
    told = "Your session has ended. What you typed is kept: it is shown again once you signed in."
    return _form(visit, 401, told, again)


_OWN = frozenset({"key", "next", "again", "username"})
"""The fields of the sign-in itself."""


def _form(visit: Visit, status: int, problem: str, again: str = "") -> Response:
    wanted = path_of_page(visit.field("next") or visit.parameter("next") or "")
    again = again or _page_of_a_ledger(visit.field("again")) or ""
    kept = visit.form.multi_items() if visit.form is not None and again else []
    return visit.page(
        "sign_in.html",
        status=status,
        problem=problem,
        wanted=wanted or "",
        again=again,
        kept=[one for one in kept if one[0] not in _OWN],
    )


PAGES = (
    Page("/sign-in", show, is_public=True),
    Page("/sign-in", sign_in, method="POST", is_public=True),
    Page("/sign-out", sign_out, method="POST"),
)
