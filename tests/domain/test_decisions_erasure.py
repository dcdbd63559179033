"""Erasing a person under every contact that they are."""

from __future__ import annotations

import pytest

from domain.decisions.erasure import erase
from domain.errors import ContactNotFound
from domain.events.governance import PersonalDataErased
from tests.domain.scenario import ANN, BEN, CAT, DAN, Scenario, registered

WISH = PersonalDataErased(requested_by="the person", reason="asked by letter")


def test_every_stream_of_a_person_is_erased_once() -> None:
    scenario = registered(ANN, BEN, CAT)
    decided = erase((BEN, ANN), WISH, scenario.contact)
    assert [one.contact_id for one in decided] == [BEN, ANN]
    for one in decided:
        scenario.record(one.event, contact_id=one.contact_id)
    assert erase((BEN, ANN), WISH, scenario.contact) == ()


def test_a_stream_merged_after_an_erasure_is_erased_when_asked_again() -> None:
    """As older ledgers may hold it: such a merge is refused now."""
    scenario = registered().given("personal-data-erased", contact_id=BEN).given("contact-merged")
    decided = erase((BEN, ANN), WISH, scenario.contact)
    assert [one.contact_id for one in decided] == [ANN]


def test_nobody_is_erased_who_was_never_registered() -> None:
    with pytest.raises(ContactNotFound):
        erase((DAN,), WISH, Scenario().contact)
