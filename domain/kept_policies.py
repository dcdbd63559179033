"""Policies that are stored, perhaps since before the present rules and the rule for texts.

A document that names no rules is of before the first release. It is read by the present rules, with
the wait of the preset that it is named after, and its bytes and digest stay. Source: the domain
document, section 8.
"""

from __future__ import annotations

from domain.documents import read_section
from domain.policy import Policy, policy_schema
from domain.presets import PRESETS

LEAST_DEMOTE_AFTER_DAYS = 90
"""The least wait of a policy without ``rules`` that has no preset's name."""

_FLOOR = "demotion_floor_days"
_GONE = frozenset(
    {_FLOOR, "quiet_rhythms", "demote_rhythms", "lapse_rhythms", "lapse_floors", "premature_days"}
)
"""Fields of ``rhythm`` that only documents without ``rules`` have."""


def read_kept_policy(document: object) -> Policy:
    """The policy of a whole document that is stored.

    Raises:
        Invalid: naming each field and what is wrong with it.
    """
    policy: Policy = read_section(Policy(), _by_present_rules(document), "", kept=True)
    return policy.require_consistency()


def kept_policy_schema() -> dict[str, object]:
    """The JSON Schema of a policy as it is answered, which is as it was stored.

    Documents without ``rules`` have other fields in ``rhythm``.
    """
    schema = policy_schema()
    properties = schema["properties"]
    assert isinstance(properties, dict)
    rhythm = {
        **properties["rhythm"],
        "additionalProperties": True,
        "description": "documents without `rules` have other fields here",
    }
    return {**schema, "properties": {**properties, "rhythm": rhythm}}


def _by_present_rules(document: object) -> object:
    """The document with what the present rules need, and without what is gone."""
    if not isinstance(document, dict) or "rules" in document:
        return document
    rhythm = document.get("rhythm", {})
    if not isinstance(rhythm, dict):
        return document
    kept = {name: value for name, value in rhythm.items() if name not in _GONE}
    return {**document, "rhythm": {"demote_after_days": _days(document, rhythm), **kept}}


def _days(document: dict[str, object], rhythm: dict[str, object]) -> int:
    """How long after they were due clients fall under a document without ``rules``."""
    preset = PRESETS.get(str(document.get("name", Policy().name)))
    if preset is not None:
        return preset.rhythm.demote_after_days
    floor = rhythm.get(_FLOOR)
    return (
        max(floor, LEAST_DEMOTE_AFTER_DAYS) if isinstance(floor, int) else LEAST_DEMOTE_AFTER_DAYS
    )
