"""Files that went wrong in other people's hands: each is read right, or refused with what to do.

``cases/`` holds them as they were.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from api.service.importing.mapping import read_mapping
from tests.cli.running import rapport
from tests.importing.ledgers import imported_into, opened

if TYPE_CHECKING:
    import pytest

    from tests.cli.running import Ended

CASES = Path(__file__).parent / "cases"


def run(folder: Path, mapping: str | Path, data: str, *more: object) -> Ended:
    return rapport(
        "import", "--mapping", CASES / mapping, CASES / data, "--data", folder / "data", *more
    )


def rejects(ended: Ended) -> list[tuple[str, str]]:
    rows = csv.DictReader(io.StringIO(ended.out))
    return [(row["line"], row["code"]) for row in rows]


def amounts(folder: Path, mapping: str, data: str) -> list[object]:
    """The amounts that are recorded, in their order."""
    read = read_mapping(CASES / mapping)
    with opened(folder) as ledger:
        imported_into(ledger, read, CASES / data)
        events = ledger.log(limit=1000)
        return [e.event.show()["amount_minor"] for e in events if e.type == "purchase-made"]


def edited(folder: Path, name: str, old: str, new: str) -> Path:
    """A mapping with one change."""
    path = folder / name
    text = (CASES / name).read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_no_amount_becomes_a_hundredfold(tmp_path: Path) -> None:
    ended = run(tmp_path, "decimal-comma.toml", "decimal-comma.csv", "--rejects", "-")
    assert ended.code == 1
    assert rejects(ended) == [(line, "not-an-amount") for line in ("3", "4", "5")]
    assert amounts(tmp_path / "other", "decimal-comma.toml", "decimal-comma.csv") == [123450]


def test_the_column_with_two_marks_is_named_before_anything_is_written(tmp_path: Path) -> None:
    for more in ((), ("--dry-run",)):
        ended = run(tmp_path, "decimal-comma.toml", "decimal-comma.csv", "--rejects", "-", *more)
        first, *_ = ended.err.splitlines()
        assert first.startswith("suspicious column total: 2 rows, such as '12.50' in line 3, have")
        assert "suspicious columns, for the reasons above: total\n" in ended.err


def test_programs_get_the_columns_with_what_is_suspicious(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    no, total = run(tmp_path, "decimal-comma.toml", "decimal-comma.csv", "--json").json()["columns"]
    assert no == {"name": "no", "suspicious": False, "why": None}
    assert (total["name"], total["suspicious"]) == ("total", True)
    assert "'12.50' in line 3" in total["why"]


def test_spellings_of_amounts_are_read_or_named(tmp_path: Path) -> None:
    assert amounts(tmp_path, "amount-spellings.toml", "amount-spellings.csv") == [1250, 123450]
    ended = run(tmp_path, "amount-spellings.toml", "amount-spellings.csv", "--rejects", "-")
    assert rejects(ended) == [("3", "not-an-amount"), ("4", "not-an-amount")]
    assert "the mapping says that ',' stands before the decimals" in ended.out


def test_ids_that_a_spreadsheet_spoiled_are_not_five_contacts(tmp_path: Path) -> None:
    ended = run(tmp_path, "excel-text-id.toml", "excel-text-id.csv", "--rejects", "-")
    assert sorted(rejects(ended)) == [(line, "spoiled-ref") for line in ("2", "3", "4", "7", "8")]
    assert "2 appended" in ended.err
    assert "1 contacts registered" in ended.err
    assert "suspicious column cust: " in ended.err


def test_lines_above_the_header_are_skipped(tmp_path: Path) -> None:
    ended = run(tmp_path, "preamble.toml", "preamble.csv", "--json")
    assert (ended.code, ended.json()["appended"]) == (0, 1)
    mapping = edited(tmp_path, "preamble.toml", "[file]", "[file]\nskip_lines = 4")
    ended = run(tmp_path, mapping, "preamble.csv")
    assert ended.code == 2
    assert "line 4 looks like the header: say no skip_lines in [file]" in ended.err


def test_the_line_that_tells_excel_the_delimiter_is_no_header(tmp_path: Path) -> None:
    ended = run(tmp_path, "preamble.toml", "excel-sep-line.csv")
    assert ended.code == 3
    assert "';' stands between columns: say so as delimiter" in ended.err
    mapping = edited(tmp_path, "preamble.toml", 'delimiter = ","', 'delimiter = ";"')
    ended = run(tmp_path, mapping, "excel-sep-line.csv", "--json")
    assert (ended.code, ended.json()["appended"]) == (0, 1)


def test_a_refund_of_an_earlier_file_is_paired(tmp_path: Path) -> None:
    ended = run(tmp_path, "monthly.toml", "feb.csv", "--rejects", "-")
    assert rejects(ended) == [("3", "unpaired")]
    assert "or import the file with the purchase first" in ended.out
    assert run(tmp_path, "monthly.toml", "jan.csv").code == 0
    ended = run(tmp_path, "monthly.toml", "feb.csv", "--json").json()
    assert (ended["appended"], ended["already_known"], ended["rejected"]) == (1, 1, 0)


def test_a_mapping_with_a_byte_order_mark_is_a_mapping(tmp_path: Path) -> None:
    ended = run(tmp_path, "mapping-with-bom.toml", "jan.csv", "--json")
    assert (ended.code, ended.json()["appended"]) == (0, 1)


def test_a_sale_and_a_refund_that_only_the_sign_tells_apart(tmp_path: Path) -> None:
    ended = run(tmp_path, "sign-only.toml", "sign-only.csv", "--rejects", "-")
    assert rejects(ended) == [("3", "out-of-range")]
    assert "say when = { amount = ..., sign = ... } in each [[event]] of the mapping" in ended.out
    sale = 'type = "purchase-made"\nwhen = { amount = "{total}", sign = ["zero", "positive"] }'
    mapping = edited(tmp_path, "sign-only.toml", 'type = "purchase-made"', sale)
    ended = run(tmp_path / "signed", mapping, "sign-only.csv", "--json")
    assert (ended.code, ended.json()["appended"]) == (0, 2)
