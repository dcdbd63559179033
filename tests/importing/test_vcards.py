"""Files of vCards: what cards of each version say, and what is left out."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from api.service.importing.ready_mappings import ready_mapping
from api.service.importing.rows import open_rows
from api.service.importing.vcards import is_vcard
from tests.cli.running import rapport
from tests.importing.expected_samples import OUTCOMES
from tests.importing.ledgers import dry_run, imported_into, opened
from tests.importing.samples import SAMPLES, sample

if TYPE_CHECKING:
    from pathlib import Path


def card(*lines: str, version: str = "4.0") -> str:
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])


def columns_of(folder: Path, *cards: str, encoding: str = "utf-8") -> list[dict[str, str]]:
    path = folder / "cards.vcf"
    path.write_bytes("".join(cards).encode(encoding))
    with open_rows(path, ready_mapping("vcard").shape) as rows:
        return [{name: text for name, text in row.columns.items() if text} for row in rows]


@pytest.mark.parametrize(
    ("line", "column", "text"),
    [
        ("BDAY:19850412", "birthday", "19850412"),
        ("BDAY:--0412", "birthday", "--0412"),
        ("BDAY;VALUE=date:1985-04-12", "birthday", "1985-04-12"),
        ("BDAY;VALUE=date-and-or-time:19850412T102200Z", "birthday", "19850412T102200Z"),
        ("BDAY;VALUE=text:circa 1800", "birthday", None),
        ("BDAY;VALUE=text:1985-04-12 or so", "birthday", None),
        ("BDAY:1985-04", "birthday", None),
        ("BDAY:1985", "birthday", None),
        ("X-ANNIVERSARY:2009-08-08", "anniversary", "2009-08-08"),
        ("EMAIL;PREF=1:a@b.nl", "email_1", "a@b.nl"),
        ("EMAIL:mailto:a@b.nl", "email_1", "a@b.nl"),
        ('TEL;VALUE=uri;TYPE="voice,home":tel:+31-20', "phone_1", "+31-20"),
        ('TEL;VALUE=uri;TYPE="voice,home":tel:+31-20', "phone_1_label", "home"),
        ("TEL;TYPE=CELL,VOICE:123", "phone_1_label", "mobile"),
        ("TEL;PREF;FAX:123", "phone_1_label", "fax"),
        ("FN:Lee\\, Ann\\; MD", "name", "Lee, Ann; MD"),
        ("ORG:Tea \\; Co;Sales", "organisation", "Tea ; Co"),
        ("ADR:;;Kade 1;Delft;;2611 AB;NL", "postal_1", "Kade 1, 2611 AB Delft, NL"),
        ("ADR:;;Kade 1;Delft;;2611 AB;NL", "postal_1_code", "2611 AB"),
        ("ADR:;;Kade 1", "postal_1", "Kade 1"),
        ("X-ABShowAs:COMPANY", "kind", "org"),
        ("NICKNAME:Annie", "name", None),
        ("no property at all", "name", None),
    ],
)
def test_a_property_is_read(tmp_path: Path, line: str, column: str, text: str | None) -> None:
    (columns,) = columns_of(tmp_path, card("UID:1", line))
    assert columns.get(column) == text


def test_lines_are_unfolded_and_quoted_printable_is_decoded(tmp_path: Path) -> None:
    folded = card("UID:1", "FN:Anna Ma", " ria Lind", "\tström")
    quoted = card(
        "UID:2", "FN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Zo=EB =", "Bos", version="2.1"
    )
    assert [one["name"] for one in columns_of(tmp_path, folded, quoted)] == [
        "Anna Maria Lindström",
        "Zoë Bos",
    ]


def test_a_label_of_apples_belongs_to_its_group_alone(tmp_path: Path) -> None:
    (columns,) = columns_of(
        tmp_path,
        card("UID:1", "item1.TEL:1", "item1.X-ABLabel:Boat", "item2.TEL:2", "TEL;TYPE=work:3"),
    )
    assert [columns.get(f"phone_{n}_label") for n in (1, 2, 3)] == ["boat", None, "work"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_distinguished(tmp_path: Path, encoding: str) -> None:
    (columns,) = columns_of(tmp_path, card("FN:Zoë"), encoding=encoding)
    assert columns["name"] == "Zoë"


def test_a_picture_is_neither_read_nor_kept(tmp_path: Path) -> None:
    picture = base64.b64encode(b"x" * 100_000).decode()
    path = tmp_path / "cards.vcf"
    path.write_text(card("UID:1", "FN:Ann", f"PHOTO:data:image/png;base64,{picture}", "TEL:12"))
    with open_rows(path, ready_mapping("vcard").shape) as rows:
        (row,) = rows
    assert (row.columns["name"], row.columns["phone_1"], row.line) == ("Ann", "12", 1)
    assert "PHOTO" not in row.text


def test_a_card_that_cannot_be_recorded_stops_no_other(tmp_path: Path) -> None:
    path = tmp_path / "cards.vcf"
    path.write_text(card("UID:1", "FN:Ann", "BDAY:19850231") + card("UID:2", "FN:Ben"))
    account, rejects = dry_run(ready_mapping("vcard"), path)
    assert (account.appended, account.rejected) == (1, 1)
    assert [(one.line, one.code) for one in rejects] == [(1, "contradiction")]
    rejected = rejects[0].row
    lines = ["BEGIN:VCARD", "VERSION:4.0", "UID:1", "FN:Ann", "BDAY:19850231", "END:VCARD"]
    assert rejected.splitlines() == lines


def test_rejected_cards_are_mended_in_the_reject_file_and_imported(tmp_path: Path) -> None:
    path, rejects = tmp_path / "cards.vcf", tmp_path / "cards.vcf.rejects.csv"
    whole = card("UID:1", "FN:Ann", "BDAY:19850231") + card("UID:2", "FN:Ben")
    path.write_text(f"{whole}BEGIN:VCARD\nUID:3\nFN:Cleo\n")
    words = ("import", "--data", tmp_path / "data", "--mapping", "vcard", "--json", "--rejects")
    assert rapport(*words, rejects, path).code == 1
    again = rapport(*words, rejects, rejects)
    assert (again.code, again.err) == (2, "rapport: --rejects would overwrite what is to be read\n")
    text = rejects.read_text().replace("0231", "0228").replace("FN:Cleo", "FN:Cleo\nEND:VCARD")
    rejects.write_text(text)
    mended = rapport(*words, tmp_path / "more.csv", rejects)
    assert (mended.code, mended.json()["appended"]) == (0, 2)
    assert (mended.json()["contacts_registered"], mended.json()["rows"]) == (2, 2)


def test_an_address_that_moves_in_a_card_is_learned_once(tmp_path: Path) -> None:
    path = tmp_path / "cards.vcf"
    with opened(tmp_path / "data") as ledger:
        for lines, appended in ((("TEL:12 34 56", "TEL:78 90 12"), 1), (("TEL:78 90 12",), 0)):
            path.write_text(card("UID:1", "FN:Ann", *lines))
            account, _ = imported_into(ledger, ready_mapping("vcard"), path)
            assert account.appended == appended


def test_vcf_files_need_no_mapping_to_be_named(tmp_path: Path) -> None:
    words = ("import", "--data", tmp_path / "data", sample("vcard"), "--json")
    tried = rapport(*words, "--dry-run").json()
    done = rapport(*words)
    assert done.code == 0
    for ended in (tried, done.json()):
        assert (ended["rows"], ended["appended"], ended["skipped"]) == OUTCOMES["vcard"]
    again = rapport(*words).json()
    assert (again["appended"], again["already_known"]) == (0, 4)


def test_only_files_that_begin_so_are_vcards(tmp_path: Path) -> None:
    assert is_vcard(sample("vcard"))
    assert not is_vcard(sample("toast-checks"))
    (tmp_path / "empty").write_bytes(b"")
    assert not is_vcard(tmp_path / "empty")
    ended = rapport("import", "--mapping", "vcard", SAMPLES / "toast-checks.csv")
    assert ended.code == 2
    assert "is no file of vCards" in ended.err
    assert ": try --mapping toast-checks" in ended.err


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (("BEGIN:VCARD", "FN:Lost One", "BEGIN:VCARD", "FN:Ann", "END:VCARD"), [None, "Ann"]),
        (("BEGIN:VCARD", "FN:Ann", "END:VCARD", "BEGIN:VCARD", "FN:Lost One"), ["Ann", None]),
        (("BEGIN:VCARD", "FN:Lost One"), [None]),
    ],
    ids=["another begins", "the file ends", "alone"],
)
def test_a_card_that_does_not_end_is_a_row_that_is_rejected(
    tmp_path: Path, lines: tuple[str, ...], names: list[str | None]
) -> None:
    path = tmp_path / "cards.vcf"
    path.write_text("\n".join(lines), encoding="utf-8")
    with open_rows(path, ready_mapping("vcard").shape) as rows:
        found = list(rows)
    assert [None if row.problem else row.columns["name"] for row in found] == names
    assert all("no END:VCARD" in str(row.problem) for row in found if row.problem)
