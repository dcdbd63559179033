"""Days of an agenda where clocks are put forward, skip a day, or are a day ahead."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from domain.agenda.days import day_on, listed_on
from domain.instants import HOUR, format_instant, parse_instant
from tests.domain.agendas import agenda_of
from tests.domain.scenario import ANN, Scenario, fact, on_day, registered

if TYPE_CHECKING:
    from domain.agenda.items import Item


def in_zone(time_zone: str) -> Scenario:
    """Ann, who lives there."""
    scenario = registered(ANN)
    early = parse_instant("2010-01-01T00:00:00Z")
    scenario.append(fact("registration-amended", time_zone=time_zone), early)
    return scenario


def the_item(scenario: Scenario, at: str) -> Item:
    """The one thing that is to be done for Ann."""
    (found,) = agenda_of(scenario, parse_instant(at)).items
    return found


@pytest.mark.parametrize(
    ("time_zone", "due_on", "due_at"),
    [
        ("America/Sao_Paulo", "2018-11-03", "2018-11-04T03:00:00Z"),  # the 4th began at one
        ("Pacific/Apia", "2011-12-29", "2011-12-30T10:00:00Z"),  # there was no 30th
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"),
        ("America/Havana", "2026-10-31", "2026-11-01T04:00:00Z"),  # midnight came twice
        ("Europe/Amsterdam", "2026-03-28", "2026-03-28T23:00:00Z"),
        ("Europe/Amsterdam", "2026-03-29", "2026-03-29T22:00:00Z"),  # a day of 23 hours
        ("UTC", "9999-12-31", "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_a_promise_is_due_when_the_next_day_begins_there(
    time_zone: str, due_on: str, due_at: str
) -> None:
    scenario = in_zone(time_zone)
    scenario.append(fact("promise-made", due_on=due_on), parse_instant("2010-06-01T00:00:00Z"))
    assert the_item(scenario, "2010-06-02T00:00:00Z").due_at == parse_instant(due_at)


def test_a_birthday_beyond_the_date_line_is_the_evening_before_here() -> None:
    scenario = in_zone("Pacific/Auckland")
    scenario.append(fact("occasion-learned", month=3, day=1), on_day(0))
    item = the_item(scenario, "2026-02-27T00:00:00Z")
    assert item.due_at == parse_instant("2026-02-28T11:00:00Z")
    here = day_on(date(2026, 2, 28), "UTC", on_day(0))
    (listed,) = listed_on(here, lambda at: agenda_of(scenario, at))
    assert (listed.item.key, listed.state) == (item.key, "today")


def test_a_birthday_in_january_opens_in_the_year_before() -> None:
    scenario = in_zone("UTC")
    scenario.append(fact("occasion-learned", month=1, day=3, year=1990), on_day(0))
    item = the_item(scenario, "2026-12-28T00:00:00Z")
    assert item.subject is not None
    assert item.subject.endswith("/2027")
    assert item.told["years"] == 37


def test_a_year_before_its_own_has_no_occasion() -> None:
    scenario = in_zone("UTC")
    scenario.append(fact("occasion-learned", month=6, day=1, year=2027), on_day(0))
    assert agenda_of(scenario, parse_instant("2026-05-30T00:00:00Z")).items == ()
    assert the_item(scenario, "2027-05-30T00:00:00Z").told["years"] == 0


@pytest.mark.parametrize(
    ("on", "hours"), [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25)]
)
def test_a_day_has_as_many_hours_as_its_clock_shows(on: str, hours: int) -> None:
    day = day_on(date.fromisoformat(on), "Europe/Amsterdam", on_day(0))
    assert day.ends_at - day.begins_at == hours * HOUR
    assert day.first_at == day.begins_at


def test_today_begins_now_and_a_past_day_is_looked_at_from_its_end() -> None:
    noon = on_day(5)
    today = day_on(date(2026, 1, 6), "UTC", noon)
    assert (today.begins_at, today.first_at, today.ends_at) == (noon, noon, noon + 12 * HOUR)
    past = day_on(date(2026, 1, 5), "UTC", noon)
    assert (past.begins_at, past.first_at) == (noon - 36 * HOUR, noon - 12 * HOUR - 1)


def test_what_opens_later_on_a_day_is_listed_and_what_went_before_is_not() -> None:
    scenario = in_zone("UTC")
    scenario.append(fact("testimonial-given"), on_day(5))
    morning, evening = on_day(5) - 2 * HOUR, on_day(35) + HOUR

    def states(now: int, on: date) -> list[str]:
        day = day_on(on, "UTC", now)
        return [one.state for one in listed_on(day, lambda at: agenda_of(scenario, at))]

    assert states(morning, date(2026, 1, 6)) == ["upcoming"]
    assert states(on_day(35) - HOUR, date(2026, 2, 5)) == ["overdue"]
    assert states(evening, date(2026, 2, 5)) == [], "the thanks were missed at noon"


def test_an_item_put_off_to_a_time_of_the_day_is_seen_as_it_is_afterwards() -> None:
    scenario = in_zone("UTC")
    scenario.append(fact("testimonial-given"), on_day(5))
    (item,) = agenda_of(scenario, on_day(5)).items
    until = on_day(10) + 3 * HOUR
    put_off = fact("action-deferred", item=item.key, until=format_instant(until))
    scenario.append(put_off, on_day(6))
    assert agenda_of(scenario, on_day(9)).changes_at == until

    def state(now: int, on: date) -> str:
        (listed,) = listed_on(day_on(on, "UTC", now), lambda at: agenda_of(scenario, at))
        return listed.state

    assert state(on_day(8), date(2026, 1, 9)) == "deferred"
    assert state(on_day(8), date(2026, 1, 11)) == "overdue", "it comes back at three"
    assert state(on_day(10), date(2026, 1, 11)) == "overdue"
    assert state(until - HOUR, date(2026, 1, 11)) == "overdue"
    assert state(on_day(12), date(2026, 1, 10)) == "deferred", "just before its end"
