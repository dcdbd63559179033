"""The records of delimited text, and those of a reject file, whose last cell is a row as it was."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from api.service.importing.lines import open_text
from api.service.importing.rejects import (
    HEADINGS,
    REJECTS_ENCODING,
    columns_mark,
    unguard_cell,
)
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.service.importing.lines import Lines


@dataclass(frozen=True)
class Record:
    """One record: the line it begins on, its text, and its fields or why there are none."""

    line: int
    text: str
    fields: list[str] | Invalid


@dataclass(frozen=True)
class RejectedRow:
    """A line of a reject file: on which line it begins, and the row as it stood in its file.

    ``place`` and ``code`` are what the file says of it. ``problem``: the row does not stand whole
    in it.
    """

    line: int
    text: str
    place: str
    code: str
    problem: Invalid | None = None


def csv_records(lines: Lines, delimiter: str, *, strip: bool = True) -> Iterator[Record]:
    """The records of the rest of the lines; blank ones are skipped."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        fields: list[str] | Invalid
        try:
            fields = [field.strip() if strip else field for field in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            fields = Invalid.at("", "unreadable-row", str(error))
        taken = lines.take()
        if taken.text.strip():
            yield Record(taken.line, taken.text, taken.problem or fields)


def lines_rejected(file: BinaryIO) -> set[tuple[str, str]]:
    """The lines in a reject file by their numbers, each with the code of its reason."""
    lines = open_text(file, REJECTS_ENCODING)
    mark = columns_mark(lines.peek())
    rows = () if mark is None else rejected_rows(lines, mark)
    return {(one.place, one.code) for one in rows if isinstance(one, RejectedRow)}


def rejected_rows(lines: Lines, mark: str) -> Iterator[RejectedRow | Record]:
    """The rows in a reject file whose columns are separated by ``mark``.

    What is no line of one comes as the record that it is.
    """
    records = csv_records(lines, mark, strip=False)
    next(records)
    for record in records:
        if isinstance(record.fields, Invalid) or len(record.fields) != len(HEADINGS):
            yield record
            continue
        place, code, _, text = record.fields
        text, code = unguard_cell(text), code.strip()
        problem = None
        if code == "too-long" or "\ufffd" in text:
            detail = "does not stand whole in the reject file: mend the file that it comes from"
            problem = Invalid.at("", "unreadable-text", detail)
        yield RejectedRow(record.line, text, place.strip(), code, problem)
