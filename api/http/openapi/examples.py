"""What the documentation shows, one story told throughout: Ada Jansen buys from a corner shop."""

from __future__ import annotations

import json
from typing import Any

from api.http.openapi.example import example
from api.http.openapi.responses import example_problem
from api.service.answers.contacts import Contact
from api.service.answers.events import (
    Appended,
    AppendedLine,
    AppendedToMany,
    Event,
    RefusedLine,
)
from api.service.answers.ledgers import EventType
from api.service.answers.lists import (
    Duplicate,
    Duplicates,
    FoundContact,
    FoundContacts,
    Restatement,
    SearchIndex,
    StandingRow,
    StatusRow,
    Summary,
)
from api.service.answers.policies import PolicyVersion, WholePolicyVersion
from api.service.answers.referrals import Referrals
from api.service.answers.status import Standing, Status, StatusHistory
from domain.presets import PRESETS

CONTACT_ID = "6f0c1c1e-6f0b-5d0e-9c55-3f1f0d1c2b3a"
EVENT_ID = "0198c1f0-5a52-7c3e-9d7b-3f0d6a1b2c4d"
OTHER_ID = "0198c1f0-5a52-7c3e-9d7b-3f0d6a1b2c4e"
OPERATION_ID = "4b8f1d3a-52e7-4b0f-8f53-0d6f0b2f9c11"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

