"""A ledger is exported as it was signed last, and nothing of it is written."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.errors import Corrupt, LedgerNotFound
from ledger.archive.source import ledger_source
from ledger.data_layout import LEDGERS
from ledger.files import FolderInUse
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from tests.ledger.archive.archives import NAME, PASSPHRASE, checked, exported_from, shop, written
from tests.ledger.archive.test_placing import erase
from tests.ledger.given import HandClock, append, draft

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from ledger.ledger import Ledger

pytestmark = pytest.mark.usefixtures("cheap_passphrases")

SALE = {"purchase_id": "late", "amount_minor": 1, "currency": "EUR", "initiated_by": "contact"}


def first_contact(ledger: Ledger) -> UUID:
    return ledger.log(after=1, limit=1)[0].contact_id


def test_without_a_server_everything_recorded_is_sealed_and_exported(
    tmp_path: Path, path: Path
) -> None:
    clock = HandClock()
    made = shop(tmp_path / "data", clock, events=40)
    with closing(DataFolder.open(made.folder, SqliteStore, clock=clock)) as folder:
        ledger = folder.ledger(NAME)
        append(ledger, draft(first_contact(ledger), "purchase-made", SALE))
        assert ledger.transparency.checkpoint().size == 40
    assert checked(path, exported_from(made.folder, clock)[1]).head.position == 41


def test_beside_a_server_it_is_that_of_the_last_checkpoint_whatever_comes(
    tmp_path: Path, path: Path
) -> None:
    clock = HandClock()
    made = shop(tmp_path / "data", clock, events=40)
    with closing(DataFolder.open(made.folder, SqliteStore, clock=clock)) as folder:
        ledger = folder.ledger(NAME)
        append(ledger, draft(first_contact(ledger), "purchase-made", SALE))
        with ledger_source(made.folder, NAME, SqliteStore, clock=clock) as source:
            ledger.transparency.sign_head()
            assert written(source)[1] == made.archive
        assert checked(path, exported_from(made.folder, clock)[1]).head.position == 41
        append(ledger, draft(first_contact(ledger), "purchase-made", {**SALE, "purchase_id": "2"}))
        assert ledger.head() == 42


def test_beside_a_server_nothing_is_written(tmp_path: Path) -> None:
    clock = HandClock()
    made = shop(tmp_path / "data", clock, events=40)
    with closing(DataFolder.open(made.folder, SqliteStore, clock=clock)) as folder:
        folder.ledger(NAME)
        before = content(made.folder)
        exported_from(made.folder, clock)
        assert content(made.folder) == before


def content(folder: Path) -> dict[str, bytes]:
    """Every file but the indexes of write-ahead logs, in which readers note where they are."""
    return {
        str(path): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }


def test_keys_do_not_leave_a_folder_that_a_server_holds(tmp_path: Path) -> None:
    clock = HandClock()
    made = shop(tmp_path / "data", clock, events=40)
    with (
        closing(DataFolder.open(made.folder, SqliteStore, clock=clock)),
        pytest.raises(FolderInUse),
    ):
        exported_from(made.folder, clock, passphrase=PASSPHRASE)


def test_a_key_that_was_rotated_signs_and_the_one_before_still_tells(
    tmp_path: Path, path: Path
) -> None:
    clock = HandClock()
    made = shop(tmp_path / "data", clock, events=40)
    old = checked(path, made.archive)
    with closing(DataFolder.open(made.folder, SqliteStore, clock=clock)) as folder:
        ledger = folder.ledger(NAME)
        clock.move(60)
        new = ledger.transparency.rotate()
        append(ledger, draft(first_contact(ledger), "purchase-made", SALE))
        ledger.transparency.sign_head()
    archive = exported_from(made.folder, clock, passphrase=PASSPHRASE)[1]
    verified = checked(path, archive, new, passphrase=PASSPHRASE)
    assert [one.verifier for one in verified.known_keys] == [
        new.to_text(),
        old.known_keys[0].verifier,
    ]
    assert [one.retired_at is None for one in verified.known_keys] == [True, False]


def test_another_master_key_exports_no_keys(tmp_path: Path) -> None:
    clock = HandClock()
    made = shop(tmp_path / "data", clock, events=40)
    with (
        pytest.raises(Corrupt, match="another master key"),
        ledger_source(made.folder, NAME, SqliteStore, clock=clock, master_key=bytes(32), keys=True),
    ):
        pass


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    clock = HandClock()
    made = shop(tmp_path / "data", clock, events=40)
    for name in ("branch", "../shop", ""):
        with pytest.raises(LedgerNotFound):
            exported_from(made.folder, clock, name)
    (made.folder / LEDGERS / NAME / "log.sqlite").unlink()
    with pytest.raises(Corrupt, match=r"log\.sqlite is missing"):
        exported_from(made.folder, clock)


def test_an_erasure_after_the_last_checkpoint_does_not_stop_an_export(
    tmp_path: Path, path: Path
) -> None:
    clock = HandClock()
    made = shop(tmp_path / "data", clock, events=40)
    with closing(DataFolder.open(made.folder, SqliteStore, clock=clock)) as folder:
        ledger = folder.ledger(NAME)
        erase(ledger, first_contact(ledger), clock)
        archive = exported_from(made.folder, clock)[1]
        assert archive == made.archive
    assert checked(path, exported_from(made.folder, clock)[1]).counts["erased_contacts"] == 1
