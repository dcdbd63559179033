from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from api.http.openapi import examples, log_examples
from api.service.answers.status import Status
from api.service.questions import relationship_of, subject_of
from api.service.receipts import making
from api.service.receipts.checking import check_receipt
from api.service.receipts.form import ReceiptRefused
from domain.errors import ContactNotFound, Invalid
from domain.instants import DAY
from ledger.transparency.notes import Verifier, from_base64
from tests.api.shop import START, Clock, built
from tests.ledger.given import append, draft
from tests.receipts.given import ANN, BEN, CAT, DAN, question_at, receipt_of, sale, written

if TYPE_CHECKING:
    from pathlib import Path

    from api.service.server import OpenLedger
    from tests.receipts.given import Json


@pytest.mark.parametrize("contact", [ANN, BEN, CAT, DAN], ids=["ann", "ben", "cat", "dan"])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"as_of": START - 20 * DAY},
        {"position": 13},
        {"policy_version": 1},
        {"position": 13, "policy_version": 2},
    ],
    ids=str,
)
def test_every_receipt_checks_and_says_what_the_status_says(
    story: OpenLedger, keys: list[Verifier], contact: UUID, asked: dict[str, int]
) -> None:
    document = receipt_of(story, contact, **asked)
    checked = check_receipt(written(document), keys)
    question = question_at(story, **asked)
    subject = subject_of(question, contact)
    status = Status.of_question(question, subject, relationship_of(question, subject)).plain()
    assert document["answer"] == json.loads(json.dumps(status))
    assert checked.answer == document["answer"]
    assert checked.pinned
    assert checked.warnings == ()
    assert checked.contact_id == subject.contact_id


def test_it_shows_merged_streams_and_of_the_referrer_what_touches_them(
    receipt: Json,
) -> None:
    shown = [(one["stream"], one["topic"]) for one in receipt["events"]]
    assert {stream for stream, _ in shown} == {str(ANN), str(BEN), str(CAT)}
    assert [topic for stream, topic in shown if stream == str(CAT)] == ["event-corrected"]
    roles = {one["stream"]: one["role"] for one in receipt["completeness"]["streams"]}
    assert roles == {
        str(ANN): "contact",
        str(BEN): "merged",
        str(CAT): "referrer",
        str(UUID(int=0)): "policies",
    }
    assert receipt["answer"]["contact_id"] == str(ANN)
    assert receipt["question"]["contact_id"] == str(BEN)


def test_the_bytes_in_it_are_those_stored_and_nothing_personal_is_clear(
    story: OpenLedger, receipt: Json
) -> None:
    positions = [one["position"] for one in receipt["events"]]
    rows = story.ledger.stored_rows(positions)
    for one in receipt["events"]:
        assert from_base64(one["state"]) == rows[one["position"]].state
    held = written(receipt) + b"".join(from_base64(one["state"]) for one in receipt["events"])
    assert b"Ann Example" not in held


def test_nobody_who_was_not_registered_by_then_has_a_receipt(story: OpenLedger) -> None:
    with pytest.raises(ContactNotFound):
        receipt_of(story, ANN, position=1)
    with pytest.raises(ContactNotFound):
        receipt_of(story, UUID(int=77))


def test_a_contact_with_more_events_than_a_receipt_holds_is_refused(
    story: OpenLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "MOST_EVENTS", 5)
    with pytest.raises(Invalid, match="at most 5"):
        receipt_of(story)


def test_the_ledgers_time_zone_is_told_only_where_days_were_counted_in_it(
    tmp_path: Path,
) -> None:
    with built(tmp_path / "data", Clock()) as server:
        open_ledger, _ = server.create("abroad", "Pacific/Auckland")
        ledger = open_ledger.ledger
        person = {"kind": "person", "name": "Ann"}
        append(ledger, draft(ANN, "contact-registered", person))
        append(ledger, draft(BEN, "contact-registered", {**person, "time_zone": "UTC"}))
        found = {}
        for one in (ANN, BEN):
            append(ledger, draft(one, "purchase-made", sale(1)))
            found[one] = receipt_of(open_ledger, one)
            check_receipt(written(found[one]), ledger.transparency.verifiers())
        for one, zone in ((ANN, "Europe/Nowhere"), (BEN, "UTC")):
            with pytest.raises(ReceiptRefused, match="/ledger_time_zone"):
                check_receipt(written({**found[one], "ledger_time_zone": zone}), [])
    assert found[ANN]["ledger_time_zone"] == "Pacific/Auckland"
    assert "ledger-time-zone" in found[ANN]["completeness"]["not_proven"]
    assert found[BEN]["ledger_time_zone"] is None
    assert "ledger-time-zone" not in found[BEN]["completeness"]["not_proven"]


def test_the_receipt_in_the_documentation_still_checks() -> None:
    """It was written once, by a ledger whose key was thrown away; nobody can write it anew."""
    key = Verifier.read(log_examples.VERIFIER.strip())
    checked = check_receipt(written(log_examples.RECEIPT.plain()), [key])
    assert checked.answer["stage"] == "customer"
    assert str(checked.contact_id) == examples.CONTACT_ID
