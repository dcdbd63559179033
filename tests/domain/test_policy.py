"""The policy document: what it says, what it may not say, and which one rules when. Section 8."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from domain.errors import Invalid
from domain.kept_policies import kept_policy_schema, read_kept_policy
from domain.policy import Policy, digest, policy_schema
from domain.presets import PRESETS, read_policy, sent_policy_schema
from tests.domain.folding import versions


def numbers(preset: str) -> tuple[object, ...]:
    """The row of a preset in the domain document's table."""
    policy = PRESETS[preset]
    regularity = policy.signals.regularity
    return (
        policy.rhythm.expected_gap_days,
        regularity.purchase_days,
        regularity.window_days,
        policy.signals.wallet.share_percent,
        policy.rhythm.demote_after_days,
        policy.touch_cadence.client_days,
        policy.touch_cadence.customer_days,
        policy.signals.complaint.sla_days,
        policy.rewards.cash_allowed,
        policy.disclosure_required,
    )


@pytest.mark.parametrize(
    ("preset", "row"),
    [
        ("restaurant", (30, 4, None, 50, 90, 60, 120, 2, True, False)),
        ("cafe", (2, 12, 28, 70, 35, 30, 60, 1, True, False)),
        ("retail", (7, 6, None, 80, 180, 60, 90, 2, True, False)),
        ("real-estate", (365, None, None, None, 365, 90, 180, 5, False, True)),
        ("financial", (90, 2, None, 60, 365, 90, 180, 5, False, True)),
        ("subscription", (30, 3, None, None, 90, 90, 180, 3, True, False)),
        ("purchases-only", (7, 8, None, 80, 180, 60, 90, 2, True, False)),
    ],
)
def test_each_preset_holds_the_numbers_of_the_published_table(
    preset: str, row: tuple[object, ...]
) -> None:
    assert numbers(preset) == row


def test_the_points_that_presets_change() -> None:
    signals = {name: policy.signals for name, policy in PRESETS.items()}
    assert signals["restaurant"].known.points == 25
    assert signals["cafe"].guests.points == 25
    assert signals["real-estate"].engagement.points == 80
    assert (signals["financial"].advice.points, signals["financial"].engagement.points) == (25, 80)
    assert signals["subscription"].renewal.points == 45
    assert signals["subscription"].self_directed.points == 15
    assert signals["purchases-only"].regularity.points == 60


@pytest.mark.parametrize("preset", PRESETS)
def test_a_document_reads_back_as_the_policy_it_came_from(preset: str) -> None:
    policy = PRESETS[preset]
    document = json.loads(json.dumps(policy.document()))
    assert read_policy(document) == policy
    assert digest(document) == digest(policy.document())


def test_a_document_may_extend_a_preset_and_say_only_what_differs() -> None:
    policy = read_policy(
        {"extends": "purchases-only", "signals": {"regularity": {"purchase_days": 6}}}
    )
    assert policy.signals.regularity.purchase_days == 6
    assert policy.signals.regularity.points == 60


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"stage": {"stay_score": 70}}, "/stage/stay_score"),
        ({"rhythm": {"demotion_floor_days": 45}}, "/rhythm/demotion_floor_days"),
        ({"rhythm": {"demote_after_days": 0}}, "/rhythm/demote_after_days"),
        ({"rules": 1}, "/rules"),
        ({"rules": True}, "/rules"),
        ({"rules": "2"}, "/rules"),
        ({"signals": {"complaint": {"hold_severity": 3, "ending_severity": 2}}},
         "/signals/complaint/ending_severity"),
        ({"signals": {"wallet": {"share_percent": 101}}}, "/signals/wallet/share_percent"),
        ({"signals": {"complaint": {"points": [1, -3]}}}, "/signals/complaint/points"),
        ({"signals": {"complaint": {"points": [-1, -3, 5]}}}, "/signals/complaint/points/2"),
        ({"signals": {"custom": {"a": {"points": "x"}}}}, "/signals/custom/a/points"),
        ({"signals": {"telepathy": {}}}, "/signals/telepathy"),
        ({"rhythm": {"expected_gap_days": 1.5}}, "/rhythm/expected_gap_days"),
        ({"rhythm": {"expected_gap_days": True}}, "/rhythm/expected_gap_days"),
        ({"rhythm": {"expected_gap_days": None}}, "/rhythm/expected_gap_days"),
        ({"rhythm": 7}, "/rhythm"),
        ({"extends": "bakery"}, "/extends"),
        ([], ""),
    ],
)  # fmt: skip  # one case a line
def test_a_wrong_document_is_refused_with_the_field_that_is_wrong(
    document: object, pointer: str
) -> None:
    with pytest.raises(Invalid) as caught:
        read_policy(document)
    assert pointer in {error.pointer for error in caught.value.errors}


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        read_policy({"nonsense": 1, "stage": {"dwell_days": 0}, "rewards": {"cap_minor": -1}})
    assert {error.pointer for error in caught.value.errors} == {
        "/nonsense",
        "/stage/dwell_days",
        "/rewards/cap_minor",
    }


