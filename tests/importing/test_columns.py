"""Columns with more than one form are named before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.service.importing.columns import look_at_columns
from api.service.importing.mapping import mapping_of, read_mapping
from api.service.importing.rows import open_rows
from tests.importing.test_mapping import EXAMPLES, SOUND, changed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from api.service.importing.mapping import FileMapping


def why_of(folder: Path, column: str, *values: str, mapping: FileMapping | None = None) -> str:
    """Why a column with these values is suspicious; empty where it is not."""
    path = folder / "till.csv"
    rows = [{"receipt": "r", "who": "w", "when": "t", "total": "1", column: v} for v in values]
    lines = [",".join(f'"{cell}"' for cell in row.values()) for row in rows]
    path.write_text("\n".join(["receipt,who,when,total", *lines]), encoding="utf-8")
    mapping = mapping or mapping_of(SOUND)
    with open_rows(path, mapping.shape) as opened:
        columns = {one.name: one for one in look_at_columns(mapping, opened)}
    assert [name for name, one in columns.items() if one.suspicious and name != column] == []
    return columns[column].why or ""


def marked(decimal_mark: str, group_mark: str) -> FileMapping:
    amount = {"amount": "{total}", "decimal_mark": decimal_mark, "group_mark": group_mark}
    return mapping_of(changed("event", 0, "data", "amount_minor", to=amount))


def test_two_marks_before_the_last_digits_are_told_with_an_example(tmp_path: Path) -> None:
    why = why_of(tmp_path, "total", "1.234,50", "12.50", "0.99", mapping=marked(",", "."))
    assert why == (
        "2 rows, such as '12.50' in line 3, have '.' as the last mark, and the mapping says that "
        "',' stands before the decimals"
    )


@pytest.mark.parametrize("values", [("(5.00)", "5,00"), ("5.00 €",), ("1.2.3,4", "1'234.5")])
def test_a_mark_that_the_mapping_does_not_say_is_told(
    tmp_path: Path, values: tuple[str, ...]
) -> None:
    assert "as the last mark" in why_of(tmp_path, "total", *values, mapping=marked(",", "."))


@pytest.mark.parametrize("values", [("1.500", "12.50"), ("1.500", "2.000")])
def test_three_digits_after_the_decimal_mark_may_be_thousands(
    tmp_path: Path, values: tuple[str, ...]
) -> None:
    """1.500 would be read as 1.50 without a word."""
    why = why_of(tmp_path, "total", *values)
    assert "three digits after '.', and EUR has 2 decimals: look whether those three are" in why


def test_three_digits_are_decimals_where_the_currency_has_them(tmp_path: Path) -> None:
    mapping = mapping_of(changed("event", 0, "data", "currency", to="KWD"))
    assert why_of(tmp_path, "total", "1.500", "2.25", mapping=mapping) == ""
    currency = {"choice": "{who}", "words": {"k": "KWD"}}
    mapping = mapping_of(changed("event", 0, "data", "currency", to=currency))
    assert why_of(tmp_path, "total", "1.500", "2.25", mapping=mapping) == ""


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        (("1.50", "2", "-3.5", "(4.00)"), (".", "")),
        (("1.234", "12,50", "1.234.567,8"), (",", ".")),
        (("1\u202f234,50", "1 234"), (",", " ")),
        (("", "free"), (".", "")),
    ],
)
def test_one_form_of_amounts_is_not_suspicious(
    tmp_path: Path, values: tuple[str, ...], marks: tuple[str, str]
) -> None:
    assert why_of(tmp_path, "total", *values, mapping=marked(*marks)) == ""


def test_ids_that_a_spreadsheet_spoiled_are_told_by_form(tmp_path: Path) -> None:
    why = why_of(tmp_path, "who", "00123", "'00123", "123.0", "124.0", "x\u200b")
    assert '"\'00123" in line 3 begins with the apostrophe' in why
    assert "'123.0' in line 4 is a number to which a spreadsheet gave decimals (so in 2 of 5" in why
    assert "U+200B" in why


@pytest.mark.parametrize(
    ("values", "suspicious"),
    [
        (("00123", "123"), True),
        (("007", "12"), True),
        (("00001", "23570"), False),
        (("00001", "123456"), False),
        (("1", "22", "0"), False),
        (("00123", "x1"), False),
    ],
)
def test_leading_zeros_that_some_ids_lost_are_told(
    tmp_path: Path, values: tuple[str, ...], suspicious: bool
) -> None:
    assert ("no leading zeros" in why_of(tmp_path, "who", *values)) is suspicious


def test_ids_of_rows_and_events_are_looked_at_too(tmp_path: Path) -> None:
    assert "formula" in why_of(tmp_path, "receipt", "1", "=1+1")


def test_one_form_that_the_pattern_is_for_is_not_suspicious(tmp_path: Path) -> None:
    mapping = mapping_of(changed("contact", "pattern", to="'(?P<ref>.*)"))
    assert why_of(tmp_path, "who", "'00123", "'00124", mapping=mapping) == ""
    assert why_of(tmp_path, "who", "'00123", "00124", mapping=mapping) != ""


@pytest.mark.parametrize(
    ("name", "file"),
    [("cdnow", "CDNOW_master.txt.gz"), ("onlineretail", "onlineretail_invoices.csv.gz")],
)
def test_nothing_is_suspicious_in_the_files_of_the_examples(
    outside_file: Callable[[str], Path], name: str, file: str
) -> None:
    mapping = read_mapping(EXAMPLES / f"{name}.toml")
    with open_rows(outside_file(file), mapping.shape) as rows:
        columns = look_at_columns(mapping, rows)
    assert len(columns) > 3
    assert [column for column in columns if column.suspicious] == []
