"""Ids that a spreadsheet spoiled never become contacts of their own without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.service.importing.mapping import mapping_of
from api.service.importing.refs import spreadsheet_damage
from domain.errors import Invalid
from tests.importing.ledgers import dry_run, imported_into, opened
from tests.importing.test_mapping import SOUND, changed

if TYPE_CHECKING:
    from pathlib import Path

SPOILED = [
    '="00123"', "=00123", "'00123", "''", "123.0", "123,00", "-5.0", "1.23457E+12", "1,23E+05",
    "2e-07", "00123\u200b", "\ufeff00123", "\u200e00123", "00123\u00ad", "\u00a0x", "x\u2028",
    "#N/A", "#REF!", "#NAME?", "#####",
]  # fmt: skip  # a list of texts reads better in a block
SOUND_REFS = ["00123", "123", "c1", "1.5", "12.30", "o'hara", "a=b", "1E5", "x\u200dy", "#12", "é"]


def registered(path: Path, **contact: object) -> tuple[set[str], list[tuple[str, str]]]:
    """Which of some refs came in, and the codes and details of the rows that did not."""
    mapping = mapping_of(changed("contact", to={**SOUND["contact"], **contact}))
    with opened(path.parent / "data") as ledger:
        _, rejects = imported_into(ledger, mapping, path)
        names = [f"pos:{ref}" for ref in ("00123", "123", '="00123"', "'00123")]
        found = {name for name in names if ledger.registered_contacts([ledger.contact_id(name)])}
    return found, [(reject.code, reject.detail) for reject in rejects]


def rows(folder: Path, *refs: str) -> Path:
    path = folder / "till.csv"
    lines = [f"{n},{ref},2026-01-01T10:00:00Z,1\n" for n, ref in enumerate(refs)]
    path.write_text("receipt,who,when,total\n" + "".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize("text", SPOILED, ids=ascii)
def test_what_a_spreadsheet_makes_of_an_id_is_known(text: str) -> None:
    assert spreadsheet_damage(text) is not None


@pytest.mark.parametrize("text", SOUND_REFS, ids=ascii)
def test_an_id_as_it_was_given_is_left_alone(text: str) -> None:
    assert spreadsheet_damage(text) is None


def test_a_row_with_a_spoiled_ref_is_rejected_and_says_what_to_do(tmp_path: Path) -> None:
    path = rows(tmp_path, "00123", '="00123"', "'00123", "123.0", "00123\u200b")
    found, rejects = registered(path)
    assert found == {"pos:00123"}
    assert [code for code, _ in rejects] == ["spoiled-ref"] * 4
    assert sum("is a formula of a spreadsheet" in detail for _, detail in rejects) == 1
    assert all("mend it in the file, or give [contact] of" in detail for _, detail in rejects)


def test_a_pattern_admits_a_ref_as_it_stands(tmp_path: Path) -> None:
    found, rejects = registered(rows(tmp_path, '="00123"', "123"), pattern='=".*"')
    assert found == {'pos:="00123"'}
    assert [code for code, _ in rejects] == ["unmatched-ref"]


def test_a_group_of_the_pattern_is_the_ref(tmp_path: Path) -> None:
    pattern = """(?:="|')?(?P<ref>[0-9]{5})"?"""
    found, rejects = registered(rows(tmp_path, '="00123"', "'00123", "00123"), pattern=pattern)
    assert (found, rejects) == ({"pos:00123"}, [])


def test_a_pattern_is_for_the_whole_ref(tmp_path: Path) -> None:
    _, rejects = registered(rows(tmp_path, "123x", "x123", "123"), pattern="[0-9]+")
    assert [code for code, _ in rejects] == ["unmatched-ref"] * 2


def test_a_column_that_is_part_of_a_ref_is_looked_at_too(tmp_path: Path) -> None:
    _, rejects = registered(rows(tmp_path, "123.0"), ref="shop-{who}-x")
    assert [code for code, _ in rejects] == ["spoiled-ref"]


def test_a_pattern_that_is_none_is_refused_with_its_place() -> None:
    with pytest.raises(Invalid) as refused:
        mapping_of(changed("contact", "pattern", to="(["))
    assert [error.pointer for error in refused.value.errors] == ["/contact/pattern"]


def test_another_contact_of_the_event_is_looked_at_too(tmp_path: Path) -> None:
    data = {"referral_id": "{receipt}", "direction": "inbound", "other": "pos:{who}", "level": 5}
    event = {"type": "referral-made", "data": data}
    contact = {**SOUND["contact"], "ref": "ann"}
    mapping = mapping_of({**SOUND, "contact": contact, "event": [event]})
    path = rows(tmp_path, "00123", "'00123")
    _, rejects = dry_run(mapping, path)
    assert [(reject.line, reject.code) for reject in rejects if reject.code == "spoiled-ref"] == [
        (3, "spoiled-ref")
    ]
