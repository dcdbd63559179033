"""Handing an append to the ledger, and answering what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.http.endpoint import Answer
from api.http.wire.envelope import ids_from_key
from api.http.wire.headers import said_once
from domain.errors import Invalid
from ledger.access.scopes import THIS_MACHINE

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from api.http.call import Call
    from ledger.drafts import Append, Appended


async def recorded(call: Call, append: Append) -> Appended:
    """What became of an append, once it is durable.

    Raises:
        LedgerError: it was not recorded, and why.
    """
    if (more := len(append.drafts) - 1) > 0:
        call.server.rate_limits.owe(call.principal.id, more)
    reply = call.streams.answers.expected()
    call.open_ledger.ledger.hand_over(append, reply)
    # A client that leaves cancels its own waiting, never what the ledger has accepted.
    result: Appended = await reply.waiting
    return result


def ids_asked_for(call: Call) -> Callable[[int], UUID | None]:
    """Ids for events without one, by place, where the request came with an ``Idempotency-Key``.

    They are each caller's own, so that two who chose the same key do not meet.

    Raises:
        Invalid: the key does not have 16 to 200 characters, or there are two.
        Refused: the ledger was imported without its namespace.
    """
    key = said_once(call.request.headers, "idempotency-key")
    principal = "" if call.principal == THIS_MACHINE else call.principal.id
    if key is None:
        return lambda _place: None
    namespace = call.open_ledger.ledger.namespace
    return ids_from_key(key, namespace, call.request.scope["path"], principal)


def require_room(call: Call) -> None:
    """Refuse before the body is parsed, which takes the event loop's time, what the queue would
    refuse after it.

    Raises:
        Unavailable: too much waits to be recorded.
    """
    call.open_ledger.ledger.check_room()


def require_no_condition(call: Call) -> None:
    """Refuse conditions where an append may be about several contacts.

    Raises:
        Invalid: it came with one; to leave it aside would append what was not to be appended.
    """
    if any(name in call.request.headers for name in ("if-match", "if-none-match")):
        detail = "If-Match and If-None-Match are about one contact: append to that"
        raise Invalid.at("", "malformed", detail)


def answered(call: Call, result: Appended, headers: dict[str, str], body: object) -> Answer:
    """The answer that tells of an append; 201 where anything is new.

    ``Location`` leads to the newest of its events, which need not be the last of a batch that is
    known in part. Who waits for ``Rapport-Position`` reads all of them, and their companions.
    """
    created = any(not one.replayed for one in result.events)
    if result.events:
        newest = max(one.position for one in result.events)
        headers["Location"] = f"{call.base}/events/{newest}"
    if result.replayed:
        headers["Idempotency-Replayed"] = "true"
    preferred = call.request.headers.getlist("prefer")
    if preferred and _wants_minimal(preferred):
        headers["Preference-Applied"] = "return=minimal"
        return Answer(status=204, headers=headers, position=result.position)
    status = 201 if created else 200
    return Answer(body=body, status=status, headers=headers, position=result.position)


def _wants_minimal(headers: list[str]) -> bool:
    """Whether the client preferred an answer without a body. Source: RFC 7240 section 4.2."""
    preferences = (one.partition(";")[0].lower() for one in ",".join(headers).split(","))
    pairs = (preference.partition("=") for preference in preferences)
    return any(
        name.strip() == "return" and value.strip(' "') == "minimal" for name, _, value in pairs
    )
