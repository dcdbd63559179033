"""What replays and previews come to in the documentation."""

from __future__ import annotations

import json
from typing import Any

from api.http.openapi import examples
from api.service.answers.replays import PreviewOperation, ReplayOperation

_STAGES_NOW: dict[str, int] = examples.SUMMARY.stages
_STAGES_THEN: dict[str, int] = {**_STAGES_NOW, "customer": 0, "client": 1}
REPLAY_RESULT: dict[str, Any] = {
    "position": 3,
    "as_of": "2026-03-02T08:30:00Z",
    "as_known_at": {"position": 3, "recorded_at": "2026-03-01T08:30:01.250000Z"},
    "policy_version": 1,
    "contacts": 1,
    "stages": _STAGES_NOW,
    "digest": examples.DIGEST,
    "tzdata": "2026.2",
    "seconds": 0.01,
}
PREVIEW_RESULT: dict[str, Any] = {
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
}
_SUCCEEDED = {**examples.OPERATION.plain(), "state": "succeeded"}
REPLAYING = ReplayOperation.model_validate(
    {**_SUCCEEDED, "kind": "replay", "result": REPLAY_RESULT}
)
PREVIEWING = PreviewOperation.model_validate(
    {**_SUCCEEDED, "kind": "preview", "result": PREVIEW_RESULT}
)
REPLAYED_LINES = (
    json.dumps(
        {
            **examples.STATUS_ROW.plain(),
            "policy_version": 1,
            "evidence_erased": False,
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    + "\n"
)
