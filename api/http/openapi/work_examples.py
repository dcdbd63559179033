"""What the documentation shows of projections, and of long work and its results."""

from __future__ import annotations

from typing import Any

from api.http.openapi import examples
from api.http.openapi.example import example
from api.service.answers.fitting import FitOperation
from api.service.answers.previews import PreviewedChange, ReplayedStatus
from api.service.answers.projections import Operation, Projection, ProjectionDigest
from api.service.answers.replays import Previewed, PreviewOperation, Replayed, ReplayOperation
from domain.presets import PRESETS

PROJECTION = example(
    Projection,
    {
        "name": "status",
        "version": 1,
        "position": 3,
        "lag": 0,
        "state": "live",
        "problem": None,
    },
)
PROJECTION_DIGEST = example(
    ProjectionDigest,
    {
        "name": "status",
        "version": 1,
        "position": 3,
        "as_of": "2026-03-02T08:30:00Z",
        "digest": examples.DIGEST,
    },
)
OPERATION = example(
    Operation,
    {
        "id": examples.OPERATION_ID,
        "kind": "rebuild",
        "state": "running",
        "progress": {"done": 1200, "total": 23_570, "rate": 9000, "eta_seconds": 2},
        "result": None,
        "problem": None,
    },
)
_REBUILT: dict[str, Any] = {
    "projection": "status",
    "position": 3,
    "events": 3,
    "seconds": 0.01,
    "digest": examples.DIGEST,
    "live_digest": examples.DIGEST,
    "drift": [],
}
REBUILT_OPERATION = example(
    Operation, {**OPERATION.plain(), "state": "succeeded", "result": _REBUILT}
)
_STAGES_NOW: dict[str, int] = examples.SUMMARY.stages
_STAGES_THEN: dict[str, int] = {**_STAGES_NOW, "customer": 0, "client": 1}
_REPLAYED = example(
    Replayed,
    {
        "position": 3,
        "as_of": "2026-03-02T08:30:00Z",
        "policy_version": 1,
        "contacts": 1,
        "stages": _STAGES_NOW,
        "digest": examples.DIGEST,
        "tzdata": "2026.2",
        "as_known_at": {"position": 3, "recorded_at": "2026-03-01T08:30:01.250000Z"},
        "seconds": 0.01,
    },
)
_PREVIEWED = example(
    Previewed,
    {
        "changes": 1,
        "from_to": [{"from": "customer", "to": "client", "count": 1}],
        "digest": examples.DIGEST,
        "position": 12,
        "from": None,
        "to": "2026-03-02T08:30:00Z",
        "effective_from": None,
        "compared_with": 1,
        "policy": {
            "name": "retail",
            "sha256": examples.DIGEST,
            "differs": [
                {"pointer": "/signals/regularity/purchase_days", "before": 6, "after": 4},
            ],
        },
        "contacts": 1,
        "stages": {"before": _STAGES_NOW, "after": _STAGES_THEN},
        "revenue": [
            {
                "currency": "EUR",
                "before": {**_STAGES_NOW, "customer": 6250},
                "after": {**_STAGES_THEN, "client": 6250},
            }
        ],
        "tzdata": "2026.2",
        "seconds": 0.01,
    },
)
_SUCCEEDED = {**OPERATION.plain(), "state": "succeeded"}
REPLAYING = example(ReplayOperation, {**_SUCCEEDED, "kind": "replay", "result": _REPLAYED})
PREVIEWING = example(PreviewOperation, {**_SUCCEEDED, "kind": "preview", "result": _PREVIEWED})
FITTING = example(
    FitOperation,
    {
        **_SUCCEEDED,
        "kind": "fit",
        "result": {
            "position": 51_407,
            "as_of": "2026-03-02T08:30:00Z",
            "policy": {
                **PRESETS["retail"].document(),
                "rhythm": {**PRESETS["retail"].document()["rhythm"], "demote_after_days": 154},
            },
            "demote_after_days": 154,
            "purchase_days": None,
            "abstained": [
                {
                    "field": "purchase_days",
                    "because": "fewer than 30 contacts had bought on two days a year ago",
                }
            ],
            "hold_out": [
                {
                    "at_percent": 50,
                    "demote_after_days": 147,
                    "falls": 212,
                    "bought": 70,
                    "resolved": 212,
                    "percent": 33,
                }
            ],
            "seconds": 4.2,
        },
    },
)
REPLAYED_STATUS = example(ReplayedStatus, {**examples.STATUS_ROW.plain(), "evidence_erased": False})
PREVIEWED_CHANGE = example(
    PreviewedChange,
    {
        "contact_id": examples.CONTACT_ID,
        "from": "customer",
        "to": "client",
        "at": "2026-03-02T08:30:00Z",
        "score": {"before": 0, "after": 60},
        "since": {"before": "2026-01-20T08:30:00Z", "after": "2026-03-01T08:30:00Z"},
        "first_client_at": {"before": None, "after": "2026-03-01T08:30:00Z"},
        "signals": [
            {
                "name": "regularity",
                "before": {
                    "on": False,
                    "points": 0,
                    "threshold": {"purchase_days": 6},
                    "value": {"purchase_days": 5, "runs_out_at": "2026-03-15T08:30:00Z"},
                },
                "after": {
                    "on": True,
                    "points": 60,
                    "threshold": {"purchase_days": 4},
                    "value": {"purchase_days": 5, "runs_out_at": "2026-03-15T08:30:00Z"},
                },
            }
        ],
        "silence": None,
    },
)
