"""Under which keys a log signs: the newest, and once more the one before it.

The private keys in the store of keys decide: a key of this log that the log does not list yet is
new and signs from the next checkpoint on, together with the one it follows, which is retired with
that.
So a rotation that was interrupted continues, and so does one that an older log forgot.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.errors import LogRefused
from ledger.transparency import notes
from ledger.transparency.notes import Signer, Verifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.stores.keys import SigningKeyStore
    from ledger.stores.transparency_log import TransparencyLogStore, VerifierKey


class LogKeys:
    """The keys of one log, whose name is its origin."""

    def __init__(
        self,
        store: TransparencyLogStore,
        signing: SigningKeyStore,
        origin: str,
        *,
        keys_name: str,
    ) -> None:
        """List the keys that are new. Messages call the store of keys by ``keys_name``.

        Raises:
            Corrupt: a key is damaged.
            Unavailable: a file cannot be read or written.
        """
        self._store = store
        self._signing = signing
        self.origin = origin
        self._keys_name = keys_name
        self._rotating = Lock()
        self._listed: list[VerifierKey] = []
        self._signers: dict[bytes, Signer] = {}
        self._adopt()

    def all_keys(self) -> list[VerifierKey]:
        """Every key that ever signed or is going to, the newest first."""
        return self._listed

    def verifiers(self) -> list[Verifier]:
        """What verifies the checkpoints of this log, the newest first."""
        return [self._verifier(key.public) for key in self._listed]

    def sign(self, text: str) -> tuple[bytes, Sequence[bytes]]:
        """The text as a note, and the public keys whose last signature that is.

        Raises:
            LogRefused: the key to sign with is not in the key store.
        """
        active = self._active()
        note = notes.sign(text, [self._signers[key.public] for key in active])
        return note.to_bytes(), [key.public for key in active[1:]]

    def check(self) -> None:
        """Look whether every key that is to sign is there.

        Raises:
            LogRefused: one is not.
        """
        self._active()

    def refresh(self) -> None:
        """Read again which keys sign, after one was retired."""
        self._listed = self._store.verifier_keys()

    def rotate(self, at: int) -> Verifier:
        """A new key, made at that instant, which signs from the next checkpoint on.

        Raises:
            Unavailable: it could not be made.
        """
        with self._rotating:
            newest = max(key.made_at for key in self._listed)
            made = self._signing.make(self.origin, max(at, newest + 1))
            self._adopt()
        return self._verifier(made.public)

    def _active(self) -> list[VerifierKey]:
        """The keys that sign the next checkpoint, the newest first."""
        active = [key for key in self._listed if key.retired_at is None]
        if not active or any(key.public not in self._signers for key in active):
            raise LogRefused(
                f"{self._keys_name} does not hold the key that signs: "
                "restore it from a newer backup"
            )
        return active

    def _verifier(self, public: bytes) -> Verifier:
        return Verifier.of(self.origin, Ed25519PublicKey.from_public_bytes(public))

    def _adopt(self) -> None:
        kept = self._signing.keys_of(self.origin)
        known = {key.public for key in self._store.verifier_keys()}
        if new := [(key.public, key.made_at) for key in kept if key.public not in known]:
            self._store.add_keys(new)
        self._signers = {key.public: Signer(self.origin, key.private) for key in kept}
        self.refresh()
