"""The shapes of what is asked and answered about one person's data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.http.openapi import examples
from api.http.openapi.examples import CONTACT_ID, EVENT_ID
from api.service.answers.persons import Erased, PersonalExport
from api.service.event_schemas import data_schema
from domain.events.governance import PersonalDataErased

if TYPE_CHECKING:
    from collections.abc import Mapping

DONE = {
    "recorded": "The erasure stands in the ledger, on every stream of the person, and holds from "
    "now on at every start, restore and import.",
    "keys-destroyed": "The data keys were deleted and overwritten, and the write-ahead log that "
    "held them was cut to nothing: names, references, free texts, dates of birth and who acted "
    "are unreadable in this ledger, and in every copy of its events.",
    "memory-cleared": "Unwrapped keys, names to search and kept states of the person are gone.",
}
"""What an erasure does, in this order, by code."""

REMAINS = {
    "key-backups": "A backup of keys.sqlite, or an archive exported with its keys, that was made "
    "before can still read what it holds, until you destroy it or its master key.",
    "pseudonymous": "Amounts, instants, ids of your own making and links between contacts stay "
    "under the contact's id, for the accounts; proofs, receipts and checkpoints stay valid.",
    "answers-given": "What was read or exported in clear before is wherever it was taken to.",
}
"""What an erasure does not do, by code."""


def said(table: Mapping[str, str]) -> list[dict[str, str]]:
    """The codes of such a table, each with its sentence."""
    return [{"code": code, "detail": detail} for code, detail in table.items()]


ERASE: dict[str, Any] = data_schema(PersonalDataErased)
ERASED_EXAMPLE = Erased.model_validate(
    {
        "contact_id": CONTACT_ID,
        "contacts": [
            {
                "contact_id": CONTACT_ID,
                "event": EVENT_ID,
                "position": 42,
                "recorded_at": "2026-03-02T10:00:00Z",
            }
        ],
        "position": 42,
        "done": said(DONE),
        "remains": said(REMAINS),
    }
)

_CONTACT = examples.CONTACT.plain()
EXPORT_EXAMPLE = PersonalExport.model_validate(
    {
        "contact_id": CONTACT_ID,
        "ledger": "main",
        "exported_at": "2026-03-02T10:00:00Z",
        "position": 42,
        "erased": False,
        "contacts": [CONTACT_ID],
        "registration": {
            name: _CONTACT[name] for name in ("kind", "name", "time_zone", "refs", "links")
        },
        "consents": _CONTACT["consents"],
        "noted": {
            "profile": [],
            "preferences": [
                {
                    "key": "table",
                    "value": "by the window",
                    "occurred_at": "2026-03-01T09:00:00Z",
                    "event": EVENT_ID,
                }
            ],
            "occasions": [],
            "open_promises": [],
            "open_complaints": [],
        },
        "status": {**examples.STATUS.plain(), "explanation": "A customer since 1 March 2026."},
        "history": examples.STATUS_HISTORY.plain()["intervals"],
        "standing": examples.STANDING.plain(),
        "events": [examples.EVENT.plain()],
        "named_by": [],
    }
)
