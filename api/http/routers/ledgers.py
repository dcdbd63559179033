"""Which ledgers there are; making, archiving and deleting one."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from fastapi import APIRouter

from api.http.access import allow
from api.http.bodies import body_dependency
from api.http.dependencies import (
    Caller,
    CallerOfEveryLedger,
    CurrentExchange,
    CurrentReply,
    CurrentServer,
    LedgerInPath,
)
from api.http.openapi.example import example
from api.http.openapi.responses import problems, response_of
from api.http.routing import LedgerRoute
from api.http.wire.path_types import LedgerName
from api.http.wire.query import Reads
from api.http.wire.query_types import Confirm
from api.http.wire.sent import SentObject
from api.service.answers.document import Page
from api.service.answers.ledgers import DeletedLedger, Ledger
from api.service.making_ledgers import make_ledger
from api.service.server import Server
from domain.kinds import Region, TimeZone, wrong
from ledger.access.scopes import ADMIN, SCOPES, Principal
from ledger.stores.access import REFUSED

router = APIRouter(tags=["Ledgers"], route_class=LedgerRoute)

_NAME = re.compile("[a-z][a-z0-9-]{0,39}")
_EXAMPLE = example(Ledger, {"name": "main", "time_zone": None, "region": None, "archived": False})
_SHOP = {"name": "corner-shop", "time_zone": "Europe/Amsterdam", "region": "NL"}


def _read_name(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        wrong("wrong-type", "must be 1 to 40 of a-z, 0-9 and -, beginning with a letter")
    return value


class NewLedger(SentObject):
    """A ledger to be made; without a time zone its days are those of UTC.

    `region` is where phone numbers without a country stand; without it they compare as given.
    """

    EXAMPLES: ClassVar = {"a shop": _SHOP}
    UNKNOWN: ClassVar = "a ledger has no such field"

    name: Annotated[str, Reads(_read_name, {"type": "string", "pattern": f"^{_NAME.pattern}$"})]
    time_zone: Annotated[str | None, Reads(TimeZone().read, TimeZone().schema(), nullable=True)] = (
        None
    )
    region: Annotated[str | None, Reads(Region().read, Region().schema(), nullable=True)] = None


@router.get(
    "/v1/ledgers",
    dependencies=[allow(*SCOPES)],
    summary="List the ledgers of this server",
    responses={
        200: response_of("The ledgers, by name.", Page[Ledger](items=(_EXAMPLE,), next_cursor=None))
    },
)
def list_ledgers(server: CurrentServer, caller: Caller) -> Page[Ledger]:
    """The list has the ledgers that the access key may enter. A ledger is one business."""
    entered = [ledger for ledger in server.all_settings() if caller.may_enter(ledger.name)]
    items = tuple(Ledger.model_validate(ledger) for ledger in entered)
    return Page[Ledger](items=items, next_cursor=None)


@router.post(
    "/v1/ledgers",
    dependencies=[allow(ADMIN)],
    summary="Create a ledger",
    status_code=201,
    responses={
        201: response_of(
            "The ledger was created, with the policy `retail`.",
            example(Ledger, {**_SHOP, "archived": False}),
            "Location",
        ),
        200: response_of("The ledger existed already, and nothing changed.", _EXAMPLE, "Location"),
        **problems("unavailable"),
    },
)
def create_ledger(
    caller: CallerOfEveryLedger,
    body: Annotated[NewLedger, body_dependency(NewLedger)],
    server: CurrentServer,
    reply: CurrentReply,
) -> Ledger:
    """If the ledger exists, nothing changes, even if the time zone or region is another."""
    name = body.name
    new = make_ledger(server, caller, name, body.time_zone, body.region)
    reply.headers["Location"] = f"/v1/ledgers/{name}"
    if not new:
        reply.status = 200
    return _now(server, name)


@router.get(
    "/v1/ledgers/{ledger}",
    dependencies=[allow(*SCOPES)],
    summary="Get one ledger",
    responses={200: response_of("The ledger.", _EXAMPLE)},
)
def read_ledger(server: CurrentServer, served: LedgerInPath) -> Ledger:
    """The answer has its name, time zone and region. The endpoints below it read what it holds."""
    return _now(server, served.ledger.name)


@router.post(
    "/v1/ledgers/{ledger}/archive",
    dependencies=[allow(ADMIN)],
    summary="Archive a ledger",
    responses={
        200: response_of("The ledger is archived.", _EXAMPLE.model_copy(update={"archived": True})),
        **problems("unavailable"),
    },
)
def archive_ledger(
    caller: CallerOfEveryLedger, server: CurrentServer, served: LedgerInPath
) -> Ledger:
    """The ledger takes no more events and policies, not even repeated ones: they are refused with
    the reason `ledger-archived`. Reading, proofs, replays and rebuilds continue. Send no body, or
    `{}`. The access key must be for all ledgers.
    """
    return _set_archived(server, caller, served.ledger.name, archived=True)


@router.delete(
    "/v1/ledgers/{ledger}/archive",
    dependencies=[allow(ADMIN)],
    summary="Take a ledger out of the archive",
    responses={
        200: response_of("The ledger takes events and policies again.", _EXAMPLE),
        **problems("unavailable"),
    },
)
def unarchive_ledger(
    caller: CallerOfEveryLedger, server: CurrentServer, served: LedgerInPath
) -> Ledger:
    """The ledger takes events again, as the same ledger. The access key must be for all ledgers."""
    return _set_archived(server, caller, served.ledger.name, archived=False)


@router.delete(
    "/v1/ledgers/{ledger}",
    dependencies=[allow(ADMIN)],
    summary="Delete a ledger",
    responses={
        200: response_of(
            "The ledger is deleted, and its name can be used again.",
            example(DeletedLedger, {"name": _SHOP["name"], "deleted": True}),
        ),
        **problems("confirmation-needed", "unavailable"),
    },
)
def delete_ledger(
    caller: CallerOfEveryLedger,
    server: CurrentServer,
    exchange: CurrentExchange,
    _ledger: LedgerName,
    confirm: Confirm = None,
) -> DeletedLedger:
    """All its events, keys, checkpoints and its trail are deleted; only an archive that is kept
    elsewhere can bring them back. Access keys for this ledger alone are revoked.

    The first request gets 409 and a `token`. A second request with `?confirm=` and that token
    deletes the ledger, if it comes within five minutes and before anything more is recorded. The
    access key must be for all ledgers.
    """
    name = exchange.text("ledger")

    def state() -> tuple[str | None, int | None]:
        """Origin and newest position of the ledger that the token was given for, as it is now."""
        origin, position = server.state_of(name)
        bound = (caller.id, origin, position)
        server.confirmations.require(confirm, f"deleting the ledger {name}", *bound)
        return origin, position

    origin, position = state()
    detail = {"origin": origin, "position": position}
    with server.trails.order(None, caller, "ledger-deleted", name, **detail):
        # Asked again when nobody is in it any more: what came since is not to go unseen.
        server.delete(name, state)
    return DeletedLedger(name=name, deleted=True)


def _set_archived(server: Server, caller: Principal, name: str, *, archived: bool) -> Ledger:
    if server.folder.settings(name).archived == archived:
        server.archive(name, archived)
    else:
        act = "ledger-archived" if archived else "ledger-unarchived"
        with server.trails.order(None, caller, act, name) as order:
            if not server.archive(name, archived):  # another request was faster
                order.end(REFUSED, reason="already-so")
    return _now(server, name)


def _now(server: Server, name: str) -> Ledger:
    return Ledger.model_validate(server.folder.settings(name))
