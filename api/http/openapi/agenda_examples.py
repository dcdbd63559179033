"""What the agenda answers in the documentation."""

from __future__ import annotations

from api.http.openapi.example import example
from api.http.openapi.examples import CONTACT_ID, EVENT_ID
from api.service.answers.agenda import AgendaPage, AgendaSummary
from api.service.answers.gratitude import GratitudeAnswer

ENTRY_ID = "6f3a52b4-3a0c-5d1c-9a55-7f0f9b8f2f10"
AGENDA = example(
    AgendaPage,
    {
        "items": [
            {
                "key": f"thanks:{EVENT_ID}",
                "kind": "thanks",
                "contact_id": CONTACT_ID,
                "stream": CONTACT_ID,
                "opens_at": "2026-03-01T08:30:00Z",
                "due_at": "2026-03-03T08:30:00Z",
                "gone_at": "2026-03-31T08:30:00Z",
                "state": "today",
                "reason": "Thank them for the purchase that made them a customer.",
                "events": [EVENT_ID],
                "cleared_by": ["thanks-given"],
                "subject": EVENT_ID,
                "amount_minor": None,
                "currency": None,
                "steward": None,
            }
        ],
        "on": "2026-03-03",
        "next_cursor": None,
    },
)
FEED = "\r\n".join(
    (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Rapport//Agenda//EN",
        "NAME:Rapport: main",
        "X-WR-CALNAME:Rapport: main",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "BEGIN:VEVENT",
        "SUMMARY:Thank Anna de Wit for the purchase that made them a customer.",
        "DTSTART;VALUE=DATE:20260303",
        "DTEND;VALUE=DATE:20260304",
        "DTSTAMP:20260301T083000Z",
        f"UID:{ENTRY_ID}",
        "SEQUENCE:42",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
)
SUMMARY = example(
    AgendaSummary,
    {"on": "2026-03-03", "counts": [{"kind": "thanks", "state": "today", "count": 1}]},
)
_COVERAGE = {
    "owed": 4,
    "in_time": 2,
    "late": 1,
    "missed": 1,
    "open": 0,
    "median_hours": 20,
}
GRATITUDE = example(
    GratitudeAnswer,
    {
        "months": [{**_COVERAGE, "month": "2026-03"}],
        "contacts": [{**_COVERAGE, "contact_id": CONTACT_ID}],
    },
)
