"""``rapport replay``."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import rapport
from tests.cli.sold import sold

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sold(tmp_path_factory.mktemp("replay") / "data")


def test_the_digest_is_that_of_the_lines_which_are_the_same_twice(
    data: Path, tmp_path: Path
) -> None:
    question = ("--data", data, "--as-of", "2026-03-02", "--as-known-at", 79)
    accounts = [
        rapport("replay", *question, "--out", tmp_path / name, "--json").json()
        for name in ("one", "two")
    ]
    contents = [(tmp_path / name).read_bytes() for name in ("one", "two")]
    assert contents[0] == contents[1]
    assert {account["digest"] for account in accounts} == {hashlib.sha256(contents[0]).hexdigest()}
    rows = [json.loads(line) for line in contents[0].splitlines()]
    assert [row["stage"] for row in rows] == ["customer"] * 7 + ["client"] * 4
    account = accounts[0]
    assert (account["contacts"], account["stages"]["client"]) == (11, 4)
    assert account["as_known_at"]["position"] == account["position"] == 79
    assert sorted(one.name for one in tmp_path.iterdir()) == ["one", "two"]


def test_people_read_a_table(data: Path) -> None:
    ended = rapport("replay", "--data", data, "--as-of", "2026-03-02")
    assert ended.code == 0
    table = {line.split()[0]: line.split()[1:] for line in ended.out.splitlines()}
    assert table["client"] == ["5", "41.7", "%"]
    assert table["customer"] == ["7", "58.3", "%"]
    assert len(table["digest"][0]) == 64


def test_one_contact_is_not_told_in_the_plural(data: Path) -> None:
    found = rapport("replay", "--data", data, "--as-known-at", 3)
    assert "\n1 contact as of " in found.out


def test_a_version_judges_everything_where_it_is_asked_to(data: Path) -> None:
    said = rapport("replay", "--data", data, "--as-of", "2026-03-02", "--policy-version", 1)
    assert "client           0" in said.out
    assert "judged then by version 1" in said.out


def test_what_was_known_before_the_first_event_is_nothing(data: Path) -> None:
    for known_at in ("0", "1980-01-01"):
        account = rapport("replay", "--data", data, "--as-known-at", known_at, "--json").json()
        assert (account["contacts"], account["position"]) == (0, 0)
    assert rapport("replay", "--data", data, "--as-known-at", 0).code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--as-of", "yesterday"), 2),
        (("--as-of", "2100-01-01"), 2),
        (("--as-known-at", "soon"), 2),
        (("--as-known-at", "999999"), 2),
        (("--policy-version", "9"), 2),
        (("--policy-version", "0"), 2),
        (("--ledger", "other"), 2),
        (("--out", "/nowhere/at/all"), 3),
    ],
)
def test_a_question_that_is_none_is_told_so(data: Path, words: tuple[str, ...], code: int) -> None:
    ended = rapport("replay", "--data", data, *words)
    assert ended.code == code
    assert ended.err
    assert "Traceback" not in ended.err


def test_a_mistyped_folder_is_not_made(tmp_path: Path) -> None:
    assert rapport("replay", "--data", tmp_path / "dta").code == 3
    assert list(tmp_path.iterdir()) == []
