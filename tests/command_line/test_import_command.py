"""``rapport import`` as a person runs it."""

from __future__ import annotations

import csv
import gzip
from typing import TYPE_CHECKING

import pytest

from tests.command_line.running import Ended, rapport, serving

if TYPE_CHECKING:
    from pathlib import Path

MAPPING = """
name = "till"
key = ["receipt"]
[contact]
source = "pos"
ref = "{who}"
[contact.registration]
kind = "person"
name = "{who}"
[occurred_at]
text = "{when}"
[[event]]
type = "purchase-made"
[event.data]
purchase_id = "{receipt}"
amount_minor = { amount = "{total}" }
currency = "EUR"
initiated_by = "contact"
"""
GOOD = "1,ann,2026-01-01T10:00:00Z,4.20\n2,ben,2026-01-02T10:00:00Z,3\n"
BAD = "3,ann,2026-01-03T10:00:00Z,free\n"


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a mapping."""
    (tmp_path / "till.toml").write_text(MAPPING)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(till: Path, rows: str, *more: object) -> Ended:
    (till / "till.csv").write_text("receipt,who,when,total\n" + rows)
    return rapport("import", "--mapping", "till.toml", "till.csv", "--data", "data", *more)


def test_an_account_of_every_row_is_given(till: Path) -> None:
    first, second = run(till, GOOD, "--json"), run(till, GOOD, "--json")
    assert (first.code, second.code) == (0, 0)
    counts = ("rows", "appended", "already_known", "rejected", "contacts_registered")
    assert [first.json()[name] for name in counts] == [2, 2, 0, 0, 2]
    assert [second.json()[name] for name in counts] == [2, 0, 2, 0, 0]
    assert "2 rows: 0 appended, 2 already known, 0 rejected" in run(till, GOOD).out


def test_rejected_rows_go_to_a_file_with_their_reasons_and_the_code_is_1(till: Path) -> None:
    ended = run(till, GOOD + BAD)
    assert ended.code == 1
    assert "till.csv.rejects.csv" in ended.out
    with (till / "till.csv.rejects.csv").open(newline="") as file:
        (reject,) = csv.DictReader(file)
    assert reject == {
        "line": "4",
        "code": "not-an-amount",
        "detail": "/amount_minor 'free' is not a decimal amount",
        "row": BAD.strip(),
    }


def test_a_clean_run_takes_the_reject_file_of_an_earlier_one_away(till: Path) -> None:
    run(till, GOOD + BAD)
    assert run(till, GOOD).code == 0
    assert not (till / "till.csv.rejects.csv").exists()


def test_a_dry_run_writes_nothing_at_all(till: Path) -> None:
    (till / "till.csv").touch()
    before = sorted(till.iterdir())
    ended = run(till, GOOD + BAD, "--dry-run")
    assert ended.code == 1
    assert "line 4: not-an-amount" in ended.err
    assert "nothing written" in ended.out
    assert sorted(till.iterdir()) == before


def test_rejects_of_a_dry_run_can_be_had_on_standard_output(till: Path) -> None:
    ended = run(till, GOOD + BAD, "--dry-run", "--rejects", "-")
    assert "4,not-an-amount," in ended.out


def test_a_policy_is_published_once_however_often_the_import_runs(till: Path) -> None:
    for _ in range(2):
        assert run(till, GOOD, "--preset", "purchases-only").code == 0
    versions = rapport("policy", "list", "--data", "data", "--json").json()
    assert [(one["name"], one["effective_from"]) for one in versions] == [
        ("retail", "1970-01-01T00:00:00Z"),
        ("purchases-only", "1970-01-01T00:00:00Z"),
    ]


def test_a_mapping_that_does_not_fit_is_refused_before_anything_is_written(till: Path) -> None:
    (till / "till.toml").write_text(MAPPING.replace("{total}", "{sum}"))
    ended = run(till, GOOD)
    assert (ended.code, ended.err) == (
        2,
        "rapport: the file has no column sum; it has receipt, who, when, total\n",
    )
    assert not (till / "data").exists()


def test_the_data_file_is_never_overwritten_with_rejects(till: Path) -> None:
    ended = run(till, GOOD + BAD, "--rejects", "till.csv")
    assert ended.code == 2
    assert (till / "till.csv").read_text().endswith(BAD)


def test_an_unknown_ledger_is_named(till: Path) -> None:
    ended = run(till, GOOD, "--ledger", "branch")
    assert (ended.code, ended.err) == (1, "rapport: no ledger is named 'branch'\n")


def test_a_folder_that_a_server_holds_is_left_alone(till: Path) -> None:
    with serving("serve", "--port", 0, "--data", till / "data") as server:
        ended = run(till, GOOD)
        assert ended.code == 3
        assert f"in use by process {server.process.pid}" in ended.err
        assert ended.err.count("\n") == 1


def test_a_file_that_breaks_off_keeps_what_was_read_and_says_so(till: Path) -> None:
    rows = "".join(f"{n},c{n % 9},2026-01-01T10:00:00Z,{n * 7919}\n" for n in range(8_000))
    whole = gzip.compress(("receipt,who,when,total\n" + rows).encode())
    (till / "till.csv").write_bytes(whole[: len(whole) // 2])
    arguments = ("import", "--mapping", "till.toml", "till.csv", "--data", "data", "--json")
    ended = rapport(*arguments)
    assert ended.code == 3
    assert "stopped early" in ended.err
    assert "the compressed data ends or breaks after line" in ended.err
    (till / "till.csv").write_bytes(whole)
    account = rapport(*arguments).json()
    assert account["already_known"] > 400
    assert account["already_known"] + account["appended"] == 8_000
