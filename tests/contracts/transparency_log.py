"""What every store of a transparency log promises, as tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import closing
from typing import TYPE_CHECKING

from ledger.stores.transparency_log import StoredCheckpoint, VerifierKey
from ledger.transparency.merkle import HASH_BYTES
from ledger.transparency.tiles import TileAt

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.stores.transparency_log import TransparencyLogStore

OLD, NEW = b"o" * 32, b"n" * 32
EMPTY, THREE = (StoredCheckpoint(size, b"r" * HASH_BYTES, b"note", size) for size in (0, 3))
HASHES = b"h" * 3 * HASH_BYTES


class TransparencyLogStoreContract(ABC):
    """Adopted by a store that says how a log is begun, or opened again, in a folder."""

    @abstractmethod
    def open_log(
        self, folder: Path, key: tuple[bytes, int], first: StoredCheckpoint
    ) -> TransparencyLogStore:
        """The log of that folder; at first with that key and first checkpoint alone."""

    def test_a_log_begins_with_its_key_and_its_first_checkpoint(self, tmp_path: Path) -> None:
        with closing(self.open_log(tmp_path, (OLD, 0), EMPTY)) as log:
            assert log.newest() == EMPTY
            assert log.verifier_keys() == [VerifierKey(OLD, 0, None)]
            assert log.tile(TileAt(0, 0, 3)) == b""

    def test_a_checkpoint_comes_with_its_tiles(self, tmp_path: Path) -> None:
        with closing(self.open_log(tmp_path, (OLD, 0), EMPTY)) as log:
            log.add(THREE, [(TileAt(0, 0, 3), HASHES)])
        with closing(self.open_log(tmp_path, (OLD, 0), EMPTY)) as again:
            assert again.newest() == THREE
            assert list(again.checkpoints(-1)) == [EMPTY, THREE]
            assert list(again.checkpoints(0)) == [THREE]
            assert again.tile(TileAt(0, 0, 3)) == HASHES
            assert again.tile(TileAt(0, 0, 2)) == HASHES[: 2 * HASH_BYTES]

    def test_a_tile_grows_in_its_place(self, tmp_path: Path) -> None:
        with closing(self.open_log(tmp_path, (OLD, 0), EMPTY)) as log:
            log.add(THREE, [(TileAt(0, 0, 2), HASHES[: 2 * HASH_BYTES])])
            four = StoredCheckpoint(4, THREE.root, THREE.note, 4)
            log.add(four, [(TileAt(0, 0, 3), HASHES)])
            assert log.tile(TileAt(0, 0, 3)) == HASHES

    def test_a_retired_key_signed_for_the_last_time(self, tmp_path: Path) -> None:
        with closing(self.open_log(tmp_path, (OLD, 0), EMPTY)) as log:
            log.add_keys([(NEW, 1)])
            log.add(THREE, [], retired=[OLD])
            assert log.verifier_keys() == [
                VerifierKey(NEW, 1, None),
                VerifierKey(OLD, 0, THREE.signed_at),
            ]

    def test_what_another_store_has_of_it_is_kept_as_it_is_there(self, tmp_path: Path) -> None:
        keys = [VerifierKey(NEW, 1, None), VerifierKey(OLD, 0, THREE.signed_at)]
        with closing(self.open_log(tmp_path, (OLD, 0), EMPTY)) as log:
            for _ in range(2):
                log.adopt(keys, [], [])
            log.adopt(keys, [THREE], [(TileAt(0, 0, 3), HASHES)])
            assert log.verifier_keys() == keys
            assert (log.newest(), log.tile(TileAt(0, 0, 3))) == (THREE, HASHES)
