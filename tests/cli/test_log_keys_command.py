"""``rapport log-keys``."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.presets import PRESETS
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from ledger.transparency.notes import Note, Verifier
from tests.cli.running import rapport, serving
from tests.ledger.given import HandClock

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


def keys_of(folder: Path) -> list[tuple[str, bool]]:
    """The verifier keys, and whether each is retired."""
    listed = rapport("log-keys", "list", "--data", folder, "--json").json()
    return [(key["verifier"], key["retired_at"] is not None) for key in listed]


def test_a_rotation_retires_the_old_key_with_the_next_checkpoint(folder: Path) -> None:
    ((old, _),) = keys_of(folder)
    said = rapport("log-keys", "rotate", "--data", folder)
    # Nothing was recorded that is not sealed, so both wait for the next checkpoint.
    assert "signs the next checkpoint too" in said.out
    (new, _), _ = keys_of(folder)
    assert new in said.out
    assert keys_of(folder) == [(new, False), (old, False)]
    assert rapport("policy", "init", "restaurant", "--data", folder).code == 0
    assert keys_of(folder) == [(new, False), (old, True)]


def test_what_was_not_sealed_yet_is_signed_by_both_keys_at_once(folder: Path) -> None:
    with closing(DataFolder.open(folder, SqliteStore, clock=HandClock())) as opened:
        ledger = opened.ledger("main")
        ledger.publish_policy(PRESETS["cafe"], None).result()
        assert ledger.transparency.checkpoint().size < ledger.head()
    new, old = rapport("log-keys", "rotate", "--data", folder, "--json").json()
    assert (new["retired_at"], old["retired_at"] is None) == (None, False)
    with closing(DataFolder.open(folder, SqliteStore, clock=HandClock())) as opened:
        note = Note.read(opened.ledger("main").transparency.checkpoint().note)
        assert len(note.signatures) == 2


def test_a_command_that_records_seals_it_too(folder: Path) -> None:
    with closing(DataFolder.open(folder, SqliteStore, clock=HandClock())) as opened:
        ledger = opened.ledger("main")
        assert ledger.transparency.checkpoint().size == ledger.head() == 2


def test_keys_are_of_a_ledger_that_is_there_and_that_no_server_holds(
    folder: Path, tmp_path: Path
) -> None:
    assert rapport("log-keys", "list", "--data", folder, "--ledger", "none").code == 2
    assert rapport("log-keys", "rotate", "--data", tmp_path / "no").code == 3
    with serving("serve", "--port", 0, "--data", folder):
        held = rapport("log-keys", "rotate", "--data", folder)
    assert held.code == 3
    assert "is in use" in held.err
