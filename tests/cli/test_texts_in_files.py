"""Texts in tables and mappings, and in the arguments of commands: the same rule as over HTTP."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid5

import pytest

from domain.events import CATALOGUE
from domain.text import IDENTIFIER, NAME
from ledger.drafts import Append, Draft
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.api.test_texts import REFUSED, TEXTS
from tests.cli.running import Ended, rapport
from tests.ledger.given import HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.ledger import Ledger

MAPPING = """
name = "till"
key = ["receipt"]
[contact]
source = "pos"
ref = "{who}"
[contact.registration]
kind = "person"
name = "{name}"
[occurred_at]
text = "2026-01-01T10:00:00Z"
[[event]]
type = "purchase-made"
[event.data]
purchase_id = "{receipt}"
amount_minor = 450
currency = "EUR"
initiated_by = "contact"
"""

CELLS = {text: kept for text, kept in TEXTS.items() if text == text.strip()}
"""Cells of a table are read without the white space around them, whatever they hold."""


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "till.toml").write_text(MAPPING)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def imported(rows: list[tuple[str, str, str]], mapping: str = "till.toml") -> Ended:
    with Path("till.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("receipt", "who", "name"), *rows])
    return rapport("import", "--mapping", mapping, "till.csv", "--data", "data", "--rejects", "-")


def reasons(ended: Ended) -> list[tuple[str, str]]:
    """Code and detail of each reject."""
    found = list(csv.DictReader(io.StringIO(ended.out)))
    return [(one["code"], one["detail"]) for one in found]


@pytest.fixture
def ledger(till: Path) -> Iterator[Ledger]:
    with closing(DataFolder.open(till / "data", SqliteStore, clock=HandClock())) as opened:
        yield opened.ledger("main")


@pytest.mark.parametrize(("text", "kept"), CELLS.items(), ids=map(ascii, CELLS))
def test_a_cell_is_kept_by_its_rule_or_rejected_with_the_reason(
    till: Path, text: str, kept: dict[object, str | None]
) -> None:
    assert till.is_dir()
    rows = [("1", "7", text), (text, "8", "Ben"), ("3", text, "Cas"), ("4", "9", "Dan")]
    ended = imported(rows)
    fields = {"/registration/name": NAME, "/purchase_id": IDENTIFIER, "/contact": IDENTIFIER}
    refused = {pointer for pointer, rule in fields.items() if kept[rule] is REFUSED}
    found = reasons(ended)
    assert {detail.split()[0] for _, detail in found} == refused
    assert len(found) == len(refused)
    # A ref that ends in what nobody sees is told of as spoiled, before the rule is asked.
    codes = {"invalid-text"} | ({"spoiled-ref"} if "/contact" in refused else set())
    assert {code for code, _ in found} <= codes
    assert all("U+" in detail for _, detail in found)
    assert ended.code == (1 if refused else 0)


def test_a_row_from_before_is_still_known(till: Path) -> None:
    rows = [("1", "7", "a\u202eb"), ("a\u200b", "8", "Ben")]
    with pytest.MonkeyPatch.context() as before:
        as_before(before)
        assert "2 appended" in imported(rows).err
    again = imported(rows)
    assert again.code == 0, again
    assert "2 already known" in again.err
    assert till.is_dir()


def test_a_row_from_before_is_known_though_its_ref_looks_spoiled(till: Path) -> None:
    """What is new under such a ref is still refused, and so is another contact's registration."""
    rows = [("1", "123.0", "Ann"), ("2", '="00123"', "Ben"), ("3", "7\u200b", "Cas")]
    with pytest.MonkeyPatch.context() as before:
        as_before(before)
        before.setattr("api.service.importing.refs.spreadsheet_damage", lambda _text: None)
        before.setattr(IDENTIFIER.__class__, "apply", lambda _rule, text: text)
        assert "3 appended" in imported(rows).err
    again = imported([*rows, ("4", "123.0", "Ann"), ("5", "124.0", "Dan")])
    assert "3 already known, 0 skipped, 2 rejected; 0 contacts registered" in again.err
    assert [code for code, _ in reasons(again)] == ["spoiled-ref", "spoiled-ref"]
    assert till.is_dir()


def as_before(patch: pytest.MonkeyPatch) -> None:
    """Read texts as it was done before there was a rule."""
    for cls in CATALOGUE.values():
        patch.setattr(cls, "read", cls.read_kept)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('source = "a\\u202Eb"', "/source: must not hold U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        ('source = "\\u00A0"', "/source: must hold a visible character"),
    ],
)
def test_a_text_in_a_mapping_is_held_to_the_rule(till: Path, written: str, said: str) -> None:
    (till / "other.toml").write_text(f"{written}\n{MAPPING}")
    ended = imported([("1", "7", "Ann")], "other.toml")
    assert ended.code == 2
    assert said in ended.err


def test_a_constant_of_a_mapping_is_held_to_the_rule(till: Path) -> None:
    other = MAPPING.replace('name = "{name}"', 'name = "\\u200B"')
    (till / "other.toml").write_text(other)
    ended = imported([("1", "7", "Ann")], "other.toml")
    assert [code for code, _ in reasons(ended)] == ["invalid-text"]


def test_an_argument_that_names_a_contact_is_held_to_the_rule(till: Path) -> None:
    imported([("1", "Rene\u0301", "Ren\u00e9")])
    for name in ("pos:Ren\u00e9", "pos:Rene\u0301"):
        assert rapport("status", name, "--data", till / "data").code == 0
    for name, point in (("pos:7 ", "U+0020"), ("pos:a\nb", "U+000A"), ("pos:\udc80", "U+DC80")):
        for asked in (("status", name, "--data", till / "data"), ("receipt", till / "data", name)):
            ended = rapport(*asked)
            assert (ended.code, ended.out) == (2, "")
            assert point in ended.err
            assert ended.err.isascii()


def test_an_argument_that_names_a_key_is_held_to_the_rule(till: Path) -> None:
    for name, point in ((" ", "U+0020"), ("a\u202eb", "U+202E")):
        ended = rapport("keys", "create", name, "--scope", "read", "--data", till / "data")
        assert (ended.code, ended.out) == (2, "")
        assert point in ended.err
    made = rapport("keys", "create", " Rene\u0301 ", "--scope", "read", "--data", till / "data")
    assert made.code == 0
    listed = rapport("keys", "list", "--data", till / "data", "--json").json()
    assert [one["name"] for one in listed] == ["Ren\u00e9"]


def test_a_contact_from_before_is_found_by_its_argument(till: Path, ledger: Ledger) -> None:
    registered = CATALOGUE["contact-registered"].read({"kind": "person", "name": "Ann"})
    contact_id = uuid5(ledger.namespace, "pos:7 ")
    draft = Draft(contact_id=contact_id, type=registered.TYPE, event=registered)
    ledger.append(Append((draft,))).result(30)
    assert ledger.contact_id("pos:7 ") == contact_id
    assert till.is_dir()
