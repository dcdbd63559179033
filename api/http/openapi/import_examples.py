"""What the documentation shows of imports."""

from __future__ import annotations

from typing import Any

from api.http.openapi import examples
from api.http.openapi.example import example
from api.http.openapi.responses import form
from api.http.openapi.work_examples import OPERATION
from api.service.answers.imports import Import, ListedImport, UndoOperation
from api.service.strict_parsing import JSON

CSV = "text/csv"
IMPORT_ID = "0f5c1d2e-6a7b-5c8d-9e0f-1a2b3c4d5e6f"

_IMPORT: dict[str, Any] = {
    "id": IMPORT_ID,
    "state": "succeeded",
    "mapping": "my-till",
    "dry_run": False,
    "rows": 4,
    "appended": 2,
    "known": 1,
    "skipped": 0,
    "rejected": 1,
    "contacts_registered": 2,
    "not_addressed": 0,
    "begun_at": "2026-03-02T08:30:00Z",
    "ended_at": "2026-03-02T08:30:01Z",
    "progress": {"done": 4, "total": 4, "rate": 4, "eta_seconds": None},
    "problem": None,
    "next_step": "Mend the rejected rows or the mapping, and send the file again.",
}
LISTED_IMPORT = example(ListedImport, _IMPORT)
_COLUMN = {"name": "amount", "suspicious": False, "why": None}
_HELD = {"events": 4, "retracted": 0, "undone_at": None}
IMPORTED = example(Import, {**_IMPORT, "columns": [_COLUMN], **_HELD})
IMPORTING = example(
    Import,
    {
        **_IMPORT,
        "state": "running",
        "ended_at": None,
        "next_step": None,
        "columns": [],
        **_HELD,
    },
)
UNDOING = example(
    UndoOperation,
    {
        **OPERATION.plain(),
        "kind": "undo",
        "state": "succeeded",
        "result": {
            "id": IMPORT_ID,
            "events": 4,
            "retracted": 2,
            "already_retracted": 0,
            "kept": {"contact-registered": 2},
            "contacts_left": 1,
            "contacts": [examples.CONTACT_ID],
            "resting_events": 0,
            "resting": [],
            "seconds": 0.01,
        },
    },
)
REJECTED_ROWS = 'line,code,detail,row\r\n4,not-an-amount,/amount_minor no amount,"3,ann,free"\r\n'

_SENT_CSV = "number,customer,when,amount\n100,17850,2025-03-03 10:00,14.50\n"
_OWN = {
    "type": "object",
    "properties": {
        "mapping_toml": {"type": "string", "description": "A mapping, as a TOML document."},
        "csv": {"type": "string", "description": "The file."},
    },
    "required": ["mapping_toml", "csv"],
    "additionalProperties": False,
}
SENT: dict[str, Any] = {
    "requestBody": {
        "content": {
            JSON: {
                "schema": _OWN,
                "examples": {
                    "your own mapping": {
                        "value": {"mapping_toml": 'name = "my-till"\n', "csv": _SENT_CSV}
                    }
                },
            },
            CSV: form({"type": "string"}, _SENT_CSV),
        }
    }
}
