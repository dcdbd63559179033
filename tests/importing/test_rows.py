"""Reading delimited files: every row with its line, and no row lost without a word."""

from __future__ import annotations

import gzip
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from api.service.importing.lines import MAX_LINE_BYTES, UnreadableFile
from api.service.importing.rows import FileShape, Row, open_rows

if TYPE_CHECKING:
    from pathlib import Path

COMMA = FileShape(encoding="utf-8")


def rows_of(folder: Path, content: bytes, shape: FileShape = COMMA) -> list[Row]:
    path = folder / "rows"
    path.write_bytes(content)
    with open_rows(path, shape) as rows:
        return list(rows)


def test_a_gzipped_file_reads_like_a_plain_one(tmp_path: Path) -> None:
    content = b"a,b\n1,2\n3,4\n"
    plain = rows_of(tmp_path, content)
    assert rows_of(tmp_path, gzip.compress(content)) == plain
    assert [row.columns for row in plain] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_white_space_separates_where_the_mapping_says_so(tmp_path: Path) -> None:
    shape = FileShape(delimiter=None)
    (row,) = rows_of(tmp_path, b" id  date \r\n 001 19970101\r\n", shape)
    assert row == Row(2, " 001 19970101", {"id": "001", "date": "19970101"})


def test_columns_may_be_named_by_position(tmp_path: Path) -> None:
    shape = FileShape(delimiter=";", header=False, columns=("who", "what"))
    assert rows_of(tmp_path, b"1;tea\n", shape)[0].columns == {"who": "1", "what": "tea"}


def test_names_of_the_mapping_replace_those_of_the_header(tmp_path: Path) -> None:
    shape = FileShape(columns=("who", "what"))
    assert rows_of(tmp_path, b"a,b\n1,tea\n", shape)[0].columns == {"who": "1", "what": "tea"}


def test_a_quoted_field_may_span_lines_and_the_row_keeps_its_first_line(tmp_path: Path) -> None:
    first, second = rows_of(tmp_path, b'a,b\n"x\ny",2\n3,4\n')
    assert (first.line, first.columns["a"], first.text) == (2, "x\ny", '"x\ny",2')
    assert second.line == 4


def test_blank_lines_are_skipped_and_counted(tmp_path: Path) -> None:
    assert [row.line for row in rows_of(tmp_path, b"a,b\n\n1,2\n\n\n3,4")] == [3, 6]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert rows_of(tmp_path, b"\xef\xbb\xbfa\n1\n")[0].columns == {"a": "1"}


def test_a_byte_order_mark_goes_before_the_encoding_of_the_mapping(tmp_path: Path) -> None:
    """In cp1252 the mark would be three letters of the first column's name."""
    shape = FileShape(encoding="cp1252")
    content = "\ufeffwho\ncaf\u00e9\n".encode()
    assert rows_of(tmp_path, content, shape)[0].columns == {"who": "caf\u00e9"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("a,b\n1,2\n".encode("utf-16-be"), "UTF-16 without a byte-order mark: save it as CSV"),
        ("a,b\n1,2\n".encode("utf-16") + b"3", "is damaged UTF-16"),
        (b"PK\x03\x04\x14\x00workbook\n", "is a workbook: save it as CSV"),
    ],
)
def test_what_is_no_text_is_refused_with_what_to_do(
    tmp_path: Path, content: bytes, says: str
) -> None:
    with pytest.raises(UnreadableFile, match=says):
        rows_of(tmp_path, content)


def test_lines_above_the_header_or_the_first_row_are_skipped(tmp_path: Path) -> None:
    content = b'Account: "1\n\nReport\na,b\n1,2\n'
    (row,) = rows_of(tmp_path, content, FileShape(skip_lines=3))
    assert row == Row(5, "1,2", {"a": "1", "b": "2"})
    shape = FileShape(skip_lines=4, header=False, columns=("x", "y"))
    assert rows_of(tmp_path, content, shape) == [Row(5, "1,2", {"x": "1", "y": "2"})]


@pytest.mark.parametrize("line", [b"sep=;", b'"sep=;"', b"SEP=;\r", b"\xef\xbb\xbfsep=;"])
def test_a_first_line_for_excel_is_no_row(tmp_path: Path, line: bytes) -> None:
    shape = FileShape(delimiter=";")
    assert rows_of(tmp_path, line + b"\na;b\n1;2\n", shape) == [Row(3, "1;2", {"a": "1", "b": "2"})]


def test_a_first_line_for_excel_must_agree_with_the_mapping(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="';' stands between columns: say so as delimiter"):
        rows_of(tmp_path, b"sep=;\na;b\n1;2\n")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"1,2,3", "wrong-columns"),
        (b"1", "wrong-columns"),
        (b"caf\xe9,2", "unreadable-text"),
        (b'"1"x,2', "unreadable-row"),
        (b"x" * (MAX_LINE_BYTES + 9) + b",2", "too-long"),
        (b'"' + b"x" * (MAX_LINE_BYTES + 9) + b",2", "too-long"),
    ],
)
def test_a_row_that_cannot_be_read_says_why_and_the_next_goes_on(
    tmp_path: Path, line: bytes, code: str
) -> None:
    bad, good = rows_of(tmp_path, b"a,b\n" + line + b"\n3,4\n")
    assert bad.problem is not None
    assert (bad.line, bad.problem.errors[0].code) == (2, code)
    assert (good.line, good.columns) == (3, {"a": "3", "b": "4"})


def test_text_in_another_encoding_is_read_where_the_mapping_names_it(tmp_path: Path) -> None:
    shape = FileShape(encoding="latin-1")
    assert rows_of(tmp_path, b"a\ncaf\xe9\n", shape)[0].columns == {"a": "café"}


def test_two_columns_of_one_name_are_refused_unless_the_mapping_names_them(tmp_path: Path) -> None:
    content = b"who,total,total\nann,1,2\n"
    with pytest.raises(UnreadableFile, match="more than one column total"):
        rows_of(tmp_path, content)
    shape = FileShape(columns=("who", "net", "gross"))
    assert rows_of(tmp_path, content, shape)[0].columns["gross"] == "2"


def test_columns_without_a_name_may_be_several(tmp_path: Path) -> None:
    assert rows_of(tmp_path, b"a,,\n1,2,3\n")[0].columns["a"] == "1"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="is empty"):
        rows_of(tmp_path, b"")


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_damaged_compression_gives_the_rows_before_it_and_then_an_error(
    tmp_path: Path, damage: str
) -> None:
    packed = bytearray(
        gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * 7919) for i in range(99_999)))
    )
    if damage == "cut":
        del packed[len(packed) // 2 :]
    else:
        packed[len(packed) // 2] ^= 0xFF
    path = tmp_path / "rows"
    path.write_bytes(packed)
    with open_rows(path, COMMA) as rows:
        lines = (row.line for row in rows)
        before = list(islice(lines, 1000))
        with pytest.raises(UnreadableFile, match="compressed data"):
            list(lines)
    assert before == list(range(2, 1002))
