"""The audit trails: what was done to a ledger, or to the server, besides appending."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.access import allow
from api.http.dependencies import CallerOfEveryLedger, CurrentServer, LedgerInPath
from api.http.openapi.example import example
from api.http.openapi.responses import response_of
from api.http.routing import LedgerRoute
from api.http.wire.query_types import MOST_ITEMS, AfterNumber, Limit
from api.service.answers.trails import TrailPage
from ledger.access.scopes import ADMIN, AUDIT
from ledger.access.trail import AuditTrail

router = APIRouter(tags=["Audit trail"], route_class=LedgerRoute)

_ACT = {
    "number": 1,
    "at": "2026-03-01T09:30:00Z",
    "principal": "9f86d081884c7d65",
    "act": "rebuild-started",
    "subject": "status",
    "detail": {},
    "previous": "0" * 64,
    "hash": "c5b8f4d2a1e0987654321fedcba0987654321fedcba0987654321fedcba09876",
    "outcome": "ordered",
    "of": None,
}
_OUTCOME = {
    **_ACT,
    "number": 2,
    "at": "2026-03-01T09:30:04Z",
    "detail": {"operation": "0192f3a4-5b6c-7d8e-9f01-23456789abcd"},
    "previous": _ACT["hash"],
    "hash": "1f0c9e2b7a6d5483f2e1d0c9b8a7968574635241302f1e0d9c8b7a6958473625",
    "outcome": "done",
    "of": 1,
}
_PAGE = response_of(
    "Oldest first. Each entry holds the hash of the one before.",
    example(TrailPage, {"items": [_ACT, _OUTCOME], "next_after": None}),
)


@router.get(
    "/v1/ledgers/{ledger}/trail",
    dependencies=[allow(AUDIT, ADMIN)],
    summary="Read the ledger's audit trail",
    responses={200: _PAGE},
)
def read_trail(
    server: CurrentServer,
    served: LedgerInPath,
    after_number: AfterNumber = None,
    limit: Limit = MOST_ITEMS,
) -> TrailPage:
    """The trail has rebuilds, exports, imports, keys, policies and erasures, with who and when.

    An act has two entries. The first has the `outcome` `ordered` and no `of`. The second has the
    outcome of the act, `done`, `refused` or `failed`, and `of`, the number of the first; unless the
    act is `done`, `detail` has a `reason`. Work in the background has its outcome when it ends, and
    work that was cancelled has `failed` with the reason `cancelled`. An order without an outcome is
    under way, or its process ended before it did, or it was recorded by a version that recorded
    orders alone.

    The `hash` is SHA-256 of the entry as JSON with sorted keys and no white space, without `hash`,
    `at` in microseconds; an order is hashed without `outcome` and `of` too. If you keep the
    newest hash elsewhere, no earlier entry can be removed without detection.
    """
    return _page(server.trails.of(served.ledger.name), after_number, limit)


@router.get(
    "/v1/trail",
    dependencies=[allow(AUDIT, ADMIN)],
    summary="Read the server's audit trail",
    responses={200: _PAGE},
)
def read_server_trail(
    _caller: CallerOfEveryLedger,
    server: CurrentServer,
    after_number: AfterNumber = None,
    limit: Limit = MOST_ITEMS,
) -> TrailPage:
    """The trail has keys for every ledger, and ledgers that were created, archived and deleted."""
    return _page(server.trails.server(), after_number, limit)


def _page(trail: AuditTrail, after_number: int | None, limit: int) -> TrailPage:
    acts = trail.acts(after=after_number or 0, limit=limit)
    following = acts[-1].number if len(acts) == limit else None
    return TrailPage.model_validate({"items": acts, "next_after": following})
