"""Between recorded events and stored ones: topics, envelope, encryption."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast
from uuid import UUID

from cryptography.exceptions import InvalidTag
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent

from domain.errors import Corrupt
from domain.events import CATALOGUE, EncryptedValue
from domain.recorded import RecordedEvent
from ledger.codec import SCHEMAS, MsgpackTranscoder, check_uuid, codec_of, pack, upcast
from ledger.stores.keys import NONCE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from eventsourcing.domain import DomainEventProtocol
    from eventsourcing.persistence import Transcoder

    from ledger.codec import Decrypt, Encrypt

SALT_BYTES = 16
_new, _set = object.__new__, object.__setattr__

NOTHING: Container[str] = frozenset()
"""Decrypt no topic: what folds read."""

EVERYTHING: Container[str] = frozenset(CATALOGUE)
"""Decrypt every topic: what people read."""

COMPARED: Container[str] = frozenset({"contact-registered", "event-retracted"})
"""Decrypt what a decision compares to tell "already so" from "otherwise"."""


class StoredStateError(Corrupt, MapperDeserialisationError):
    """Stored state is not what this program wrote."""


@dataclass(frozen=True)
class LedgerStoredEvent(StoredEvent):
    """A stored event that knows its own id, which a ledger never takes twice."""

    event_id: UUID


class Keys(Protocol):
    """Where the keys of contacts come from."""

    def key(self, contact_id: UUID) -> AESGCM | None:
        """The contact's key, or None where it is gone."""

    def encryption_key(self, contact_id: UUID) -> AESGCM:
        """The contact's key, a new one if need be."""


class NoKeys:
    """For readers of stored bytes who have no keys to decrypt them."""

    def key(self, contact_id: UUID) -> AESGCM | None:
        return None

    def encryption_key(self, contact_id: UUID) -> AESGCM:
        raise LookupError("without keys nothing can be encrypted")


class LedgerMapper(Mapper[UUID]):
    """Maps ``Recorded`` to stored events and back; only topics of the catalogue exist.

    Associated data of an encrypted field is the msgpack of stream id, version, topic and field
    name, so that a ciphertext opens in no other place than its own.
    """

    def __init__(
        self,
        keys: Keys,
        transcoder: Transcoder | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        super().__init__(transcoder or MsgpackTranscoder())
        self.keys = keys
        self._decode = self.transcoder.decode
        self._entropy = entropy

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> LedgerStoredEvent:
        """The bytes to store for an event whose envelope is complete but for its position."""
        recorded = cast("RecordedEvent", domain_event)
        topic = recorded.event.TYPE
        encrypt = self._encryptor(recorded.contact_id, recorded.version, topic)
        actor, causation_id = recorded.actor, recorded.causation_id
        assert not isinstance(actor, EncryptedValue), "an actor is encrypted here, once"
        state = [
            SCHEMAS[topic],
            self._entropy(SALT_BYTES),
            recorded.id.bytes,
            recorded.recorded_at,
            _packed_occurrence(recorded),
            recorded.source,
            None if actor is None else encrypt("actor", self.transcoder.encode(actor)),
            None if causation_id is None else causation_id.bytes,
            *codec_of(topic).pack(recorded.event, encrypt),
        ]
        return LedgerStoredEvent(
            recorded.contact_id,
            recorded.version,
            topic,
            self.transcoder.encode(state),
            recorded.id,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """The event as decisions need it: what they compare is decrypted, the rest is not."""
        recorded = self.to_event(
            position=getattr(stored_event, "id", 0),
            stream=stored_event.originator_id,
            version=stored_event.originator_version,
            topic=stored_event.topic,
            state=stored_event.state,
            decrypt=COMPARED,
        )
        return cast("DomainEventProtocol[UUID]", recorded)

    def to_event(
        self,
        position: int,
        stream: UUID | str,
        version: int,
        topic: str,
        state: bytes,
        decrypt: Container[str] = NOTHING,
    ) -> RecordedEvent:
        """The event of these stored columns; ``decrypt`` holds the topics to decrypt.

        Where the contact's key is gone, decryption gives an erased ``EncryptedValue``; without
        decryption, ciphertexts are handed on as they are.

        Raises:
            StoredStateError: the topic is not in the catalogue, or the state is damaged.
        """
        if not isinstance(stream, UUID) or topic not in CATALOGUE:
            raise StoredStateError(f"position {position}: {topic!r} is not an event of a ledger")
        decryptor = self._decryptor(stream, version, topic) if topic in decrypt else None
        try:
            values = self._decode(state)
            schema, _, event_id, recorded_at, occurred_at, source, actor, causation, *fields = (
                values
            )
            check_uuid(event_id)
            if causation is not None:
                check_uuid(causation)
            envelope = {
                "contact_id": stream,
                "version": version,
                "position": position,
                "packed_id": event_id,
                "recorded_at": recorded_at,
                "occurred_at": occurred_at,
                "source": source,
                "packed_actor": actor,
                "packed_causation_id": causation,
                "event": codec_of(topic).unpack(upcast(topic, schema, fields), decryptor),
            }
            if type(occurred_at) is list:
                (envelope["occurred_at"],) = occurred_at
                envelope["is_dated_behind"] = True
            if decryptor is not None and actor is not None:
                envelope["actor"] = self._actor(actor, decryptor)
            # Without the constructor of a frozen dataclass: half the time of a decode.
            recorded = _new(RecordedEvent)
            _set(recorded, "__dict__", envelope)
        except StoredStateError:
            raise
        except (ValueError, TypeError, LookupError, AssertionError) as error:
            detail = f"the stored state at position {position} ({topic}) is damaged: {error}"
            raise StoredStateError(detail) from error
        return recorded

    def _actor(self, packed: Any, decryptor: Decrypt) -> str | EncryptedValue:
        plain = decryptor("actor", packed)
        return EncryptedValue(b"") if plain is None else cast("str", self.transcoder.decode(plain))

    def _encryptor(self, stream: UUID, version: int, topic: str) -> Encrypt:
        key: AESGCM | None = None

        def encrypt(name: str, plain: bytes) -> bytes:
            nonlocal key
            if key is None:
                key = self.keys.encryption_key(stream)
            nonce = self._entropy(NONCE_BYTES)
            return nonce + key.encrypt(nonce, plain, _context(stream, version, topic, name))

        return encrypt

    def _decryptor(self, stream: UUID, version: int, topic: str) -> Decrypt:
        def decrypt(name: str, ciphertext: bytes) -> bytes | None:
            key = self.keys.key(stream)
            if key is None:
                return None
            try:
                nonce, encrypted = ciphertext[:NONCE_BYTES], ciphertext[NONCE_BYTES:]
                return key.decrypt(nonce, encrypted, _context(stream, version, topic, name))
            except InvalidTag:
                where = f"{name} of version {version} of {stream}"
                raise StoredStateError(f"{where} does not open with its key") from None

        return decrypt


def _packed_occurrence(recorded: RecordedEvent) -> int | list[int]:
    """``occurred_at`` in a stored state, in a list of its own where the clock was behind.

    An instant that the ledger filled in is nearly always ``recorded_at``, which tells that it was.
    Where the clock lay behind the newest event the two differ, and the list tells it, so that the
    same event sent again is known to be the same.
    """
    return [recorded.occurred_at] if recorded.is_dated_behind else recorded.occurred_at


def _context(stream: UUID, version: int, topic: str, name: str) -> bytes:
    """The associated data of a field."""
    return pack([stream.bytes, version, topic, name])
