"""How a file is laid out: what stands between columns, and which row names them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from api.service.importing.lines import UTF_8, UnreadableFile, open_text
from api.service.importing.rows import HEADER_LINES
from api.service.importing.vcards import COLUMNS, begins_with_card

if TYPE_CHECKING:
    from pathlib import Path

DELIMITERS = (",", ";", "\t", "|")

LOOKED_AT = 2000
"""How many rows are looked at."""

_LONGEST_HEADING = 60


@dataclass(frozen=True)
class Layout:
    """A file as far as it was looked at. ``header_line`` None: no row names the columns.

    ``values`` are the texts of each column, from top to bottom; rows of another length are left
    out.
    """

    encoding: str
    delimiter: str
    header_line: int | None
    columns: tuple[str, ...]
    values: dict[str, tuple[str, ...]]
    rows: int


def look_at_layout(path: Path) -> Layout:
    """The layout of the file at this path; raises as ``layout_of``, or ``OSError``."""
    with path.open("rb") as raw:
        return layout_of(raw)


def layout_of(raw: BinaryIO) -> Layout:
    """The layout of an open file.

    Raises:
        UnreadableFile: it is no text, or has no two columns in any of its rows.
    """
    lines = open_text(raw, None)
    if begins_with_card(lines.peek()):
        return Layout(UTF_8, ",", None, COLUMNS, {}, 0)
    encoding = lines.encoding
    texts = [text for _, text in zip(range(LOOKED_AT), lines, strict=False)]
    told = re.fullmatch('"?sep=(.)"?', texts[0].strip(), re.IGNORECASE) if texts else None
    tried = (told[1],) if told else DELIMITERS
    best: list[tuple[int, list[str]]] = []
    delimiter, width = ",", 1
    for one in tried:
        records = _records(texts, one)
        columns, count = _usual_width(records)
        if columns > 1 and count * (columns - 1) > len(best) * (width - 1):
            best = [record for record in records if len(record[1]) == columns]
            delimiter, width = one, columns
    if not best:
        raise UnreadableFile("no row of the file has columns with , ; | or a tab between them")
    return _layout(encoding, delimiter, best)


def _layout(encoding: str, delimiter: str, records: list[tuple[int, list[str]]]) -> Layout:
    above = [place for place, (line, _) in enumerate(records) if line <= HEADER_LINES]
    header = next((place for place in above if _is_header(records[place][1])), None)
    line, first = records[header or 0]
    named = header is not None
    columns = tuple(first) if named else tuple(f"column_{n}" for n in range(1, len(first) + 1))
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise UnreadableFile(f"the data file has more than one column {', '.join(twice)}")
    rows = [fields for _, fields in records[0 if header is None else header + 1 :]]
    values = {name: tuple(row[place] for row in rows) for place, name in enumerate(columns) if name}
    return Layout(encoding, delimiter, line if named else None, columns, values, len(rows))


def _records(texts: list[str], delimiter: str) -> list[tuple[int, list[str]]]:
    """Each row with the line on which it ends; what is no CSV ends the list."""
    reader = csv.reader(texts, delimiter=delimiter, strict=True)
    records: list[tuple[int, list[str]]] = []
    with suppress(csv.Error):
        records.extend(
            (reader.line_num, [field.strip() for field in fields])
            for fields in reader
            if any(map(str.strip, fields))
        )
    return records


def _usual_width(records: list[tuple[int, list[str]]]) -> tuple[int, int]:
    """The number of columns that most rows have, and how many rows that is."""
    widths = Counter(len(fields) for _, fields in records)
    return max(widths.items(), key=lambda item: (item[1], item[0])) if widths else (0, 0)


def _is_header(fields: list[str]) -> bool:
    """Whether a row names columns: words, of which none stands twice, and none is a value."""
    named = [field for field in fields if field]
    values = sum(bool(re.fullmatch(r"[^A-Za-z]*[0-9][^A-Za-z]*", field)) for field in named)
    return (
        len(named) * 2 > len(fields)
        and len(set(named)) == len(named)
        and values == 0
        and not any("@" in field or len(field) > _LONGEST_HEADING for field in named)
    )
