"""Files of one kind that differ: spellings of headers, missing columns, rows to skip or to join."""

from __future__ import annotations

import codecs
import gzip
from typing import TYPE_CHECKING, Any

import pytest

from api.service.importing.mapping import FileMapping, mapping_of
from api.service.importing.named_columns import NamedColumn
from api.service.importing.rows import open_rows
from domain.errors import Invalid
from domain.events.commerce import PurchaseReversed
from domain.instants import format_instant
from tests.importing.ledgers import dry_run, imported_into, opened
from tests.importing.test_importer import purchases
from tests.importing.test_mapping import SOUND, changed

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.ledger import Ledger

HEAD = "receipt,who,when,total\n"
ROW = "1,ann,2026-01-01T10:00:00Z,4.20"


def mapping_with(**tables: Any) -> FileMapping:
    return mapping_of({**SOUND, **tables})


def file_of(folder: Path, *lines: str, head: str = HEAD) -> Path:
    path = folder / "till.csv"
    path.write_text(head + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def cleaned(text: str, **column: Any) -> str:
    return NamedColumn("own", ("Own",), **column).reader(["Own"])({"Own": text})


@pytest.mark.parametrize(
    ("column", "text", "clean"),
    [
        ({"strip": ("'",)}, "'00123", "00123"),
        ({"strip": ("'", "#")}, " #' 00123 '#", "00123"),
        ({"lower": True}, "Ann@Example.ORG", "ann@example.org"),
        ({"upper": True}, "eur", "EUR"),
        ({}, "\u00a0Ann ", "Ann"),
        ({"strip": ("-",)}, "--", ""),
    ],
)
def test_a_column_is_cleaned_as_the_mapping_says(
    column: dict[str, Any], text: str, clean: str
) -> None:
    assert cleaned(text, **column) == clean


@pytest.mark.parametrize(
    ("present", "header"),
    [
        (["Total", "Amount"], "Amount"),
        (["Total"], "Total"),
        (["AMOUNT"], "AMOUNT"),
        (["amount", "Amount"], "Amount"),
        (["Sum"], None),
    ],
)
def test_the_first_spelling_that_the_file_has_is_read(
    present: list[str], header: str | None
) -> None:
    assert NamedColumn("total", ("Amount", "Total")).header_in(present) == header


def test_a_mapping_reads_files_that_spell_a_header_differently(tmp_path: Path) -> None:
    own = {"sum": {"header": ["total", "amount"]}}
    event = changed("event", 0, "data", "amount_minor", to={"amount": "{sum}"})["event"]
    mapping = mapping_with(column=own, event=event)
    for head in (HEAD, "receipt,who,when,Amount\n"):
        path = file_of(tmp_path, ROW, head=head)
        with opened(tmp_path / f"data-{len(head)}") as ledger:
            imported_into(ledger, mapping, path)
            assert [one.amount_minor for one in purchases(ledger, "pos:ann")] == [420]


def test_a_file_without_any_spelling_is_refused_by_all_of_them() -> None:
    mapping = mapping_with(column={"sum": {"header": ["total", "amount"]}})
    with pytest.raises(Invalid, match="no column total, total or amount; it has receipt"):
        mapping.check_columns(["receipt", "who", "when"])


def test_an_optional_column_may_be_missing_and_is_empty_then(tmp_path: Path) -> None:
    own = {"kind": {"header": "Category", "optional": True}}
    event = changed("event", 0, "data", "category", to="{kind}")["event"]
    mapping = mapping_with(column=own, event=event)
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, mapping, file_of(tmp_path, ROW))
        longer = file_of(
            tmp_path, f"{ROW.replace('1,', '2,', 1)},tea", head="receipt,who,when,total,category\n"
        )
        imported_into(ledger, mapping, longer)
        assert [one.category for one in purchases(ledger, "pos:ann")] == [None, "tea"]


def test_a_fallback_names_the_contact_where_the_column_is_empty(tmp_path: Path) -> None:
    own = {"customer": {"header": "who", "fallback": "mail"}}
    contact = {**SOUND["contact"], "ref": "{customer}"}
    mapping = mapping_with(column=own, contact=contact)
    head = "receipt,who,when,total,mail\n"
    path = file_of(tmp_path, f"{ROW},a@b.nl", f"2,{ROW[5:]},b@b.nl", head=head)
    with opened(tmp_path / "data") as ledger:
        imported_into(ledger, mapping, path)
        for name in ("pos:ann", "pos:b@b.nl"):
            assert len(purchases(ledger, name)) == 1


