"""What every store of keys promises: the protocols of ``ledger.stores.keys``, as tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.stores.keys import NONCE_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.stores.keys import DataKeyStore, SigningKeyStore

ANN, BEN = UUID(int=1), UUID(int=2)
NONCE = bytes(NONCE_BYTES)
AT = 1_700_000_000_000_000


class KeyStoreContract(ABC):
    """Adopted by a store that says how one is opened in a folder."""

    @abstractmethod
    def open_keys(self, folder: Path) -> DataKeyStore:
        """The store of that folder, empty at first."""

    @abstractmethod
    def signing(self, store: DataKeyStore) -> SigningKeyStore:
        """The signing keys of the same store."""

    def test_a_key_opens_what_it_closed_once_it_is_saved(self, tmp_path: Path) -> None:
        with closing(self.open_keys(tmp_path)) as keys:
            assert keys.key(ANN) is None
            closed = keys.encryption_key(ANN).encrypt(NONCE, b"Ann", b"")
            keys.save()
        with closing(self.open_keys(tmp_path)) as again:
            kept = again.key(ANN)
            assert kept is not None
            assert kept.decrypt(NONCE, closed, b"") == b"Ann"
            assert again.key(BEN) is None

    def test_expected_contacts_keep_the_keys_that_they_have(self, tmp_path: Path) -> None:
        with closing(self.open_keys(tmp_path)) as keys:
            closed = keys.encryption_key(ANN).encrypt(NONCE, b"Ann", b"")
            keys.save()
        with closing(self.open_keys(tmp_path)) as again:
            again.expect([ANN, BEN])
            assert again.encryption_key(ANN).decrypt(NONCE, closed, b"") == b"Ann"
            again.encryption_key(BEN)

    def test_keys_that_are_read_together_are_those_read_one_by_one(self, tmp_path: Path) -> None:
        with closing(self.open_keys(tmp_path)) as keys:
            closed = keys.encryption_key(ANN).encrypt(NONCE, b"Ann", b"")
            keys.encryption_key(BEN)
            keys.save()
            keys.destroy([BEN], AT)
        with closing(self.open_keys(tmp_path)) as again:
            again.read_together([ANN, BEN, UUID(int=3)])
            known = again.key(ANN)
            assert known is not None
            assert known.decrypt(NONCE, closed, b"") == b"Ann"
            assert again.key(BEN) is None
            again.destroy([ANN], AT)
            again.read_together([ANN])
            assert again.key(ANN) is None

    def test_a_destroyed_key_is_gone_for_ever(self, tmp_path: Path) -> None:
        with closing(self.open_keys(tmp_path)) as keys:
            keys.encryption_key(ANN)
            keys.encryption_key(BEN)
            keys.save()
            keys.destroy([ANN], AT)
            assert keys.key(ANN) is None
        with closing(self.open_keys(tmp_path)) as again:
            again.destroy([ANN], AT)
            assert again.key(ANN) is None
            assert again.key(BEN) is not None

    def test_who_was_destroyed_is_listed_for_ever_and_adopted_by_nobody(
        self, tmp_path: Path
    ) -> None:
        with closing(self.open_keys(tmp_path)) as keys:
            keys.encryption_key(ANN)
            keys.save()
            assert keys.erasure_list() == []
            assert keys.destroy([ANN, BEN], AT) == 1
            assert keys.destroy([ANN], AT + 1) == 0
        with closing(self.open_keys(tmp_path)) as again:
            assert sorted(again.erasure_list()) == [ANN, BEN]
            again.adopt([(ANN, bytes(32)), (UUID(int=3), bytes(32))])
            assert again.key(ANN) is None
            assert again.key(UUID(int=3)) is not None

    def test_adopted_keys_open_what_they_closed_elsewhere(self, tmp_path: Path) -> None:
        with closing(self.open_keys(tmp_path)) as keys:
            keys.adopt([(ANN, bytes(32))])
            assert keys.key(ANN) is not None

    def test_a_trial_makes_no_key(self, tmp_path: Path) -> None:
        with closing(self.open_keys(tmp_path)) as keys:
            keys.try_saving()
            assert keys.key(ANN) is None

    def test_signing_keys_are_named_the_oldest_first(self, tmp_path: Path) -> None:
        with closing(self.open_keys(tmp_path)) as keys:
            signing = self.signing(keys)
            newer, older = signing.make("log", 2), signing.make("log", 1)
            signing.make("other", 0)
        with closing(self.open_keys(tmp_path)) as again:
            named = self.signing(again).keys_of("log")
            assert [one.public for one in named] == [older.public, newer.public]
            assert named[0].private.private_bytes_raw() == older.private.private_bytes_raw()
