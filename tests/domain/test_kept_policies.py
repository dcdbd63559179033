"""Stored documents without ``rules`` are read by the present rules. The domain document, 8."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import Invalid
from domain.kept_policies import read_kept_policy
from domain.presets import PRESETS


def before(name: str, **rhythm: int) -> dict[str, Any]:
    """A document as it was stored under that name, but for what the rhythm says."""
    document = PRESETS["retail"].document()
    del document["rules"]
    del document["rhythm"]["demote_after_days"]
    gone = {"quiet_rhythms": 2, "demote_rhythms": 4, "lapse_rhythms": 6, "premature_days": 90}
    return {**document, "name": name, "rhythm": {**document["rhythm"], **gone, **rhythm}}


@pytest.mark.parametrize("name", PRESETS)
def test_one_with_the_name_of_a_preset_waits_as_long_as_that(name: str) -> None:
    found = read_kept_policy(before(name, demotion_floor_days=21, lapse_floors=2))
    assert found.rhythm.demote_after_days == PRESETS[name].rhythm.demote_after_days
    assert (found.rules, found.name) == (2, name)


@pytest.mark.parametrize(("floor_days", "wait_days"), [(1, 90), (90, 90), (91, 91), (400, 400)])
def test_another_waits_as_long_as_its_floor_and_at_least_ninety_days(
    floor_days: int, wait_days: int
) -> None:
    found = read_kept_policy(before("ours", demotion_floor_days=floor_days))
    assert found.rhythm.demote_after_days == wait_days
    assert found.rhythm.expected_gap_days == 7


def test_one_that_leaves_out_its_name_or_rhythm_is_read_as_retail() -> None:
    assert read_kept_policy({}) == PRESETS["retail"]


def test_one_with_rules_is_read_as_it_is() -> None:
    ours = PRESETS["cafe"].document()
    assert read_kept_policy(ours) == PRESETS["cafe"]
    ours["rhythm"]["demotion_floor_days"] = 45
    with pytest.raises(Invalid):
        read_kept_policy(ours)


@pytest.mark.parametrize("document", [None, [], {"rhythm": 7}, {"name": 7}, {"rules": 1}])
def test_what_is_no_policy_is_refused(document: object) -> None:
    with pytest.raises(Invalid):
        read_kept_policy(document)
