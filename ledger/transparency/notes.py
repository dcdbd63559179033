"""Signed notes: a text, and below it the signatures of those who vouch for it.

Source: C2SP signed-note v1.0.0, with Ed25519 signatures (type 0x01) only. Signatures of other types
are by keys that are not known here, and those are passed over.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.errors import Unproven

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_ID_BYTES = 4
"""The length of a key's id."""

MOST_SIGNATURES = 100
"""How many signatures a note may have; the specification asks for at least 16."""

MOST_NOTE_BYTES = 1_000_000
"""The longest note that is read."""

_ED25519 = b"\x01"
_MARK = "— "
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_VERIFIER = re.compile(r"(?P<name>[^+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/=]+)")


class NoteRefused(Unproven):
    """The note is not as notes are, or is not signed as it should be."""


class SignatureWrong(NoteRefused):
    """A signature that bears the name and id of a known key is not its signature of the text."""


class SignerUnknown(NoteRefused):
    """The note is as notes are, but no key that is known here signed it."""


class VerifierRefused(Unproven):
    """The text is not a verifier key, or none that is read here."""


@dataclass(frozen=True, eq=False)
class Verifier:
    """The public key of a signer, with the name and id that stand beside its signatures.

    Two are equal if they are written the same.
    """

    name: str
    key_id: bytes
    public: Ed25519PublicKey

    @classmethod
    def of(cls, name: str, public: Ed25519PublicKey) -> Verifier:
        """The verifier of that name with this key; the id follows from both.

        Raises:
            VerifierRefused: it is not the name of a key.
        """
        if problem := _wrong_with_name(name):
            raise VerifierRefused(problem)
        return cls(name, _key_id(name, public.public_bytes_raw()), public)

    @classmethod
    def read(cls, text: str) -> Verifier:
        """The verifier that is written so: name, id in hex and type with key in base64.

        Raises:
            VerifierRefused: it is not written so, its id is not that of its name and key, or it is
                not for Ed25519 notes.
        """
        match = _VERIFIER.fullmatch(text)
        if match is None:
            raise VerifierRefused("a verifier key is a name, an id in hex and a key, joined by '+'")
        try:
            content = from_base64(match["key"])
        except ValueError:
            raise VerifierRefused("the key of the verifier is not base64") from None
        if content[:1] != _ED25519:
            raise VerifierRefused("the key of the verifier is not for Ed25519 notes")
        try:
            public = Ed25519PublicKey.from_public_bytes(content[1:])
        except ValueError:
            raise VerifierRefused("the key of the verifier is no Ed25519 key") from None
        found = cls.of(match["name"], public)
        if found.key_id.hex() != match["id"]:
            raise VerifierRefused("the id of the verifier is not that of its name and key")
        return found

    def to_text(self) -> str:
        """The verifier as one text, which ``read`` reads."""
        content = _ED25519 + self.public.public_bytes_raw()
        return f"{self.name}+{self.key_id.hex()}+{to_base64(content)}"

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether the key made this signature (64 bytes, without the id) of this text."""
        try:
            self.public.verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Verifier) and self.to_text() == other.to_text()

    def __hash__(self) -> int:
        return hash(self.to_text())


@dataclass(frozen=True)
class Signature:
    """One signature below a note, by the key of that name and id; ``signature`` is without id."""

    name: str
    key_id: bytes
    signature: bytes

    def to_line(self) -> str:
        """The line of the signature, without its newline."""
        return f"{_MARK}{self.name} {to_base64(self.key_id + self.signature)}"


class Signer:
    """A private key with its name. What it signs, ``verifier`` verifies."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        """Raises ``VerifierRefused`` if it is not the name of a key."""
        self.verifier = Verifier.of(name, key.public_key())
        self.name = name
        self._key = key

    def sign(self, text: str) -> str:
        """The signature line of this text, without its newline.

        Raises:
            NoteRefused: it is not the text of a note.
        """
        return self.signature(text).to_line()

    def signature(self, text: str) -> Signature:
        """The signature of this text.

        Raises:
            NoteRefused: it is not the text of a note.
        """
        _require_text(text)
        return Signature(self.name, self.verifier.key_id, self._key.sign(text.encode()))


@dataclass(frozen=True)
class Note:
    """A text, which ends in a newline, and the signatures below it, in order."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def read(cls, content: bytes) -> Note:
        """The note of these bytes; no signature is verified. ``written`` gives the bytes again.

        Raises:
            NoteRefused: they are not a note in every detail.
        """
        if len(content) > MOST_NOTE_BYTES:
            raise NoteRefused(f"a note has at most {MOST_NOTE_BYTES} bytes")
        try:
            note = content.decode()
        except UnicodeDecodeError:
            raise NoteRefused("the note is no UTF-8") from None
        if _CONTROL.search(note):
            raise NoteRefused("the note holds a control character")
        text, blank, below = note.rpartition("\n\n")
        if not blank or not below:
            raise NoteRefused("the note has no signature")
        *lines, rest = below.split("\n")
        if rest:
            raise NoteRefused("the last line of the note breaks off")
        if len(lines) > MOST_SIGNATURES:
            raise NoteRefused(f"a note has at most {MOST_SIGNATURES} signatures")
        return cls(text + "\n", tuple(_signature(line) for line in lines))

    def to_bytes(self) -> bytes:
        """The bytes of the note."""
        lines = "".join(f"{signature.to_line()}\n" for signature in self.signatures)
        return f"{self.text}\n{lines}".encode()


