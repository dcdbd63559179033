"""What the documentation shows of expected values: those of CDNOW, which everybody can repeat."""

from __future__ import annotations

from typing import Any

from api.http.openapi import examples
from api.http.openapi.example import example
from api.http.openapi.work_examples import OPERATION
from api.service.answers.valuations import ContactValue, Valuation, ValuationOperation

VALUATION_ID = "3a0c9a54-0f5c-5b60-9a3e-4d6f0a5e7c21"

_VALUATION: dict[str, Any] = {
    "id": VALUATION_ID,
    "currency": "USD",
    "position": 93_230,
    "as_of": "1998-07-01T00:00:00Z",
    "policy_version": 1,
    "contacts": 23_570,
    "repeaters": 11_516,
    "purchase_days": 67_591,
    "model": {
        "r": 0.267128,
        "alpha": 41.9054,
        "a": 0.483517,
        "b": 2.11161,
        "log_likelihood": -259_087.12,
        "gain": 3080.28,
    },
    "spend": {"p": 5.08604, "q": 3.99512, "gamma": 21.2522},
    "hold_out": {"from": "1998-03-15", "expected": 7291, "actual": 7232, "error_percent": 1},
    "abstained": False,
    "reason": None,
    "because": None,
    "digest": examples.DIGEST,
    "versions": {"numpy": "2.4.6", "rapport": "0.1.0", "scipy": "1.17.1", "tzdata": "2026.6"},
}
VALUATION = example(Valuation, _VALUATION)
VALUING = example(
    ValuationOperation,
    {
        **OPERATION.plain(),
        "state": "succeeded",
        "kind": "valuation",
        "result": {**_VALUATION, "others": [], "seconds": 6.3},
    },
)
CONTACT_VALUE = example(
    ContactValue,
    {
        "contact_id": examples.CONTACT_ID,
        "as_of": "2026-03-02T08:30:00Z",
        "as_known_at": {"position": 42, "recorded_at": "2026-03-02T08:30:00Z"},
        "valuation": VALUATION_ID,
        "currency": "EUR",
        "active_percent": 87,
        "purchases": 9.41,
        "net_minor": 11_763,
        "abstained": False,
        "reason": None,
        "because": None,
    },
)
