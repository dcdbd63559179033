"""The log of an open ledger: what is sealed can be proved, and by nothing but what is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import EventNotFound, Invalid, NotYetSigned, TileNotFound
from ledger.stores.sqlite.transparency_log import SqliteLogStore
from ledger.transparency.checkpoints import verify_checkpoint
from ledger.transparency.entries import read_entry
from ledger.transparency.merkle import (
    EMPTY_ROOT,
    Frontier,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from ledger.transparency.notes import Note
from ledger.transparency.tiles import (
    BundleAt,
    TileAt,
    TileHashes,
    decode_bundle,
    hashes_in,
    tiles_of,
)
from tests.fixtures.faults import calls_of
from tests.ledger.given import ORIGIN
from tests.ledger.transparency.growing import grow_to

if TYPE_CHECKING:
    from ledger.ledger import Ledger

SIZES = (4, 260, 517, 1013)


@pytest.fixture
def sealed(ledger: Ledger) -> Ledger:
    """A ledger that was sealed at several sizes."""
    for size in SIZES:
        grow_to(ledger, size)
        ledger.transparency.sign_head()
    return ledger


def test_the_empty_tree_is_signed_when_a_ledger_is_made(ledger: Ledger) -> None:
    log = ledger.transparency
    first = log.checkpoint()
    assert (first.size, first.root) == (0, EMPTY_ROOT)
    said = verify_checkpoint(first.note, log.verifiers())
    assert (said.origin, said.size, said.root) == (ORIGIN, 0, EMPTY_ROOT)
    assert (log.origin, log.state, log.problem) == (ORIGIN, "sealing", None)


def test_every_checkpoint_is_kept_and_signed_for_the_events_as_they_are(sealed: Ledger) -> None:
    log = sealed.transparency
    frontier = Frontier()
    kept = list(log.checkpoints())
    assert [one.size for one in kept] == [0, *SIZES]
    assert list(log.checkpoints(260)) == kept[3:]
    for one in kept:
        while frontier.size < one.size:
            frontier.append(leaf_hash(log.entry(frontier.size + 1)))
        assert frontier.root() == one.root
        assert verify_checkpoint(one.note, log.verifiers()).root == one.root
    assert log.checkpoint() == kept[-1]
    assert log.sign_head() == kept[-1], "nothing is new, so nothing is signed"


def test_from_its_tiles_and_bundles_alone_anybody_can_compute_the_root(sealed: Ledger) -> None:
    log = sealed.transparency
    size = log.checkpoint().size
    entries: list[bytes] = []
    for at in tiles_of(size):
        if isinstance(at, BundleAt):
            entries += decode_bundle(log.bundle(at), at.width)
        else:
            assert len(hashes_in(log.tile(at))) == at.width
    assert [leaf_hash(one) for one in entries] == [
        TileHashes(log.tile, size).node(0, index) for index in range(size)
    ]
    frontier = Frontier.of(TileHashes(log.tile, size), size)
    assert frontier.root() == log.checkpoint().root
    event = sealed.event(7)
    said = read_entry(entries[6])
    assert (said.stream, said.version, said.topic) == (event.contact_id, 1, event.type)
    assert said.recorded_at == event.recorded_at


def test_the_tiles_of_every_earlier_tree_are_still_served(sealed: Ledger) -> None:
    log = sealed.transparency
    for one in log.checkpoints():
        frontier = Frontier.of(TileHashes(log.tile, one.size), one.size)
        assert frontier.root() == one.root
    assert log.tile(TileAt(0, 1, 4)) == log.tile(TileAt(0, 1))[: 4 * 32]


@pytest.mark.parametrize("at", [TileAt(0, 3), TileAt(0, 4, 1), TileAt(1, 0, 4), TileAt(2, 0, 1)])
def test_no_tile_is_served_beyond_the_last_checkpoint(sealed: Ledger, at: TileAt) -> None:
    with pytest.raises(TileNotFound):
        sealed.transparency.tile(at)


@pytest.mark.parametrize("at", [BundleAt(3, 246), BundleAt(3), BundleAt(4, 1)])
def test_no_bundle_is_served_beyond_the_last_checkpoint(sealed: Ledger, at: BundleAt) -> None:
    grow_to(sealed, 1200)
    with pytest.raises(TileNotFound):
        sealed.transparency.bundle(at)


@pytest.mark.parametrize("size", [None, *SIZES, 700])
def test_every_event_is_proved_to_be_in_every_tree_that_it_is_in(
    sealed: Ledger, size: int | None
) -> None:
    log = sealed.transparency
    for position in (1, 4, 256, 257, 512, 517, 1013):
        if size is not None and position > size:
            with pytest.raises(Invalid):
                log.inclusion(position, size)
            continue
        proof = log.inclusion(position, size)
        assert proof.tree_size == (size or 1013)
        leaf = leaf_hash(log.entry(position))
        verify_inclusion(leaf, position - 1, proof.tree_size, proof.hashes, proof.root_hash)
        assert (proof.leaf_hash, proof.leaf_index) == (leaf, position - 1)
    assert log.inclusion(1).root_hash == log.checkpoint().root


def test_every_checkpoint_is_proved_to_begin_every_later_one(sealed: Ledger) -> None:
    log = sealed.transparency
    kept = list(log.checkpoints())
    for place, old in enumerate(kept):
        for new in kept[place:]:
            proof = log.consistency(old.size, new.size)
            verify_consistency(old.size, new.size, old.root, new.root, proof)
    assert log.consistency(4) == log.consistency(4, 1013)


def test_a_tile_is_read_once_for_all_proofs_of_one_tree(sealed: Ledger) -> None:
    """And anew for another tree, in which a partial tile is another one."""
    log = sealed.transparency
    with calls_of(SqliteLogStore, "tile") as calls:
        for position in range(1, 1014, 7):
            log.inclusion(position)
        log.consistency(260)
    read = [call.positional[1] for call in calls]
    tiles = {at for at in tiles_of(1013) if isinstance(at, TileAt)}
    assert (len(read), set(read)) == (len(tiles), tiles)
    with calls_of(SqliteLogStore, "tile") as calls:
        log.inclusion(4, 517)
        log.inclusion(4)
    read += [call.positional[1] for call in calls]
    assert len(read) > len(set(read)) > len(tiles)


def test_what_is_not_sealed_yet_is_told_apart_from_what_is_not_recorded(sealed: Ledger) -> None:
    log = sealed.transparency
    grow_to(sealed, 1014)
    for ask in (
        lambda: log.inclusion(1014),
        lambda: log.inclusion(1, 1014),
        lambda: log.consistency(1, 1014),
        lambda: log.consistency(1014),
    ):
        with pytest.raises(NotYetSigned):
            ask()
    for position in (0, -1, 1015):
        with pytest.raises(EventNotFound):
            log.inclusion(position)
        with pytest.raises(EventNotFound):
            log.entry(position)
    with pytest.raises(Invalid):
        log.consistency(5, 4)
    with pytest.raises(Invalid):
        log.consistency(-1)
    assert log.sign_head().size == 1014
    assert log.inclusion(1014).tree_size == 1014


def test_a_new_key_signs_once_with_the_old_one_and_then_alone(sealed: Ledger) -> None:
    log = sealed.transparency
    (old,) = log.verifiers()
    new = log.rotate()
    assert log.verifiers() == [new, old]
    signers = []
    for size in (1014, 1015):
        grow_to(sealed, size)
        note = Note.read(log.sign_head().note)
        signers.append([signature.key_id for signature in note.signatures])
        verify_checkpoint(note.to_bytes(), [new])
    assert signers == [[new.key_id, old.key_id], [new.key_id]]
    assert [key.retired_at is None for key in log.key_history()] == [True, False]
    assert {signature.name for signature in note.signatures} == {ORIGIN}
