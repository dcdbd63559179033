"""Who asks, and whether they may: decided once for every operation, before anything is read.

Each operation declares the scopes of which one is enough; a key that is bound to a ledger may ask
of that one alone, and gets the same answer for others whether they exist or not. Source: the HTTP
contract, "Access"; RFC 6750.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from fastapi import Depends, Security
from fastapi.security import HTTPBearer
from starlette.requests import Request

from api.service.errors import Forbidden
from domain.errors import Unauthenticated
from ledger.access.scopes import AUDIT, CALENDAR, THIS_MACHINE, Principal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import params

    from api.service.server import OpenLedger, Server

PUBLIC: tuple[str, ...] = ()
"""What an operation declares that everybody may ask for, with a key or without."""

ANYONE = Principal("anyone", frozenset())
"""The principal of requests for public answers, in a server that has access keys."""

TOKEN = "token"  # noqa: S105  # its name, and none
"""The name of the parameter in which calendars send their key."""

LOG_SCOPES = (AUDIT,)
"""What the transparency log is read with, unless it is made public."""


def principal_of(
    server: Server,
    scopes: Sequence[str],
    authorization: Sequence[str],
    ledger: str | None,
    token: str | None = None,
) -> Principal:
    """Who asks, if they may: ``authorization`` is every header of that name.

    ``ledger`` is the one that the path names, as it was sent. ``token`` is the key in the query,
    where one may stand there.

    Raises:
        Unauthenticated: keys are asked for, and this is none that opens anything.
        Forbidden: the key is for other things, or for another ledger.
        RateLimited: the key has asked too often.
    """
    if server.keys.is_open():
        return THIS_MACHINE
    if not scopes or (server.settings.log_public and scopes == LOG_SCOPES):
        return ANYONE
    key = server.keys.authenticate(_secret(authorization, token))
    principal = key.principal
    if token is not None and not principal.has((CALENDAR,)):
        raise Forbidden("an address holds a key of the scope calendar, and no other")
    if ledger is not None and not principal.may_enter(unquote(ledger)):
        raise Forbidden("the access key is for another ledger")
    if not principal.has(scopes):
        raise Forbidden(f"the access key lacks the scope {' or '.join(scopes)}")
    server.rate_limits.take(key.id, key.per_minute)
    return principal


class AccessKey(HTTPBearer):
    """Dependency: who asks. The route has let them in already, by the scopes that it declares."""

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override]  # not a key
        """The principal that sent the request."""
        principal: Principal = request.scope["state"]["exchange"].principal
        return principal


caller = AccessKey(
    scheme_name="accessKey",
    bearerFormat="rk_...",
    description="An access key; in open mode none is asked for.",
    auto_error=False,
)
"""Who asks, and for the documentation how access keys are sent."""


def allow(*scopes: str) -> params.Depends:
    """What a route declares in its dependencies: the scopes of which one is enough."""
    found: params.Depends = Security(caller, scopes=scopes)
    return found


EVERYBODY = Depends(caller)
"""What a route declares in its dependencies that everybody may ask for, with a key or without."""


def require_every_ledger(principal: Principal) -> None:
    """Let pass a key that is for the whole server.

    Raises:
        Forbidden: it is for one ledger.
    """
    if principal.ledger is not None:
        raise Forbidden("the access key is for one ledger, and this is about the server")


def is_still_admitted(principal: Principal, server: Server, ledger: OpenLedger) -> bool:
    """Whether a long answer may continue: the ledger is there, and the key still gives access to
    it.

    An answer that was given without a key continues until a key is required.
    """
    if server.ledgers.get(ledger.ledger.name) is not ledger:
        return False
    if principal == THIS_MACHINE:
        return server.keys.is_open()
    return principal == ANYONE or server.keys.still_opens(principal)


def token_in(query: bytes, scopes: Sequence[str]) -> str | None:
    """The key that a query holds, which is read only where a key for calendars is enough.

    Calendars send no headers. What logs, spans and figures tell of a request is its route.
    """
    if CALENDAR not in scopes:
        return None
    try:
        return dict(parse_qsl(query.decode("ascii"))).get(TOKEN)
    except ValueError:
        return None  # the query is refused after this, with its faults


def _secret(headers: Sequence[str], token: str | None) -> str:
    if token is not None and not headers:
        return token
    if len(headers) + (token is not None) != 1:
        raise Unauthenticated("send one access key: Authorization: Bearer rk_...")
    scheme, _, secret = headers[0].partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthenticated("access keys are sent as Authorization: Bearer rk_...")
    return secret.strip()
