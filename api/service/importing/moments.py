"""When a row happened: the moment that its text tells, in one of several forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from domain.errors import Invalid
from domain.instants import SECOND, parse_instant, zone, zone_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.importing.values import Template, Value

RFC_3339 = "rfc3339"

SPREADSHEET = "spreadsheet"
"""Days since the end of 1899, with the time of day as a fraction: 45658.75."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPREADSHEET_DAYS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,20})?")

_SPREADSHEET_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # the zone follows, from the mapping
"""Day 0, from day 61 on: spreadsheets count a 29 February 1900. Source: ECMA-376, 18.17.4.1."""

_FIRST_SPREADSHEET_DAY = 61
_ADJACENT = re.compile(r"%[YmdHMSyjf]%[YmdHMSyjf]")
"""Numbers that nothing separates: ``strptime`` reads 1997111 by %Y%m%d as the 1st of November."""


@dataclass(frozen=True)
class MomentOf:
    """When a row happened, by formats of ``strptime``, ``rfc3339`` or ``spreadsheet``.

    A text that two of the formats read as different moments is refused. ``time_zone`` is for texts
    without an offset. ``time_of_day`` is for files that give days only. Of a local time that the
    clocks showed twice the first is meant; one that they skipped is refused. ``kept``: a row
    without a text happened when it was first imported, and what is recorded keeps its moment.
    """

    template: Template
    formats: tuple[str, ...]
    time_zone: Value
    time_of_day: time | None = None
    kept: bool = False

    def columns(self) -> set[str]:
        """The columns it reads."""
        return self.template.columns() | self.time_zone.columns()

    def is_import(self, row: Mapping[str, str]) -> bool:
        """Whether the row says no moment, so that it is that of the import."""
        return self.kept and not self.template.fill(row).strip()

    def at(self, row: Mapping[str, str]) -> int:
        """The instant in microseconds of UTC.

        Raises:
            Invalid: the text is no such time.
        """
        text = self.template.fill(row)
        time_zone = self.time_zone.of(row, {})
        if not isinstance(time_zone, str):
            raise Invalid.at("", "unknown-time-zone", "the row has no time zone")
        if time_zone not in zone_names():
            raise Invalid.at("", "unknown-time-zone", f"{time_zone!r} is no IANA time zone")
        found, problem = set(), ""
        for form in self.formats:
            try:
                found.add(_instant(text, form, time_zone, self.time_of_day))
            except (ValueError, OverflowError) as error:
                problem = problem or str(error)
        if len(found) > 1:
            problem = "the mapping's formats read it as different moments"
        if len(found) != 1:
            raise Invalid.at("", "invalid-time", f"{text!r}: {problem}")
        return found.pop()


@lru_cache(maxsize=4096)
def _instant(text: str, form: str, time_zone: str, time_of_day: time | None) -> int:
    if form == RFC_3339:
        return parse_instant(text)
    if form == SPREADSHEET:
        moment = _spreadsheet_moment(text)
    else:
        moment = datetime.strptime(text, form)  # noqa: DTZ007  # the zone follows, from the mapping
        if _ADJACENT.search(form) and not _has_every_digit(text, form, moment):
            raise ValueError(f"must have every digit of {form}")
    if time_of_day is not None:
        moment = datetime.combine(moment.date(), time_of_day, moment.tzinfo)
    if moment.tzinfo is None:
        local = moment.replace(tzinfo=zone(time_zone))
        moment = local.astimezone(UTC)
        if moment.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
            raise ValueError(f"the clocks in {time_zone} skipped this time")
    elapsed = moment - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * SECOND + elapsed.microseconds


def _spreadsheet_moment(text: str) -> datetime:
    """The local time of a spreadsheet's number of days, to the millisecond.

    >>> _spreadsheet_moment("45658.3541666667")
    datetime.datetime(2025, 1, 1, 8, 30)
    """
    if not _SPREADSHEET_DAYS.fullmatch(text) or Decimal(text) < _FIRST_SPREADSHEET_DAY:
        raise ValueError("is not a number of days as spreadsheets count them, from March 1900 on")
    return _SPREADSHEET_EPOCH + timedelta(milliseconds=round(Decimal(text) * 86_400_000))


def _has_every_digit(text: str, form: str, moment: datetime) -> bool:
    """Whether the text has as many digits as the moment has when all its zeros are written."""
    if text.endswith(("Z", "z")):  # the offset of %z, which would be written as +0000
        form = form.replace("%z", "")
    return sum(map(str.isdigit, text)) == sum(map(str.isdigit, moment.strftime(form)))
