"""Reject files: no formula in them runs, and every row comes back as it was."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.service.importing.lines import UnreadableFile
from api.service.importing.rejects import HEADINGS, Reject, guard_cell, unguard_cell, write_reject
from api.service.importing.rows import FileShape, Row, open_rows

if TYPE_CHECKING:
    from pathlib import Path

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "-", "\uff1d1"]
CELLS = st.text("'=+-@\t\r\n\uff1d0123456789.,;\"ax ", max_size=9)


@pytest.mark.parametrize("cell", FORMULAS, ids=ascii)
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    assert guard_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["-12.50", "+3", "-1.234,5", "'00123", "a=1", "", "1,=1+1"])
def test_numbers_and_other_cells_stay_as_they_are(cell: str) -> None:
    assert guard_cell(cell) == cell


@given(CELLS)
def test_the_apostrophe_that_was_added_is_the_one_that_is_removed(cell: str) -> None:
    assert unguard_cell(guard_cell(cell)) == cell


@given(CELLS)
def test_no_guarded_cell_begins_as_a_formula(cell: str) -> None:
    number = cell.lstrip("+-").replace(",", "").replace(".", "").isdigit()
    assert guard_cell(cell)[:1] not in set("=@\t\r\n\uff1d")
    assert guard_cell(cell)[:1] not in set("+-") or number


def rejected(folder: Path, *rejects: Reject, name: str = "till.csv.rejects.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(HEADINGS)
        for reject in rejects:
            write_reject(file, reject)
    return path


def read(path: Path, shape: FileShape) -> list[Row]:
    with open_rows(path, shape) as rows:
        return list(rows)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(cells=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4))
def test_an_import_of_a_reject_file_reads_the_rows_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, delimiter: str, cells: list[tuple[str, str]]
) -> None:
    """The rows of a file are rejected, and what is imported then is what the file says."""
    folder = tmp_path_factory.mktemp("rejects")
    shape = FileShape(delimiter=delimiter)
    with (folder / "till.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows([("one", "other"), *cells])
    rows = read(folder / "till.csv", shape)
    path = rejected(folder, *(Reject(row.line, row.text, "no-rule", "") for row in rows))
    again = read(path, shape)
    assert [(row.text, row.columns) for row in again] == [(row.text, row.columns) for row in rows]


def test_a_row_of_white_space_and_columns_by_the_mapping_come_back(tmp_path: Path) -> None:
    path = rejected(tmp_path, Reject(2, " 00001 19970101 ", "no-rule", ""), name="x.csv")
    (row,) = read(path, FileShape(delimiter=None, columns=("id", "date")))
    assert row.columns == {"id": "00001", "date": "19970101"}


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_reject_file_that_a_spreadsheet_saved_is_read(tmp_path: Path, mark: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=mark).writerows([HEADINGS, (2, "no-rule", "x", "'=1,2")])
    path = tmp_path / "x.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())
    (row,) = read(path, FileShape(columns=("a", "b")))
    assert row.columns == {"a": "=1", "b": "2"}


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8"])
def test_a_reject_file_is_utf_8_whatever_the_mapping_says(tmp_path: Path, encoding: str) -> None:
    """The file that the rows come from is in the mapping's encoding, also in its header."""
    shape = FileShape(encoding=encoding)
    (tmp_path / "till.csv").write_bytes("größe,name\n5,Müller\n".encode(encoding))
    rows = read(tmp_path / "till.csv", shape)
    path = rejected(tmp_path, *(Reject(row.line, row.text, "no-rule", "") for row in rows))
    (row,) = read(path, shape)
    assert row.columns == {"größe": "5", "name": "Müller"}


def test_a_reject_file_in_another_encoding_is_refused_row_by_row(tmp_path: Path) -> None:
    path = rejected(tmp_path, Reject(2, "5,Müller", "no-rule", ""))
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    (row,) = read(path, FileShape(encoding="latin-1", columns=("size", "name")))
    assert row.problem is not None
    assert row.problem.errors[0].code == "unreadable-text"


def test_what_is_rejected_of_a_reject_file_has_the_same_header(tmp_path: Path) -> None:
    (tmp_path / "till.csv").write_text("size,name\n5,Ann\n", encoding="utf-8")
    name = "till.csv.rejects.csv.rejects.csv"
    (row,) = read(rejected(tmp_path, Reject(2, "5,Ann", "no-rule", ""), name=name), FileShape())
    assert row.columns == {"size": "5", "name": "Ann"}


def test_without_the_file_it_comes_from_a_reject_file_says_what_to_do(tmp_path: Path) -> None:
    path = rejected(tmp_path, Reject(2, "1,2", "no-rule", ""))
    with pytest.raises(UnreadableFile, match="put the file that the rows come from beside"):
        read(path, FileShape())


@pytest.mark.parametrize(("code", "text"), [("too-long", "1,2"), ("unreadable-text", "caf\ufffd,")])
def test_a_row_that_stands_there_in_part_is_not_imported(
    tmp_path: Path, code: str, text: str
) -> None:
    path = rejected(tmp_path, Reject(2, text, code, ""), Reject(3, '"1,2', "x", ""))
    first, second = read(path, FileShape(columns=("a", "b")))
    assert (first.columns, second.columns) == ({}, {})
    assert first.problem is not None
    assert "mend the file that it comes from" in str(first.problem)
    assert second.problem is not None
    assert second.problem.errors[0].code == "unreadable-row"
