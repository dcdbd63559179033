"""Days of the calendar in address books: birthdays, often without their year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.importing.values import Template

DATE_PARTS = ("year", "month", "day")

_NO_YEAR = 1604
"""The year that Apple writes where there is none, a leap year. Source: X-APPLE-OMIT-YEAR."""

_ANY_LEAP_YEAR = "2000"

_ISO = re.compile(
    r"(?:(?P<year>[0-9]{4})-?|--)(?P<month>[0-9]{2})-?(?P<day>[0-9]{2})(?:T.*)?", re.DOTALL
)
"""Dates of RFC 6350, 4.3.1: 19850412, 1985-04-12, --0412, --04-12, and what follows a T."""


@dataclass(frozen=True)
class DatePartOf:
    """The year, month or day of a date; the year is absent where the date has none.

    ``formats`` are further forms than those of vCards, as ``strptime`` reads them.
    """

    template: Template
    part: str
    formats: tuple[str, ...] = ()

    def columns(self) -> set[str]:
        """The columns it reads."""
        return self.template.columns()

    def of(self, row: Mapping[str, str], data: Mapping[str, object]) -> object:
        """A whole number, or None.

        Raises:
            Invalid: the text is no date.
        """
        text = self.template.fill(row).strip()
        if not text:
            return None
        return dict(zip(DATE_PARTS, read_date(text, self.formats), strict=True))[self.part]


def read_date(text: str, formats: tuple[str, ...] = ()) -> tuple[int | None, int, int]:
    """Year, month and day.

    Raises:
        Invalid: the text is no date, or two of the formats read it differently.

    >>> read_date("--0412"), read_date("1604-02-29"), read_date("19850412")
    ((None, 4, 12), (None, 2, 29), (1985, 4, 12))
    """
    found = set()
    if iso := _ISO.fullmatch(text):
        found.add((int(iso["year"]) if iso["year"] else None, int(iso["month"]), int(iso["day"])))
    for form in formats:
        has_year = "%Y" in form or "%y" in form
        # Without a year strptime takes 1900, which has no 29 February.
        whole = (text, form) if has_year else (f"{_ANY_LEAP_YEAR} {text}", f"%Y {form}")
        try:
            read = datetime.strptime(*whole)  # noqa: DTZ007  # a day of the calendar has no zone
        except ValueError:
            continue
        found.add((read.year if has_year else None, read.month, read.day))
    if len(found) != 1:
        says = "is no date that the mapping reads" if not found else "is read as different days"
        raise Invalid.at("", "invalid-date", f"{text!r} {says}")
    year, month, day = found.pop()
    return (None if year in (_NO_YEAR, 0) else year), month, day
