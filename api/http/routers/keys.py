"""Access keys: made, seen, revoked and given new secrets."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated, Any, ClassVar, Self

from fastapi import APIRouter

from api.http.access import allow
from api.http.bodies import body_dependency
from api.http.dependencies import Caller, CurrentReply, CurrentServer
from api.http.exchange import Reply
from api.http.openapi.example import example
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.wire.path_types import KeyId
from api.http.wire.query import Reads
from api.http.wire.sent import SentObject
from api.service.answers.document import Page
from api.service.answers.ledgers import AccessKey, MadeKey
from api.service.errors import Forbidden
from api.service.server import Server
from domain.errors import Corrupt, KeyNotFound, LedgerNotFound, Unavailable
from domain.kinds import Flag, Text, Whole, read_instant, wrong
from domain.text import IDENTIFIER
from ledger.access.keys import KEY_NAME
from ledger.access.orders import Order
from ledger.access.scopes import ADMIN, CALENDAR, KEY_SCOPES, READ, THIS_MACHINE, Principal
from ledger.access.trails import KEY_MADE, key_detail
from ledger.stores import access

LOG = logging.getLogger("rapport.api")

router = APIRouter(tags=["Access"], route_class=LedgerRoute)

_PER_MINUTE = Whole(1, 1_000_000)


def _read_name(value: object) -> str:
    if value is None:
        wrong("missing", "is required")
    return str(KEY_NAME.read(value))


def _read_scopes(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        wrong("wrong-type", f"must be an array of one or more of {', '.join(KEY_SCOPES)}")
    for scope in value:
        if scope not in KEY_SCOPES:
            wrong("not-a-choice", f"must be some of {', '.join(KEY_SCOPES)}")
    return tuple(sorted(set(value)))


class NewKey(SentObject):
    """An access key to be made; without a ledger it is for all of them.

    `name` is required, but for a key of the scope `calendar`, which is then called so.
    """

    EXAMPLES: ClassVar = {
        "a till": {"name": "the till in Main Street", "scopes": ["append"], "ledger": "main"},
        "an auditor": {
            "name": "the auditors of 2026",
            "scopes": ["audit", "read"],
            "ledger": "main",
            "expires_at": "2027-01-31T00:00:00Z",
            "per_minute": 600,
        },
        "a calendar": {
            "name": "the shop's calendar",
            "scopes": ["calendar"],
            "ledger": "main",
            "occasions": False,
        },
    }

    name: Annotated[str, Reads(_read_name, KEY_NAME.schema())]
    scopes: Annotated[
        tuple[str, ...],
        Reads(_read_scopes, {"type": "array", "items": {"enum": list(KEY_SCOPES)}, "minItems": 1}),
    ]
    ledger: Annotated[
        str | None,
        Reads(
            Text(40, IDENTIFIER).read,
            {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$"},
            nullable=True,
        ),
    ] = None
    expires_at: Annotated[
        int | None,
        Reads(read_instant, {"type": "string", "format": "date-time"}, nullable=True),
    ] = None
    per_minute: Annotated[
        int | None, Reads(_PER_MINUTE.read, _PER_MINUTE.schema(), nullable=True)
    ] = None
    occasions: Annotated[bool, Reads(Flag().read, {"type": "boolean"})] = False

    @classmethod
    def read(cls, body: object) -> Self:
        """The key that a body asks for; one for a calendar may do without a name.

        Raises:
            Invalid: it is none, has other fields, or one that is not what it should be.
        """
        if isinstance(body, dict) and body.get("scopes") == [CALENDAR]:
            body = {"name": CALENDAR, **body}
        return super().read(body)

    @classmethod
    def schema_of(cls) -> dict[str, Any]:
        """What the object must be, as JSON Schema; who needs a name, its description says."""
        schema = super().schema_of()
        return {**schema, "required": [name for name in schema["required"] if name != "name"]}


_KEY = example(
    AccessKey,
    {
        "id": "9f86d081884c7d65",
        "name": "the till in Main Street",
        "scopes": ["append"],
        "occasions": False,
        "ledger": "main",
        "per_minute": None,
        "made_at": "2026-03-01T09:30:00Z",
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": None,
    },
)
_SECRET = "rk_9f86d081884c7d65_" + "0" * 43
_MADE = response_of(
    "The key with its secret, which is shown here and never again.",
    example(MadeKey, {**_KEY.plain(), "secret": _SECRET}),
    "Location",
)


@router.get(
    "/v1/keys",
    dependencies=[allow(ADMIN)],
    summary="List the access keys",
    responses={
        200: response_of(
            "The keys in the order in which they were created, with the revoked ones.",
            Page[AccessKey](items=(_KEY,), next_cursor=None),
        )
    },
)
def list_keys(server: CurrentServer, caller: Caller) -> Page[AccessKey]:
    """A key for one ledger sees the keys of that ledger. The server stores no secrets."""
    managed = [key for key in server.keys.all() if _manages(caller, key)]
    items = tuple(AccessKey.model_validate(key) for key in managed)
    return Page[AccessKey](items=items, next_cursor=None)


@router.post(
    "/v1/keys",
    dependencies=[allow(ADMIN)],
    summary="Create an access key",
    status_code=201,
    responses={201: _MADE, **problems("ledger-not-found", "invalid-time")},
)
def make_key(
    body: Annotated[NewKey, body_dependency(NewKey)],
    server: CurrentServer,
    caller: Caller,
    reply: CurrentReply,
) -> MadeKey:
    """Once there is a key, every request needs one, so the first should be one that can make
    others.

    A key without a `ledger` is for all ledgers. A key for one ledger makes keys for that ledger
    alone, with scopes that it has. A key that expires, or has a rate limit, makes keys that expire
    no later and have no higher limit. `per_minute` counts requests, and each event of a request
    beyond the first; lines in bulk are slowed to it.

    A key of the scope `calendar` has no other, and reads the agenda as a calendar does; a key that
    may read makes one. With `occasions` it shows those too, whose days tell a birthday.
    """
    scopes, ledger, name = list(body.scopes), body.ledger, body.name
    _require_within(caller, scopes, ledger)
    if ledger is not None:
        server.ledger(ledger)
    limits = {"expires_at": body.expires_at, "per_minute": body.per_minute}
    server.keys.require_possible(name, scopes, occasions=body.occasions, **limits)
    _require_no_longer(server, caller, **limits)
    detail = key_detail(scopes, ledger, occasions=body.occasions)
    order = _order(server, caller, ledger, KEY_MADE, name, **detail)
    with order:
        made, secret = server.keys.make(
            name, scopes, ledger=ledger, occasions=body.occasions, **limits
        )
        order.add_detail(key=made.id)
    return _answer_with_secret(made, secret, reply)


@router.post(
    "/v1/keys/{id}/rotate",
    dependencies=[allow(ADMIN)],
    summary="Rotate an access key: it gets a new secret",
    responses={200: _MADE, **problems("not-found")},
)
def rotate_key(
    key_id: KeyId, server: CurrentServer, caller: Caller, reply: CurrentReply
) -> MadeKey:
    """Requests with the old secret are refused from then on. Send no body, or `{}`.

    The person who rotates a key learns its secret, so the key must not allow more than their own.
    """
    key = _find_key(server, caller, key_id)
    _require_within(caller, key.scopes, key.ledger)
    _require_no_longer(server, caller, expires_at=key.expires_at, per_minute=key.per_minute)
    with _order(server, caller, key.ledger, "key-rotated", key.id):
        rotated, secret = server.keys.rotate(key.id)
    return _answer_with_secret(rotated, secret, reply)


@router.delete(
    "/v1/keys/{id}",
    dependencies=[allow(ADMIN)],
    summary="Revoke an access key",
    responses={
        200: response_of(
            "The key is revoked: no request with it is let in.",
            example(AccessKey, {**_KEY.plain(), "revoked_at": "2026-04-01T08:00:00Z"}),
        ),
        **problems("not-found"),
    },
)
def revoke_key(key_id: KeyId, server: CurrentServer, caller: Caller) -> AccessKey:
    """Revoking cannot be undone. A server without any valid key still requires one."""
    key = _find_key(server, caller, key_id)
    order: AbstractContextManager[object] = nullcontext()
    if key.revoked_at is None:
        try:
            order = _order(server, caller, key.ledger, "key-revoked", key.id)
        except (Corrupt, Unavailable) as error:
            # The one act that is done unrecorded: a key that got out must not stay good for that.
            LOG.error("key %s is revoked, and its trail cannot be written: %s", key.id, error)
    with order:
        revoked = server.keys.revoke(key.id)
    return AccessKey.model_validate(revoked)


def _require_within(caller: Principal, scopes: Collection[str], ledger: str | None) -> None:
    """Nobody gives away more than they have."""
    if ledger is None and caller.ledger is not None:
        raise Forbidden("a key that is for one ledger makes keys for that one alone")
    if ledger is not None and not caller.may_enter(ledger):
        raise Forbidden("the access key is for another ledger")
    # What a calendar shows can be read, and a key for calendars has no scope beside its own.
    needed = {READ if scope == CALENDAR else scope for scope in scopes}
    if missing := [scope for scope in sorted(needed) if not caller.has((scope,))]:
        raise Forbidden(f"the access key lacks the scope {', '.join(missing)} itself")


def _require_no_longer(
    server: Server, caller: Principal, *, expires_at: int | None, per_minute: int | None
) -> None:
    """Nor for longer than they have it, or for more requests."""
    if caller == THIS_MACHINE:
        return
    own = server.keys.find(caller.id)
    if own.expires_at is not None and (expires_at is None or expires_at > own.expires_at):
        raise Forbidden("the access key ends earlier itself: expires_at must not be later")
    if own.per_minute is not None and (per_minute is None or per_minute > own.per_minute):
        raise Forbidden("the access key has fewer requests a minute itself: so per_minute")


def _manages(caller: Principal, key: access.AccessKey) -> bool:
    return caller.ledger is None or caller.ledger == key.ledger


def _find_key(server: Server, caller: Principal, key_id: str) -> access.AccessKey:
    key = server.keys.find(key_id)
    if not _manages(caller, key):
        raise KeyNotFound("no access key has that id; the list of keys shows their ids")
    return key


def _order(
    server: Server, caller: Principal, of: str | None, act: str, subject: str, **detail: object
) -> Order:
    """Order it in the trail of the ledger that the key is for, or of the server."""
    try:
        return server.trails.order(of, caller, act, subject, **detail)
    except LedgerNotFound:  # the ledger is gone, and the key was left
        return server.trails.order(None, caller, act, subject, **detail)


def _answer_with_secret(key: access.AccessKey, secret: str, reply: Reply) -> MadeKey:
    reply.headers |= {"Location": f"/v1/keys/{key.id}", "Cache-Control": "no-store"}
    return MadeKey.model_validate({**AccessKey.model_validate(key).plain(), "secret": secret})
