"""Which ledgers there are; making, archiving and deleting one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from api.http.access import require_every_ledger
from api.http.endpoint import Answer, Body, Routes, Shown
from api.http.openapi import shapes
from api.http.wire.parameters import CONFIRM
from api.service.answers.document import Page
from api.service.answers.ledgers import DeletedLedger, Ledger
from domain.errors import FieldError, Invalid
from domain.kinds import TimeZone, wrong
from ledger.access.scopes import ADMIN, SCOPES
from ledger.access.trail import REFUSED

if TYPE_CHECKING:
    from api.http.call import Call

ROUTES = Routes("Ledgers")

_NAME = re.compile("[a-z][a-z0-9-]{0,39}")
_EXAMPLE = Ledger(name="main", time_zone=None, archived=False)


@ROUTES.on(
    "GET",
    "/v1/ledgers",
    scopes=SCOPES,
    summary="The ledgers of this server",
    answers={
        200: Shown(
            description="All of them, by name.",
            example=Page[Ledger](items=(_EXAMPLE,), next_cursor=None),
        )
    },
)
def list_ledgers(call: Call) -> Answer:
    """A ledger is one business; ledgers share nothing but the server. A key sees its own."""
    known = call.server.known()
    entered = [ledger for ledger in known if call.principal.may_enter(ledger.name)]
    items = tuple(Ledger.model_validate(ledger) for ledger in entered)
    return Answer(body=Page[Ledger](items=items, next_cursor=None))


@ROUTES.on(
    "POST",
    "/v1/ledgers",
    scopes=(ADMIN,),
    summary="Make a ledger",
    body=Body(
        schema=shapes.CREATE_LEDGER,
        examples={"a shop": {"name": "corner-shop", "time_zone": "Europe/Amsterdam"}},
    ),
    answers={
        201: Shown(
            description="It was made, with the policy `retail`.",
            example=Ledger(name="corner-shop", time_zone="Europe/Amsterdam", archived=False),
            headers=("Location",),
        ),
        200: Shown(
            description="It existed already, and is as it was.",
            example=_EXAMPLE,
            headers=("Location",),
        ),
    },
    problems=("unavailable",),
)
def create_ledger(call: Call) -> Answer:
    """Making one that exists changes nothing, also where another time zone is asked for."""
    require_every_ledger(call.principal)
    name, time_zone = _read(call.body)
    if name in call.server.folder.names():
        _, new = call.server.create(name, time_zone)
    else:
        with call.server.trails.order(None, call.principal, "ledger-made", name) as order:
            _, new = call.server.create(name, time_zone)
            if not new:  # another request was faster
                order.end(REFUSED, reason="ledger-exists")
    headers = {"Location": f"/v1/ledgers/{name}"}
    return Answer(body=_now(call, name), status=201 if new else 200, headers=headers)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}",
    scopes=SCOPES,
    summary="One ledger",
    answers={200: Shown(description="The ledger.", example=_EXAMPLE)},
)
def read_ledger(call: Call) -> Answer:
    """Its name and time zone; what it holds is read below it."""
    return Answer(body=_now(call, call.open_ledger.ledger.name))


@ROUTES.on(
    "POST",
    "/v1/ledgers/{ledger}/archive",
    scopes=(ADMIN,),
    summary="Archive a ledger",
    answers={
        200: Shown(
            description="It is archived.",
            example=Ledger(name="main", time_zone=None, archived=True),
        )
    },
    problems=("unavailable",),
)
def archive_ledger(call: Call) -> Answer:
    """It takes no more events and policies, not even repeated ones: they are refused with the
    reason `ledger-archived`. Whatever is read, proved, replayed or rebuilt goes on. Send no body,
    or `{}`; for keys of all ledgers.
    """
    return _archived(call, archived=True)


@ROUTES.on(
    "DELETE",
    "/v1/ledgers/{ledger}/archive",
    scopes=(ADMIN,),
    summary="Take a ledger out of the archive",
    answers={
        200: Shown(
            description="It takes events and policies again.",
            example=_EXAMPLE,
        )
    },
    problems=("unavailable",),
)
def unarchive_ledger(call: Call) -> Answer:
    """It goes on where it was, as the same ledger. For keys of all ledgers."""
    return _archived(call, archived=False)


@ROUTES.on(
    "DELETE",
    "/v1/ledgers/{ledger}",
    scopes=(ADMIN,),
    summary="Delete a ledger",
    query=(CONFIRM,),
    answers={
        200: Shown(
            description="It is gone, and its name is free.",
            example=DeletedLedger(name="corner-shop", deleted=True),
        )
    },
    problems=("confirmation-needed", "unavailable"),
)
def delete_ledger(call: Call) -> Answer:
    """Every event, key, checkpoint and entry of its trail goes, and nothing brings it back but an
    archive kept elsewhere. Keys that are for it alone are revoked. The first request is answered
    with 409 and a `token`; the second, with `?confirm=` and that token, within five minutes and
    before anything more is recorded, deletes. For keys of all ledgers.
    """
    require_every_ledger(call.principal)
    name, server = call.text("ledger"), call.server
    origin, position = _require_confirmed(call, name)
    detail = {"origin": origin, "position": position}
    with server.trails.order(None, call.principal, "ledger-deleted", name, **detail):
        # Asked again when nobody is in it any more: what came since is not to go unseen.
        server.delete(name, lambda: _require_confirmed(call, name))
    return Answer(body=DeletedLedger(name=name, deleted=True))


def _require_confirmed(call: Call, name: str) -> tuple[str | None, int | None]:
    """Origin and newest position of the ledger that the token was given for, as it is now."""
    origin, position = call.server.state_of(name)
    what = f"deleting the ledger {name}"
    bound = (call.principal.id, origin, position)
    call.server.confirmations.require(call.get(CONFIRM), what, *bound)
    return origin, position


def _archived(call: Call, *, archived: bool) -> Answer:
    require_every_ledger(call.principal)
    name, server = call.open_ledger.ledger.name, call.server
    if server.folder.settings(name).archived == archived:
        server.archive(name, archived)
    else:
        act = "ledger-archived" if archived else "ledger-unarchived"
        with server.trails.order(None, call.principal, act, name) as order:
            if not server.archive(name, archived):  # another request was faster
                order.end(REFUSED, reason="already-so")
    return Answer(body=_now(call, name))


def _read(body: object) -> tuple[str, str | None]:
    if not isinstance(body, dict):
        raise Invalid.at("", "wrong-type", "must be an object")
    errors = [
        FieldError(f"/{name[:100]}", "unknown-field", "a ledger has no such field")
        for name in body
        if name not in ("name", "time_zone")
    ]
    time_zone: str | None = None
    name = body.get("name")
    for field, read in (("name", _read_name), ("time_zone", TimeZone().read)):
        value = body.get(field)
        if value is None and field == "time_zone":
            continue
        try:
            read(value)
        except Invalid as error:
            errors.extend(error.within(f"/{field}").errors)
    if errors:
        raise Invalid(errors)
    assert isinstance(name, str)
    time_zone = body.get("time_zone")
    return name, time_zone


def _read_name(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        wrong("wrong-type", "must be 1 to 40 of a-z, 0-9 and -, beginning with a letter")
    return value


def _now(call: Call, name: str) -> Ledger:
    return Ledger.model_validate(call.server.folder.settings(name))
