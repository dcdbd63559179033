"""Days, windows and orders at the instants where clocks and calendars are hard, worked out by hand.

Every expected answer is written down with its arithmetic; the time zones' rules for these years are
published: Europe/Amsterdam turns its clocks on 29 March and 25 October 2026 at 01:00 UTC,
America/New_York on 8 March and 1 November 2026 at 02:00 of its own clock.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from domain.errors import Invalid
from domain.events import CATALOGUE
from domain.instants import HOUR, day_of, format_instant, parse_instant
from tests.domain.folding import relate, stages
from tests.domain.scenario import START, Scenario, fact, registered

if TYPE_CHECKING:
    from domain.evidence import SignalReading
    from domain.relationship import Relationship


def living_in(time_zone: str, since: str = "2020-01-01T00:00:00Z") -> Scenario:
    """Ann, registered long ago, with that time zone."""
    scenario = Scenario()
    scenario.record(fact("contact-registered", time_zone=time_zone), parse_instant(since))
    return scenario


def buying(scenario: Scenario, *instants: str) -> Scenario:
    """The same with a purchase at each instant, in this order of arrival."""
    for number, text in enumerate(instants):
        purchase = fact("purchase-made", purchase_id=f"p{number}")
        scenario.record(purchase, parse_instant(text))
    return scenario


def signal(scenario: Scenario, name: str, at: str) -> SignalReading:
    found = relate(scenario, parse_instant(at)).signals()
    return next(one for one in found if one.name == name)


def purchase_days(scenario: Scenario, at: str) -> object:
    return signal(scenario, "regularity", at).value["purchase_days"]


def asked(scenario: Scenario, at: str) -> Relationship:
    return relate(scenario, parse_instant(at))


@pytest.mark.parametrize(
    ("time_zone", "instants"),
    [
        # 28 March, then the 29th, which has 23 hours: 00:00 +01:00 to 24:00 +02:00; then the 30th.
        (
            "Europe/Amsterdam",
            "2026-03-28T22:59:59Z 2026-03-28T23:00:00Z 2026-03-29T21:59:59Z 2026-03-29T22:00:00Z",
        ),
        # 24 October, then the 25th, of 25 hours: 00:00 +02:00 to 24:00 +01:00; then the 26th.
        (
            "Europe/Amsterdam",
            "2026-10-24T21:59:59Z 2026-10-24T22:00:00Z 2026-10-25T22:59:59Z 2026-10-25T23:00:00Z",
        ),
        # 7 March, then the 8th, of 23 hours: 00:00 -05:00 to 24:00 -04:00; then the 9th.
        (
            "America/New_York",
            "2026-03-08T04:59:59Z 2026-03-08T05:00:00Z 2026-03-09T03:59:59Z 2026-03-09T04:00:00Z",
        ),
        # 31 October, then 1 November, of 25 hours: 00:00 -04:00 to 24:00 -05:00; then the 2nd.
        (
            "America/New_York",
            "2026-11-01T03:59:59Z 2026-11-01T04:00:00Z 2026-11-02T04:59:59Z 2026-11-02T05:00:00Z",
        ),
    ],
)
def test_the_day_on_which_the_clocks_turn_is_one_day_however_long(
    time_zone: str, instants: str
) -> None:
    """The middle two of the four purchases are of one day: three days in all."""
    scenario = buying(living_in(time_zone), *instants.split())
    assert purchase_days(scenario, "2026-12-01T00:00:00Z") == 3


def test_the_hour_that_comes_twice_is_of_one_day_and_two_instants() -> None:
    """02:30 on 25 October in Amsterdam: 00:30Z in summer time, 01:30Z in winter time."""
    scenario = buying(
        living_in("Europe/Amsterdam"), "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"
    )
    first, second = (fact.occurred_at for fact in scenario.events[1:])
    assert second - first == HOUR
    assert purchase_days(scenario, "2026-11-01T00:00:00Z") == 1


def test_a_gap_is_counted_in_calendar_days_also_over_a_day_of_23_hours() -> None:
    """Noon on 28 and on 30 March in Amsterdam are 47 hours apart, and two days.

    So rho is (12 x 1 gap x 4 + 48 x 7) // 3 = 384 // 3 = 128 hours, and quiet_at is 256 hours,
    which are 10 days and 16 hours, after 30 March 10:00Z: 10 April 02:00Z.
    """
    scenario = buying(
        living_in("Europe/Amsterdam"), "2026-03-28T12:00:00+01:00", "2026-03-30T12:00:00+02:00"
    )
    silence = asked(scenario, "2026-03-31T00:00:00Z").silence
    assert silence is not None
    assert format_instant(silence.quiet_at) == "2026-04-10T02:00:00Z"


def test_a_window_is_of_days_of_24_hours_whatever_the_clocks_do_in_it() -> None:
    """A promise broken on 20 March at noon in Amsterdam, 11:00Z, weighs for 90 x 24 hours.

    11 days are left of March, then 30, 31, and 18: until 18 June 11:00Z, when it is one o'clock.
    """
    scenario = living_in("Europe/Amsterdam")
    broken_at = parse_instant("2026-03-20T12:00:00+01:00")
    scenario.record(fact("promise-made"), broken_at - HOUR)
    scenario.record(fact("promise-broken"), broken_at)
    assert signal(scenario, "promise", "2026-06-18T12:59:59.999999+02:00").on
    assert not signal(scenario, "promise", "2026-06-18T13:00:00+02:00").on


def test_a_complaint_has_its_48_hours_also_over_the_night_that_is_longer() -> None:
    """Raised in New York on 31 October at noon, 16:00Z: past its two days on 2 November at 16:00Z.

    That is eleven in the morning there, an hour before the clock shows noon again.
    """
    scenario = living_in("America/New_York")
    raised_at = parse_instant("2026-10-31T12:00:00-04:00")
    scenario.record(fact("complaint-raised", severity=2), raised_at)
    assert not signal(scenario, "complaint", "2026-11-02T10:59:59.999999-05:00").on
    assert signal(scenario, "complaint", "2026-11-02T11:00:00-05:00").on


@pytest.mark.parametrize(
    ("year", "quiet_at"),
    [
        # A leap year: 28 February to 1 March is a gap of 2. rho = (12 x 4 + 336) // 3 = 128 h,
        # twice that is 256 h. The first was due after 168 h, the second is later.
        (2024, "2024-03-12T04:00:00Z"),
        # No leap year: a gap of 1. rho = (12 x 2 + 336) // 3 = 120 h. The first purchase was due
        # after 168 h, on 7 March, which is later than 120 h after the second.
        (2023, "2023-03-12T12:00:00Z"),
    ],
)
def test_29_february_is_a_day_between_where_there_is_one(year: int, quiet_at: str) -> None:
    scenario = buying(living_in("UTC"), f"{year}-02-28T12:00:00Z", f"{year}-03-01T12:00:00Z")
    silence = asked(scenario, f"{year}-03-02T00:00:00Z").silence
    assert silence is not None
    assert format_instant(silence.quiet_at) == quiet_at


@pytest.mark.parametrize(
    ("given", "until"),
    [
        # 366 days lie between 29 February 2024 and 1 March 2025: the 365th ends on 28 February.
        ("2024-02-29T09:00:00Z", "2025-02-28T09:00:00Z"),
        # Of the 365 days from 1 March 2023 the last is 28 February 2024.
        ("2023-03-01T09:00:00Z", "2024-02-29T09:00:00Z"),
        # A year without a leap day in it comes back to its own date.
        ("2025-03-01T09:00:00Z", "2026-03-01T09:00:00Z"),
    ],
)
def test_365_days_are_no_year(given: str, until: str) -> None:
    scenario = living_in("UTC")
    scenario.record(fact("testimonial-given"), parse_instant(given))
    before = format_instant(parse_instant(until) - 1)
    assert signal(scenario, "testimonial", before).on
    assert not signal(scenario, "testimonial", until).on


@pytest.mark.parametrize(
    ("year", "is_a_day"), [(None, True), (2024, True), (2000, True), (2023, False), (1900, False)]
)
def test_29_february_can_be_an_occasion_where_the_year_has_one(
    year: int | None, *, is_a_day: bool
) -> None:
    """2000 was a leap year, 1900 was none; without a year it is kept as it was said."""
    data = {"occasion_id": "o", "kind": "birthday", "month": 2, "day": 29, "year": year}
    if is_a_day:
        assert CATALOGUE["occasion-learned"].read(data).show()["day"] == 29
        return
    with pytest.raises(Invalid) as caught:
        CATALOGUE["occasion-learned"].read(data)
    assert [error.pointer for error in caught.value.errors] == ["/day"]


@pytest.mark.parametrize(
    ("instants", "auckland", "honolulu"),
    [
        # 23:30 on 1 June and 00:30 on the 2nd in Auckland; 01:30 and 02:30 on 1 June in Honolulu.
        ("2026-06-01T11:30:00Z 2026-06-01T12:30:00Z", 2, 1),
        # 21:30 and 22:30 on 1 June in Auckland; 23:30 on 31 May and 00:30 on 1 June in Honolulu.
        ("2026-06-01T09:30:00Z 2026-06-01T10:30:00Z", 1, 2),
        # All four: 1 and 2 June there, 31 May and 1 June here.
        ("2026-06-01T09:30:00Z 2026-06-01T10:30:00Z 2026-06-01T12:30:00Z", 2, 2),
    ],
)
def test_who_buys_at_the_same_instants_buys_on_the_days_where_they_live(
    instants: str, auckland: int, honolulu: int
) -> None:
    days = {"Pacific/Auckland": auckland, "Pacific/Honolulu": honolulu}
    for time_zone, expected in days.items():
        scenario = buying(living_in(time_zone), *instants.split())
        assert purchase_days(scenario, "2026-07-01T00:00:00Z") == expected


def test_a_year_ends_where_they_live() -> None:
    """23:30Z and 00:30Z around New Year: two days in UTC, 1 January twice in Amsterdam."""
    instants = ("2025-12-31T23:30:00Z", "2026-01-01T00:30:00Z")
    for time_zone, expected in (("UTC", 2), ("Europe/Amsterdam", 1), ("America/New_York", 1)):
        scenario = buying(living_in(time_zone), *instants)
        assert purchase_days(scenario, "2026-02-01T00:00:00Z") == expected


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        # Chatham in summer: a quarter past midnight on New Year's Day is still last year in UTC.
        ("2026-01-01T00:15:00+13:45", "2025-12-31T10:30:00Z"),
        ("2026-01-01T13:44:59+13:45", "2025-12-31T23:59:59Z"),
        ("2026-01-01T00:00:00+14:00", "2025-12-31T10:00:00Z"),
        ("2025-12-31T12:00:00-12:00", "2026-01-01T00:00:00Z"),
        ("2026-03-01T05:45:00+05:45", "2026-03-01T00:00:00Z"),
        ("2024-02-29T23:30:00-00:30", "2024-03-01T00:00:00Z"),
        ("2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00Z"),
        ("2026-01-01t00:00:00.1234567z", "2026-01-01T00:00:00.123456Z"),
    ],
)
def test_an_offset_says_which_instant_and_nothing_of_the_day(text: str, instant: str) -> None:
    assert format_instant(parse_instant(text)) == instant
    as_sent, as_utc = (buying(living_in("Pacific/Chatham"), one) for one in (text, instant))
    silences = [asked(one, "2027-01-01T00:00:00Z").silence for one in (as_sent, as_utc)]
    assert silences[0] == silences[1]
    local = date.fromordinal(day_of(parse_instant("2026-01-01T00:15:00+13:45"), "Pacific/Chatham"))
    assert local == date(2026, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-29T00:00:00Z",
        "2026-12-31T23:59:60Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+13:60",
        "2026-01-01T00:00:00",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    """No such day, second, hour, offset; no offset at all; outside the years 1 to 9999 in UTC."""
    with pytest.raises(ValueError, match=r"."):
        parse_instant(text)


def test_what_occurs_at_one_instant_is_judged_once_after_all_of_it() -> None:
    """A purchase alone would make a customer, the engagement with it makes a client: one stage.

    The registration, the purchase and the engagement are evaluated together: 60 points, an anchor.
    Named as the cause is the last of them by position.
    """
    scenario = registered().given("purchase-made", "engagement-opened", at=START)
    found = relate(scenario, START)
    assert stages(found) == ["client"]
    assert (found.score, found.intervals[0].from_at) == (60, START)
    assert found.intervals[0].cause.event == scenario.events[-1].id


def test_of_one_instant_the_later_position_comes_later_however_it_arrived() -> None:
    """Two overrides at one instant: the newest, which is that of the higher position, is shown."""
    for first, second in (("prospect", "client"), ("client", "prospect")):
        scenario = registered()
        for stage in (first, second):
            scenario.record(fact("stage-overridden", stage=stage), START)
        assert relate(scenario, START).stage == second


def test_what_occurred_before_the_registration_is_where_the_history_begins() -> None:
    """Bought on 1 December, registered on 1 January: a customer from 1 December on.

    Before that nothing is known, and as of 31 December the registration has not occurred.
    """
    scenario = registered()
    scenario.record(fact("purchase-made"), parse_instant("2025-12-01T12:00:00Z"))
    assert asked(scenario, "2025-12-01T11:59:59Z").since is None
    then = asked(scenario, "2025-12-31T00:00:00Z")
    assert (then.stage, format_instant(then.since or 0)) == ("customer", "2025-12-01T12:00:00Z")
    now = relate(scenario, START)
    assert stages(now) == ["customer"]
    assert now.intervals[0].cause.name == "purchase-made"


def test_a_later_time_zone_holds_for_what_occurred_before_it_too() -> None:
    """23:30Z and 00:30Z are two days in UTC, and one in Tokyo: 08:30 and 09:30."""
    scenario = Scenario()
    scenario.record(fact("contact-registered", time_zone="Asia/Tokyo"), START)
    buying(scenario, "2025-12-01T23:30:00Z", "2025-12-02T00:30:00Z")
    assert purchase_days(scenario, "2025-12-10T00:00:00Z") == 1
