"""A ledger's folder verified while things happen to it, and what a report says of it."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.cli.output import progress
from ledger.codec import pack, unpack
from ledger.folder import DataFolder
from ledger.stores.sqlite.store import SqliteStore
from ledger.stores.sqlite.verification.ledgers import verify_ledger
from ledger.verification.faults import MOST_FAULTS
from ledger.verification.trust import Trust
from tests.ledger.given import SALE, HandClock, append, draft, registered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.transparency.notes import Verifier
    from ledger.verification.faults import Report

QUIET = partial(progress, quiet=True)
LOOKS = 12
"""How often a ledger that grows is looked at."""


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def folder(tmp_path: Path, clock: HandClock) -> Iterator[DataFolder]:
    with closing(DataFolder.open(tmp_path / "data", SqliteStore, clock=clock)) as opened:
        yield opened


def verified(folder: DataFolder, *given: Verifier) -> Report:
    return verified_at(folder.path, *given)


def verified_at(data: Path, *given: Verifier) -> Report:
    trust = Trust((data / "master.key").read_bytes(), given)
    return verify_ledger(data / "ledgers" / "main", trust, QUIET)


def change(folder: DataFolder, statement: str) -> None:
    path = folder.path / "ledgers" / "main" / "events.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_ledger_that_grows_and_changes_its_keys_is_sound_at_every_look(
    folder: DataFolder,
) -> None:
    ledger, done = folder.ledger("main"), threading.Event()
    ledger.transparency.start()

    def go_on() -> None:
        number = 0
        while not done.is_set():
            contact = registered(ledger)
            append(ledger, draft(contact, "purchase-made", SALE))
            if number % 20 == 0:
                ledger.transparency.rotate()
            if number % 7 == 0:
                ledger.transparency.sign_head()
            number += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        looks = [verified(folder) for _ in range(LOOKS)]
    finally:
        done.set()
        writer.join()
    assert [str(fault) for report in looks for fault in report.faults] == []
    heads = [report.head for report in looks]
    assert heads == sorted(heads)
    assert heads[-1] > heads[0]


def test_what_no_checkpoint_covers_is_counted_and_checked_for_form_only(
    folder: DataFolder,
) -> None:
    ledger = folder.ledger("main")
    ledger.transparency.sign_head()
    registered(ledger)
    report = verified(folder)
    assert (report.sound, report.head, report.after_checkpoint) == (True, 2, 1)
    change(folder, "UPDATE stored_events SET state = x'c0' WHERE position = 2")
    assert [fault.position for fault in verified(folder).faults] == [2]


def test_the_faults_nearest_to_the_beginning_are_kept_and_all_are_counted(
    folder: DataFolder,
) -> None:
    ledger = folder.ledger("main")
    for _ in range(3 * MOST_FAULTS):
        registered(ledger)
    change(folder, "UPDATE stored_events SET state = x'c0' WHERE position > 9")
    report = verified(folder)
    assert len(report.faults) == MOST_FAULTS
    assert report.fault_count == 3 * MOST_FAULTS + 1 - 9
    assert report.first is not None
    assert report.first.position == 10


def test_a_contact_s_lost_key_is_told_once_with_its_first_event(folder: DataFolder) -> None:
    ledger = folder.ledger("main")
    lost = registered(ledger)
    for _ in range(3):
        registered(ledger)
    keys = folder.path / "ledgers" / "main" / "keys.sqlite"
    with closing(sqlite3.connect(keys)) as connection:
        connection.execute("DELETE FROM data_keys WHERE contact = ?", (lost.bytes,))
        connection.commit()
    (fault,) = verified(folder).faults
    assert (fault.place, fault.position) == ("keys.sqlite", 2)
    assert f"the data key of contact {lost} is missing" in fault.detail


def test_a_ledger_from_before_logs_is_told_apart_from_one_that_lost_its(
    tmp_path: Path,
) -> None:
    with closing(DataFolder.open(tmp_path, SqliteStore, clock=HandClock())) as folder:
        folder.ledger("main")
    path = tmp_path / "ledgers" / "main"
    (path / "log.sqlite").unlink()
    assert "log.sqlite is missing" in str(verified_at(tmp_path).first)
    settings = (path / "ledger.json").read_text().splitlines()
    kept = [line for line in settings if "origin" not in line and "sha256" not in line]
    (path / "ledger.json").write_text("\n".join(kept).replace('Z",\n}', 'Z"\n}') + "\n")
    assert "of another log" in str(verified_at(tmp_path).first)  # a key that signed betrays it
    with closing(sqlite3.connect(path / "keys.sqlite")) as connection:
        connection.execute("DELETE FROM signing_keys")
        connection.commit()
    report = verified_at(tmp_path)
    assert report.sound
    assert "before there were logs" in report.skipped[0]
    assert report.after_checkpoint is None


def test_an_event_recorded_before_the_one_before_it_is_found(folder: DataFolder) -> None:
    ledger = folder.ledger("main")
    registered(ledger)
    registered(ledger)
    path = folder.path / "ledgers" / "main" / "events.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT state FROM stored_events WHERE position = 3")
        values = unpack(rows.fetchone()[0])
        values[3] -= 1
        connection.execute("UPDATE stored_events SET state = ? WHERE position = 3", (pack(values),))
        connection.commit()
    (fault,) = verified(folder).faults
    assert (fault.position, fault.detail) == (
        3,
        "recorded_at is before that of the event before",
    )


def test_the_newest_checkpoint_taken_away_is_betrayed_by_the_tiles(folder: DataFolder) -> None:
    """Tiles and the checkpoint that covers them are written together."""
    ledger = folder.ledger("main")
    sizes = []
    for _ in range(3):
        registered(ledger)
        sizes.append(ledger.transparency.sign_head().size)
    log = folder.path / "ledgers" / "main" / "log.sqlite"
    with closing(sqlite3.connect(log)) as connection:
        connection.execute("DELETE FROM checkpoints WHERE size = ?", (sizes[-1],))
        connection.commit()
    (fault,) = verified(folder).faults
    assert (fault.place, fault.position) == ("tiles", sizes[-1])
    assert "reaches beyond the newest checkpoint" in fault.detail


def test_only_what_is_sealed_is_opened_and_counted(folder: DataFolder) -> None:
    """Most events hold nothing sealed, and opening is what a verification takes longest for."""
    ledger = folder.ledger("main")
    contact = registered(ledger)
    append(ledger, draft(contact, "purchase-made", SALE))
    append(ledger, draft(contact, "purchase-made", {**SALE, "purchase_id": "p2"}, actor="till 1"))
    ledger.transparency.sign_head()
    report = verified(folder)
    assert report.sound
    assert report.checked["events with sealed fields opened"] == 2


def test_a_key_changed_again_before_it_signed_anything_is_no_fault(
    folder: DataFolder,
) -> None:
    """Each of them signs the next checkpoint, and all but the newest are retired with it."""
    ledger = folder.ledger("main")
    ledger.transparency.sign_head()
    for _ in range(2):
        ledger.transparency.rotate()
    report = verified(folder)
    assert report.sound, report.faults
    assert len([note for note in report.notes if "has not signed yet" in note]) == 2
    (fault,) = verified(folder, ledger.transparency.verifiers()[0]).faults
    assert "as its next one" in fault.detail
    registered(ledger)
    ledger.transparency.sign_head()
    report = verified(folder)
    assert report.sound, report.faults
    assert not any("has not signed yet" in note for note in report.notes)


def test_a_listed_key_that_never_signed_between_two_that_did_is_a_fault(
    folder: DataFolder, clock: HandClock
) -> None:
    ledger = folder.ledger("main")
    ledger.transparency.sign_head()
    clock.move(1)
    ledger.transparency.rotate()
    registered(ledger)
    ledger.transparency.sign_head()
    with closing(sqlite3.connect(folder.path / "ledgers" / "main" / "log.sqlite")) as log:
        log.execute(
            "INSERT INTO verifier_keys SELECT ?, min(made_at) + 1, NULL FROM verifier_keys",
            (Ed25519PrivateKey.generate().public_key().public_bytes_raw(),),
        )
        log.commit()
    assert any("signed no checkpoint" in fault.detail for fault in verified(folder).faults)
