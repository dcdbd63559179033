"""``rapport log-keys``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.transparency.notes import Verifier
from tests.command_line.running import rapport, serving

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with the ledger that exists from the start."""
    path = tmp_path / "data"
    assert rapport("policy", "init", "cafe", "--data", path).code == 0
    return path


def test_the_key_of_a_new_ledger_is_listed_as_others_take_it(folder: Path) -> None:
    (key,) = rapport("log-keys", "list", "--data", folder, "--json").json()
    verifier = Verifier.read(key["verifier"])
    assert verifier.name.startswith("rapport.invalid/main-")
    assert key["retired_at"] is None
    assert key["verifier"] in rapport("log-keys", "list", "--data", folder).out


def test_a_rotation_retires_the_old_key_with_the_next_checkpoint(folder: Path) -> None:
    (old,) = rapport("log-keys", "list", "--data", folder, "--json").json()
    new, retired = rapport("log-keys", "rotate", "--data", folder, "--json").json()
    assert retired["verifier"] == old["verifier"]
    assert retired["retired_at"] is not None
    assert new["verifier"] != old["verifier"]
    assert new["retired_at"] is None
    assert rapport("log-keys", "list", "--data", folder, "--json").json() == [new, retired]
    # Nothing was recorded since, so the key between these two waits for its first checkpoint.
    again = rapport("log-keys", "rotate", "--data", folder)
    assert again.code == 0
    assert "signs the next checkpoint too" in again.out
    listed = rapport("log-keys", "list", "--data", folder, "--json").json()
    assert [one["verifier"] for one in listed[1:]] == [new["verifier"], old["verifier"]]
    assert listed[0]["verifier"] in again.out


def test_keys_are_of_a_ledger_that_is_there_and_that_no_server_holds(
    folder: Path, tmp_path: Path
) -> None:
    assert rapport("log-keys", "list", "--data", folder, "--ledger", "none").code == 2
    assert rapport("log-keys", "rotate", "--data", tmp_path / "no").code == 3
    with serving("serve", "--port", 0, "--data", folder):
        held = rapport("log-keys", "rotate", "--data", folder)
    assert held.code == 3
    assert "is in use" in held.err
