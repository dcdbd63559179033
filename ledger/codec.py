"""How an event becomes stored bytes and comes back, field by field.

Stored state is a msgpack array: schema number, salt, id, recorded_at, occurred_at, source, actor,
causation_id, and then the fields of the event in their published order. Fields are only ever
appended, and a field that an older state lacks reads as absent. Personal fields are encrypted one
by one. Source: docs/reference, "Stored state"; RFC 6962 leaves hash these bytes, so they never
change.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import msgpack
from eventsourcing.persistence import Transcoder

from domain.events import CATALOGUE, EncryptedValue, Event
from domain.events.governance import CorrectedData
from domain.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Encrypt = Callable[[str, bytes], bytes]
    Decrypt = Callable[[str, bytes], bytes | None]

SCHEMAS: Mapping[str, int] = dict.fromkeys(CATALOGUE, 1)
"""The schema number under which each topic is written today."""

UPCASTS: Mapping[tuple[str, int], Callable[[list[Any]], list[Any]]] = {}
"""By topic and schema number: what turns those fields into the fields of the next number.

Appending a field needs no new number. One is needed where a stored field changes its form.
"""


_new, _set = object.__new__, object.__setattr__


def check_uuid(packed: object) -> None:
    """Look at what is to be a UUID, without making it.

    Raises:
        ValueError: it is not 16 bytes.
    """
    if type(packed) is not bytes or len(packed) != 16:
        raise ValueError("a UUID has 16 bytes")


class _Packers(threading.local):
    """A packer for each thread: making one takes longer than packing an event."""

    def __init__(self) -> None:
        self.own = msgpack.Packer(strict_types=True)


_PACKERS = _Packers()


def pack(value: object) -> bytes:
    """The msgpack of lists, dicts with text keys, texts, bytes, whole numbers, flags and null.

    Raises:
        TypeError: it holds anything else; tuples and subclasses would come back as something else.
    """
    return cast("bytes", _PACKERS.own.pack(value))


def unpack(packed: bytes) -> Any:
    """The value of these bytes.

    Raises:
        ValueError: they are not exactly one msgpack value.
    """
    try:
        return msgpack.unpackb(packed)
    except msgpack.UnpackException as error:
        raise ValueError(f"not msgpack: {error}") from error


class MsgpackTranscoder(Transcoder):
    """Nothing but msgpack's own types, so that any reader of msgpack can read a ledger."""

    def encode(self, obj: Any) -> bytes:
        """The bytes of a value that ``pack`` takes."""
        return pack(obj)

    def decode(self, data: bytes) -> Any:
        """What those bytes hold; raises as ``unpack`` does."""
        return unpack(data)


class TopicCodec:
    """Packs and unpacks the fields of one event class."""

    def __init__(self, cls: type[Event]) -> None:
        self.cls = cls
        self.names = tuple(field.name for field in cls.FIELDS)
        self._count = len(self.names)
        self._always = sum(not field.is_later for field in cls.FIELDS)
        self._plan = tuple(
            (place, field.name, field.kind, field.personal)
            for place, field in enumerate(cls.FIELDS)
            if field.personal or _is_packed(field.kind)
        )

    def pack(self, event: Event, encrypt: Encrypt, prefix: str = "") -> list[Any]:
        """The event's fields in msgpack's types, the personal ones encrypted."""
        values = event.__dict__
        fields = [values[name] for name in self.names]
        for place, name, kind, personal in self._plan:
            value = fields[place]
            if value is None:
                continue
            if isinstance(kind, CorrectedData):
                fields[place] = _pack_nested(value, encrypt, name)
            elif personal:
                fields[place] = encrypt(prefix + name, _pack(kind, value))
            else:
                fields[place] = kind.pack(value)
        while len(fields) > self._always and fields[-1] is None:
            fields.pop()
        return fields

    def unpack(self, fields: Sequence[Any], decrypt: Decrypt | None, prefix: str = "") -> Event:
        """The event that was packed; personal fields stay ``Sealed`` without ``decrypt``.

        Raises:
            ValueError: there are more fields than this program knows.
        """
        if len(fields) > self._count:
            raise ValueError(f"{len(fields)} fields where {self._count} are known")
        values = dict(zip(self.names, fields))  # noqa: B905  # to say strict=False takes as long
        if len(fields) < self._count:
            values.update(dict.fromkeys(self.names[len(fields) :]))
        for _, name, kind, personal in self._plan:
            value = values[name]
            if value is None:
                continue
            if isinstance(kind, CorrectedData):
                values[name] = _unpack_nested(value, decrypt, name)
            elif personal:
                values[name] = _decrypt(kind, value, prefix + name, decrypt)
            else:
                values[name] = kind.unpack(value)
        # Validation happened before the event was stored, so the constructor is not run again.
        event = _new(self.cls)
        _set(event, "__dict__", values)
        return event


@lru_cache(maxsize=len(CATALOGUE))
def codec_of(topic: str) -> TopicCodec:
    """The codec of that topic.

    Raises:
        KeyError: no such topic is in the catalogue; a topic is never looked up by import.
    """
    return TopicCodec(CATALOGUE[topic])


def upcast(topic: str, schema: int, fields: list[Any]) -> list[Any]:
    """The fields in the form in which they are written today.

    Raises:
        ValueError: a newer program wrote them.
    """
    current = SCHEMAS[topic]
    if schema == current:
        return fields
    if not 1 <= schema <= current:
        raise ValueError(f"schema {schema} of {topic} was written by a newer version of Rapport")
    for number in range(schema, current):
        fields = UPCASTS[topic, number](fields)
    return fields


def _is_packed(kind: Kind) -> bool:
    return type(kind).pack is not Kind.pack or isinstance(kind, CorrectedData)


def _pack(kind: Kind, value: object) -> bytes:
    return pack(kind.pack(value))


def _decrypt(kind: Kind, ciphertext: object, name: str, decrypt: Decrypt | None) -> object:
    if not isinstance(ciphertext, bytes):
        raise TypeError(f"{name} is personal, but not encrypted")
    if decrypt is None:
        return EncryptedValue(ciphertext)
    plain = decrypt(name, ciphertext)
    return EncryptedValue(b"") if plain is None else kind.unpack(unpack(plain))


def _pack_nested(value: object, encrypt: Encrypt, name: str) -> list[Any]:
    """A correction's data: its topic, then its fields, encrypted like those of its target."""
    assert isinstance(value, Event), "a decision reads the data of a correction"
    codec = codec_of(value.TYPE)
    return [value.TYPE, SCHEMAS[value.TYPE], *codec.pack(value, encrypt, f"{name}.")]


def _unpack_nested(packed: object, decrypt: Decrypt | None, name: str) -> Event:
    if not isinstance(packed, list):
        raise TypeError(f"{name} is not a list")
    topic, schema, *fields = packed
    return codec_of(topic).unpack(upcast(topic, schema, fields), decrypt, f"{name}.")
