"""Policies that were stored before documents named their rules are judged by, and stay as they are.

Source: the domain document, section 8.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from api.service.answers.policies import WholePolicyVersion
from api.service.receipts.checking import check_receipt
from domain.events.governance import PolicyPublished
from domain.kept_policies import kept_policy_schema
from domain.policy import Policy, digest
from domain.presets import PRESETS
from domain.recorded import POLICY_STREAM
from tests.api.shop import Clock, built
from tests.cli.running import rapport
from tests.receipts.given import receipt_of, tell_story, written

if TYPE_CHECKING:
    from pathlib import Path

    from domain.timeline import PolicyVersion

jsonschema: Any = import_module("jsonschema")  # it brings no types

BEFORE = {
    "retail": "cee405f01a78b6c8b07f7bc1f15d626029a7ea8677eccdb3ab560bdfd5aa27ed",
    "corner shop": "f414e3631d703a76793fe863d4c51291ae32e1ac012562e3199a02a3b10570fb",
}
"""The digests that the documents had, by the name of the policy."""


def _document_from_before(floor_days: int) -> Any:
    """What makes the document of a policy, as it did before there were ``rules``."""
    present = Policy.document

    def document(policy: Policy) -> dict[str, Any]:
        shown = present(policy)
        del shown["rules"]
        grace_days = shown["rhythm"]["subscription_grace_days"]
        shown["rhythm"] = {
            "expected_gap_days": shown["rhythm"]["expected_gap_days"],
            "quiet_rhythms": 2,
            "demote_rhythms": 4,
            "lapse_rhythms": 6,
            "demotion_floor_days": floor_days,
            "lapse_floors": 2,
            "subscription_grace_days": grace_days,
            "premature_days": 90,
        }
        return shown

    return document


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose policies 1 and 3 were stored without ``rules``."""
    folder = tmp_path_factory.mktemp("before") / "data"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Policy, "document", _document_from_before(45))
        with built(folder, Clock()) as server:
            ledger = server.ledger("main").ledger
            patched.undo()
            tell_story(ledger)
            patched.setattr(Policy, "document", _document_from_before(120))
            corner = replace(PRESETS["retail"], name="corner shop")
            ledger.publish_policy(corner, 0).result()
    return folder


def versions_of(folder: Path) -> list[PolicyVersion]:
    with built(folder, Clock()) as server:
        return list(server.ledger("main").ledger.policies().versions)


def test_they_are_read_by_the_present_rules_with_a_wait_of_their_own(folder: Path) -> None:
    """That of the preset whose name they have, else their own floor and at least ninety days."""
    read = {one.policy.name: one.policy for one in versions_of(folder)}
    assert read["retail"] == PRESETS["retail"]
    assert read["corner shop"].rhythm.demote_after_days == 120
    assert {one.rules for one in read.values()} == {2}


@pytest.mark.parametrize("name", BEFORE)
def test_their_bytes_and_digests_stay(folder: Path, name: str) -> None:
    """In the file, in the list of policies, and in what the server answers."""
    (version,) = [one for one in versions_of(folder) if one.policy.name == name]
    assert version.sha256 == digest(version.document()) == BEFORE[name]
    answered = WholePolicyVersion.of(version).policy
    assert "rules" not in answered
    assert answered["rhythm"]["quiet_rhythms"] == 2
    jsonschema.Draft202012Validator(kept_policy_schema()).validate(answered)
    with built(folder, Clock()) as server:
        recorded = server.ledger("main").ledger.stream(POLICY_STREAM)
        stored = recorded[version.version - 1].event
        assert isinstance(stored, PolicyPublished)
        assert (stored.policy, stored.sha256) == (answered, BEFORE[name])


def test_a_version_with_rules_beside_them_is_as_it_was_published(folder: Path) -> None:
    cafe = versions_of(folder)[1]
    assert cafe.document() == PRESETS["cafe"].document()


def test_a_ledger_with_them_is_verified_and_gives_receipts(folder: Path) -> None:
    for policy_version in (1, 3):
        with built(folder, Clock()) as server:
            document = receipt_of(server.ledger("main"), policy_version=policy_version)
        answer = check_receipt(written(document), []).answer
        assert answer == document["answer"]
        assert answer["policy_version"] == policy_version
    ended = rapport("verify", folder)
    assert ended.code == 0, ended
