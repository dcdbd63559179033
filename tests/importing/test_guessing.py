"""``rapport import --guess``: the mapping that it writes imports the file, or it says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from api.service.importing.guessing.forms import amount_form, currency_in, moment_form
from api.service.importing.guessing.layout import look_at_layout
from api.service.importing.guessing.refs import ref_pattern
from api.service.importing.mapping import read_mapping
from api.service.importing.ready_mappings import ready_names, ready_text
from domain.instants import format_instant
from tests.cli.running import rapport
from tests.importing.expected_samples import OUTCOMES
from tests.importing.ledgers import imported_into, opened
from tests.importing.samples import SAMPLES, SETTINGS, sample

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.running import Ended


def guess(path: Path, *more: object) -> Ended:
    return rapport("import", "--guess", path, "--mapping", f"{path}.toml", *more)


def shown(folder: Path, path: Path) -> list[tuple[str, dict[str, Any]]]:
    """The events that the file becomes by its proposed mapping, which rejects nothing."""
    with opened(folder) as ledger:
        account, rejects = imported_into(
            ledger, read_mapping(path.with_name(f"{path.name}.toml")), path
        )
        assert rejects == []
        assert account.appended == account.rows - account.skipped
        return [
            (f"{one.type} {format_instant(one.occurred_at)}", one.event.show())
            for one in ledger.log(limit=100)
            if one.type != "policy-published"
        ]


@pytest.mark.parametrize("name", ready_names())
def test_the_ready_mapping_of_a_sample_is_found(name: str, tmp_path: Path) -> None:
    out = tmp_path / "own.toml"
    said = [word for one in SETTINGS.get(name, {}).items() for word in ("--set", "=".join(one))]
    found = rapport("import", "--guess", "--mapping", out, sample(name), "--json", *said).json()
    assert (found["ready"], found["settings"]) == (name, {})
    if not said:
        assert out.read_text(encoding="utf-8") == ready_text(name)
    words = ("import", "--data", tmp_path / "data", "--dry-run", "--mapping", out)
    ended = rapport(*words, sample(name), "--json").json()
    assert (ended["rows"], ended["appended"], ended["skipped"]) == OUTCOMES[name]


def test_a_sample_that_a_german_excel_saved_is_still_known(tmp_path: Path) -> None:
    text = (SAMPLES / "stripe-payments.csv").read_text(encoding="utf-8")
    path = tmp_path / "saved.csv"
    path.write_bytes(text.replace(",", ";").encode("cp1252"))
    found = guess(path, "--json").json()
    assert (found["ready"], found["delimiter"], found["encoding"]) == (
        "stripe-payments",
        ";",
        "cp1252",
    )
    ended = rapport(
        "import", "--data", tmp_path / "d", "--dry-run", "--mapping", f"{path}.toml", path
    )
    assert (ended.code, "3 appended" in ended.out) == (0, True)


GERMAN = """\
Kassenbericht Müller;;;;;

