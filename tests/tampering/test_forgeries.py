"""An event changed together with everything that hangs on it, as far as the forger's keys go."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.transparency.checkpoints import Checkpoint
from ledger.transparency.notes import Note, Verifier
from tests.tampering.conftest import faults_of
from tests.tampering.forger import Forger
from tests.tampering.town import verified

if TYPE_CHECKING:
    from ledger.verification.faults import Fault
    from tests.tampering.conftest import Town

CHANGED = 100
"""The position of a purchase."""


@pytest.fixture
def forger(town: Town) -> Forger:
    return Forger(town.copy() / "ledgers" / "main")


def found(town: Town) -> list[Fault]:
    """What is found by someone who kept nothing."""
    return faults_of(verified(town.aside))


def verifier(town: Town) -> Verifier:
    """The true log's newest key."""
    with closing(sqlite3.connect(town.ledger / "log.sqlite")) as log:
        keys = log.execute("SELECT public FROM verifier_keys ORDER BY made_at DESC").fetchall()
    note = Note.read(town.notes[-1])
    (signature,) = note.signatures
    for (public,) in keys:
        key = Ed25519PublicKey.from_public_bytes(public)
        made = Verifier.of(Checkpoint.read(note.text).origin, key)
        if made.key_id == signature.key_id:
            return made
    raise AssertionError("no key signed")


def sealed_before(town: Town, position: int) -> int:
    """The size of the last checkpoint that does not hold the event."""
    sizes = [Checkpoint.read(Note.read(note).text).size for note in town.notes]
    return max(size for size in sizes if size < position)


def test_a_changed_event_is_found_at_its_position(town: Town, forger: Forger) -> None:
    forger.change_amount(CHANGED)
    first = found(town)[0]
    assert (first.place, first.position) == ("tiles", CHANGED)


def test_a_changed_event_with_tiles_and_roots_is_found_by_signatures(
    town: Town, forger: Forger
) -> None:
    """Then the last checkpoint that still holds says after which event."""
    forger.change_amount(CHANGED)
    forger.regrow()
    first = found(town)[0]
    assert (first.place, first.position) == ("checkpoints", sealed_before(town, CHANGED) + 1)
    assert any("columns" in fault.detail for fault in found(town))


def test_a_changed_event_with_its_leaf_is_narrowed_down_by_checkpoints(
    town: Town, forger: Forger
) -> None:
    """The hash above stands for 256 events, and the checkpoints within say which can be meant."""
    forger.change_amount(CHANGED)
    forger.change_leaf(CHANGED)
    first = found(town)[0]
    assert first.position == sealed_before(town, CHANGED) + 1
    assert any("hash 0 of tile 1/0" in fault.detail for fault in found(town))


@pytest.mark.parametrize(("level", "place", "named"), [(0, CHANGED - 1, CHANGED), (1, 0, 1)])
def test_a_changed_tile_is_told_from_a_changed_event(
    town: Town, forger: Forger, level: int, place: int, named: int
) -> None:
    """Where a later checkpoint still has the root of the events, they are those it signed for."""
    forger.change_tile(level, 0, place, b"\x55" * 32)
    (first,) = {str(fault): fault for fault in found(town)}.values()
    assert (first.place, first.position) == ("tiles", named)
    assert "the tile was changed" in first.detail


def test_a_changed_event_with_its_tiles_alone_is_found_by_the_next_root(
    town: Town, forger: Forger
) -> None:
    forger.change_amount(CHANGED)
    with closing(sqlite3.connect(town.aside / "ledgers" / "main" / "log.sqlite")) as log:
        signed = log.execute("SELECT size, root FROM checkpoints").fetchall()
        forger.regrow()
        log.executemany("UPDATE checkpoints SET root = ?2 WHERE size = ?1", signed)
        log.commit()
    first = found(town)[0]
    assert first.place == "checkpoints"
    assert first.position == sealed_before(town, CHANGED) + 1
    assert "do not give the root" in first.detail


def test_a_history_under_another_key_is_found_by_who_knows_the_true_one(
    town: Town, forger: Forger
) -> None:
    """The key store betrays it too, to whoever holds the master key."""
    forger.change_amount(CHANGED)
    forger.regrow()
    forger.sign_again([forger.own_key()])
    outcome = verified(town.aside, verifiers=[verifier(town)])
    assert any("no key that was given" in fault.detail for fault in faults_of(outcome))
    assert any("signing key" in fault.detail for fault in found(town))
    (town.aside / "master.key").unlink()
    assert found(town) == []  # without a key from elsewhere and without the master key


def test_a_history_under_a_stolen_key_is_found_by_a_kept_checkpoint(
    town: Town, forger: Forger
) -> None:
    """And by nobody else."""
    forger.change_amount(CHANGED)
    forger.regrow()
    forger.sign_again()
    assert found(town) == []
    assert faults_of(verified(town.aside, verifiers=[verifier(town)])) == []
    first = town.faults()[0]
    assert first.place == "checkpoints"
    assert first.position is not None
    assert sealed_before(town, CHANGED) < first.position <= CHANGED + 100


def test_events_cut_off_with_their_checkpoints_are_found_by_a_kept_one(
    town: Town, forger: Forger
) -> None:
    forger.drop_last(3)
    assert any("events were lost" in fault.detail for fault in found(town))
    forger.regrow()
    assert found(town) == []
    assert any("events were lost" in fault.detail for fault in town.faults())


def test_an_event_taken_out_with_the_ranks_closed_is_found(town: Town, forger: Forger) -> None:
    """Also where the history was signed again, if it was not the last of its stream."""
    forger.drop(CHANGED)
    assert found(town)[0].position is not None
    forger.regrow()
    forger.sign_again()
    first = found(town)[0]
    assert "of its stream stands where" in first.detail


def test_every_leaf_changed_with_its_own_tile_is_found(town: Town) -> None:
    """One event after the other, each time with the tiles grown again."""
    for position in range(20, 260, 24):
        forger = Forger(town.copy() / "ledgers" / "main")
        forger.change_amount(position)
        forger.regrow()
        first = found(town)[0]
        assert first.position is not None
        assert first.position <= position + 70
