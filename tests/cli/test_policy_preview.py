"""``rapport policy preview``."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import Ended, rapport
from tests.cli.sold import sold

if TYPE_CHECKING:
    from pathlib import Path

WHEN = ("--to", "2026-03-02")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sold(tmp_path_factory.mktemp("preview") / "data")


@pytest.fixture
def three(tmp_path: Path) -> Path:
    document = tmp_path / "three.toml"
    document.write_text('extends = "purchases-only"\n[signals.regularity]\npurchase_days = 3\n')
    return document


def preview(data: Path, *words: object) -> Ended:
    return rapport("policy", "preview", "--data", data, *words)


def test_people_read_counts_and_the_first_contacts(data: Path, three: Path) -> None:
    ended = preview(data, three, *WHEN)
    assert ended.code == 0
    words = {tuple(line.split()[:2]): line.split() for line in ended.out.splitlines()}
    # Contacts, and what they brought: 3 to 7 purchases of 1.00 each.
    assert words["client", "5"] == ["client", "5", "10", "5,000", "7,500"]
    assert words["customer", "client"] == ["customer", "client", "5"]
    assert "regularity off -> 60" in ended.out
    assert "5 of 12 contacts would be in another stage as of 2026-03-02" in ended.out
    assert "nothing is published" in ended.out


def test_programs_read_the_account_and_the_lines(data: Path, three: Path, tmp_path: Path) -> None:
    out = tmp_path / "changes.jsonl"
    account = preview(data, three, *WHEN, "--out", out, "--json").json()
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert account["changes"] == len(rows) == 5
    assert account["digest"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert account["from_to"] == [{"from": "customer", "to": "client", "count": 5}]
    again = preview(data, three, *WHEN, "--json").json()
    assert again["digest"] == account["digest"]


def test_nothing_is_published(data: Path, three: Path) -> None:
    before = rapport("policy", "list", "--data", data, "--json").json()
    preview(data, three, *WHEN)
    preview(data, "--preset", "cafe")
    assert rapport("policy", "list", "--data", data, "--json").json() == before


def test_a_preset_is_previewed_by_name_and_a_window_finds_more(data: Path, three: Path) -> None:
    account = preview(data, "--preset", "retail", *WHEN, "--json").json()
    assert account["from_to"] == [{"from": "client", "to": "customer", "count": 5}]
    later = ("--to", "2026-06-10")
    assert preview(data, three, *later, "--json").json()["changes"] == 5
    window = preview(data, three, "--from", "2026-01-01", *later, "--json").json()
    assert window["changes"] == 10
    said = preview(data, three, "--from", "2026-01-01", *later).out
    assert "10 of 12 contacts would be in another stage at some time from 2026-01-01" in said
    late = preview(data, three, *WHEN, "--effective-from", "2026-03-03", "--json").json()
    assert late["changes"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name one document"),
        (("--preset", "casino"), "casino"),
        (("no.toml",), "no.toml"),
        (("--preset", "cafe", "--from", "2026-03-01", "--to", "2026-02-01"), "later than"),
        (("--preset", "cafe", "--to", "2100-01-01"), "24 hours ahead"),
    ],
)
def test_what_cannot_be_previewed_is_told(data: Path, words: tuple[str, ...], said: str) -> None:
    ended = preview(data, *words)
    assert ended.code == 2
    assert said in ended.err


def test_people_read_when_another_wait_would_let_a_contact_lapse(
    data: Path, tmp_path: Path
) -> None:
    """Bought last on 1 March, due a week later; 30 days instead of 180 after that."""
    shorter = tmp_path / "shorter.toml"
    shorter.write_text('extends = "purchases-only"\n[rhythm]\ndemote_after_days = 30\n')
    told = preview(data, shorter, "--to", "2026-04-20").out
    assert "lapse on 2026-04-07 instead of 2026-09-04" in told
    assert "fall on 2026-04-07 instead of 2026-09-04" in told
