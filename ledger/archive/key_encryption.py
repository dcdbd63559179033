"""Keys in an archive: locked with a passphrase.

The passphrase becomes a key by scrypt, and each member is encrypted with AES-256-GCM. Associated
data is archive, layout, origin, position and the member's name, so that none opens in another's
place. Source: RFC 7914; NIST SP 800-38D.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ledger.archive.layout import ARCHIVE, LOCK, SIGNING_KEYS, canonical, read_document
from ledger.archive.refusals import ArchiveRefused, PassphraseRefused
from ledger.codec import pack, unpack
from ledger.stores.keys import KEY_BYTES, NONCE_BYTES
from ledger.transparency.notes import from_base64, to_base64

if TYPE_CHECKING:
    from ledger.archive.layout import Head

SCRYPT_COST, SCRYPT_BLOCKS, SCRYPT_PARALLEL = 2**17, 8, 1
"""128 MiB and about half a second for each guess. Fixed, so that no archive can ask for more."""

LEAST_PASSPHRASE = 8
"""How many characters a passphrase has at least."""

_SALT_BYTES = 16
_PROOF = b"rapport archive keys"


class Lock:
    """Encrypts and decrypts the members that contain keys."""

    def __init__(self, head: Head, passphrase: str, salt: bytes) -> None:
        """Derive the key, which takes its time."""
        self._head = head
        self._salt = salt
        scrypt = Scrypt(
            salt=salt, length=KEY_BYTES, n=SCRYPT_COST, r=SCRYPT_BLOCKS, p=SCRYPT_PARALLEL
        )
        self._cipher = AESGCM(scrypt.derive(passphrase.encode()))

    @classmethod
    def new(cls, head: Head, passphrase: str) -> Lock:
        """A lock that no other archive has.

        Raises:
            PassphraseRefused: the passphrase is too short.
        """
        if len(passphrase) < LEAST_PASSPHRASE:
            raise PassphraseRefused(
                f"a passphrase has at least {LEAST_PASSPHRASE} characters; take a long one: "
                "it guards every key of the ledger"
            )
        return cls(head, passphrase, os.urandom(_SALT_BYTES))

    @classmethod
    def read(cls, content: bytes, head: Head, passphrase: str) -> Lock:
        """The lock of an archive, if this passphrase opens it.

        Raises:
            ArchiveRefused: it is damaged, or asks for another derivation than ours.
            PassphraseRefused: the passphrase is another.
        """
        salt, proof = _read(content)
        lock = cls(head, passphrase, salt)
        try:
            lock.decrypt(LOCK, proof)
        except ArchiveRefused:
            raise PassphraseRefused("the passphrase is not that of the archive") from None
        return lock

    def to_bytes(self) -> bytes:
        """The content of the member that describes the lock."""
        return _lock_document(self._salt, self.encrypt(LOCK, _PROOF))

    def encrypt(self, name: str, plain: bytes) -> bytes:
        """The content of the member of that name."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, self._context(name))

    def decrypt(self, name: str, content: bytes) -> bytes:
        """What was encrypted in the member of that name.

        Raises:
            ArchiveRefused: it does not open.
        """
        try:
            nonce, encrypted = content[:NONCE_BYTES], content[NONCE_BYTES:]
            return self._cipher.decrypt(nonce, encrypted, self._context(name))
        except (InvalidTag, ValueError):
            raise ArchiveRefused("does not open: it was changed", name) from None

    def _context(self, name: str) -> bytes:
        return pack([ARCHIVE, self._head.version, self._head.origin, self._head.position, name])


def check_lock(content: bytes) -> None:
    """Let the description of a lock pass, without the passphrase.

    Raises:
        ArchiveRefused: it is damaged, or asks for another derivation than ours.
    """
    _read(content)


def read_data_keys(content: bytes, member: str) -> list[tuple[bytes, bytes]]:
    """The keys of contacts in an opened member, by contact.

    Raises:
        ArchiveRefused: they are none.
    """
    try:
        found = [(contact, key) for contact, key in unpack(content)]
        if all(len(one) == 16 and len(key) == KEY_BYTES for one, key in found) and found:
            return found
    except (ValueError, TypeError):
        pass  # refused below, as any other content that is not keys
    raise ArchiveRefused("is damaged: it holds other things than keys", member)


def read_signing_keys(content: bytes) -> tuple[int, list[tuple[str, bytes]]]:
    """How many keys of contacts were exported, and the log's own with their verifiers.

    Raises:
        ArchiveRefused: they are none.
    """
    try:
        count, signing = unpack(content)
        return int(count), [(str(verifier), bytes(key)) for verifier, key in signing]
    except (ValueError, TypeError):
        raise ArchiveRefused("is damaged", SIGNING_KEYS) from None


def _read(content: bytes) -> tuple[bytes, bytes]:
    document = read_document(content, LOCK)
    try:
        salt, proof = from_base64(document["salt"]), from_base64(document["proof"])
    except (ValueError, LookupError, TypeError):
        raise ArchiveRefused("is damaged", LOCK) from None
    if len(salt) != _SALT_BYTES or _lock_document(salt, proof) != content:
        raise ArchiveRefused("asks for another derivation than this program's", LOCK)
    return salt, proof


def _lock_document(salt: bytes, proof: bytes) -> bytes:
    return canonical(
        {
            "derivation": "scrypt",
            "n": SCRYPT_COST,
            "r": SCRYPT_BLOCKS,
            "p": SCRYPT_PARALLEL,
            "cipher": "AES-256-GCM",
            "salt": to_base64(salt),
            "proof": to_base64(proof),
        }
    )
