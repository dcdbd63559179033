"""The shapes of access keys and of the audit trail, as JSON Schemas for the documentation."""

from __future__ import annotations

from api.openapi.shapes import ANY_OBJECT, MOMENT, TEXT, WHOLE, Schema, many, maybe, shape
from ledger.access.keys import KEY_NAME
from ledger.access.scopes import SCOPES
from ledger.access.trail import ORDERED, OUTCOMES

_SCOPES: Schema = {"type": "array", "items": {"enum": list(SCOPES)}, "minItems": 1}

MAKE_KEY: Schema = {
    "type": "object",
    "properties": {
        "name": KEY_NAME.schema(),
        "scopes": _SCOPES,
        "ledger": {"type": ["string", "null"], "pattern": "^[a-z][a-z0-9-]{0,39}$"},
        "expires_at": {"type": ["string", "null"], "format": "date-time"},
        "per_minute": {"type": ["integer", "null"], "minimum": 1, "maximum": 1_000_000},
    },
    "required": ["name", "scopes"],
    "additionalProperties": False,
}
ACT: Schema = shape(
    number=WHOLE,
    at=MOMENT,
    principal=TEXT,
    act=TEXT,
    subject=TEXT,
    detail=ANY_OBJECT,
    previous=TEXT,
    hash=TEXT,
    outcome={"enum": [ORDERED, *OUTCOMES]},
    of=maybe(WHOLE),
)
ACTS: Schema = shape(items=many(ACT), next_after=maybe(WHOLE))
