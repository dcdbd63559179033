"""Pages made of templates: values are escaped everywhere, and times are those of the ledger."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from domain.currencies import MINOR_DIGITS
from domain.instants import DAY, SECOND, format_instant, zone
from domain.phrases import count_of, day_in_words, month_in_words
from projections.projections import ALL

if TYPE_CHECKING:
    from datetime import date

MOST_REPLAYED = 1_000
"""How many messages that were given up one press of a button sends again."""

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Words:
    """Instants and amounts in words, as they are read where the ledger is."""

    def __init__(self, time_zone: str, now: int) -> None:
        self.time_zone = time_zone
        self.now = now
        self._here = zone(time_zone)
        self._today = self._local(now).date()

    def _local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at // SECOND, self._here)

    def date_of(self, at: int) -> date:
        """The calendar day of an instant."""
        return self._local(at).date()

    def day(self, at: int | None) -> str:
        """The day of an instant: ``today``, ``tomorrow``, a weekday within six days, or a date."""
        return "" if at is None else self.near_day(self.date_of(at))

    def near_day(self, day: date) -> str:
        """A day as one says it today."""
        ahead = (day - self._today).days
        near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
        if ahead in near:
            return near[ahead]
        if 1 < ahead < 7:
            return _WEEKDAYS[day.weekday()]
        return day_in_words(day, self._today)

    def long_day(self, at: int) -> str:
        """The weekday and the date of an instant."""
        return self.date_in_full(self.date_of(at))

    @staticmethod
    def date_in_full(day: date) -> str:
        """The weekday and the date of a day."""
        return f"{_WEEKDAYS[day.weekday()]} {day_in_words(day)}"

    def moment(self, at: int | None) -> str:
        """The day and the time of an instant."""
        if at is None:
            return ""
        return f"{day_in_words(self.date_of(at), self._today)}, {self._local(at):%H:%M}"

    def time(self, at: int) -> str:
        """The time of day of an instant."""
        return f"{self._local(at):%H:%M}"

    def field(self, at: int) -> str:
        """An instant as the field of a form for a day and a time takes it."""
        return self._local(at).strftime("%Y-%m-%dT%H:%M")

    def ago(self, at: int | None) -> str:
        """How long ago an instant is, in one unit."""
        if at is None:
            return ""
        days = (self._today - self.date_of(at)).days
        if days == 0:
            return "today"
        if days < 0:
            return f"in {count_of(-days, 'day')}"
        if days < 60:
            return f"{count_of(days, 'day')} ago"
        months = days // 30
        return f"{count_of(months, 'month')} ago" if months < 24 else f"{days // 365} years ago"

    def day_ahead(self, days: int) -> int:
        """The start of a day that many days ahead."""
        day = self._today + timedelta(days=days)
        local = datetime(day.year, day.month, day.day, tzinfo=self._here)
        return int(local.timestamp()) * SECOND

    @staticmethod
    def text(at: int) -> str:
        """An instant as programs write it."""
        return format_instant(at)

    @staticmethod
    def days_between(earlier: int, later: int) -> int:
        """How many whole days lie between two instants."""
        return (later - earlier) // DAY

    @staticmethod
    def money(minor: int | None, currency: str | None) -> str:
        """An amount with its currency; empty where there is none.

        >>> Words.money(123450, "EUR"), Words.money(-500, "JPY")
        ('1,234.50 EUR', '-500 JPY')
        """
        if minor is None or currency is None:
            return ""
        return f"{decimal_text(minor, currency)} {currency}"

    @staticmethod
    def month(text: str) -> str:
        """A month such as ``2026-05`` in words."""
        return month_in_words(text)

    @staticmethod
    def label(name: str) -> str:
        """A name with underscores or hyphens as words."""
        return name.replace("_", " ").replace("-", " ")


def decimal_text(minor: int, currency: str, separator: str = ",") -> str:
    """An amount in the currency's own unit.

    >>> decimal_text(5, "EUR"), decimal_text(1234567, "BHD", "")
    ('0.05', '1234.567')
    """
    digits = MINOR_DIGITS.get(currency, 2)
    whole, rest = divmod(abs(minor), 10**digits)
    sign, grouped = "-" if minor < 0 else "", f"{whole:,}".replace(",", separator)
    return f"{sign}{grouped}.{rest:0{digits}}" if digits else f"{sign}{grouped}"


def render(template: str, **values: Any) -> str:
    """A template with these values; each that is no markup is escaped."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    made = Environment(
        autoescape=True,
        loader=PackageLoader("api.console", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    titles = {one.name: one.title for one in ALL}
    made.globals.update(
        asset=asset_path, count_of=count_of, most_replayed=MOST_REPLAYED, projection_titles=titles
    )
    return made


STATIC = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "following.js": "text/javascript",
    "htmx.min.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "renewing.js": "text/javascript",
    "without-scripts.css": "text/css",
}
"""The files that pages load, with their media types."""


@cache
def static_content(name: str) -> bytes:
    """The bytes of a file that pages load."""
    return (files("api.console") / "static" / name).read_bytes()


@cache
def asset_path(name: str) -> str:
    """The path of a file that pages load; another one whenever the file is another."""
    return f"/console/static/{name}?v={hashlib.sha256(static_content(name)).hexdigest()[:12]}"