def test_the_schema_describes_every_field_of_the_document() -> None:
    def paths(schema: object) -> set[str]:
        found: set[str] = set()
        if isinstance(schema, dict):
            for name, part in schema.get("properties", {}).items():
                found |= {name} | {f"{name}.{rest}" for rest in paths(part)}
        return found

    def keys(value: object) -> set[str]:
        found: set[str] = set()
        if isinstance(value, dict):
            for name, part in value.items():
                found |= {name} | {f"{name}.{rest}" for rest in keys(part)}
        return found

    care = replace(Policy().care, need_days=15)
    book = replace(Policy().book, hold_out_percent=30)
    whole = replace(Policy(), care=care, book=book).document()
    all_fields = keys(whole) | {"rewards.cap_minor"}
    assert paths(policy_schema()) == all_fields
    assert paths(kept_policy_schema()) == paths(policy_schema())
    assert paths(sent_policy_schema()) == all_fields | {"extends"}


def test_a_policy_that_changes_nothing_of_the_care_keeps_its_document() -> None:
    assert all("care" not in preset.document() for preset in PRESETS.values())
    changed = read_policy({"care": {"thanks_hours": 24}})
    assert changed.document()["care"]["thanks_hours"] == 24
    assert read_kept_policy(changed.document()) == changed
    assert read_kept_policy(Policy().document()) == Policy()


def test_a_document_from_before_caps_keeps_its_single_cap_and_its_digest() -> None:
    """Such a document stands at position 1 of every ledger from before; it judges as it did."""
    before = Policy().document()
    del before["rewards"]["caps"]
    before["rewards"]["cap_minor"] = 50_000
    policy = Policy.read(before, Policy())
    assert [policy.rewards.most_minor(code) for code in ("EUR", "JPY", "KWD")] == [50_000] * 3
    assert policy.document() == before
    assert digest(policy.document()) == digest(before)


def test_caps_win_over_the_single_cap_that_holds_for_every_other_currency() -> None:
    policy = read_policy({"rewards": {"cap_minor": 7, "caps": {"JPY": 300}}})
    assert [policy.rewards.most_minor(code) for code in ("JPY", "EUR")] == [300, 7]
    assert read_policy(policy.document()) == policy


@pytest.mark.parametrize(
    ("caps", "pointer"),
    [
        ([], "/rewards/caps"),
        ({"EURO": 1}, "/rewards/caps/EURO"),
        ({"EUR": -1}, "/rewards/caps/EUR"),
        ({"EUR": None}, "/rewards/caps/EUR"),
    ],
)
def test_caps_are_whole_amounts_by_currency(caps: object, pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_policy({"rewards": {"caps": caps}})
    assert [error.pointer for error in caught.value.errors] == [pointer]


def test_of_versions_with_equal_beginnings_the_higher_is_in_force() -> None:
    timeline = versions((0, PRESETS["retail"]), (100, PRESETS["cafe"]), (100, PRESETS["financial"]))
    assert [timeline.in_force(at).version for at in (-5, 0, 99, 100, 200)] == [1, 1, 1, 3, 3]
    assert [timeline.next_change(at) for at in (-5, 0, 100)] == [0, 100, None]
    assert timeline.only(2).in_force(0).policy.name == "cafe"
    assert len(timeline.known_at(2).versions) == 2
