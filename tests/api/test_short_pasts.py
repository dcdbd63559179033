"""A status of a short past is worked out in turn; whichever way, it says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from api.service.questions import SHORT_EVENTS, short_subject_of, subject_of
from domain.errors import ContactNotFound
from tests.api.shop import START, purchase, registration
from tests.receipts.given import question_at

if TYPE_CHECKING:
    from uuid import UUID

    from api.service.server import OpenLedger, Server
    from tests.api.shop import Shop


@pytest.fixture
def opened(server: Server, shop: Shop) -> OpenLedger:
    return server.ledger(shop.base.rpartition("/")[2])


def tell(shop: Shop, contact: str, *events: dict[str, Any]) -> None:
    for event in events:
        answer = shop.client.post(f"{shop.base}/contacts/{contact}/events", json=event)
        assert answer.status_code == 201, answer.text


def contact_id(opened: OpenLedger, name: str) -> UUID:
    return opened.ledger.contact_id(name)


def test_a_short_past_of_their_own_is_the_whole_subject(shop: Shop, opened: OpenLedger) -> None:
    tell(
        shop, "pos:1", registration(), purchase("1"), {"type": "visit-made", "data": {"guests": 1}}
    )
    question, ann = question_at(opened, as_of=START), contact_id(opened, "pos:1")
    assert short_subject_of(question, ann) == subject_of(question, ann)
    before = question_at(opened, as_of=START, position=opened.ledger.head() - 1)
    assert short_subject_of(before, ann) == subject_of(before, ann)


def test_nobody_is_found_whom_nobody_registered(opened: OpenLedger) -> None:
    with pytest.raises(ContactNotFound):
        short_subject_of(question_at(opened, as_of=START), contact_id(opened, "pos:9"))


def test_more_events_take_the_other_way(shop: Shop, opened: OpenLedger) -> None:
    tell(shop, "pos:1", registration(), *(purchase(str(n)) for n in range(SHORT_EVENTS - 1)))
    assert short_subject_of(question_at(opened), contact_id(opened, "pos:1")) is not None
    tell(shop, "pos:1", purchase("last"))
    assert short_subject_of(question_at(opened), contact_id(opened, "pos:1")) is None
    question, ann = question_at(opened, as_of=START), contact_id(opened, "pos:1")
    assert short_subject_of(question, ann, most_events=1000) == subject_of(question, ann)


def test_who_stands_for_others_or_was_referred_takes_the_other_way(
    shop: Shop, opened: OpenLedger
) -> None:
    for contact in ("pos:1", "pos:2", "pos:3", "pos:4"):
        tell(shop, contact, registration())
    referral = {"referral_id": "r", "direction": "inbound", "other": "pos:3", "level": 2}
    tell(shop, "pos:4", {"type": "referral-made", "data": referral})
    tell(shop, "pos:2", {"type": "contact-merged", "data": {"into": "pos:1"}})
    question = question_at(opened, as_of=START)
    ways = {
        contact: short_subject_of(question, contact_id(opened, contact)) is None
        for contact in ("pos:1", "pos:2", "pos:3", "pos:4")
    }
    assert ways == {"pos:1": True, "pos:2": True, "pos:3": True, "pos:4": False}