REGISTRATION: dict[str, Any] = {
    "type": "contact-registered",
    "id": OTHER_ID,
    "occurred_at": "2026-03-01T09:00:00+01:00",
    "data": {"kind": "person", "name": "Ada Jansen", "time_zone": "Europe/Amsterdam"},
}
PURCHASE: dict[str, Any] = {
    "type": "purchase-made",
    "id": EVENT_ID,
    "occurred_at": "2026-03-01T09:30:00+01:00",
    "source": "till-2",
    "data": {
        "purchase_id": "r-1042",
        "amount_minor": 1250,
        "currency": "EUR",
        "initiated_by": "contact",
    },
}
FIRST_EVENTS: dict[str, Any] = {
    "registration and a purchase": [REGISTRATION, PURCHASE],
    "a purchase": PURCHASE,
}
EVENTS: list[dict[str, Any]] = [
    {"contact": "pos:17850", **REGISTRATION},
    {"contact": "pos:17850", **PURCHASE},
]
_APPENDED_EVENT: dict[str, Any] = {
    "index": 0,
    "id": EVENT_ID,
    "type": "purchase-made",
    "version": 2,
    "position": 3,
    "recorded_at": "2026-03-01T08:30:01.250000Z",
    "replayed": False,
}
APPENDED = example(
    Appended,
    {
        "contact_id": CONTACT_ID,
        "counts_for": None,
        "version": 2,
        "position": 3,
        "replayed": False,
        "events": [_APPENDED_EVENT],
    },
)
APPENDED_MANY = example(
    AppendedToMany,
    {
        "position": 3,
        "replayed": False,
        "events": [{"contact_id": CONTACT_ID, "counts_for": None, **_APPENDED_EVENT}],
    },
)
EVENT = example(
    Event,
    {
        "id": EVENT_ID,
        "contact_id": CONTACT_ID,
        "type": "purchase-made",
        "version": 2,
        "position": 3,
        "occurred_at": "2026-03-01T08:30:00Z",
        "recorded_at": "2026-03-01T08:30:01.250000Z",
        "source": "till-2",
        "actor": None,
        "causation_id": None,
        "data": PURCHASE["data"],
        "retracted_by": None,
        "corrected_by": None,
    },
)
SENT_LINES = "".join(json.dumps(one) + "\n" for one in EVENTS)
OUTCOMES = (
    example(AppendedLine, {"line": 1, "status": 201, "position": 2, "counts_for": None}),
    example(
        RefusedLine,
        {"line": 2, "status": 422, "problem": example_problem("invalid-request").plain()},
    ),
)
SERVER_SENT_EVENTS = f"id: 3\nevent: purchase-made\ndata: {EVENT.json_bytes().decode()}\n\n"
CLOUD_EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "r-1042",
    "source": "urn:till:2",
    "type": "purchase-made",
    "subject": "pos:17850",
    "time": "2026-03-01T09:30:00+01:00",
    "datacontenttype": "application/json",
    "data": PURCHASE["data"],
}
CONTACT = example(
    Contact,
    {
        "contact_id": CONTACT_ID,
        "kind": "person",
        "name": "Ada Jansen",
        "time_zone": "Europe/Amsterdam",
        "refs": [],
        "links": [],
        "details": [
            {"kind": "email", "value": "ada@example.org", "label": "work", "postal_code": None}
        ],
        "consents": [
            {
                "purpose": "offers",
                "channel": "email",
                "granted": True,
                "said_at": "2026-03-01T08:00:00Z",
                "event": OTHER_ID,
            }
        ],
        "version": 2,
        "streams": [{"contact_id": CONTACT_ID, "version": 2}],
        "stage": "customer",
        "score": 0,
        "flags": [],
        "standing": "none",
        "position": 3,
    },
)
STATUS_ROW = example(
    StatusRow,
    {
        "contact_id": CONTACT_ID,
        "stage": "customer",
        "score": 0,
        "since": "2026-03-01T08:30:00Z",
        "flags": [],
        "policy_version": 1,
    },
)
RESTATEMENT = example(
    Restatement,
    {
        "contact_id": CONTACT_ID,
        "from": "2026-01-20T08:30:00Z",
        "to": "2026-03-01T08:30:01.250000Z",
        "believed": "contact",
        "known": "customer",
        "event": EVENT_ID,
        "position": 3,
    },
)
FOUND_CONTACT = example(
    FoundContact, {**STATUS_ROW.plain(), "name": "Ada Jansen", "matched": "name"}
)
FOUND_CONTACTS = FoundContacts(
    items=(FOUND_CONTACT,),
    index=SearchIndex(state="ready", done=42, total=42),
    next_cursor=None,
)
DUPLICATES = Duplicates(
    items=(
        example(
            Duplicate,
            {
                "contacts": (CONTACT_ID, OTHER_ID),
                "names": ("Ada Jansen", "A. Jansen"),
                "for": ("same email",),
                "against": ("different name",),
                "score": 45,
            },
        ),
    ),
    index=FOUND_CONTACTS.index,
    phone_library="phonenumbers 9.0.43",
    next_cursor=None,
)
_KNOWN_AT = {"position": 3, "recorded_at": "2026-03-01T08:30:01.250000Z"}
STATUS = example(
    Status,
    {
        "contact_id": CONTACT_ID,
        "as_of": "2026-03-02T08:30:00Z",
        "as_known_at": _KNOWN_AT,
        "policy_version": 1,
        "rests_on": "allegiance",
        "stage": "customer",
        "score": 0,
        "since": "2026-03-01T08:30:00Z",
        "flags": [],
        "legal_capacity": [],
        "signals": [
            {
                "name": "regularity",
                "on": False,
                "points": 0,
                "anchor": True,
                "value": {"purchase_days": 1, "runs_out_at": "2026-03-15T08:30:00Z"},
                "threshold": {"purchase_days": 6},
                "events": [EVENT_ID],
            }
        ],
        "excluded": [],
        "would_change": [],
        "will_change": {
            "at": "2026-05-30T08:30:00Z",
            "stage": "lapsed_customer",
            "because": "lapse_at",
        },
        "evidence_erased": False,
    },
)
STATUS_HISTORY = example(
    StatusHistory,
    {
        "contact_id": CONTACT_ID,
        "as_of": "2026-03-02T08:30:00Z",
        "as_known_at": _KNOWN_AT,
        "intervals": [
            {
                "from": "2026-03-01T08:00:00Z",
                "to": "2026-03-01T08:30:00Z",
                "stage": "contact",
                "score": 0,
                "policy_version": 1,
                "cause": {"kind": "event", "name": "contact-registered", "event": OTHER_ID},
            },
            {
                "from": "2026-03-01T08:30:00Z",
                "to": None,
                "stage": "customer",
                "score": 0,
                "policy_version": 1,
                "cause": {"kind": "event", "name": "purchase-made", "event": EVENT_ID},
            },
        ],
        "evidence_erased": False,
    },
)
STANDING = example(
    Standing,
    {
        "contact_id": CONTACT_ID,
        "as_of": "2026-03-02T08:30:00Z",
        "as_known_at": _KNOWN_AT,
        "policy_version": 1,
        "standing": "introducer",
        "influence": 6,
        "referrals": {"inbound": 1, "outbound": 0, "won": 0, "qualified": 0, "open": 1, "lost": 0},
        "reciprocity": {
            "given": 0,
            "received": 6,
            "percent": 0,
            "balanced": False,
            "we_owe": False,
            "they_owe": False,
        },
        "events": [EVENT_ID],
    },
)
POLICY = example(
    PolicyVersion,
    {
        "policy_version": 2,
        "name": "cafe",
        "effective_from": "2026-03-01T00:00:00Z",
        "sha256": DIGEST,
        "position": 4,
    },
)
WHOLE_POLICY = example(WholePolicyVersion, {**POLICY.plain(), "policy": PRESETS["cafe"].document()})
EVENT_TYPE = example(
    EventType,
    {
        "type": "purchase-made",
        "summary": "A contact bought something. Source: E0.",
        "from_clients": True,
        "schema": "/v1/event-types/purchase-made",
    },
)
SUMMARY = example(
    Summary,
    {
        "position": 3,
        "as_of": "2026-03-02T08:30:00Z",
        "stages": {
            "contact": 0,
            "prospect": 0,
            "customer": 1,
            "client": 0,
            "lapsed_customer": 0,
            "lapsed_client": 0,
            "ended": 0,
        },
    },
)
STANDING_ROW = example(
    StandingRow,
    {
        "contact_id": CONTACT_ID,
        "standing": "introducer",
        "influence": 6,
        "we_owe": False,
        "they_owe": False,
        "won_value": [{"currency": "EUR", "minor": 20_000}],
        "owed": [{"currency": "EUR", "minor": 250}],
        "reciprocity": {
            "given": 0,
            "received": 6,
            "percent": 0,
            "balanced": False,
            "we_owe": False,
            "they_owe": False,
        },
    },
)
REFERRALS = example(
    Referrals,
    {
        "contact_id": CONTACT_ID,
        "position": 4,
        "as_of": "2026-03-02T08:30:00Z",
        "made": [
            {
                "referral_id": "intro-1",
                "stream": CONTACT_ID,
                "by": CONTACT_ID,
                "other": OTHER_ID,
                "direction": "inbound",
                "made_at": "2026-03-01T08:30:00Z",
                "level": 3,
                "outcome": "won",
                "won_at": "2026-03-01T09:00:00Z",
                "event": EVENT_ID,
            }
        ],
        "received": [],
        "rewards": [
            {
                "referral_id": "intro-1",
                "stream": CONTACT_ID,
                "other": OTHER_ID,
                "level": 3,
                "state": "held",
                "won_at": "2026-03-01T09:00:00Z",
                "due_at": "2026-03-31T09:00:00Z",
                "amount_minor": 1000,
                "clawback_minor": 250,
                "currency": "EUR",
                "reason": None,
                "purchase": EVENT_ID,
                "event": EVENT_ID,
                "earned_minor": 1000,
                "clawed_back_minor": 250,
                "paid_minor": 500,
                "reversed_minor": 0,
                "declined_minor": 0,
                "owed_minor": 250,
                "in_kind": 0,
            }
        ],
    },
)