def sign(text: str, signers: Sequence[Signer]) -> Note:
    """The note of this text, signed by each of them.

    Raises:
        NoteRefused: it is not the text of a note, or there are no signers, or more than 100.
    """
    if not 1 <= len(signers) <= MOST_SIGNATURES:
        raise NoteRefused(f"a note has 1 to {MOST_SIGNATURES} signatures, not {len(signers)}")
    return Note(text, tuple(signer.signature(text) for signer in signers))


def verify(content: bytes, verifiers: Iterable[Verifier]) -> Note:
    """The note of these bytes, with only signatures by these verifiers, one for each key.

    Signatures by unknown keys are passed over. One by a known key that does not verify refuses the
    whole note, also if the same key's other signature does.

    Raises:
        SignatureWrong: a known key's signature is not one of the text.
        SignerUnknown: no known key signed it.
        NoteRefused: it is not a note, or two different keys are known by one name and id.
    """
    known = _by_name_and_id(verifiers)
    note = Note.read(content)
    verified: dict[tuple[str, bytes], Signature] = {}
    for signature in note.signatures:
        key = (signature.name, signature.key_id)
        if key not in known:
            continue
        if not known[key].verifies(note.text, signature.signature):
            raise SignatureWrong(f"the signature by {_key_name(*key)} is not one of this text")
        verified.setdefault(key, signature)
    if not verified:
        raise SignerUnknown("no key that is known here signed the note")
    return Note(note.text, tuple(verified.values()))


def to_base64(content: bytes) -> str:
    """The content in base64. Source: RFC 4648, section 4."""
    return base64.b64encode(content).decode()


def from_base64(text: str) -> bytes:
    """The content that ``to_base64`` writes so, and in no other way.

    Raises:
        ValueError: it is not base64, or not the one way to write its content.
    """
    content = base64.b64decode(text, validate=True)
    if to_base64(content) != text:
        raise ValueError("not the canonical base64 of its content")
    return content


def _signature(line: str) -> Signature:
    name, _, written = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or _wrong_with_name(name):
        raise NoteRefused("below the blank line of a note is a line that is not a signature")
    try:
        content = from_base64(written)
    except ValueError:
        raise NoteRefused("a signature of the note is not base64") from None
    if len(content) <= KEY_ID_BYTES:
        raise NoteRefused("a signature of the note is too short")
    return Signature(name, content[:KEY_ID_BYTES], content[KEY_ID_BYTES:])


def _by_name_and_id(verifiers: Iterable[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        key = (verifier.name, verifier.key_id)
        if known.setdefault(key, verifier) != verifier:
            raise NoteRefused(f"two different keys are known as {_key_name(*key)}")
    return known


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:KEY_ID_BYTES]


def _key_name(name: str, key_id: bytes) -> str:
    return f"{name}+{key_id.hex()}"


def _wrong_with_name(name: str) -> str | None:
    if not name:
        return "a key has a name"
    if "+" in name or any(character.isspace() or character < " " for character in name):
        return "the name of a key has neither spaces nor plus signs"
    return None if _is_unicode(name) else "the name of a key is no Unicode text"


def _require_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteRefused("the text of a note ends in a newline")
    if _CONTROL.search(text):
        raise NoteRefused("the text of a note holds a control character")
    if not _is_unicode(text):
        raise NoteRefused("the text of a note is no Unicode text")


def _is_unicode(text: str) -> bool:
    """False for lone surrogates, which no UTF-8 can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
