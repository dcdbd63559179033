"""Instants, days and time zones as whole numbers.

An instant is microseconds of UTC since 1970-01-01T00:00:00Z. A day is a proleptic Gregorian
ordinal, as ``datetime.date.toordinal`` counts.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR

LAST_INSTANT = 253_402_300_799_999_999
"""The end of the year 9999, the last that can be written; what would come later comes then."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_OF_UTC = datetime(1970, 1, 1)  # noqa: DTZ001  # beside times that are known to be UTC
_ONE_SECOND = timedelta(seconds=1)
_ONE_MICROSECOND = timedelta(microseconds=1)
_FIRST_SECOND, _LAST_SECOND = -62_135_596_800, LAST_INSTANT // SECOND
_WHOLE_SECONDS = len("2026-03-01T09:30:00")
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_FULL_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def parse_instant(text: str) -> int:
    """Read an RFC 3339 date-time with offset; digits beyond microseconds are cut off.

    Raises:
        ValueError: it is not one, has no offset, or lies outside the years 1 to 9999 in UTC.

    >>> parse_instant("1970-01-01T01:00:00.5+01:00")
    500000
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError("must be an RFC 3339 instant with an offset, such as 2026-03-01T09:30:00Z")
    fraction, sign, off_hour, off_minute = match.groups()
    try:
        local = datetime.fromisoformat(text[:_WHOLE_SECONDS])
    except ValueError:
        raise ValueError(_why_no_time(text)) from None
    seconds = (local - _EPOCH_OF_UTC) // _ONE_SECOND
    if sign:
        if int(off_hour) > 23 or int(off_minute) > 59:
            raise ValueError("must have an offset from -23:59 to +23:59")
        offset = int(off_hour) * 3600 + int(off_minute) * 60
        seconds += offset if sign == "-" else -offset
        if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
            raise ValueError("must lie in the years 1 to 9999 of UTC")
    return seconds * SECOND + (int(fraction.ljust(6, "0")[:6]) if fraction else 0)


def has_form_of_instant(text: str) -> bool:
    """Whether the text is written as an RFC 3339 date-time, of a time that exists or not."""
    return _RFC_3339.fullmatch(text) is not None


def has_form_of_date(text: str) -> bool:
    """Whether the text is written as a date, of a day that exists or not.

    Source: RFC 3339 section 5.6, full-date.
    """
    return _FULL_DATE.fullmatch(text) is not None


def parse_date(text: str) -> date:
    """Read a date such as 2026-03-01.

    Raises:
        ValueError: it is not written as one, or the calendar has no such day.

    >>> parse_date("2025-02-30")
    Traceback (most recent call last):
    ValueError: the day 30 does not exist: 2025-02 has 28 days
    """
    if not has_form_of_date(text):
        raise ValueError("must be a date such as 2026-03-01")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(_why_no_day(text)) from None


def _why_no_day(text: str) -> str:
    """Which part of a date makes that the calendar has no such day."""
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    if not year:
        return "the year 0000 does not exist: years are from 0001 to 9999"
    if not 1 <= month <= 12:
        return f"the month {text[5:7]} does not exist: months are from 01 to 12"
    days = monthrange(year, month)[1]
    assert not 1 <= day <= days
    return f"the day {text[8:10]} does not exist: {text[:7]} has {days} days"


def _why_no_time(text: str) -> str:
    """Which part of a date-time makes that there is no such time."""
    for name, part, most in (("hour", 11, 23), ("minute", 14, 59), ("second", 17, 59)):
        number = text[part : part + 2]
        if int(number) > most:
            return f"the {name} {number} does not exist: {name}s are from 00 to {most}"
    return _why_no_day(text)


def format_instant(instant: int) -> str:
    """Write an instant as RFC 3339 in UTC, with microseconds only where there are any.

    >>> format_instant(500000)
    '1970-01-01T00:00:00.500000Z'
    """
    second, microseconds = divmod(instant, SECOND)
    text = _format_second(second)
    return f"{text}.{microseconds:06}Z" if microseconds else text + "Z"


@lru_cache(maxsize=4096)
def _format_second(second: int) -> str:
    # Kept, because most of what is written in a moment happened in that moment.
    return (_EPOCH_OF_UTC + timedelta(seconds=second)).isoformat()


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name, from the installed ``tzdata``."""
    return ZoneInfo(name)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Every IANA name that an event may give as ``time_zone``."""
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def day_of(instant: int, time_zone: str) -> int:
    """The calendar day on which the instant falls in that time zone, as an ordinal.

    Instants within a day of the year 1 or 9999 fall on the nearest day that exists.

    >>> from datetime import date
    >>> date.fromordinal(day_of(parse_instant("2026-03-01T11:30:00Z"), "Pacific/Auckland")).day
    2
    """
    if time_zone == "UTC":
        return 719163 + instant // DAY
    try:
        return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone(time_zone)).toordinal()
    except OverflowError:
        return 719163 + instant // DAY


def start_of_day(day: date, time_zone: str) -> int:
    """The first instant of the calendar day in that time zone.

    Of the first day of the year 1 it is the first instant there is, where it would begin before.

    >>> from datetime import date
    >>> format_instant(start_of_day(date(2026, 3, 1), "Europe/Amsterdam"))
    '2026-02-28T23:00:00Z'
    """
    try:
        begins = datetime.combine(day, time(), zone(time_zone)).astimezone(UTC)
    except OverflowError:
        return _FIRST_SECOND * SECOND
    return (begins - _EPOCH) // _ONE_MICROSECOND


def month_of(instant: int, time_zone: str) -> str:
    """The month in which the instant falls in that time zone.

    >>> month_of(parse_instant("2026-02-28T23:30:00Z"), "Europe/Amsterdam")
    '2026-03'
    """
    return date.fromordinal(day_of(instant, time_zone)).isoformat()[:7]


def start_of_month(month: str, time_zone: str, later: int = 0) -> int | None:
    """The first instant of a month, or of a month later by that number; None after the year 9999.

    >>> format_instant(start_of_month("2026-12", "Europe/Amsterdam", 1))
    '2026-12-31T23:00:00Z'
    """
    year, place = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + later, 12)
    return start_of_day(date(year, place + 1, 1), time_zone) if year <= date.max.year else None
