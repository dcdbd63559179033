"""Letting a request in: what is checked of every one, before its endpoint is asked.

A request is refused in this order: the principal may not ask, the media type of the body is not
read, no media type of the answer is acceptable, the query has faults (all of them are listed), the
body has faults, and what the path names does not exist.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from api.http.access import principal_of, token_in
from api.http.exchange import Exchange
from api.http.wire import media
from api.http.wire.query import read_query
from api.service import strict_parsing
from domain.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from starlette.requests import Request

    from api.http.contract import Contract

BODY_SECONDS = 30.0


def admit(request: Request, contract: Contract) -> Exchange:
    """The request, if it may be answered, with its query read.

    Raises:
        LedgerError: it may not, and why.
    """
    request.scope["state"]["route"] = contract.path
    server = request.app.state.server
    authorization = request.headers.getlist("authorization")
    ledger = request.path_params.get("ledger")
    token = token_in(request.scope["query_string"], contract.scopes)
    principal = principal_of(server, contract.scopes, authorization, ledger, token)
    # Also where no body is needed: any page of another site can post forms and plain text.
    sent = media.require_readable(request, contract.reads) if contract.takes_body else None
    wanted = media.preferred_type(request, contract.offered_for(sent))
    query = read_query(request.scope["query_string"], contract.query, contract.required)
    return Exchange(request, principal, sent=sent, wanted=wanted, query=query)


async def read_whole_body(request: Request) -> bytes:
    """The whole body.

    Raises:
        TooLarge: it is longer than is read.
        Unavailable: it did not arrive in time.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await media.read_body(request)
    except TimeoutError:
        raise Unavailable(f"the body did not arrive within {BODY_SECONDS:.0f} s") from None


async def body_of(exchange: Exchange, contract: Contract) -> object:
    """What the body holds; None where nothing is said in it.

    Raises:
        Invalid: it cannot be parsed, or says something where nothing is read.
        LedgerError: it cannot be received.
    """
    raw, sent = await read_whole_body(exchange.request), exchange.sent or strict_parsing.JSON
    if contract.body is not None:
        return strict_parsing.parse(raw, sent)
    if raw and strict_parsing.parse(raw, sent) != {}:
        raise Invalid.at("", "unknown-field", "nothing is read here: send no body, or {}")
    return None
