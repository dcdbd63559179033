"""The shapes of access keys and of the audit trail, as JSON Schemas for the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.access.keys import KEY_NAME
from ledger.access.scopes import SCOPES

if TYPE_CHECKING:
    from api.http.openapi.shapes import Schema

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
