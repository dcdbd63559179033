"""The shapes of what is asked and answered about one person's data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.openapi import examples
from api.openapi.examples import CONTACT_ID, EVENT_ID
from api.openapi.schemas import data_schema
from api.openapi.shapes import (
    ANY_OBJECT,
    CONSENT,
    EVENT,
    ID,
    MOMENT,
    POSITION,
    TEXT,
    YES_NO,
    many,
    ref,
    shape,
)
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
_SAID = many(shape(code=TEXT, detail=TEXT))
ERASED: dict[str, Any] = shape(
    contact_id=ID,
    contacts=many(shape(contact_id=ID, event=ID, position=POSITION, recorded_at=MOMENT)),
    position=POSITION,
    done=_SAID,
    remains=_SAID,
)
ERASED_EXAMPLE: dict[str, Any] = {
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

_NOTES = many(ANY_OBJECT)
EXPORT: dict[str, Any] = shape(
    contact_id=ID,
    ledger=TEXT,
    exported_at=MOMENT,
    position=POSITION,
    erased=YES_NO,
    contacts=many(ID),
    registration=ANY_OBJECT,
    consents=many(CONSENT),
    noted=shape(
        profile=_NOTES,
        preferences=_NOTES,
        occasions=_NOTES,
        open_promises=_NOTES,
        open_complaints=_NOTES,
    ),
    status=ref("Status"),
    history=many(ref("Interval")),
    standing=ref("Standing"),
    events=many(EVENT),
    named_by=many(EVENT),
)
EXPORT_EXAMPLE: dict[str, Any] = {
    "contact_id": CONTACT_ID,
    "ledger": "main",
    "exported_at": "2026-03-02T10:00:00Z",
    "position": 42,
    "erased": False,
    "contacts": [CONTACT_ID],
    "registration": {
        name: examples.CONTACT[name] for name in ("kind", "name", "time_zone", "refs", "links")
    },
    "consents": examples.CONTACT["consents"],
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
    "events": [examples.EVENT],
    "named_by": [],
}
