"""The form of a column's values: which marks its amounts have, and how its days are written."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from api.service.importing.amounts import CURRENCY_SIGNS, THOUSANDS_DIGITS, sign_of
from api.service.importing.moments import RFC_3339, SPREADSHEET
from domain.currencies import MINOR_DIGITS
from domain.errors import Invalid
from domain.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARKS = (
    (".", ""), (",", ""), (".", ","), (",", "."), (",", " "), (".", " "), (".", "'"), (",", "'"),
)  # fmt: skip  # pairs read better on one line
_LAST = re.compile(r".*[0-9]([.,])([0-9]+)[^0-9]*", re.DOTALL)
_SPREADSHEET_DAY = re.compile(r"[34][0-9]{4}(?:[.,][0-9]+)?")

_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y",
         "%d-%m-%Y", "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y")  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_OFFSETS = ("", " %z", "%z")

TIMES = ("%H:%M:%S", "%H:%M", "%I:%M %p", "%I:%M:%S %p")
"""How a column has times of day alone."""


@dataclass(frozen=True)
class AmountForm:
    """The marks of a column's amounts. ``sure``: no other marks read them too, or none has any."""

    decimal_mark: str
    group_mark: str
    sure: bool
    has_negatives: bool
    why: str


def amount_form(values: Sequence[str], *, comma_likely: bool) -> AmountForm | None:
    """How all of the amounts are written; None where they are none, or no form reads them all.

    ``comma_likely``: which mark to take where the values leave it open.
    """
    texts = [value for value in values if value]
    if not texts:
        return None
    reading = [marks for marks in _MARKS if all(_reads(text, marks) for text in texts)]
    if not reading:
        return None
    decisive = next((text for text in texts if _is_decisive(text)), None)
    if decisive is not None:
        mark = _LAST.fullmatch(decisive)[1]  # type: ignore[index]  # it tells, so it matches
        reading = [marks for marks in reading if marks[0] == mark] or reading
        why = f"{decisive!r} has {mark!r} before the decimals"
    else:
        likely = "," if comma_likely else "."
        reading.sort(key=lambda marks: marks[0] != likely)
        why = "no value has decimals"
    marked = any(_LAST.fullmatch(text) for text in texts)
    sure = decisive is not None or not marked or len({mark for mark, _ in reading}) == 1
    decimal_mark, group_mark = reading[0]
    negative = any(sign_of(text, decimal_mark, group_mark) == "negative" for text in texts)
    return AmountForm(decimal_mark, group_mark, sure, negative, why)


def _reads(text: str, marks: tuple[str, str]) -> bool:
    with suppress(Invalid):
        sign_of(text, *marks)
        return True
    return False


def _is_decisive(text: str) -> bool:
    """Whether the last mark stands before decimals, and not before a thousand."""
    last = _LAST.fullmatch(text)
    return last is not None and (
        len(last[2]) != THOUSANDS_DIGITS or len(set(re.sub("[^.,]", "", text))) > 1
    )


def currency_in(texts: Iterable[str]) -> str | None:
    """The one currency that a sign or code beside amounts, or a heading, can mean."""
    found: set[str] = set()
    for text in texts:
        for word in re.findall(r"[^\W\d_]+\.?|[$€£¥₩₹₽₺₴₪₫₦₱฿₸₾]", text):
            if word in MINOR_DIGITS:
                found.add(word)
            elif word.lower() in CURRENCY_SIGNS:
                found |= CURRENCY_SIGNS[word.lower()]
    return found.pop() if len(found) == 1 else None


@dataclass(frozen=True)
class MomentForm:
    """The format of a column's moments. ``sure``: no other format reads all of them differently."""

    format: str
    sure: bool
    why: str

    @property
    def has_time(self) -> bool:
        """Whether it has a time of day."""
        return self.format in (RFC_3339, SPREADSHEET) or "%H" in self.format or "%I" in self.format

    @property
    def has_offset(self) -> bool:
        """Whether it says the offset from UTC."""
        return self.format == RFC_3339 or "%z" in self.format


def moment_form(values: Sequence[str], *, month_first: bool) -> MomentForm | None:
    """How all of the moments are written; None where they are none.

    ``month_first``: what to take where the values leave it open.
    """
    texts = [value for value in values if value]
    if not texts:
        return None
    if all(map(_is_rfc_3339, texts)):
        return MomentForm(RFC_3339, sure=True, why="RFC 3339")
    if all(map(_SPREADSHEET_DAY.fullmatch, texts)):
        return MomentForm(SPREADSHEET, sure=False, why="a spreadsheet's numbers of days")
    reading = {
        form: moments
        for day in _DAYS
        for time in _TIMES
        for offset in (_OFFSETS if time else ("",))
        if (moments := _moments(texts, form := f"{day}{time}{offset}")) is not None
    }
    if not reading:
        return None
    if len({tuple(map(datetime.isoformat, moments)) for moments in reading.values()}) == 1:
        form = next(iter(reading))
        return MomentForm(form, sure=True, why=_why(form, texts))
    orderly = [form for form, moments in reading.items() if _is_orderly(moments)]
    if len(orderly) == 1:
        return MomentForm(orderly[0], sure=True, why="read so, the rows are in order of time")
    form = min(reading, key=lambda one: (one.startswith("%m") is not month_first, one))
    return MomentForm(form, sure=False, why="day and month could be the other way round")


def _is_rfc_3339(text: str) -> bool:
    with suppress(ValueError):
        parse_instant(text)
        return True
    return False


def _moments(texts: Sequence[str], form: str) -> list[datetime] | None:
    try:
        return [datetime.strptime(text, form) for text in texts]  # noqa: DTZ007  # compared only
    except ValueError:
        return None


def _is_orderly(moments: list[datetime]) -> bool:
    ahead = all(one <= other for one, other in pairwise(moments))
    return len(moments) > 2 and (ahead or all(one >= other for one, other in pairwise(moments)))


def _why(form: str, texts: Sequence[str]) -> str:
    if not form.startswith(("%d", "%m")):
        return "the year stands first"
    beyond = next(
        (text for text in texts if max(map(int, re.findall("[0-9]+", text)[:2])) > 12), ""
    )
    return f"{beyond!r} can be read in no other order" if beyond else "by its marks"


def time_form(values: Sequence[str]) -> str | None:
    """How a column has times of day; None where it has none."""
    texts = [value for value in values if value]
    return next((form for form in TIMES if texts and _moments(texts, form) is not None), None)
