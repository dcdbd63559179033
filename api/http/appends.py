"""Handing an append to the ledger, and answering what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.http.admission import read_whole_body
from api.http.wire.headers import said_once
from api.http.wire.rendered import WholeAnswer, content_answer
from api.service import strict_parsing
from api.service.answers.events import Appended
from api.service.envelope import ids_from_key
from domain.errors import Invalid
from ledger.access.scopes import THIS_MACHINE

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from api.http.exchange import Exchange
    from ledger.drafts import Append, AppendResult


async def sent_events(exchange: Exchange) -> object:
    """What the body holds, which is not looked at where there is no room for events.

    Parsing takes the event loop's time: what the queue would refuse after it is refused before.

    Raises:
        Invalid: it cannot be parsed.
        Unavailable: too much waits to be recorded, or the body did not arrive in time.
    """
    raw = await read_whole_body(exchange.request)
    exchange.served.ledger.check_room()
    return strict_parsing.parse(raw, exchange.sent or strict_parsing.JSON)


async def append_result(exchange: Exchange, append: Append) -> AppendResult:
    """What became of an append, once it is durable.

    Raises:
        LedgerError: it was not recorded, and why.
    """
    if (more := len(append.drafts) - 1) > 0:
        exchange.server.rate_limits.owe(exchange.principal.id, more)
    reply = exchange.streams.answers.new_reply()
    exchange.served.ledger.hand_over(append, reply)
    try:
        # A client that leaves cancels its own waiting, never what the ledger has accepted.
        result: AppendResult = await reply.waiting
    finally:
        del reply  # it holds a refusal, and that this frame: a cycle
    return result


def ids_asked_for(exchange: Exchange) -> Callable[[int], UUID | None]:
    """Ids for events without one, by place, where the request came with an ``Idempotency-Key``.

    They are each caller's own, so that two who chose the same key do not meet.

    Raises:
        Invalid: the key does not have 16 to 200 characters, or there are two.
        Refused: the ledger was imported without its namespace.
    """
    key = said_once(exchange.request.headers, "idempotency-key")
    principal = "" if exchange.principal == THIS_MACHINE else exchange.principal.id
    if key is None:
        return lambda _place: None
    namespace = exchange.served.ledger.namespace
    return ids_from_key(key, namespace, exchange.request.scope["path"], principal)


def require_no_condition(exchange: Exchange) -> None:
    """Refuse conditions where an append may be about several contacts.

    Raises:
        Invalid: it came with one; to leave it aside would append what was not to be appended.
    """
    if any(name in exchange.request.headers for name in ("if-match", "if-none-match")):
        detail = "If-Match and If-None-Match are about one contact: append to that"
        raise Invalid.at("", "malformed", detail)


def set_append_status(exchange: Exchange, result: AppendResult) -> bool:
    """Say what became of an append; 201 where anything is new. Whether a body is wanted.

    ``Location`` leads to the newest of its events, which need not be the last of a batch that is
    known in part. Who waits for ``Rapport-Position`` reads all of them, and their companions.
    """
    reply = exchange.reply
    status, headers = outcome_of(result, exchange.base)
    reply.headers.update(headers)
    reply.position = result.position
    preferred = exchange.request.headers.getlist("prefer")
    if preferred and _wants_minimal(preferred):
        reply.headers["Preference-Applied"] = "return=minimal"
        reply.status = 204
        return False
    reply.status = status
    return True


def answer_of(result: AppendResult, base: str) -> WholeAnswer:
    """The whole answer, in JSON, to an append that asked for nothing special."""
    status, headers = outcome_of(result, base)
    headers = {"ETag": version_tag(result), **headers, "Rapport-Position": str(result.position)}
    return content_answer(Appended.bytes_of(result), strict_parsing.JSON, status, headers)


def version_tag(result: AppendResult) -> str:
    """The tag of the contact's stream after an append."""
    return f'"{result.version}"'


def outcome_of(result: AppendResult, base: str) -> tuple[int, dict[str, str]]:
    """The status of what became of an append, and the headers that say so.

    ``base`` is the path of the ledger.
    """
    newest, created = 0, result.addressed
    for one in result.events:
        newest = max(newest, one.position)
        created = created or not one.replayed
    headers = {"Location": f"{base}/events/{newest}"} if newest else {}
    if newest and not created:
        headers["Idempotency-Replayed"] = "true"
    return 201 if created else 200, headers


def _wants_minimal(headers: list[str]) -> bool:
    """Whether the client preferred an answer without a body. Source: RFC 7240 section 4.2."""
    preferences = (one.partition(";")[0].lower() for one in ",".join(headers).split(","))
    pairs = (preference.partition("=") for preference in preferences)
    return any(
        name.strip() == "return" and value.strip(' "') == "minimal" for name, _, value in pairs
    )
