"""``rapport master-key``: a new key, in the trail, and both or none where they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.running import rapport, serving

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    assert rapport("policy", "init", "cafe", "--data", path).code == 0
    return path


def test_the_key_is_changed_and_that_stands_in_the_trail(data: Path) -> None:
    before = (data / "master.key").read_bytes()
    ended = rapport("master-key", "rotate", "--data", data, "--json")
    assert (ended.code, ended.json()) == (0, {"rewrapped": 1})
    after = (data / "master.key").read_bytes()
    assert before != after
    assert rapport("verify", data).code == 0
    trail = rapport("trail", "--data", data, "--json")
    assert "master-key-rotated" in trail.out
    assert after.hex() not in trail.out


def test_under_a_server_nothing_is_changed(data: Path) -> None:
    before = (data / "master.key").read_bytes()
    with serving("serve", "--port", 0, "--data", data):
        ended = rapport("master-key", "rotate", "--data", data)
    assert ended.code == 3
    assert "in use" in ended.err
    assert (data / "master.key").read_bytes() == before


def test_a_rotation_that_was_cut_off_is_told_by_whoever_only_reads(data: Path) -> None:
    (data / "master.key.next").write_bytes(bytes(32))
    (data / "master.key.next").chmod(0o600)
    ended = rapport("verify", data)
    assert ended.code == 1
    assert "rapport master-key rotate" in ended.out + ended.err
    assert rapport("master-key", "rotate", "--data", data).code == 0
    assert rapport("verify", data).code == 0


def test_of_given_keys_both_are_given(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_NEXT_MASTER_KEY", "ab" * 32)
    ended = rapport("master-key", "rotate", "--data", data)
    assert ended.code == 2
    assert "belong together" in ended.err
    assert "ab" * 32 not in ended.err


def test_given_keys_change_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, old, new = tmp_path / "data", "ab" * 32, "cd" * 32
    monkeypatch.setenv("RAPPORT_MASTER_KEY", old)
    assert rapport("policy", "init", "cafe", "--data", data).code == 0
    monkeypatch.setenv("RAPPORT_NEXT_MASTER_KEY", new)
    ended = rapport("master-key", "rotate", "--data", data)
    assert ended.code == 0, ended.err
    assert "RAPPORT_MASTER_KEY" in ended.out
    monkeypatch.delenv("RAPPORT_NEXT_MASTER_KEY")
    assert rapport("summary", "--data", data).code != 0
    monkeypatch.setenv("RAPPORT_MASTER_KEY", new)
    assert rapport("summary", "--data", data).code == 0