def test_a_fallback_that_is_nowhere_is_refused() -> None:
    mapping = mapping_with(column={"customer": {"header": "who", "fallback": "mail"}})
    with pytest.raises(Invalid, match="the file has no column mail"):
        mapping.check_columns(["receipt", "who", "when", "total"])


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"a": {"header": "x", "upper": True, "lower": True}}, "upper or lower, not both"),
        ({"a": {"header": "x", "fallback": "a"}}, "a must stand above a"),
        ({"a": {"header": "x", "fallback": "b"}, "b": {"header": "y"}}, "b must stand above a"),
        ({"a": {"header": "x", "strip": ""}}, "must not have an empty text"),
        ({"a": {"header": []}}, "must have something"),
        ({"a": {"headers": "x"}}, "header: is required"),
        ({"a": {"header": "x", "trim": True}}, "no such key here, but header, fallback"),
    ],
)
def test_a_column_that_cannot_be_read_is_refused(own: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        mapping_with(column=own)


def test_rows_that_the_mapping_skips_are_counted_and_nothing_else(tmp_path: Path) -> None:
    mapping = mapping_with(skip=[{"text": "{who}", "is": ["", "staff"]}])
    path = file_of(tmp_path, ROW, ROW.replace("ann", "staff"), ROW.replace("ann", ""))
    account, rejects = dry_run(mapping, path)
    assert (account.rows, account.appended, account.skipped, rejects) == (3, 1, 2, [])


def test_a_condition_to_skip_that_cannot_be_read_rejects_the_row(tmp_path: Path) -> None:
    mapping = mapping_with(skip=[{"amount": "{total}", "sign": "zero"}])
    path = file_of(tmp_path, ROW, ROW.replace("4.20", "0.00"), ROW.replace("4.20", "much"))
    account, rejects = dry_run(mapping, path)
    assert (account.appended, account.skipped) == (1, 1)
    assert [(one.line, one.code) for one in rejects] == [(4, "not-an-amount")]


LINES = (ROW, ROW.replace("4.20", "1.30"), ROW.replace("1,ann", "2,ben"))


def test_the_lines_of_a_receipt_are_one_purchase_of_their_sum(tmp_path: Path) -> None:
    path = file_of(tmp_path, *LINES)
    with opened(tmp_path / "data") as ledger:
        for appended in (3, 0):
            account, rejects = imported_into(ledger, mapping_with(group=True), path)
            assert (account.rows, account.appended, rejects) == (3, appended, [])
        assert [one.amount_minor for one in purchases(ledger, "pos:ann")] == [550]
        assert [one.amount_minor for one in purchases(ledger, "pos:ben")] == [420]


def test_a_group_that_does_not_stand_together_is_rejected(tmp_path: Path) -> None:
    path = file_of(tmp_path, *LINES, ROW)
    account, rejects = dry_run(mapping_with(group=True), path)
    assert account.appended == 3
    assert [(one.line, one.code) for one in rejects] == [(5, "scattered-group")]
    assert "other rows with this receipt stand further up: sort" in rejects[0].detail


def test_every_row_of_a_group_that_cannot_be_recorded_is_rejected(tmp_path: Path) -> None:
    path = file_of(tmp_path, ROW, ROW.replace("4.20", "x"), ROW.replace("1,ann", "2,ben"))
    account, rejects = dry_run(mapping_with(group=True), path)
    assert [(one.line, one.code) for one in rejects] == [(2, "not-an-amount"), (3, "not-an-amount")]
    assert account.appended == 1


def test_a_group_in_two_currencies_has_no_sum(tmp_path: Path) -> None:
    event = changed("event", 0, "data", "currency", to="{coin}")["event"]
    head = "receipt,who,when,total,coin\n"
    path = file_of(tmp_path, f"{ROW},EUR", f"{ROW},GBP", head=head)
    _, rejects = dry_run(mapping_with(group=True, event=event), path)
    assert [one.code for one in rejects] == ["contradiction", "contradiction"]
    assert "are in EUR and GBP" in rejects[0].detail


REFUND = {
    "type": "purchase-reversed",
    "also": "refund",
    "when": {"amount": "{back}", "sign": "positive"},
    "data": {
        "purchase_id": "{receipt}",
        "amount_minor": {"amount": "{back}"},
        "currency": "EUR",
    },
}
WITH_REFUND = "receipt,who,when,total,back\n"


def refunds(ledger: Ledger, name: str) -> list[int]:
    events = [recorded.event for recorded in ledger.stream(ledger.contact_id(name))]
    return [one.amount_minor for one in events if isinstance(one, PurchaseReversed)]


def test_a_row_can_be_a_purchase_and_its_refund(tmp_path: Path) -> None:
    mapping = mapping_with(event=[*SOUND["event"], REFUND])
    path = file_of(tmp_path, f"{ROW},1.20", f"2,{ROW[2:]},", head=WITH_REFUND)
    with opened(tmp_path / "data") as ledger:
        for appended, known in ((2, 0), (0, 2)):
            account, rejects = imported_into(ledger, mapping, path)
            assert (account.appended, account.already_known, rejects) == (appended, known, [])
        assert len(purchases(ledger, "pos:ann")) == 2
        assert refunds(ledger, "pos:ann") == [120]


def test_a_row_is_rejected_once_where_one_of_its_events_is(tmp_path: Path) -> None:
    mapping = mapping_with(event=[*SOUND["event"], REFUND])
    path = file_of(tmp_path, f"{ROW},5", head=WITH_REFUND)
    account, rejects = dry_run(mapping, path)
    assert (account.appended, account.rejected, len(rejects)) == (0, 1, 1)


def test_two_further_events_cannot_have_one_name() -> None:
    with pytest.raises(Invalid, match="no two can have the same"):
        mapping_with(event=[*SOUND["event"], REFUND, REFUND])


def moment(**occurred_at: Any) -> FileMapping:
    return mapping_with(occurred_at={"text": "{when}", **occurred_at})


def instants(folder: Path, mapping: FileMapping, *whens: str, zone: str = "") -> list[str]:
    head = "receipt,who,when,total,zone\n"
    lines = [f"{place},ann,{when},4.20,{zone}" for place, when in enumerate(whens)]
    path = file_of(folder, *lines, head=head)
    with open_rows(path, mapping.shape) as rows:
        return [format_instant(mapping.occurred_at.at(row.columns)) for row in rows]


def test_texts_in_several_forms_are_read(tmp_path: Path) -> None:
    mapping = moment(format=["%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "spreadsheet"])
    whens = ("2026-01-02 03:04", "02.01.2026 03:04", "46024.1277777778")
    assert instants(tmp_path, mapping, *whens) == ["2026-01-02T03:04:00Z"] * 3


def test_a_text_that_two_formats_read_differently_is_refused(tmp_path: Path) -> None:
    mapping = moment(format=["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"])
    assert instants(tmp_path, mapping, "13/01/2026 03:04") == ["2026-01-13T03:04:00Z"]
    with pytest.raises(Invalid, match="read it as different moments"):
        instants(tmp_path, mapping, "02/01/2026 03:04")


def test_each_row_may_name_its_time_zone(tmp_path: Path) -> None:
    words = {"Eastern": "America/New_York", "Amsterdam": "Europe/Amsterdam"}
    mapping = moment(format="%Y-%m-%d %H:%M", time_zone={"choice": "{zone}", "words": words})
    at = "2026-01-02 03:04"
    assert instants(tmp_path, mapping, at, zone="Eastern") == ["2026-01-02T08:04:00Z"]
    assert instants(tmp_path, mapping, at, zone="Amsterdam") == ["2026-01-02T02:04:00Z"]
    for zone, says in (("Mars", "none of Eastern, Amsterdam"), ("", "has no time zone")):
        with pytest.raises(Invalid, match=says):
            instants(tmp_path, mapping, at, zone=zone)


@pytest.mark.parametrize("zone", ["Mars/Olympus", {"choice": "{zone}", "words": {"M": "Mars"}}, 7])
def test_a_time_zone_that_does_not_exist_is_refused(zone: object) -> None:
    with pytest.raises(Invalid, match="must be an IANA time zone"):
        moment(format="%Y-%m-%d", time_zone=zone)


@pytest.mark.parametrize("text", ["60", "-3", "1e3", "2026-01-01", "9999999"])
def test_what_is_no_day_of_a_spreadsheet_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Invalid, match="as spreadsheets count them"):
        instants(tmp_path, moment(format="spreadsheet"), text)


def test_the_header_is_found_below_other_lines(tmp_path: Path) -> None:
    head = f'Report of "our" till\n\nfrom,1 January\n{HEAD}'
    account, rejects = dry_run(mapping_of(SOUND), file_of(tmp_path, ROW, head=head))
    assert (account.rows, account.appended, rejects) == (1, 1, [])


def test_a_header_too_far_down_is_not_looked_for(tmp_path: Path) -> None:
    path = file_of(tmp_path, ROW, head="Report\n" * 60 + HEAD)
    with open_rows(path, mapping_of(SOUND).shape) as rows:
        assert rows.columns == ("Report",)


CAFE = "receipt,who,when,total\n1,caf\u00e9,2026-01-01T10:00:00Z,4.20\n"


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("written_in", "read_in"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-8"),
        ("utf-16-be", "utf-8"),
        ("cp1252", "cp1252"),
    ],
)
def test_encodings_are_distinguished(
    tmp_path: Path, written_in: str, read_in: str, compressed: bool
) -> None:
    content = CAFE.encode(written_in)
    if written_in == "utf-16-be":
        content = codecs.BOM_UTF16_BE + content
    path = tmp_path / "till.csv"
    path.write_bytes(gzip.compress(content) if compressed else content)
    with open_rows(path, mapping_of(SOUND).shape) as rows:
        assert rows.encoding == read_in
        assert [row.columns["who"] for row in rows] == ["caf\u00e9"]


def test_one_damaged_line_does_not_change_the_encoding_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "till.csv"
    path.write_bytes(CAFE.encode() + b"2,caf\xe9,2026-01-01T10:00:00Z,4.20\n")
    account, rejects = dry_run(mapping_of(SOUND), path)
    assert (account.appended, [one.code for one in rejects]) == (1, ["unreadable-text"])