Belegnr;Datum;Uhrzeit;Kundennr;Name;Betrag
1001;03.01.2026;10:15;00123;Jürgen Müller;1.234,50 €
1002;14.01.2026;11:00;00124;Zoë;12,50 €
1003;15.01.2026;12:30;00125;René;3,00 €
1004;15.01.2026;12:31;00123;Jürgen Müller;-12,50 €
1005;15.01.2026;12:40;;;7,00 €
"""


def test_a_german_till_in_windows_1252_is_read(tmp_path: Path) -> None:
    path = tmp_path / "Kasse 2026.csv"
    path.write_bytes(GERMAN.encode("cp1252"))
    ended = guess(path, "--set", "time_zone=Europe/Berlin")
    assert ended.code == 0
    for line in (
        "Datum     moment (sure): %d.%m.%Y: '14.01.2026' can be read in no other order\n",
        "Betrag    amount (sure): decimal mark ',', '.' before thousands: '1.234,50 €' has ','",
        "wrote ",
    ):
        assert line in ended.out
    for line in (
        "the file is read as cp1252\n",
        "';' stands between columns\n",
        "the header stands in line 3\n",
        "a ref must match [0-9]{5}, so that what a spreadsheet spoils is rejected; 0 of",
        "1 row without Kundennr: skipped\n",
    ):
        assert line in ended.err
    mapping = read_mapping(path.with_name("Kasse 2026.csv.toml"))
    assert (mapping.name, mapping.shape.encoding) == ("kasse-2026", "cp1252")
    mapping_text = path.with_name("Kasse 2026.csv.toml").read_text(encoding="utf-8")
    assert 'decimal_mark = ","' in mapping_text
    assert 'default = "EUR"' in mapping_text
    events = shown(tmp_path / "data", path)
    assert [kind for kind, _ in events] == [
        "contact-registered 2026-01-03T09:15:00Z",
        "purchase-made 2026-01-03T09:15:00Z",
        "contact-registered 2026-01-14T10:00:00Z",
        "purchase-made 2026-01-14T10:00:00Z",
        "contact-registered 2026-01-15T11:30:00Z",
        "purchase-made 2026-01-15T11:30:00Z",
        "purchase-reversed 2026-01-15T11:31:00Z",
    ]
    made = {"purchase_id": "1001", "amount_minor": 123450, "currency": "EUR"}
    assert events[1][1] == {**made, "initiated_by": "contact"}
    assert events[-1][1] == {**made, "amount_minor": 1250}
    assert events[0][1]["name"] == "Jürgen Müller"


def test_lines_of_one_receipt_are_joined_and_days_have_noon(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(
        "sep=;\nInvoice no;Client ID;Invoice date;Amount USD\n"
        "A1;K-001;12/31/2025;10.00\nA1;K-001;12/31/2025;2.50\nA2;K-002;01/02/2026;1,000.00\n",
        encoding="utf-16",
    )
    ended = guess(path)
    assert ended.code == 0, ended.err
    assert "rows with one Invoice no are one purchase" in ended.err
    events = shown(tmp_path / "data", path)
    assert [kind for kind, _ in events if kind.startswith("purchase")] == [
        "purchase-made 2025-12-31T12:00:00Z",
        "purchase-made 2026-01-02T12:00:00Z",
    ]
    assert [data["amount_minor"] for _, data in events if "purchase_id" in data] == [1250, 100000]
    assert 'pattern = "K-[0-9]{3}"' in path.with_name("export.csv.toml").read_text(encoding="utf-8")


def test_a_file_of_excel_without_header_and_zone_is_asked_about(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("kunde@example.org,45658.75,5\nother@example.org,45659.5,7\n", encoding="utf-8")
    assert guess(path).code == 2  # nothing says which of the numbers is the amount
    path.write_text("E-mail,Day,Total\nAnn@example.org,45658.75,5\n", encoding="utf-8")
    found = guess(path, "--json").json()
    assert list(found["settings"]) == ["currency", "time_zone"]
    assert [one["sure"] for one in found["columns"]] == ["sure", "guessed", "sure"]
    words = ("--set", "currency=EUR", "--set", "time_zone=Asia/Tokyo", "--data", tmp_path / "d")
    ended = rapport("import", "--mapping", f"{path}.toml", *words, "--json", path)
    assert (ended.code, ended.json()["appended"]) == (0, 1)


def test_contacts_of_no_known_kind_become_contacts(tmp_path: Path) -> None:
    path = tmp_path / "adressen.csv"
    path.write_text(
        "Kundennummer;Vorname;Nachname;E-Mail;Telefon;Geburtsdatum\n"
        "7;Anna;Lindström;anna@example.com;+46 70 174 06 05;12.04.1985\n"
        "12;Ben;;;;\n",
        encoding="utf-8-sig",
    )
    assert guess(path).code == 0
    events = shown(tmp_path / "data", path)
    assert [kind.split()[0] for kind, _ in events] == [
        "contact-registered",
        "contact-detail-learned",
        "contact-detail-learned",
        "occasion-learned",
        "contact-registered",
    ]
    assert events[3][1] == {
        "occasion_id": "birthday",
        "kind": "birthday",
        "month": 4,
        "day": 12,
        "year": 1985,
    }


def test_what_looks_like_nothing_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "stock.csv"
    path.write_text("sku,shelf\n1,2\n", encoding="utf-8")
    ended = guess(path)
    assert ended.code == 2
    assert "neither like purchases, which have an amount and a day, nor like contacts" in ended.err
    (tmp_path / "poem.csv").write_text("once upon a time\nthere was\n", encoding="utf-8")
    assert guess(tmp_path / "poem.csv").code == 3
    assert [one.name for one in tmp_path.glob("*.toml")] == []


def test_a_mapping_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    sample = SAMPLES / "stripe-payments.csv"
    (tmp_path / "mine.toml").write_text("mine", encoding="utf-8")
    ended = rapport("import", "--guess", sample, "--mapping", tmp_path / "mine.toml")
    assert (ended.code, "exists: name another file" in ended.err) == (2, True)
    ended = rapport("import", "--guess", sample, "--dry-run")
    assert (ended.code, "--dry-run is not for that" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("values", "comma", "form"),
    [
        (["1.234,50", "3"], False, (",", ".", True)),
        (["1 234,50"], False, (",", " ", True)),
        (["1,234.50", "-3.00"], True, (".", ",", True)),
        (["12", "7"], True, (",", "", True)),
        (["1.234", "2.000"], True, (",", ".", False)),
        (["1.234", "2.000"], False, (".", "", False)),
        (["1,234,567"], True, (".", ",", True)),
        (["1'234.50"], False, (".", "'", True)),
        (["1.5", "1,5"], False, None),
        (["tea"], False, None),
    ],
)
def test_the_decimal_mark_follows_from_the_values(
    values: list[str], comma: bool, form: tuple[str, str, bool] | None
) -> None:
    found = amount_form(values, comma_likely=comma)
    assert (found and (found.decimal_mark, found.group_mark, found.sure)) == form


@pytest.mark.parametrize(
    ("values", "form", "sure"),
    [
        (["2026-01-02T03:04:05Z"], "rfc3339", True),
        (["02.01.2026 10:00"], "%d.%m.%Y %H:%M", True),
        (["13/01/2026", "02/01/2026"], "%d/%m/%Y", True),
        (["01/13/2026", "01/02/2026"], "%m/%d/%Y", True),
        (["01/02/2026", "01/03/2026", "02/01/2026"], "%m/%d/%Y", True),  # by their order
        (["01/02/2026"], "%d/%m/%Y", False),
        (["1/2/26 3:04 PM", "1/13/26 4:00 AM"], "%m/%d/%y %I:%M %p", True),
        (["45658.75"], "spreadsheet", False),
        (["2026-01-02 10:00:00 +0100"], "%Y-%m-%d %H:%M:%S %z", True),
    ],
)
def test_the_order_of_a_date_follows_from_the_values(
    values: list[str], form: str, sure: bool
) -> None:
    found = moment_form(values, month_first=False)
    assert found is not None
    assert (found.format, found.sure) == (form, sure)


@pytest.mark.parametrize(
    ("values", "pattern"),
    [
        (["00123", "00124", "125", '="00126"', "123.0", "1.23457E+12"], "[0-9]{5}"),
        (["7", "12"], "[1-9][0-9]{0,19}"),
        (["cus_A1", "cus_B22"], "[0-9A-Za-z_-]{6,7}"),
        (["a@b.nl", "b@b.nl"], r"[^@\s=']+@[^@\s]+"),
        (["Ann Lee", "Ben"], None),
        (['="1"'], None),
    ],
)
def test_a_pattern_admits_what_nothing_spoiled(values: list[str], pattern: str | None) -> None:
    assert ref_pattern(values) == pattern


@pytest.mark.parametrize(
    ("texts", "currency"),
    [
        (["12 €"], "EUR"),
        (["$12"], None),
        (["12,50 zł"], "PLN"),
        (["Amount USD"], "USD"),
        (["12 €", "12 CHF"], None),
        (["12"], None),
    ],
)
def test_a_currency_is_named_by_one_sign_or_code(texts: list[str], currency: str | None) -> None:
    assert currency_in(texts) == currency


def test_the_time_zone_that_is_shown_is_the_one_that_is_written(tmp_path: Path) -> None:
    path = tmp_path / "days.csv"
    path.write_text("receipt,customer,date,amount\n1,ann,2026-02-01,4 EUR\n2,ben,2026-02-13,3\n")
    said = ("--set", "time_zone=Pacific/Auckland")
    for zone, more, moment in (
        ("UTC; --set time_zone=... says another", (), "2026-02-01T12:00:00Z"),
        ("Pacific/Auckland\n", said, "2026-01-31T23:00:00Z"),
    ):
        ended = guess(path, *more)
        assert (ended.code, f"each is 12:00 in {zone}" in ended.err) == (0, True)
        assert f"purchase-made {moment}" in dict(shown(tmp_path / f"data{len(more)}", path))
        path.with_name("days.csv.toml").unlink()
    ended = guess(path, "--set", "time_zone=Mars/X")
    assert (ended.code, path.with_name("days.csv.toml").exists()) == (2, False)
    assert "/time_zone/default: 'Mars/X': must be an IANA time zone" in ended.err


def test_a_semicolon_in_a_text_separates_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('name,note,mail\nAnn,"a;b;c",a@b.nl\nBen,"d;e;f",b@b.nl\n', encoding="utf-8")
    layout = look_at_layout(path)
    assert (layout.delimiter, layout.columns) == (",", ("name", "note", "mail"))
