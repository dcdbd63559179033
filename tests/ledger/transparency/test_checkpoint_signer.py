"""What was signed is never contradicted: the log refuses to sign, says why, and stays readable."""

from __future__ import annotations

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.errors import Corrupt, LogRefused
from ledger.subscriptions.pacing import SIGNER
from ledger.transparency.log import TransparencyLog
from ledger.transparency.merkle import EMPTY_ROOT, Frontier, leaf_hash
from tests.ledger.given import HandClock, open_ledger
from tests.ledger.inside import keys_of, signer_of
from tests.ledger.transparency.growing import goes_on_from, grow_to, sealed_to

if TYPE_CHECKING:
    from pathlib import Path


def edit(file: Path, statement: str, *values: object) -> None:
    """Change the file behind the ledger's back."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute(statement, values).rowcount > 0
        connection.commit()


def restore(folder: Path, backup: Path, *names: str) -> None:
    """Put files of a backup back."""
    for name in names:
        for leftover in folder.glob(f"{name}-*"):
            leftover.unlink()
        shutil.copyfile(backup / name, folder / name)


def backed_up(folder: Path) -> Path:
    return shutil.copytree(folder, folder.with_name("backup"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder, which can have a backup beside it."""
    path = tmp_path / "main"
    path.mkdir()
    return path


def refuses(folder: Path, why: str, caplog: pytest.LogCaptureFixture) -> bool:
    """Whether nothing is signed in that folder, whatever is appended, and that is said once."""
    caplog.clear()
    with closing(open_ledger(folder, HandClock())) as ledger:
        log = ledger.transparency
        before = log.checkpoint()
        assert log.state == "stopped"
        assert why in str(log.problem)
        for _ in range(2):
            grow_to(ledger, ledger.head() + 1)
            with pytest.raises(LogRefused, match=why):
                log.sign_head()
        with pytest.raises(LogRefused, match=why):
            log.rotate()
        assert log.checkpoint() == before
        assert len(log.verifiers()) == 1
    told = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [why in record.getMessage() for record in told] == [True]
    return True


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
def test_it_goes_on_after_a_restart_at_every_kind_of_size(folder: Path, size: int) -> None:
    earlier = sealed_to(folder, size)
    with closing(open_ledger(folder, HandClock())) as ledger:
        assert ledger.transparency.checkpoint() == earlier[-1]
        assert ledger.transparency.problem is None
        grow_to(ledger, size + 300)
        ledger.transparency.sign_head()
        assert goes_on_from(ledger.transparency, earlier)


