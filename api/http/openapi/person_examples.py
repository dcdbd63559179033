"""What an erasure and an export of a person's data answer in the documentation."""

from __future__ import annotations

from api.http.openapi import examples
from api.http.openapi.example import example
from api.http.openapi.examples import CONTACT_ID, EVENT_ID
from api.service.answers.persons import DONE, REMAINS, Erased, PersonalExport, coded_sentences

ERASED = example(
    Erased,
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
        "done": coded_sentences(DONE),
        "remains": coded_sentences(REMAINS),
    },
)

_CONTACT = examples.CONTACT.plain()
EXPORT = example(
    PersonalExport,
    {
        "contact_id": CONTACT_ID,
        "ledger": "main",
        "exported_at": "2026-03-02T10:00:00Z",
        "position": 42,
        "erased": False,
        "contacts": [CONTACT_ID],
        "registration": {
            name: _CONTACT[name]
            for name in ("kind", "name", "time_zone", "refs", "links", "details")
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
        "status": {
            **examples.STATUS.plain(),
            "explanation": "Ada Jansen has been a customer since 1 March.",
        },
        "history": examples.STATUS_HISTORY.plain()["intervals"],
        "standing": examples.STANDING.plain(),
        "events": [examples.EVENT.plain()],
        "named_by": [],
    },
)
