"""A decision reads all streams of a person, also of merges from before the ledger was opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import Refused
from domain.policy import Policy, digest
from ledger.drafts import Append
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import SALE, HandClock, append, draft, open_ledger, registered

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from ledger.ledger import Ledger

EUROS = {"referral_id": "r", "amount_minor": 100, "currency": "EUR"}


def story(ledger: Ledger) -> tuple[UUID, UUID, UUID]:
    """Somebody refers another one, and a third, who has bought in yen, turns out to be the other.

    Answers the referrer, the referred contact and the third.
    """
    referrer, other, third = (registered(ledger) for _ in range(3))
    made = {"referral_id": "r", "direction": "inbound", "other": str(other), "level": 5}
    append(ledger, draft(referrer, "referral-made", made))
    append(ledger, draft(third, "purchase-made", {**SALE, "currency": "JPY"}))
    append(ledger, draft(third, "contact-merged", {"into": str(other)}))
    return referrer, other, third


def reason(ledger: Ledger, contact_id: UUID) -> str:
    """Why a payment in euros is refused."""
    with pytest.raises(Refused) as raised:
        ledger.append(Append(drafts=(draft(contact_id, "reward-paid", EUROS),))).result(
            timeout=END_SECONDS
        )
    return raised.value.reason


def test_a_merge_from_before_the_ledger_was_opened_is_read(
    tmp_path: Path, clock: HandClock
) -> None:
    ledger = open_ledger(tmp_path, clock)
    referrer, _, _ = story(ledger)
    assert reason(ledger, referrer) == "currency-differs"
    ledger.close()
    again = open_ledger(tmp_path, clock)
    assert reason(again, referrer) == "currency-differs"
    again.close()


def test_a_merge_that_was_reversed_or_refused_makes_nobody_one(ledger: Ledger) -> None:
    referrer, other, third = story(ledger)
    append(ledger, draft(third, "merge-reversed", {"into": str(other)}))
    merging = draft(third, "contact-merged", {"into": str(other)})
    unknown = draft(third, "promise-kept", {"promise_id": "none"})
    with pytest.raises(Refused):
        ledger.append(Append(drafts=(merging, unknown))).result(timeout=END_SECONDS)
    append(ledger, draft(referrer, "reward-paid", EUROS))


def test_a_policy_stored_with_the_single_cap_comes_back_with_its_digest(
    tmp_path: Path, clock: HandClock
) -> None:
    stored = Policy.read({"rewards": {"cap_minor": 50_000}}, Policy())
    ledger = open_ledger(tmp_path, clock)
    published = ledger.publish_policy(stored, 0).result(timeout=END_SECONDS)
    ledger.close()
    again = open_ledger(tmp_path, clock)
    (_, version) = again.policies().versions
    again.close()
    assert version.sha256 == published.sha256 == digest(version.policy.document())
    assert "caps" not in version.policy.document()["rewards"]
