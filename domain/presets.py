"""The policies that ship with the product, as what each changes in ``retail``.

Source: the domain document, section 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.errors import Invalid
from domain.policy import Policy, policy_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHANGES: dict[str, dict[str, Any]] = {
    "restaurant": {
        "rhythm": {"expected_gap_days": 30, "demote_after_days": 90},
        "signals": {
            "regularity": {"purchase_days": 4},
            "known": {"points": 25},
            "wallet": {"share_percent": 50},
            "complaint": {"sla_days": 2},
        },
        "touch_cadence": {"client_days": 60, "customer_days": 120},
    },
    "cafe": {
        "rhythm": {"expected_gap_days": 2, "demote_after_days": 35},
        "signals": {
            "regularity": {"purchase_days": 12, "window_days": 28},
            "guests": {"points": 25},
            "wallet": {"share_percent": 70},
            "complaint": {"sla_days": 1},
        },
        "touch_cadence": {"client_days": 30, "customer_days": 60},
    },
    "retail": {},
    "real-estate": {
        "rhythm": {"expected_gap_days": 365, "demote_after_days": 365},
        "signals": {
            "regularity": {"purchase_days": None},
            "engagement": {"points": 80},
            "wallet": {"share_percent": None},
            "complaint": {"sla_days": 5},
        },
        "touch_cadence": {"client_days": 90, "customer_days": 180},
        "rewards": {"cash_allowed": False},
        "disclosure_required": True,
    },
    "financial": {
        "rhythm": {"expected_gap_days": 90, "demote_after_days": 365},
        "signals": {
            "regularity": {"purchase_days": 2},
            "advice": {"points": 25},
            "engagement": {"points": 80},
            "wallet": {"share_percent": 60},
            "complaint": {"sla_days": 5},
        },
        "touch_cadence": {"client_days": 90, "customer_days": 180},
        "rewards": {"cash_allowed": False},
        "disclosure_required": True,
    },
    "subscription": {
        "rhythm": {"expected_gap_days": 30, "demote_after_days": 90},
        "signals": {
            "regularity": {"purchase_days": 3},
            "renewal": {"points": 45},
            "self_directed": {"points": 15},
            "wallet": {"share_percent": None},
            "complaint": {"sla_days": 3},
        },
        "touch_cadence": {"client_days": 90, "customer_days": 180},
    },
    "purchases-only": {
        "rests_on": "frequency",
        "signals": {"regularity": {"points": 60, "purchase_days": 8}},
    },
}


def _build(name: str, changes: Mapping[str, object]) -> Policy:
    return Policy.read({"name": name, **changes}, Policy())


PRESETS: dict[str, Policy] = {name: _build(name, changes) for name, changes in _CHANGES.items()}
"""Every preset by name; ``retail`` is what a ledger starts with."""


def read_policy(document: object) -> Policy:
    """The policy of a document, which may ``extends`` a preset by name.

    Raises:
        Invalid: naming each field and what is wrong with it.
    """
    if not isinstance(document, dict):
        raise Invalid.at("", "wrong-type", "must be an object")
    rest = {name: value for name, value in document.items() if name != "extends"}
    base_name = document.get("extends", "retail")
    if not isinstance(base_name, str) or base_name not in PRESETS:
        detail = f"must be one of {', '.join(PRESETS)}"
        raise Invalid.at("/extends", "not-a-choice", detail)
    return Policy.read(rest, PRESETS[base_name])


def sent_policy_schema() -> dict[str, object]:
    """The JSON Schema of a policy document as it may be published: a change of a preset."""
    schema = policy_schema()
    properties = schema["properties"]
    assert isinstance(properties, dict)
    extends = {"enum": list(PRESETS), "default": "retail", "description": "the preset it changes"}
    return {**schema, "properties": {"extends": extends, **properties}}