def test_a_tile_that_no_longer_gives_the_signed_root_stops_it(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sealed_to(folder, 300)
    edit(folder / "log.sqlite", "UPDATE tiles SET hashes = zeroblob(1408) WHERE n = 1")
    assert refuses(folder, "no longer give the root", caplog)


def test_a_tile_that_is_too_short_stops_it(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    sealed_to(folder, 300)
    edit(folder / "log.sqlite", "UPDATE tiles SET hashes = substr(hashes, 1, 32) WHERE n = 1")
    assert refuses(folder, "has 32 bytes, not 1408", caplog)


def test_a_tile_changed_while_it_runs_stops_it_at_the_next_signature(folder: Path) -> None:
    with closing(open_ledger(folder, HandClock())) as ledger:
        grow_to(ledger, 3)
        log = ledger.transparency
        before = log.sign_head()
        edit(folder / "log.sqlite", "UPDATE tiles SET hashes = zeroblob(96)")
        grow_to(ledger, 4)
        with pytest.raises(LogRefused, match="no longer give the root"):
            log.sign_head()
        assert (log.state, log.checkpoint()) == ("stopped", before)
        with pytest.raises(Corrupt):
            log.inclusion(1)


def test_a_checkpoint_that_somebody_else_put_in_while_it_runs_stops_it(folder: Path) -> None:
    with closing(open_ledger(folder, HandClock())) as ledger:
        grow_to(ledger, 3)
        log = ledger.transparency
        before = log.sign_head()
        edit(folder / "log.sqlite", "INSERT INTO checkpoints VALUES (9, zeroblob(32), x'00', 1)")
        grow_to(ledger, 4)
        with pytest.raises(LogRefused, match="somebody else has changed"):
            log.sign_head()
        assert log.checkpoint() == before


def test_tiles_and_root_made_up_together_are_found_by_the_signature(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sealed_to(folder, 3)
    leaves = [leaf_hash(b"made up"), leaf_hash(b"so too"), leaf_hash(b"and this")]
    frontier = Frontier()
    frontier.extend(leaves)
    edit(folder / "log.sqlite", "UPDATE tiles SET hashes = ?", b"".join(leaves))
    edit(folder / "log.sqlite", "UPDATE checkpoints SET root = ? WHERE size = 3", frontier.root())
    assert refuses(folder, "does not speak of the 3 events", caplog)


def test_a_note_of_another_key_stops_it(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    sealed_to(folder, 3)
    other = folder.with_name("other")
    other.mkdir()
    note = sealed_to(other, 3)[-1].note
    edit(folder / "log.sqlite", "UPDATE checkpoints SET note = ? WHERE size = 3", note)
    assert refuses(folder, "is not this log's", caplog)


def test_an_older_events_file_stops_it_and_the_right_one_mends_it(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sealed_to(folder, 10)
    old = backed_up(folder)
    earlier = sealed_to(folder, 20)
    newest = shutil.copyfile(folder / "events.sqlite", folder.with_name("newest.sqlite"))
    restore(folder, old, "events.sqlite")
    assert refuses(folder, "20 events are signed for, and the ledger ends at 10", caplog)
    shutil.copyfile(newest, folder / "events.sqlite")
    with closing(open_ledger(folder, HandClock())) as ledger:
        assert ledger.transparency.state == "sealing"
        grow_to(ledger, 21)
        ledger.transparency.sign_head()
        assert goes_on_from(ledger.transparency, earlier)


@pytest.mark.parametrize("size", [20, 256, 300])
def test_an_older_events_file_that_was_written_to_again_is_still_refused(
    folder: Path, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    """By its length alone it could be the right one; the newest events signed for are others."""
    sealed_to(folder, size - 1)
    old = backed_up(folder)
    sealed_to(folder, size)
    restore(folder, old, "events.sqlite")
    with closing(open_ledger(folder, HandClock())) as ledger:
        assert ledger.transparency.state == "stopped"
        grow_to(ledger, size + 5)
    assert refuses(folder, "are not those that were signed for", caplog)


def test_an_older_log_file_goes_on_over_the_same_events(folder: Path) -> None:
    sealed_to(folder, 10)
    old = backed_up(folder)
    earlier = sealed_to(folder, 20, 300)
    restore(folder, old, "log.sqlite")
    with closing(open_ledger(folder, HandClock())) as ledger:
        log = ledger.transparency
        assert (log.checkpoint().size, log.state) == (10, "sealing")
        again = log.sign_head()
        assert (again.root, again.note) == (earlier[-1].root, earlier[-1].note)
        grow_to(ledger, 301)
        log.sign_head()
        assert goes_on_from(log, earlier)


def test_an_older_log_file_learns_again_of_a_rotation(folder: Path) -> None:
    sealed_to(folder, 10)
    old = backed_up(folder)
    with closing(open_ledger(folder, HandClock())) as ledger:
        new = ledger.transparency.rotate()
        grow_to(ledger, 11)
        ledger.transparency.sign_head()
    restore(folder, old, "log.sqlite")
    with closing(open_ledger(folder, HandClock())) as ledger:
        assert ledger.transparency.verifiers()[0] == new
        assert ledger.transparency.sign_head().note.count("— ".encode()) == 2


def test_an_older_key_file_without_the_key_that_signs_stops_it(folder: Path) -> None:
    sealed_to(folder, 10)
    old = backed_up(folder)
    with closing(open_ledger(folder, HandClock())) as ledger:
        ledger.transparency.rotate()
        grow_to(ledger, 11)
        ledger.transparency.sign_head()
    restore(folder, old, "keys.sqlite")
    with closing(open_ledger(folder, HandClock())) as ledger:
        assert ledger.transparency.state == "stopped"
        assert "keys.sqlite does not hold the key" in str(ledger.transparency.problem)


def test_a_missing_event_stops_it(folder: Path) -> None:
    with closing(open_ledger(folder, HandClock())) as ledger:
        grow_to(ledger, 10)
        edit(folder / "events.sqlite", "DELETE FROM stored_events WHERE position = 5")
        with pytest.raises(LogRefused, match="missing between positions 1 and 10"):
            ledger.transparency.sign_head()
        assert ledger.transparency.checkpoint().root == EMPTY_ROOT


def test_a_missing_file_is_never_made_anew(folder: Path) -> None:
    sealed_to(folder, 10)
    (folder / "log.sqlite").unlink()
    with pytest.raises(Corrupt, match=r"log\.sqlite is missing: restore it"):
        open_ledger(folder, HandClock())
    assert not (folder / "log.sqlite").exists()


def test_a_file_of_another_log_is_refused(folder: Path) -> None:
    sealed_to(folder, 10)
    edit(folder / "log.sqlite", "UPDATE log SET origin = 'rapport.invalid/other-00000000'")
    with pytest.raises(Corrupt, match="is the log of rapport"):
        open_ledger(folder, HandClock())


def test_a_file_without_a_log_in_it_is_refused(folder: Path) -> None:
    sealed_to(folder, 10)
    edit(folder / "log.sqlite", "DELETE FROM log")
    with pytest.raises(Corrupt, match="holds no log"):
        open_ledger(folder, HandClock())


@pytest.mark.parametrize("value", ["text", 7, None, b"", b"x" * 31])
@pytest.mark.parametrize(
    "place",
    [
        "tiles.hashes",
        "checkpoints.root",
        "checkpoints.note",
        "checkpoints.signed_at",
        "verifier_keys.public",
        "verifier_keys.made_at",
        "log.origin",
    ],
)
def test_values_that_nobody_here_wrote_are_told_as_damage(
    folder: Path, place: str, value: object
) -> None:
    sealed_to(folder, 10)
    table, column = place.split(".")
    try:
        edit(folder / "log.sqlite", f"UPDATE {table} SET {column} = ?", value)
    except sqlite3.IntegrityError:
        return  # the table itself refuses it
    try:
        ledger = open_ledger(folder, HandClock())
    except Corrupt:
        return
    with closing(ledger):
        harmless = place in {"checkpoints.signed_at", "verifier_keys.made_at"} and value == 7
        assert (ledger.transparency.state == "sealing") == harmless
        if not harmless:
            grow_to(ledger, 11)
            with pytest.raises(LogRefused):
                ledger.transparency.sign_head()


def test_a_rotation_beside_the_sealing_waits_for_its_turn(folder: Path) -> None:
    with closing(open_ledger(folder, HandClock())) as ledger:
        log = ledger.transparency
        with ThreadPoolExecutor(2) as pool:
            made = [pool.submit(log.rotate) for _ in range(20)]
            for size in range(2, 30):
                grow_to(ledger, size)
                log.sign_head()
            keys = {one.result() for one in made}
        grow_to(ledger, 31)
        log.sign_head()
        assert keys < set(log.verifiers())
        assert len(log.verifiers()) == 21
        assert goes_on_from(log, list(log.checkpoints()))
        assert [key.retired_at is None for key in log.key_history()] == [True] + [False] * 20


def test_a_long_way_is_taken_in_steps_which_are_all_signed(folder: Path) -> None:
    pacing = replace(SIGNER, step_events=300)
    with closing(open_ledger(folder, HandClock(), signer_pacing=pacing)) as ledger:
        grow_to(ledger, 1000)
        log = ledger.transparency
        log.sign_head()
        kept = list(log.checkpoints())
        assert [one.size for one in kept] == [0, 300, 600, 900, 1000]
        assert goes_on_from(log, kept)


def test_whoever_is_in_a_hurry_gets_what_was_taken_in_so_far_signed(folder: Path) -> None:
    with closing(open_ledger(folder, HandClock())) as ledger:
        grow_to(ledger, 1000)
        log = ledger.transparency
        assert signer_of(ledger).step(1000, lambda: False).size == SIGNER.part_events
        assert log.sign_head().size == 1000
        assert goes_on_from(log, list(log.checkpoints()))


def test_the_log_is_no_part_of_what_a_private_key_can_be_read_from(folder: Path) -> None:
    sealed_to(folder, 10)
    with closing(open_ledger(folder, HandClock())) as ledger:
        (key,) = keys_of(ledger).signing.keys_of(ledger.transparency.origin)
    assert isinstance(ledger.transparency, TransparencyLog)
    content = (folder / "log.sqlite").read_bytes()
    assert key.public in content
    assert key.private.private_bytes_raw() not in content
