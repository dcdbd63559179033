"""``rapport calibration`` and ``rapport policy fit``, on a demo cafe and on too short a history."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from domain.presets import PRESETS, read_policy
from tests.cli.running import rapport
from tests.cli.sold import sold

if TYPE_CHECKING:
    from pathlib import Path

WHEN = ("--as-of", "2026-03-02")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sold(tmp_path_factory.mktemp("calibration") / "data")


def test_people_read_how_right_the_falls_were(data: Path) -> None:
    ended = rapport("calibration", "--data", data, "--as-of", "2027-03-02", "--as-known-at", "92")
    assert ended.code == 2, "nobody knows the next year yet"
    ended = rapport("calibration", "--data", data, *WHEN, "--from", "2026-01-01")
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0] == "Falls by silence from 2026-01-01T00:00:00Z: 0"
    assert lines[1] == "  bought again soon after: 0 of 0"
    assert lines[-1].startswith("as of 2026-03-02T00:00:00Z, at position ")


def test_programs_read_what_http_answers(data: Path) -> None:
    found = rapport("calibration", "--data", data, *WHEN, "--json").json()
    assert (found["falls"], found["premature"]) == (
        0, {"bought": 0, "resolved": 0, "percent": None},
    )  # fmt: skip  # reads better so
    assert (found["from"], found["to"]) == (None, None)


def test_a_fit_says_why_it_proposes_nothing_and_ends_in_a_preview(data: Path) -> None:
    ended = rapport("policy", "fit", "--preset", "purchases-only", "--data", data, *WHEN)
    assert ended.code == 0, ended.err
    assert "demote_after_days stays as it is: " in ended.out
    assert "purchase_days stays as it is: fewer than 30 contacts" in ended.out
    assert "nothing is published" in ended.out


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_the_fitted_policy_is_written_to_be_published(
    data: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"fitted{suffix}"
    words = ("policy", "fit", "--preset", "cafe", "--data", data, *WHEN, "--out", out, "--json")
    found = rapport(*words).json()
    again = rapport("policy", "fit", out, "--data", data, *WHEN, "--json").json()
    assert again["policy"] == found["policy"] == PRESETS["cafe"].document()
    if suffix == ".toml":
        assert read_policy(tomllib.loads(out.read_text())) == PRESETS["cafe"]


@pytest.mark.parametrize(
    ("words", "because"),
    [
        ((), "name one document, or say --preset"),
        (("nowhere.toml",), "nowhere.toml"),
        (("--preset", "cafe", "--stay", 3), "--stay must be less than --of, which is 3"),
        (("--preset", "cafe", "--of", 1), "--of"),
    ],
)
def test_a_fit_that_cannot_be_is_refused(
    data: Path, words: tuple[object, ...], because: str
) -> None:
    ended = rapport("policy", "fit", "--data", data, *words)
    assert ended.code == 2
    assert because in ended.err
