"""Access keys: made, seen, revoked and given new secrets."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING

from api.http.endpoint import Answer, Body, Routes, Shown
from api.http.openapi.access_shapes import MAKE_KEY
from api.http.problems import Forbidden
from api.http.wire.bodies import optional, read_object
from api.service.answers.document import Page
from api.service.answers.ledgers import AccessKey, MadeKey
from domain.errors import Corrupt, Invalid, KeyNotFound, LedgerNotFound, Unavailable
from domain.kinds import Text, Whole, read_instant, wrong
from domain.text import IDENTIFIER
from ledger.access.keys import KEY_NAME
from ledger.access.scopes import ADMIN, SCOPES, THIS_MACHINE
from ledger.access.trails import KEY_MADE

if TYPE_CHECKING:
    from collections.abc import Collection
    from contextlib import AbstractContextManager

    from api.http.call import Call
    from ledger.access import keys
    from ledger.access.orders import Order
    from ledger.access.scopes import Principal

LOG = logging.getLogger("rapport.api")

ROUTES = Routes("Access")

_FIELDS = ("name", "scopes", "ledger", "expires_at", "per_minute")
_KEY = AccessKey.model_validate(
    {
        "id": "9f86d081884c7d65",
        "name": "the till in Main Street",
        "scopes": ["append"],
        "ledger": "main",
        "per_minute": None,
        "made_at": "2026-03-01T09:30:00Z",
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": None,
    }
)
_SECRET = "rk_9f86d081884c7d65_" + "0" * 43
_MADE = Shown(
    description="The key with its secret, which is told here and never again.",
    example=MadeKey(**_KEY.plain(), secret=_SECRET),
    headers=("Location",),
)


@ROUTES.on(
    "GET",
    "/v1/keys",
    scopes=(ADMIN,),
    summary="The access keys",
    answers={
        200: Shown(
            description="In the order in which they were made, revoked ones too.",
            example=Page[AccessKey](items=(_KEY,), next_cursor=None),
        )
    },
)
def list_keys(call: Call) -> Answer:
    """A key that is for one ledger sees the keys of that ledger. No secret is kept."""
    managed = [key for key in call.server.keys.all() if _manages(call.principal, key)]
    items = tuple(AccessKey.model_validate(key) for key in managed)
    return Answer(body=Page[AccessKey](items=items, next_cursor=None))


@ROUTES.on(
    "POST",
    "/v1/keys",
    scopes=(ADMIN,),
    summary="Make an access key",
    body=Body(
        schema=MAKE_KEY,
        examples={
            "a till": {"name": "the till in Main Street", "scopes": ["append"], "ledger": "main"},
            "an auditor": {
                "name": "the auditors of 2026",
                "scopes": ["audit", "read"],
                "ledger": "main",
                "expires_at": "2027-01-31T00:00:00Z",
                "per_minute": 600,
            },
        },
    ),
    answers={201: _MADE},
    problems=("ledger-not-found", "invalid-time"),
)
def make_key(call: Call) -> Answer:
    """From the first key on every request needs one, so let the first be one that may make others.

    A key is for one ledger, or for all where none is named; one that is for one ledger makes keys
    for that one alone, with scopes that it has. One that ends, or may ask so often, makes keys that
    end no later and may ask no more often. `per_minute` counts requests, and each event of a
    request beyond the first; lines in bulk are slowed to it.
    """
    body = read_object(call.body, _FIELDS)
    name = optional(body, "name", KEY_NAME.read)
    if not isinstance(name, str):
        raise Invalid.at("/name", "missing", "is needed")
    scopes = _scopes(body.get("scopes"))
    ledger = optional(body, "ledger", _read_ledger)
    _require_within(call, scopes, ledger)
    if ledger is not None:
        call.server.ledger(ledger)
    keys, expires_at = call.server.keys, optional(body, "expires_at", read_instant)
    per_minute = optional(body, "per_minute", _read_limit)
    keys.require_possible(name, scopes, expires_at=expires_at, per_minute=per_minute)
    _require_no_longer(call, expires_at, per_minute)
    with _order(call, ledger, KEY_MADE, name, scopes=scopes, ledger=ledger) as order:
        made, secret = keys.make(
            name, scopes, ledger=ledger, expires_at=expires_at, per_minute=per_minute
        )
        order.tell(key=made.id)
    return _told(made, secret, 201)


@ROUTES.on(
    "POST",
    "/v1/keys/{id}/rotate",
    scopes=(ADMIN,),
    summary="Give an access key a new secret",
    answers={200: _MADE},
    problems=("not-found",),
)
def rotate_key(call: Call) -> Answer:
    """The old secret opens nothing any more. Send no body, or `{}`.

    Whoever rotates a key learns its secret, so that it must not be for more than their own.
    """
    key = _found(call)
    _require_within(call, key.scopes, key.ledger)
    _require_no_longer(call, key.expires_at, key.per_minute)
    with _order(call, key.ledger, "key-rotated", key.id):
        rotated, secret = call.server.keys.rotate(key.id)
    return _told(rotated, secret, 200)


@ROUTES.on(
    "DELETE",
    "/v1/keys/{id}",
    scopes=(ADMIN,),
    summary="Revoke an access key",
    answers={
        200: Shown(
            description="It opens nothing any more, whoever has it.",
            example=AccessKey.model_validate(
                {**_KEY.plain(), "revoked_at": "2026-04-01T08:00:00Z"}
            ),
        )
    },
    problems=("not-found",),
)
def revoke_key(call: Call) -> Answer:
    """One that was revoked stays so. A server without any valid key still asks for one."""
    key = _found(call)
    order: AbstractContextManager[object] = nullcontext()
    if key.revoked_at is None:
        try:
            order = _order(call, key.ledger, "key-revoked", key.id)
        except (Corrupt, Unavailable) as error:
            # The one act that is done unrecorded: a key that got out must not stay good for that.
            LOG.error("key %s is revoked, and its trail cannot be written: %s", key.id, error)
    with order:
        revoked = call.server.keys.revoke(key.id)
    return Answer(body=AccessKey.model_validate(revoked))


def _read_ledger(value: object) -> str:
    return str(Text(40, IDENTIFIER).read(value))


def _read_limit(value: object) -> int:
    return int(str(Whole(1, 1_000_000).read(value)))


def _scopes(value: object) -> list[str]:
    if not isinstance(value, list) or not value:
        raise Invalid.at("/scopes", "wrong-type", f"must be an array of {', '.join(SCOPES)}")
    try:
        for scope in value:
            if scope not in SCOPES:
                wrong("not-a-choice", f"must be some of {', '.join(SCOPES)}")
    except Invalid as error:
        raise error.within("/scopes") from None
    return sorted(set(value))


def _require_within(call: Call, scopes: Collection[str], ledger: str | None) -> None:
    """Nobody gives away more than they have."""
    principal = call.principal
    if ledger is None and principal.ledger is not None:
        raise Forbidden("a key that is for one ledger makes keys for that one alone")
    if ledger is not None and not principal.may_enter(ledger):
        raise Forbidden("the access key is for another ledger")
    if missing := [scope for scope in sorted(scopes) if not principal.has((scope,))]:
        raise Forbidden(f"the access key lacks the scope {', '.join(missing)} itself")


def _require_no_longer(call: Call, expires_at: int | None, per_minute: int | None) -> None:
    """Nor for longer than they have it, or for more requests."""
    if call.principal == THIS_MACHINE:
        return
    own = call.server.keys.find(call.principal.id)
    if own.expires_at is not None and (expires_at is None or expires_at > own.expires_at):
        raise Forbidden("the access key ends earlier itself: expires_at must not be later")
    if own.per_minute is not None and (per_minute is None or per_minute > own.per_minute):
        raise Forbidden("the access key has fewer requests a minute itself: so per_minute")


def _manages(principal: Principal, key: keys.AccessKey) -> bool:
    return principal.ledger is None or principal.ledger == key.ledger


def _found(call: Call) -> keys.AccessKey:
    key = call.server.keys.find(call.text("id"))
    if not _manages(call.principal, key):
        raise KeyNotFound("no access key has that id")
    return key


def _order(call: Call, of: str | None, act: str, subject: str, **detail: object) -> Order:
    """Order it in the trail of the ledger that the key is for, or of the server."""
    trails = call.server.trails
    try:
        return trails.order(of, call.principal, act, subject, **detail)
    except LedgerNotFound:  # the ledger is gone, and the key was left
        return trails.order(None, call.principal, act, subject, **detail)


def _told(key: keys.AccessKey, secret: str, status: int) -> Answer:
    headers = {"Location": f"/v1/keys/{key.id}", "Cache-Control": "no-store"}
    shown = AccessKey.model_validate(key).plain()
    body = MadeKey.model_validate({**shown, "secret": secret})
    return Answer(body=body, status=status, headers=headers)
