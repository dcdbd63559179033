"""What the answers about rewards, referral trees and the book look like in the documentation."""

from __future__ import annotations

from api.http.openapi.example import example
from api.http.openapi.examples import CONTACT_ID, EVENT_ID, OTHER_ID, REFERRALS
from api.service.answers.book import BookAnswer, WatchItem
from api.service.answers.rewards import RewardsPage
from api.service.answers.trees import Downstream, ExposureItem, GraphReferrer, ReferralPath

_NET = [{"currency": "EUR", "days_365_minor": 20_000, "ever_minor": 31_000}]
_FIGURES = {
    "currency": "EUR",
    "gross_minor": 31_000,
    "refunds_minor": 1_000,
    "net_minor": 30_000,
    "purchases": 12,
    "contacts": 3,
    "gestures_cost_minor": 500,
    "rewards_paid_minor": 1_000,
    "contribution_minor": 28_500,
}

REWARDS = example(
    RewardsPage,
    {
        "items": [
            {
                "contact_id": CONTACT_ID,
                **REFERRALS.rewards[0].plain(),
                "entries": [
                    {
                        "at": "2026-03-01T09:00:00Z",
                        "kind": "earned",
                        "amount_minor": 1000,
                        "event": EVENT_ID,
                    },
                    {
                        "at": "2026-03-01T18:00:00Z",
                        "kind": "clawed-back",
                        "amount_minor": -250,
                        "event": EVENT_ID,
                    },
                    {
                        "at": "2026-03-02T08:00:00Z",
                        "kind": "paid",
                        "amount_minor": -500,
                        "event": EVENT_ID,
                    },
                ],
            }
        ],
        "totals": [{"currency": "EUR", "state": "held", "owed_minor": 250, "count": 1}],
        "next_cursor": None,
    },
)
DOWNSTREAM = example(
    Downstream,
    {
        "contact_id": CONTACT_ID,
        "position": 42,
        "as_of": "2026-03-02T08:30:00Z",
        "contacts": 1,
        "nodes": [
            {
                "contact_id": OTHER_ID,
                "name": "Ben Bakker",
                "by": CONTACT_ID,
                "depth": 1,
                "referral_id": "intro-1",
                "level": 3,
                "outcome": "won",
                "stage": "customer",
                "standing": "none",
                "net": _NET,
            }
        ],
        "sums": [{**_NET[0], "contacts": 1}],
        "exposure": [{"currency": "EUR", "minor": 25_400}],
    },
)
GRAPH_REFERRER = example(
    GraphReferrer,
    {
        "contact_id": CONTACT_ID,
        "standing": "introducer",
        "referrals": [{**REFERRALS.made[0].plain(), "credited": True}],
    },
)
CONNECTION = example(
    ReferralPath,
    {
        "path": [
            {"contact_id": CONTACT_ID, "referral_id": None},
            {"contact_id": OTHER_ID, "referral_id": "intro-1"},
        ]
    },
)
EXPOSURE_ITEM = example(
    ExposureItem,
    {
        "contact_id": CONTACT_ID,
        "complaint_ids": ["c-1"],
        "exposure": [{"currency": "EUR", "minor": 25_400}],
    },
)
BOOK = example(
    BookAnswer,
    {
        "from": "2026-01",
        "to": "2026-02",
        "by": "month",
        "as_of": "2026-03-02T08:30:00Z",
        "as_known_at": {"position": 42, "recorded_at": "2026-03-02T08:30:00Z"},
        "policy_version": 1,
        "rows": [{"key": "2026-02", **_FIGURES}],
        "totals": [_FIGURES],
        "beside": [
            {
                "currency": "EUR",
                "client_year_minor": 91_250,
                "customer_year_minor": 36_500,
                "ratio_percent": 250,
                "repeat_percent": 66,
                "referred_percent": 40,
                "top_ten_percent": 100,
            }
        ],
        "stages": {"new_clients": 1, "falls": 0, "regained": 0},
    },
)
WATCH_ITEM = example(
    WatchItem,
    {
        "contact_id": CONTACT_ID,
        "why": "A client to whom we did not turn in 180 days",
        "do": "Turn to them: a call, advice or a gesture",
        "since": "2026-02-01T08:30:00Z",
        "net": _NET,
    },
)
