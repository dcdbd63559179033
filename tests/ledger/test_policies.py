"""Policies are published on a stream of their own and judge what is decided from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import Refused
from domain.presets import PRESETS
from ledger.drafts import Append
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import NOON, append, draft, registered

if TYPE_CHECKING:
    from ledger.ledger import Ledger


def test_a_policy_is_published_as_the_next_version(ledger: Ledger) -> None:
    published = ledger.publish_policy(PRESETS["cafe"], None).result(timeout=END_SECONDS)
    assert (published.version, published.effective_from, published.position) == (2, NOON, 2)
    assert ledger.policies().in_force(NOON).policy.name == "cafe"
    assert ledger.policies(upto=1).in_force(NOON).policy.name == "retail"


def test_a_policy_judges_decisions_from_its_publication_on(ledger: Ledger) -> None:
    contact_id, other = registered(ledger), registered(ledger)
    data = {"referral_id": "r", "direction": "inbound", "other": str(other), "level": 3}
    append(ledger, draft(contact_id, "referral-made", data))
    reward = {"referral_id": "r", "amount_minor": 100, "currency": "EUR"}
    publication = ledger.publish_policy(PRESETS["real-estate"], 0)
    refused = ledger.append(Append(drafts=(draft(contact_id, "reward-approved", reward),)))
    assert publication.result(timeout=END_SECONDS).version == 2
    with pytest.raises(Refused) as raised:
        refused.result(timeout=END_SECONDS)
    assert raised.value.reason == "cash-reward-forbidden"
