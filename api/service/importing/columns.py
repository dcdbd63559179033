"""What the columns of a file look like, before any row of it becomes an event.

Events stay forever, and so does an amount that was read a hundredfold. So a file is looked through
once before it is imported, and columns that hold more than one form of amounts or ids are named.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from api.service.importing.amounts import THOUSANDS_DIGITS, group_marks, is_grouped
from api.service.importing.lines import UnreadableFile
from api.service.importing.refs import spreadsheet_damage
from domain.currencies import MINOR_DIGITS
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from api.service.importing.mapping import FileMapping
    from api.service.importing.rows import DataFile, Row
    from api.service.importing.values import AmountOf, Value
    from api.service.importing.vcards import CardFile

_LAST_MARK = re.compile(r"[^0-9]*[0-9].*([^0-9])([0-9]+)[^0-9]*", re.DOTALL)


@dataclass(frozen=True)
class Column:
    """One column of a file. ``why`` it is suspicious, in words; None where it is not."""

    name: str
    why: str | None = None

    @property
    def suspicious(self) -> bool:
        """Whether its values have more than one form, or another than the mapping says."""
        return self.why is not None

    def as_document(self) -> dict[str, object]:
        """As programs get it."""
        return {"name": self.name, "suspicious": self.suspicious, "why": self.why}


def look_at_columns(
    mapping: FileMapping,
    rows: DataFile | CardFile,
    on_row: Callable[[int], None] = lambda _rows: None,
) -> tuple[Column, ...]:
    """The columns of the file in their order; ``on_row`` hears how many rows were looked at.

    A file that breaks off is judged by what can be read; the import itself says where it does.
    """
    looks = _looks(mapping, rows.columns)
    with suppress(UnreadableFile):
        for count, row in enumerate(rows, 1):
            _look_at_row(row, looks)
            on_row(count)
    whys = {name: look.why() for name, look in looks}
    return tuple(Column(name, whys.get(name)) for name in rows.columns if name)


class _Look(Protocol):
    """What is remembered of a column's values."""

    def at(self, text: str, row: Row) -> None: ...

    def why(self) -> str | None: ...


def _looks(mapping: FileMapping, names: Iterable[str]) -> list[tuple[str, _Look]]:
    amounts: dict[str, _Look] = {}
    for amount, currency in mapping.amounts():
        for name in amount.columns():
            amounts.setdefault(name, _AmountsLook(amount, currency))
    others = mapping.id_columns() - amounts.keys() - mapping.occurred_at.columns()
    admitted = set() if mapping.contact.pattern is None else mapping.contact.columns()
    ids: dict[str, _Look] = {name: _IdsLook(admitted=name in admitted) for name in others}
    looks = {**ids, **amounts}
    return [(name, looks[name]) for name in names if name in looks]


def _look_at_row(row: Row, looks: list[tuple[str, _Look]]) -> None:
    if row.problem is None:
        for name, look in looks:
            if text := row.columns[name]:
                look.at(text, row)


@dataclass
class _Form:
    """How many values have a form, and the first of them."""

    text: str
    line: int
    count: int = 0

    def rows(self) -> str:
        """The count with an example, as the beginning of a sentence about what they have."""
        example = f"such as {self.text!r} in line {self.line}"
        return (
            f"1 row, {example}, has" if self.count == 1 else f"{self.count:,} rows, {example}, have"
        )


@dataclass
class _Forms:
    """The forms that were met, in the order of their first values."""

    met: dict[str, _Form] = field(default_factory=dict)

    def add(self, form: str, text: str, line: int) -> None:
        """One more value of the form."""
        self.met.setdefault(form, _Form(text, line)).count += 1


class _AmountsLook:
    """The marks before the last digits of amounts, and whether three digits are thousands."""

    def __init__(self, amount: AmountOf, currency: Value | None) -> None:
        self._decimal_mark = amount.decimal_mark
        self._group_mark = amount.group_mark
        self._currency = currency
        self._thousands = _Forms()
        self._others = _Forms()

    def at(self, text: str, row: Row) -> None:
        last = _LAST_MARK.fullmatch(text)
        if last is None:
            return
        mark = last[1]
        if mark == self._decimal_mark:
            if len(last[2]) == THOUSANDS_DIGITS:
                self._at_three_digits(text, row)
        elif mark not in group_marks(self._group_mark) or not is_grouped(text, self._group_mark):
            self._others.add(mark, text, row.line)

    def _at_three_digits(self, text: str, row: Row) -> None:
        currency = None
        with suppress(Invalid, LookupError):  # then the row itself is rejected
            currency = self._currency.of(row.columns, {}) if self._currency else None
        if isinstance(currency, str) and MINOR_DIGITS.get(currency, 0) < THOUSANDS_DIGITS:
            self._thousands.add(currency, text, row.line)

    def why(self) -> str | None:
        decimal = repr(self._decimal_mark)
        whys = [
            f"{form.rows()} {mark!r} as the last mark, and the mapping says that {decimal} "
            "stands before the decimals"
            for mark, form in self._others.met.items()
        ]
        whys += [
            f"{form.rows()} three digits after {decimal}, and {currency} has "
            f"{MINOR_DIGITS.get(currency, 0)} decimals: look whether those three are thousands"
            for currency, form in self._thousands.met.items()
        ]
        return "; ".join(whys) or None


class _IdsLook:
    """What spreadsheets do to ids: formulas, decimals, invisible characters, lost zeros.

    ``admitted``: the mapping has a pattern for the column, so that one such form in all values is
    what it is for.
    """

    def __init__(self, *, admitted: bool) -> None:
        self._admitted = admitted
        self._rows = 0
        self._spoiled = _Forms()
        self._padded = Counter[int]()
        self._unpadded = Counter[int]()
        self._first: dict[int, tuple[str, int]] = {}

    def at(self, text: str, row: Row) -> None:
        line = row.line
        self._rows += 1
        if text.isdigit():
            if text[0] == "0" and len(text) > 1:
                self._padded[len(text)] += 1
            else:
                self._unpadded[len(text)] += 1
                self._first.setdefault(len(text), (text, line))
        elif (says := spreadsheet_damage(text)) is not None:
            self._spoiled.add(says, text, line)

    def why(self) -> str | None:
        met = self._spoiled.met
        whys = []
        one_form = len(met) == 1 and next(iter(met.values())).count == self._rows
        if met and not (self._admitted and one_form):
            whys = [
                f"{form.text!r} in line {form.line} {says} "
                f"(so in {form.count:,} of {self._rows:,} rows)"
                for says, form in met.items()
            ]
        if self._padded:
            longest = max(self._padded)
            shorter = [length for length in self._unpadded if length < longest]
            if shorter:
                text, line = min((self._first[length] for length in shorter), key=lambda at: at[1])
                count = sum(self._unpadded[length] for length in shorter)
                form = _Form(text, line, count)
                whys.append(
                    f"{form.rows()} no leading zeros, and {self._padded.total():,} have them"
                )
        return "; ".join(whys) or None
