from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.service.receipts.checking import check_receipt
from api.service.receipts.form import ReceiptRefused
from domain.policy import Policy, digest
from domain.presets import PRESETS
from ledger.codec import pack, unpack
from ledger.transparency import notes
from ledger.transparency.notes import from_base64, to_base64
from tests.api.shop import START, Clock, built
from tests.receipts.given import (
    ANN,
    BEN,
    DAN,
    Json,
    forged,
    receipt_of,
    tell_story,
    with_the_answer_that_follows,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from uuid import UUID

    from api.service.server import OpenLedger
    from ledger.transparency.notes import Verifier


def refused(document: object, keys: list[Verifier]) -> ReceiptRefused:
    with pytest.raises(ReceiptRefused) as caught:
        check_receipt(written(document), keys)
    assert caught.value.reason
    return caught.value


def test_without_a_key_of_ones_own_it_says_loudly_that_none_was_pinned(receipt: Json) -> None:
    checked = check_receipt(written(receipt), [])
    assert not checked.pinned
    assert any("NO KEY WAS PINNED" in one for one in checked.warnings)


def test_what_a_forger_signs_is_refused_by_whoever_pinned_a_key(
    receipt: Json, keys: list[Verifier]
) -> None:
    document = forged(receipt)
    assert not check_receipt(written(document), []).pinned
    assert refused(document, keys).pointer == "/checkpoint"


def test_it_says_the_newest_versions_shown_and_what_is_not_proven(
    receipt: Json, keys: list[Verifier]
) -> None:
    checked = check_receipt(written(receipt), keys)
    streams = [one for one in receipt["completeness"]["streams"] if one["gapless"]]
    shown = {one["stream"]: one["newest_version"] for one in streams}
    assert [one["role"] for one in streams] == ["contact", "merged", "policies"]
    assert {str(stream): n for stream, n in checked.newest_versions.items()} == shown
    assert any("no event after the newest version" in one for one in checked.unproven)
    assert checked.verified_by == (keys[0].to_text(),)


@pytest.mark.parametrize("stream", [ANN, BEN], ids=["contact", "merged"])
def test_an_event_left_out_with_its_proof_is_missed_by_its_version(
    receipt: Json, keys: list[Verifier], stream: UUID
) -> None:
    places = [at for at, one in enumerate(receipt["events"]) if one["stream"] == str(stream)]
    for place in places[:-1]:
        document = copy.deepcopy(receipt)
        left_out = document["events"].pop(place)
        error = refused(document, keys)
        assert f"version {left_out['version']} of stream {stream} is missing" in str(error)


def test_the_last_event_left_out_is_found_by_the_answer(
    receipt: Json, keys: list[Verifier]
) -> None:
    document = copy.deepcopy(receipt)
    last = max(at for at, one in enumerate(receipt["events"]) if one["stream"] == str(ANN))
    del document["events"][last]
    assert refused(document, keys).pointer.startswith("/answer")


def test_the_last_event_left_out_with_another_answer_is_not_found_but_said(
    receipt: Json, keys: list[Verifier]
) -> None:
    """The limit of a receipt alone: only a replay of the log's entries shows the newest version."""
    document = copy.deepcopy(receipt)
    last = max(at for at, one in enumerate(receipt["events"]) if one["stream"] == str(ANN))
    left_out = document["events"].pop(last)
    checked = check_receipt(written(with_the_answer_that_follows(document)), keys)
    assert checked.newest_versions[ANN] == left_out["version"] - 1
    assert any("newest version" in one for one in checked.unproven)


def test_an_event_of_somebody_else_is_refused(story: OpenLedger, keys: list[Verifier]) -> None:
    document, other = receipt_of(story, ANN), receipt_of(story, DAN)
    both = [*document["events"], *other["events"]]
    document["events"] = sorted(both, key=lambda one: one["position"])
    assert "nothing to do with" in str(refused(document, keys))


def test_a_checkpoint_of_another_ledger_is_refused(
    receipt: Json, keys: list[Verifier], tmp_path: Path
) -> None:
    with built(tmp_path / "data", Clock()) as server:
        elsewhere = server.ledger("main")
        tell_story(elsewhere.ledger)
        other = receipt_of(elsewhere)
    document = {**receipt, "checkpoint": other["checkpoint"], "verifiers": other["verifiers"]}
    assert refused(document, keys).pointer == "/verifiers/0"
    document["origin"] = other["origin"]
    assert refused(document, keys).pointer == "/origin"
    assert refused(document, []).pointer.startswith(("/known_at", "/events"))
    assert refused({**receipt, "checkpoint": other["checkpoint"]}, []).pointer == "/checkpoint"


def test_a_checkpoint_from_before_an_event_does_not_prove_it(
    story: OpenLedger, receipt: Json, keys: list[Verifier]
) -> None:
    first = next(iter(story.ledger.transparency.checkpoints()))
    document = {**receipt, "checkpoint": first.note.decode()}
    assert "beyond the checkpoint" in str(refused(document, keys))


def test_receipts_from_before_and_after_a_new_key_check_with_their_own(tmp_path: Path) -> None:
    with built(tmp_path / "data", Clock()) as server:
        open_ledger = server.ledger("main")
        log = open_ledger.ledger.transparency
        (old,) = log.verifiers()
        tell_story(open_ledger.ledger)
        before = receipt_of(open_ledger)
        new = log.rotate()
        open_ledger.ledger.publish_policy(PRESETS["retail"], START).result()
        transition = receipt_of(open_ledger)
        open_ledger.ledger.publish_policy(PRESETS["retail"], START).result()
        after = receipt_of(open_ledger)
    for document, right in ((before, [old]), (transition, [old, new]), (after, [new])):
        for key in (old, new):
            if key in right:
                assert check_receipt(written(document), [key]).verified_by == (key.to_text(),)
            else:
                assert refused(document, [key]).pointer == "/checkpoint"
        assert check_receipt(written(document), [new, old]).pinned


def test_another_policy_than_the_one_in_force_is_refused(
    story: OpenLedger, receipt: Json, keys: list[Verifier]
) -> None:
    document = copy.deepcopy(receipt)
    document["policies"].pop()
    assert refused(document, keys).pointer.startswith("/answer")
    document["policies"] = receipt["policies"][1:]
    assert "version 1 of stream" in str(refused(document, keys))
    document["policies"] = []
    assert refused(document, keys).pointer == "/policies"
    asked = receipt_of(story, policy_version=2)
    asked["question"]["policy_version"] = 1
    assert refused(asked, keys).pointer == "/policies"
    earlier = receipt_of(story, position=13)
    earlier["policies"] = receipt["policies"]
    assert "was not known yet" in str(refused(earlier, keys))


def test_days_counted_by_another_tzdata_are_told(receipt: Json, keys: list[Verifier]) -> None:
    checked = check_receipt(written({**receipt, "tzdata": "2019.1"}), keys)
    assert any("2019.1" in one for one in checked.warnings)


def test_a_part_of_the_answer_that_does_not_follow_is_named(
    receipt: Json, keys: list[Verifier]
) -> None:
    changes: list[tuple[str, Callable[[Json], Any]]] = [
        ("/answer/stage", lambda answer: answer.update(stage="ended")),
        ("/answer/score", lambda answer: answer.update(score=answer["score"] + 1)),
        ("/answer/evidence_erased", lambda answer: answer.update(evidence_erased=0)),
        ("/answer/signals/1/points", lambda answer: answer["signals"][1].update(points=1.0)),
        ("/answer/signals", lambda answer: answer["signals"].pop()),
        ("/answer/since", lambda answer: answer.pop("since")),
        ("/answer/a~1b", lambda answer: answer.update({"a/b": 1})),
        ("/answer/as_known_at/recorded_at", lambda answer: answer["as_known_at"].update(
            recorded_at="2026-03-01T12:00:01Z")),
    ]  # fmt: skip  # one change a line
    for pointer, change in changes:
        document = copy.deepcopy(receipt)
        change(document["answer"])
        assert refused(document, keys).pointer == pointer


def state_of(shown: Json) -> Any:
    return unpack(from_base64(shown["state"]))


def test_a_policy_whose_digest_is_not_its_own_is_refused(receipt: Json) -> None:
    document = copy.deepcopy(receipt)
    state = state_of(document["policies"][0])
    state[-2] = {**state[-2], "disclosure_required": True}
    document["policies"][0]["state"] = to_base64(pack(state))
    assert "digest" in str(refused(forged(document), []))
    state[-2] = {**Policy().document(), "stage": {"stay_score": 99, "promotion_score": 1}}
    state[-1] = digest(state[-2])
    document["policies"][0]["state"] = to_base64(pack(state))
    assert "is no policy" in str(refused(forged(document), []))


def test_events_that_no_ledger_could_have_recorded_are_refused(receipt: Json) -> None:
    place = next(at for at, one in enumerate(receipt["events"]) if one["topic"] == "purchase-made")

    def changed(index: int, value: object) -> ReceiptRefused:
        document = copy.deepcopy(receipt)
        state = state_of(document["events"][place])
        state[index] = value
        document["events"][place]["state"] = to_base64(pack(state))
        return refused(forged(document), [])

    assert "occurred_at is no instant" in str(changed(4, 2**62))
    assert "occurred_at is no instant" in str(changed(4, True))
    assert "source" in str(changed(5, 7))
    assert "amount_minor" in str(changed(9, -5))
    assert "amount_minor" in str(changed(9, "1250"))
    assert "purchase_id is missing" in str(changed(8, None))
    assert "recorded" in str(changed(3, START + 1))
    assert "is no stored event" in str(changed(0, 99))


def test_a_byte_that_no_answer_depends_on_is_refused_by_its_proof(
    receipt: Json, keys: list[Verifier]
) -> None:
    for place in range(len(receipt["events"])):
        document = copy.deepcopy(receipt)
        state = state_of(document["events"][place])
        state[1] = bytes(16)  # the salt
        document["events"][place]["state"] = to_base64(pack(state))
        assert "is not in the log at position" in str(refused(document, keys))
        check_receipt(written(forged(document)), [])


def test_other_limits_than_its_own_are_refused(receipt: Json, keys: list[Verifier]) -> None:
    document = copy.deepcopy(receipt)
    document["completeness"]["streams"][0]["newest_version"] += 1
    assert refused(document, keys).pointer == "/completeness/streams/0/newest_version"
    document = copy.deepcopy(receipt)
    document["completeness"]["not_proven"] = []
    assert refused(document, keys).pointer == "/completeness/not_proven"


def test_a_checkpoint_of_another_log_under_the_right_key_is_refused(
    receipt: Json,
) -> None:
    document = forged(receipt)
    signer = notes.Signer(document["origin"], Ed25519PrivateKey.from_private_bytes(bytes(32)))
    text = document["checkpoint"].partition("\n\n")[0].replace(document["origin"], "elsewhere")
    document["checkpoint"] = notes.sign(f"{text}\n", [signer]).to_bytes().decode()
    assert "is of another log" in str(refused(document, []))


def test_what_was_recorded_after_the_position_known_at_is_refused(
    story: OpenLedger, receipt: Json, keys: list[Verifier]
) -> None:
    document = receipt_of(story, BEN, position=13)
    document["events"] = receipt["events"]
    assert "was not known yet" in str(refused(document, keys))
    document = copy.deepcopy(receipt)
    assert document["events"][-1]["position"] < document["question"]["as_known_at"]
    state = state_of(document["events"][-1])
    state[3] += 1
    document["events"][-1]["state"] = to_base64(pack(state))
    assert "was recorded after the position" in str(refused(forged(document), []))


def test_a_version_of_the_policy_that_was_published_twice_is_refused(receipt: Json) -> None:
    document = copy.deepcopy(receipt)
    state = state_of(document["policies"][1])
    assert state[8] == 2
    state[8] = 1
    document["policies"][1]["state"] = to_base64(pack(state))
    assert "has a version twice" in str(refused(forged(document), []))


def test_an_erasure_among_the_events_is_said_by_the_answer(receipt: Json) -> None:
    """As it is recorded: the event has no more to say than who asked; the reason is sealed."""
    document = copy.deepcopy(receipt)
    known_at = document["question"]["as_known_at"] + 1
    recorded_at = state_of(document["events"][-1])[3]
    envelope = [bytes(16), bytes(15) + b"\1", recorded_at, recorded_at, None, None, None]
    shown = next(one for one in reversed(document["events"]) if one["stream"] == str(ANN))
    erasure = {
        **shown,
        "position": known_at,
        "version": shown["version"] + 1,
        "topic": "personal-data-erased",
        "state": to_base64(pack([1, *envelope, "the contact", b"sealed"])),
    }
    document["events"].append(erasure)
    document["question"]["as_known_at"] = known_at
    assert refused(forged(document), []).pointer == "/answer/as_known_at/position"
    document = with_the_answer_that_follows(forged(document))
    assert document["answer"]["evidence_erased"] is True
    assert check_receipt(written(document), []).answer == document["answer"]


def test_one_event_under_two_positions_is_refused(receipt: Json) -> None:
    document = copy.deepcopy(receipt)
    last = copy.deepcopy(next(one for one in reversed(document["events"])))
    last["position"] += 1
    last["version"] += 1
    document["question"]["as_known_at"] = last["position"]
    document["events"].append(last)
    assert "has the id of another event" in str(refused(forged(document), []))


def test_corrections_of_corrections_of_corrections_exhaust_nothing(receipt: Json) -> None:
    correction: list[Any] = ["visit-made", 1, 0]
    for _ in range(400):
        correction = ["event-corrected", 1, bytes(16), None, correction]
    document = copy.deepcopy(receipt)
    shown = next(one for one in document["events"] if one["topic"] == "event-corrected")
    state = state_of(shown)
    state[-1] = correction
    shown["state"] = to_base64(pack(state))
    assert refused(forged(document), []).pointer.endswith("/state")


def test_what_is_no_receipt_is_refused_with_the_reason(receipt: Json) -> None:
    text = json.dumps(receipt)
    deep = "[" * 100_000 + "]" * 100_000
    for content, reason in (
        (b"", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b"[]", "/format"),
        (b'"x"', "/format"),
        (deep.encode(), "nested"),
        (text[:-1].encode(), "not JSON"),
        (text.replace('"origin"', '"origin": "x", "origin"', 1).encode(), "twice"),
        (text.replace('"format_version": 1', '"format_version": 2', 1).encode(), "version 1"),
        (text.replace('"format_version": 1', '"format_version": NaN', 1).encode(), "NaN"),
        (text.replace('"answer"', '"more": 1, "answer"', 1).encode(), "/more"),
        (json.dumps({**receipt, "origin": "\ud800"}).encode(), "half of a character"),
        (json.dumps({**receipt, "events": "x" * 10}).encode(), "/events"),
        (json.dumps({**receipt, "events": [{}] * 10_001}).encode(), "at most"),
        (b"9" * 100_000, "/format"),
        (b" " * (64 * 1024 * 1024 + 1), "longer"),
    ):
        with pytest.raises(ReceiptRefused, match=reason):
            check_receipt(content, [])


def test_a_name_that_could_drive_a_terminal_is_not_repeated(receipt: Json) -> None:
    document = {**receipt, "\x1b[2J": 1}
    assert "\x1b" not in str(refused(document, []))
