"""What the welcome card and the scorecards answer in the documentation."""

from __future__ import annotations

from typing import Any

from api.http.openapi import agenda_examples
from api.http.openapi.example import example
from api.http.openapi.examples import CONTACT_ID, EVENT_ID, OTHER_ID
from api.service.answers.cards import Card
from api.service.answers.scorecards import LedgerScorecard, Scorecard
from domain.scorecard import NAMES

_KNOWN_AT = {"position": 42, "recorded_at": "2026-03-02T08:30:00Z"}
_COUNTS: dict[str, dict[str, int]] = {
    "I": {"sales_declined": 0, "advice_given": 1},
    "E": {"testimonials": 0},
}


def _letter(
    letter: str, numerator: int, denominator: int, percent: int | None, *events: str
) -> dict[str, Any]:
    return {
        "letter": letter,
        "name": NAMES[letter],
        "percent": percent,
        "numerator": numerator,
        "denominator": denominator,
        "events": list(events),
        "beside": _COUNTS.get(letter, {}),
    }


CARD = example(
    Card,
    {
        "contact_id": CONTACT_ID,
        "as_of": "2026-03-02T08:30:00Z",
        "as_known_at": _KNOWN_AT,
        "policy_version": 1,
        "name": "Ada Jansen",
        "greet_as": "Ada",
        "stage": "customer",
        "since": "2026-02-01T08:30:00Z",
        "score": 20,
        "standing": "introducer",
        "flags": ["advocate"],
        "steward": "Kim",
        "rests_on": "allegiance",
        "preferences": [
            {"key": "table", "value": "by the window", "learned_at": "2026-02-20T09:00:00Z"},
            {"key": "greet_as", "value": "Ada", "learned_at": "2026-02-01T08:30:00Z"},
        ],
        "usual": {
            "category": "flat white",
            "times": 8,
            "of": 10,
            "amount_minor": 420,
            "currency": "EUR",
        },
        "last_visit_at": "2026-03-01T08:30:00Z",
        "last_purchase": {
            "at": "2026-03-01T08:30:00Z",
            "amount_minor": 420,
            "currency": "EUR",
            "category": "flat white",
        },
        "rhythm_days": 2,
        "due_at": "2026-03-03T08:30:00Z",
        "open": {
            "complaints": [],
            "promises": [
                {"promise_id": "w-7", "due_on": "2026-03-20", "summary": "the corner table"}
            ],
            "needs": [{"need_id": "n-1", "stated": "a place for twelve"}],
        },
        "occasions": [
            {
                "occasion_id": "birthday",
                "kind": "birthday",
                "on": "2026-03-12",
                "in_days": 10,
                "years": 50,
            }
        ],
        "referred_by": {"contact_id": OTHER_ID, "name": "Ben Bakker", "level": 3},
        "referred": {"count": 1, "won": 0},
        "done_for_them": [
            {
                "type": "gesture-made",
                "at": "2026-02-25T09:00:00Z",
                "what": "free coffee",
                "by": "Kim",
            }
        ],
        "said": [{"type": "survey-answered", "at": "2026-02-26T09:00:00Z", "what": "nps 9"}],
        "agenda": [agenda_examples.AGENDA.items[0].plain()],
        "consents": [
            {
                "purpose": "marketing",
                "channel": "email",
                "granted": True,
                "at": "2026-02-01T08:30:00Z",
            }
        ],
        "exposure": [],
        "sentence": "Ada Jansen, customer since 1 February, usually flat white, here every 2 days; "
        "we promised them by 20 March: the corner table.",
        "evidence_erased": False,
    },
)
SCORECARD = example(
    Scorecard,
    {
        "contact_id": CONTACT_ID,
        "as_of": "2026-03-02T08:30:00Z",
        "as_known_at": _KNOWN_AT,
        "policy_version": 1,
        "letters": [
            _letter("C", 1, 2, 50, EVENT_ID, OTHER_ID),
            _letter("L", 2, 66, 3, OTHER_ID),
            _letter("I", 0, 0, None),
            _letter("E", 1, 3, 33),
            _letter("N", 0, 0, None),
            _letter("T", 0, 0, None),
            _letter("S", 90, 100, 90, EVENT_ID),
        ],
        "overall": 44,
    },
)
LEDGER_SCORECARD = example(
    LedgerScorecard,
    {
        "as_of": "2026-03-02T08:30:00Z",
        "as_known_at": _KNOWN_AT,
        "policy_version": 1,
        "clients": 3,
        "letters": [
            _letter("C", 130, 300, 43),
            _letter("L", 21, 300, 7),
            _letter("I", 150, 200, 75),
            _letter("E", 83, 200, 41),
            _letter("N", 0, 0, None),
            _letter("T", 100, 100, 100),
            _letter("S", 255, 300, 85),
        ],
        "overall": 58,
    },
)
