"""What a contact allows: the last that was said by an instant, corrections and merges included."""

from __future__ import annotations

from domain.consents import allows, consents_of
from domain.history import effective_history
from tests.domain.scenario import ANN, BEN, Scenario, fact, on_day


def said(scenario: Scenario, day: int, *, granted: bool, contact: object = ANN) -> object:
    event = fact("consent-changed", granted=granted)
    return scenario.record(event, on_day(day), contact).id  # type: ignore[arg-type]  # a contact


def allowed(scenario: Scenario, day: int) -> bool:
    history = effective_history(scenario.events, ANN)
    return allows(consents_of(history, on_day(day)), "offers", "email")


def test_who_never_said_anything_allows_nothing() -> None:
    assert not allowed(Scenario(), 1)


def test_the_last_that_was_said_counts_in_the_order_in_which_it_was_said() -> None:
    scenario = Scenario()
    said(scenario, 5, granted=False)
    said(scenario, 3, granted=True)  # recorded later, said before
    assert [allowed(scenario, day) for day in (2, 3, 4, 5, 6)] == [False, True, True, False, False]


def test_other_purposes_and_channels_are_other_consents() -> None:
    scenario = Scenario()
    said(scenario, 1, granted=True)
    found = consents_of(effective_history(scenario.events, ANN), on_day(2))
    assert [(one.purpose, one.channel, one.granted) for one in found] == [("offers", "email", True)]
    assert not allows(found, "offers", "post")
    assert not allows(found, "surveys", "email")


def test_a_consent_that_was_retracted_was_never_given() -> None:
    scenario = Scenario()
    mistaken = said(scenario, 1, granted=True)
    scenario.record(fact("event-retracted", target=str(mistaken)), on_day(2))
    assert not allowed(scenario, 3)


def test_of_merged_contacts_it_is_the_person_who_said_it() -> None:
    scenario = Scenario()
    said(scenario, 1, granted=True)
    said(scenario, 2, granted=False, contact=BEN)
    assert not allowed(scenario, 3)
