"""Every ledger of a folder gets a log, once, whenever it was made and wherever it was cut off."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.errors import Corrupt, Unavailable
from ledger.dry_run import open_dry_run
from ledger.folder import DataFolder
from ledger.settings import is_log_domain
from ledger.stores.sqlite import store as store_module
from ledger.stores.sqlite.store import SqliteStore
from tests.fixtures.faults import FULL_DISK, failing
from tests.ledger.given import HandClock, registered

if TYPE_CHECKING:
    from pathlib import Path

DOMAIN = "ledger.example.org"


def opened(path: Path) -> DataFolder:
    return DataFolder.open(path, SqliteStore, clock=HandClock(), log_domain=DOMAIN)


def settings_of(path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((path / "ledgers" / "main" / "ledger.json").read_bytes())
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder that was used once."""
    with closing(opened(tmp_path / "data")) as folder:
        registered(folder.ledger("main"))
    return tmp_path / "data"


@pytest.fixture
def before(path: Path) -> Path:
    """A folder as it was made before there were logs."""
    main = path / "ledgers" / "main"
    for file in main.glob("log.sqlite*"):
        file.unlink()
    settings = settings_of(path)
    # Nor was there a digest of them, which would tell of the origin that is gone.
    del settings["origin"], settings["sha256"]
    (main / "ledger.json").write_text(json.dumps(settings))
    return path


def test_a_ledger_has_an_origin_under_the_domain_that_never_changes(path: Path) -> None:
    origin = settings_of(path)["origin"]
    assert re.fullmatch(r"ledger\.example\.org/main-[0-9a-f]{8}", origin)
    with closing(
        DataFolder.open(path, SqliteStore, clock=HandClock(), log_domain="else.example")
    ) as folder:
        assert folder.ledger("main").transparency.origin == origin
        other, _ = folder.create("main-2")
        assert re.fullmatch(r"else\.example/main-2-[0-9a-f]{8}", other.transparency.origin)
    assert settings_of(path)["origin"] == origin


def test_the_empty_tree_is_signed_before_anything_is_sealed(path: Path) -> None:
    with closing(opened(path)) as folder:
        log = folder.ledger("main").transparency
        assert [one.size for one in log.checkpoints()] == [0]


def test_a_ledger_from_before_there_were_logs_gets_one_when_it_is_opened(before: Path) -> None:
    with closing(opened(before)) as folder:
        log = folder.ledger("main").transparency
        assert log.sign_head().size == 2
        kept = list(log.checkpoints())
        assert log.origin.startswith(f"{DOMAIN}/main-")
    assert settings_of(before)["origin"] == log.origin
    with closing(opened(before)) as folder:
        assert list(folder.ledger("main").transparency.checkpoints()) == kept


def test_a_log_begun_but_cut_off_before_its_origin_was_kept_goes_on(before: Path) -> None:
    with (
        failing(store_module, "write_whole", FULL_DISK),
        closing(opened(before)) as folder,
        pytest.raises(Unavailable, match="No space left"),
    ):
        folder.ledger("main")
    assert "origin" not in settings_of(before)
    cut_off = (before / "ledgers" / "main" / "log.sqlite").read_bytes()
    with closing(opened(before)) as folder:
        log = folder.ledger("main").transparency
        assert log.origin.encode() in cut_off
        assert len(log.verifiers()) == 1
    assert settings_of(before)["origin"] == log.origin


def test_a_log_cut_off_before_anything_was_in_it_is_begun(before: Path) -> None:
    (before / "ledgers" / "main" / "log.sqlite").touch()
    with closing(opened(before)) as folder:
        assert folder.ledger("main").transparency.sign_head().size == 2


def test_a_log_that_is_missing_is_told_and_not_made_anew(path: Path) -> None:
    (path / "ledgers" / "main" / "log.sqlite").unlink()
    with (
        closing(opened(path)) as folder,
        pytest.raises(Corrupt, match=r"log\.sqlite is missing: restore it from a backup"),
    ):
        folder.ledger("main")
    assert not (path / "ledgers" / "main" / "log.sqlite").exists()


def test_an_origin_that_nobody_here_wrote_is_damage(path: Path) -> None:
    file = path / "ledgers" / "main" / "ledger.json"
    settings = settings_of(path)
    del settings["sha256"]  # which would tell that anything was changed
    for origin in ("", "x", 7, "rapport.invalid/main-00c0ffee\n"):
        file.write_text(json.dumps({**settings, "origin": origin}))
        with closing(opened(path)) as folder, pytest.raises(Corrupt, match="is damaged"):
            folder.ledger("main")


def test_a_rehearsal_has_the_log_and_signs_nothing(path: Path) -> None:
    with closing(opened(path)) as folder:
        log = folder.ledger("main").transparency
        signed, origin = log.sign_head(), log.origin
    kept = shutil.copyfile(path / "ledgers" / "main" / "log.sqlite", path.with_name("kept"))
    with open_dry_run(path, "main", SqliteStore, clock=HandClock()) as ledger:
        registered(ledger)
        assert ledger.transparency.origin == origin
        assert ledger.transparency.checkpoint() == signed
    assert (path / "ledgers" / "main" / "log.sqlite").read_bytes() == kept.read_bytes()


def test_a_rehearsal_of_a_ledger_without_a_log_leaves_it_without_one(before: Path) -> None:
    with open_dry_run(before, "main", SqliteStore, clock=HandClock()) as ledger:
        registered(ledger)
    assert "origin" not in settings_of(before)
    assert not (before / "ledgers" / "main" / "log.sqlite").exists()


@pytest.mark.parametrize("text", ["", "A.example", "a b", "a+b", "-a", "a.", "é.example", "a\n"])
def test_what_is_no_domain_begins_no_origin(text: str) -> None:
    assert not is_log_domain(text)


@pytest.mark.parametrize("text", ["a", "rapport.invalid", "log-1.example.org"])
def test_a_domain_begins_an_origin(text: str) -> None:
    assert is_log_domain(text)
