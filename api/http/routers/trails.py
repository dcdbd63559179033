"""The audit trails: what was done to a ledger, or to the server, besides appending."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.http.access import require_every_ledger
from api.http.endpoint import Answer, Routes, Shown
from api.http.wire.parameters import AFTER_NUMBER, LIMIT
from api.service.answers.trails import TrailPage
from ledger.access.scopes import ADMIN, AUDIT

if TYPE_CHECKING:
    from api.http.call import Call
    from ledger.access.trail import AuditTrail

ROUTES = Routes("Audit trail")

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
_PAGE = Shown(
    description="Oldest first. Each entry holds the hash of the one before.",
    example=TrailPage.model_validate({"items": [_ACT, _OUTCOME], "next_after": None}),
)


@ROUTES.on(
    "GET",
    "/v1/ledgers/{ledger}/trail",
    scopes=(AUDIT, ADMIN),
    summary="What was done to the ledger besides appending",
    query=(AFTER_NUMBER, LIMIT),
    answers={200: _PAGE},
)
def read_trail(call: Call) -> Answer:
    """Rebuilds, exports, imports, keys, policies, erasures: by whom and when.

    An act has two entries. The first has the `outcome` `ordered` and no `of`. The second says what
    came of it, `done`, `refused` or `failed`, and `of` is the number of the first; where it is not
    `done`, its `detail` has a `reason`. Work in the background has its outcome when it ends, and
    work that was cancelled has `failed` with the reason `cancelled`. An order without an outcome is
    under way, or its process ended before it did, or it was recorded by a version that recorded
    orders alone.

    The `hash` is SHA-256 of the entry as JSON with sorted keys and no white space, without `hash`,
    `at` in microseconds; an order is hashed without `outcome` and `of` too. Keep the newest one
    elsewhere, and nothing before it can be taken away unnoticed.
    """
    name = call.open_ledger.ledger.name
    return _page(call, call.server.trails.of(name))


@ROUTES.on(
    "GET",
    "/v1/trail",
    scopes=(AUDIT, ADMIN),
    summary="What was done to the server",
    query=(AFTER_NUMBER, LIMIT),
    answers={200: _PAGE},
)
def read_server_trail(call: Call) -> Answer:
    """Keys that are for every ledger, and ledgers made, archived and deleted."""
    require_every_ledger(call.principal)
    return _page(call, call.server.trails.server())


def _page(call: Call, trail: AuditTrail) -> Answer:
    limit = call.get(LIMIT) or 100
    acts = trail.acts(after=call.get(AFTER_NUMBER) or 0, limit=limit)
    following = acts[-1].number if len(acts) == limit else None
    return Answer(body=TrailPage.model_validate({"items": acts, "next_after": following}))
