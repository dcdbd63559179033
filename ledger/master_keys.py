"""The master key, which wraps the keys of a server: where it may live, and what it must do.

Two methods are all that is asked, so that a key service of a cloud can stand here: it never has to
give the key itself away. What it wraps is a few dozen bytes, for a context that it must bind.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import Corrupt, Unavailable
from ledger.entropy import Entropy
from ledger.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MASTER_KEY_FILE = "master.key"
MASTER_KEY_BYTES = 32

NEXT = ".next"
"""Ends the name of the file that holds the new key until everything is wrapped by it."""

_NONCE_BYTES = 12


class MasterKey(Protocol):
    """Wraps and unwraps keys; any thread may call.

    What is wrapped is a few dozen bytes, for a context that may be empty; what comes of it may have
    any length. A service that cannot be asked now raises ``Unavailable``: nothing is recorded then,
    and the next try continues. Every contact's key is unwrapped when it is first needed, so what is
    far away had better unwrap one key at the start, and wrap all others by that one here.
    """

    def wrap(self, plain: bytes, context: bytes) -> bytes:
        """The bytes to keep instead of these; they open for the same ``context`` only."""

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """What was wrapped.

        Raises:
            InvalidTag: another key or context wrapped it, or it is damaged.
        """


class InMemoryMasterKey:
    """A master key of 32 bytes that somebody else keeps. Source: AES-256-GCM, NIST SP 800-38D."""

    def __init__(self, key: bytes, entropy: Callable[[int], bytes] | None = None) -> None:
        self._cipher = AESGCM(key)
        self._entropy = entropy or Entropy()

    def wrap(self, plain: bytes, context: bytes) -> bytes:
        """A nonce, and the ciphertext with its tag."""
        nonce = self._entropy(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """What was wrapped; raises ``InvalidTag`` as the protocol says."""
        if len(wrapped) < _NONCE_BYTES:
            raise InvalidTag
        return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)


class OpenToOthers(Unavailable):
    """The file of a master key can be read by others than its owner."""


class FileMasterKey(InMemoryMasterKey):
    """A master key that lies in a file of its own, readable by its owner only."""

    def __init__(self, file: Path) -> None:
        """Read it.

        Raises:
            OpenToOthers: others can read it.
            Corrupt: it is damaged.
            OSError: it cannot be read.
        """
        self.file = file
        if file.stat().st_mode & 0o077:
            raise OpenToOthers(f"{file} can be read by others: chmod 600 it")
        self.key = file.read_bytes()
        if len(self.key) != MASTER_KEY_BYTES:
            raise Corrupt(f"{file} is damaged: it must have {MASTER_KEY_BYTES} bytes; restore it")
        super().__init__(self.key)


class CutOff(Unavailable):
    """The master key is being exchanged for another one, and that was not finished."""


def next_of(file: Path) -> Path:
    """Where the new key lies while a rotation is under way."""
    return file.with_name(file.name + NEXT)


def master_key_of(path: Path, *, has_ledgers: bool) -> bytes:
    """The key that a data folder keeps for itself, made if there are no ledgers yet.

    Raises:
        OpenToOthers: others can read it.
        CutOff: it is being exchanged for another one.
        Corrupt: it is damaged, or missing beside ledgers.
        OSError: it cannot be read or written.
    """
    file = path / MASTER_KEY_FILE
    if next_of(file).exists():
        raise CutOff(f"a rotation of {file} was cut off: rapport master-key rotate finishes it")
    if file.exists():
        return FileMasterKey(file).key
    if has_ledgers:
        raise Corrupt(f"{file} is missing, and the ledgers were made with it: restore it")
    key = os.urandom(MASTER_KEY_BYTES)
    write_whole(file, key)
    return key


def as_master_key(
    key: MasterKey | bytes, entropy: Callable[[int], bytes] | None = None
) -> MasterKey:
    """The master key of these 32 bytes, or the one that was given."""
    return InMemoryMasterKey(key, entropy) if isinstance(key, bytes) else key
