"""A ledger without keys is sound if it has none, and is what its log's key signed it to be."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ledger.archive.layout import SETTINGS
from ledger.data_layout import LEDGERS
from ledger.folder import DataFolder
from ledger.settings import LedgerSettings
from ledger.stores.sqlite.data_keys import KeyStore
from ledger.stores.sqlite.store import SqliteStore
from ledger.stores.sqlite.verification.ledgers import verify_ledger
from ledger.verification.trust import Trust
from tests.ledger.archive.archives import NAME, PASSPHRASE, exported_from, imported, shop
from tests.ledger.given import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from uuid import UUID

    from ledger.verification.faults import Report

pytestmark = pytest.mark.usefixtures("cheap_passphrases")


@pytest.fixture
def copies(tmp_path: Path) -> tuple[Path, Path]:
    """The data folders of a ledger that goes on, and of one for audit."""
    clock = HandClock()
    made = shop(tmp_path / "data", clock, events=60)
    keys = exported_from(made.folder, clock, passphrase=PASSPHRASE)[1]
    path = tmp_path / "archive"
    imported(path, keys, tmp_path / "goes on", clock, PASSPHRASE)
    imported(path, made.archive, tmp_path / "for audit", clock)
    return tmp_path / "goes on", tmp_path / "for audit"


@contextmanager
def silent(_label: str, _total: int) -> Iterator[Callable[[int, str], None]]:
    yield lambda _done, _note: None


def verified(folder: Path) -> Report:
    trust = Trust(master_key=(folder / "master.key").read_bytes())
    return verify_ledger(folder / LEDGERS / NAME, trust, silent)


def test_both_copies_are_sound(copies: tuple[Path, Path]) -> None:
    for folder in copies:
        assert verified(folder).sound
    assert any("without its keys" in skipped for skipped in verified(copies[1]).skipped)


def settings_changed(folder: Path, **changes: object) -> None:
    path = folder / LEDGERS / NAME / "ledger.json"
    settings = LedgerSettings.read(path.read_bytes(), path)
    path.write_bytes(replace(settings, **changes).to_bytes())  # type: ignore[arg-type]  # as named


@pytest.mark.parametrize(
    "changes", [{"time_zone": "Europe/London"}, {"created_at": "2026-02-01T00:00:00Z"}]
)
def test_settings_that_were_changed_with_their_digest_are_found(
    copies: tuple[Path, Path], changes: dict[str, object]
) -> None:
    settings_changed(copies[1], **changes)
    assert "than signed" in str(verified(copies[1]).first)


def test_a_note_that_is_missing_or_changed_is_found(copies: tuple[Path, Path]) -> None:
    note = copies[1] / LEDGERS / NAME / SETTINGS
    note.write_bytes(note.read_bytes().replace(b"Amsterdam", b"Rotterdam"))
    assert "is not one of this text" in str(verified(copies[1]).first)
    note.unlink()
    assert "it is missing" in str(verified(copies[1]).first)


def test_who_says_that_a_ledger_is_for_audit_hides_no_lost_keys(
    copies: tuple[Path, Path],
) -> None:
    settings_changed(copies[0], for_audit=True)
    assert not verified(copies[0]).sound


def test_keys_in_a_ledger_for_audit_are_found(copies: tuple[Path, Path]) -> None:
    folder = copies[1] / LEDGERS / NAME
    data = DataFolder.open(copies[1], SqliteStore, clock=HandClock())
    contact: UUID = data.ledger(NAME).log(after=1, limit=1)[0].contact_id
    data.close()
    store = KeyStore(folder / "keys.sqlite", (copies[1] / "master.key").read_bytes())
    store.adopt([(contact, bytes(32))])
    store.close()
    assert "data_keys holds 1 keys" in str(verified(copies[1]).first)
