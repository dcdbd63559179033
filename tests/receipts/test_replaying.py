from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest

from api.service.receipts.checking import check_receipt
from api.service.receipts.form import ReceiptRefused
from api.service.receipts.replaying import require_newest
from ledger.transparency.entries import EntryRefused
from tests.receipts.given import ANN, BEN, Json, receipt_of, with_the_answer_that_follows, written

if TYPE_CHECKING:
    from api.service.server import OpenLedger
    from ledger.transparency.notes import Verifier


def entries(story: OpenLedger) -> list[bytes]:
    ledger = story.ledger
    return [ledger.transparency.entry(at) for at in range(1, ledger.head() + 1)]


def test_the_logs_entries_prove_that_a_receipt_shows_the_newest(
    story: OpenLedger, keys: list[Verifier]
) -> None:
    for asked in ({}, {"position": 13}, {"policy_version": 1}, {"position": 9}):
        checked = check_receipt(written(receipt_of(story, BEN, **asked)), keys)
        require_newest(checked, entries(story))
        require_newest(checked, [*entries(story), b"what came later is not read"])


def test_a_last_event_left_out_with_another_answer_is_found_by_them(
    story: OpenLedger, receipt: Json, keys: list[Verifier]
) -> None:
    document = copy.deepcopy(receipt)
    last = max(at for at, one in enumerate(receipt["events"]) if one["stream"] == str(ANN))
    left_out = document["events"].pop(last)
    checked = check_receipt(written(with_the_answer_that_follows(document)), keys)
    with pytest.raises(ReceiptRefused, match=f"version {left_out['version']} was known"):
        require_newest(checked, entries(story))


def test_a_policy_left_out_is_found_by_them(
    story: OpenLedger, receipt: Json, keys: list[Verifier]
) -> None:
    document = copy.deepcopy(receipt)
    document["policies"].pop()
    checked = check_receipt(written(with_the_answer_that_follows(document)), keys)
    with pytest.raises(ReceiptRefused, match="version 2 was known"):
        require_newest(checked, entries(story))


def test_other_entries_than_were_signed_prove_nothing(
    story: OpenLedger, receipt: Json, keys: list[Verifier]
) -> None:
    checked, right = check_receipt(written(receipt), keys), entries(story)
    with pytest.raises(ReceiptRefused, match="the log gave"):
        require_newest(checked, right[:-1])
    with pytest.raises(ReceiptRefused, match="another root"):
        require_newest(checked, [right[1], right[0], *right[2:]])
    with pytest.raises(EntryRefused):
        require_newest(checked, [b"x", *right])
