"""What we noted down of somebody: the newest of each thing, and what is still open."""

from __future__ import annotations

from domain.history import effective_history
from domain.noted import noted_of
from tests.domain.scenario import ANN, BEN, Scenario, fact, on_day


def test_the_newest_of_each_thing_is_noted() -> None:
    scenario = Scenario()
    scenario.record(fact("preference-learned", value="the bar"), on_day(2))
    scenario.record(fact("preference-learned"), on_day(1))
    scenario.record(fact("profile-fact-learned"), on_day(1))
    scenario.record(fact("occasion-learned"), on_day(1))
    found = noted_of(effective_history(scenario.events, ANN))
    assert [one.event.show() for one in found.preferences] == [{"key": "table", "value": "the bar"}]
    assert (len(found.profile), len(found.occasions)) == (1, 1)


def test_promises_and_complaints_are_noted_while_they_are_open() -> None:
    scenario = Scenario()
    scenario.record(fact("promise-made"), on_day(1))
    scenario.record(fact("promise-made", promise_id="w2"), on_day(1))
    scenario.record(fact("promise-kept"), on_day(2))
    scenario.record(fact("complaint-raised"), on_day(1))
    scenario.record(fact("complaint-resolved"), on_day(2))
    found = noted_of(effective_history(scenario.events, ANN))
    assert [one.event.show()["promise_id"] for one in found.open_promises] == ["w2"]
    assert found.open_complaints == ()
    scenario.record(fact("complaint-reopened"), on_day(3))
    found = noted_of(effective_history(scenario.events, ANN))
    assert len(found.open_complaints) == 1


def test_equal_ids_on_merged_streams_are_different_things() -> None:
    scenario = Scenario()
    scenario.record(fact("promise-made"), on_day(1))
    scenario.record(fact("promise-made"), on_day(1), BEN)
    scenario.record(fact("promise-kept"), on_day(2), BEN)
    found = noted_of(effective_history(scenario.events, ANN))
    assert [one.contact_id for one in found.open_promises] == [ANN]
