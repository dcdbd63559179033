"""``rapport policy``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from domain.presets import PRESETS
from tests.cli.running import rapport
from tests.trail_entries import done

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_published_and_judges_from_the_beginning(
    tmp_path: Path, preset: str
) -> None:
    published = rapport("policy", "init", preset, "--data", tmp_path / "data", "--json").json()
    # A ledger begins with retail.
    version = 1 if preset == "retail" else 2
    assert (published["policy_version"], published["name"]) == (version, preset)
    assert published["effective_from"] == "1970-01-01T00:00:00Z"
    shown = rapport("policy", "show", "--data", tmp_path / "data").json()
    assert shown == json.loads(json.dumps(PRESETS[preset].document()))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ours.toml", 'extends = "cafe"\nname = "ours"\n[stage]\ndwell_days = 14\n'),
        ("ours.json", '{"extends": "cafe", "name": "ours", "stage": {"dwell_days": 14}}'),
    ],
)
def test_a_document_says_only_what_differs_from_what_it_extends(
    tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    data = tmp_path / "data"
    arguments = ("policy", "publish", tmp_path / name, "--data", data)
    assert rapport(*arguments, "--effective-from", "2020-01-01").code == 0
    shown = rapport("policy", "show", 2, "--data", data).json()
    assert shown["stage"]["dwell_days"] == 14
    assert shown["rhythm"] == PRESETS["cafe"].document()["rhythm"]
    assert "in force" in rapport("policy", "list", "--data", data).out.splitlines()[-1]


def test_whatever_is_published_stands_in_the_trail(tmp_path: Path) -> None:
    data, ours = ("--data", tmp_path / "data"), tmp_path / "ours.toml"
    ours.write_text('extends = "cafe"\nname = "ours"\n')
    for arguments in (("init", "cafe"), ("init", "cafe"), ("publish", ours)):
        assert rapport("policy", *arguments, *data).code == 0
    acts = rapport("trail", "--ledger", "main", "--json", *data).json()
    assert done(acts) == [("policy-published", "cafe"), ("policy-published", "ours")]


def test_what_a_document_printed_can_be_published_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    rapport("policy", "init", "financial", "--data", data)
    (tmp_path / "shown.json").write_text(rapport("policy", "show", "--data", data).out)
    assert rapport("policy", "publish", tmp_path / "shown.json", "--data", data).code == 0
    first, second = (one["sha256"] for one in versions(data)[1:])
    assert first == second


def versions(data: Path) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = rapport("policy", "list", "--data", data, "--json").json()
    return listed


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("{", 2, "is not JSON"),
        ("[]", 2, "must be an object"),
        ('{"stage": {"stay_score": 90}}', 2, "/stage/stay_score"),
        ('{"rythm": {}}', 2, "/rythm"),
    ],
)
def test_a_document_that_is_no_policy_publishes_nothing(
    tmp_path: Path, text: str, code: int, said: str
) -> None:
    (tmp_path / "ours.json").write_text(text)
    data = tmp_path / "data"
    ended = rapport("policy", "publish", tmp_path / "ours.json", "--data", data)
    assert ended.code == code
    assert said in ended.err
    assert ended.err.count("\n") == 1
    assert not data.exists()


def test_a_preset_is_published_again_only_where_that_changes_something(tmp_path: Path) -> None:
    data = tmp_path / "data"
    init = ("policy", "init", "cafe", "--data", data)
    assert "published cafe as version 2" in rapport(*init).out
    again = rapport(*init)
    since = "1970-01-01T00:00:00Z"
    assert (again.code, again.out) == (0, f"cafe is in force from {since} already, as version 2\n")
    assert rapport(*init, "--json").json()["published"] is False
    later = rapport(*init, "--effective-from", "2026-01-01", "--json").json()
    assert (later["published"], later["policy_version"]) == (True, 3)
    rapport("policy", "init", "retail", "--data", data)
    assert rapport(*init, "--json").json()["policy_version"] == 5


def test_a_version_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    rapport("policy", "init", "cafe", "--data", tmp_path / "data")
    ended = rapport("policy", "show", 9, "--data", tmp_path / "data")
    assert (ended.code, ended.err) == (
        2,
        "rapport: no version 9 of the policy was published: the newest is 2\n",
    )


def test_presets_and_schema_need_no_folder() -> None:
    assert set(rapport("policy", "presets", "--json").json()) == set(PRESETS)
    presets = rapport("policy", "presets").out
    assert "60 for 8 purchase days; a client needs 60" in presets
    assert "35 for 6 purchase days; a client needs 60" in presets
    assert rapport("policy", "schema").json()["type"] == "object"


@pytest.mark.parametrize("suffix", ["toml", "json"])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_written_to_a_file_that_says_the_same(
    tmp_path: Path, preset: str, suffix: str
) -> None:
    file = tmp_path / f"ours.{suffix}"
    assert rapport("policy", "init", preset, file).code == 0
    assert rapport("policy", "diff", preset, file).out == "they say the same\n"
    again = rapport("policy", "init", preset, file)
    assert (again.code, "there already" in again.err) == (2, True)
    assert [one.name for one in tmp_path.iterdir()] == [file.name], "no folder was made"


def test_versions_presets_and_files_are_compared_field_by_field(tmp_path: Path) -> None:
    data = tmp_path / "data"
    rapport("policy", "init", "purchases-only", "--data", data)
    found = rapport("policy", "diff", 1, 2, "--data", data, "--json").json()
    assert found == [
        {"field": "/name", "one": "retail", "other": "purchases-only"},
        {"field": "/rests_on", "one": "allegiance", "other": "frequency"},
        {"field": "/signals/regularity/points", "one": 35, "other": 60},
        {"field": "/signals/regularity/purchase_days", "one": 6, "other": 8},
    ]
    table = rapport("policy", "diff", "financial", "real-estate").out
    assert ["/signals/regularity/purchase_days", "2", "none"] in [
        line.split() for line in table.splitlines()
    ]
    for name, said in (
        ("3", "no version 3"),
        ("casino", "no file and no preset; presets are restaurant, cafe"),
    ):
        ended = rapport("policy", "diff", 1, name, "--data", data)
        assert (ended.code, said in ended.err) == (2, True)
