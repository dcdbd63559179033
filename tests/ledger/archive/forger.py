"""Somebody who makes archives with a key of their own, over whatever events they like."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgpack
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.archive.history import SignedCheckpoint
from ledger.archive.layout import Identity
from ledger.archive.writing import KnownKey
from ledger.transparency import notes
from ledger.transparency.checkpoints import Checkpoint
from ledger.transparency.entries import entry
from ledger.transparency.merkle import EMPTY_ROOT, Frontier, leaf_hash
from ledger.transparency.notes import Signer
from tests.ledger.archive.archives import members
from tests.ledger.given import NAMESPACE, NOON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.stores.reading import EventColumns

ORIGIN = "rapport.invalid/shop-0badcafe"


class Forger:
    """A source of an archive in which every signature is right, by a key that was made up."""

    def __init__(self, rows: list[EventColumns], origin: str = ORIGIN) -> None:
        self.name = "shop"
        self.identity = Identity(
            origin=origin,
            namespace=NAMESPACE,
            time_zone=None,
            created_at="2026-03-01T12:00:00Z",
        )
        self.signer = Signer(origin, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
        self._rows = rows
        self._tree = Frontier()
        for row in rows:
            recorded_at = msgpack.unpackb(row[4])[3]
            self._tree.append(
                leaf_hash(entry(UUID(bytes=row[1]), row[2], row[3], recorded_at, row[4]))
            )
        self.last = self.signed(len(rows), self._tree.root())

    def signed(self, size: int, root: bytes) -> SignedCheckpoint:
        text = Checkpoint(self.identity.origin, size, root).text()
        return SignedCheckpoint(size, root, notes.sign(text, [self.signer]).to_bytes(), NOON)

    def settings_note(self) -> bytes:
        return notes.sign(self.identity.public().text(), [self.signer]).to_bytes()

    def namespace_note(self) -> bytes:
        return notes.sign(self.identity.text(), [self.signer]).to_bytes()

    def known_keys(self) -> list[KnownKey]:
        return [KnownKey(self.signer.verifier.to_text(), NOON, None)]

    def checkpoints(self) -> Iterator[SignedCheckpoint]:
        yield self.signed(0, EMPTY_ROOT)
        yield self.last

    def rows(self) -> Iterator[EventColumns]:
        yield from self._rows

    def data_keys(self) -> Iterator[tuple[bytes, bytes]]:
        yield from ()

    def signing_keys(self) -> list[tuple[str, bytes]]:
        return []


def rows_of(archive: bytes) -> list[EventColumns]:
    """The events of an archive, to be forged."""
    unpacker = msgpack.Unpacker()
    for name, content in members(archive):
        if name.startswith("events/"):
            unpacker.feed(content)
    return [tuple(row) for row in unpacker]


def with_state(row: EventColumns, *changes: tuple[int, object]) -> EventColumns:
    """The same event with other values at these places of its stored state."""
    state = msgpack.unpackb(row[4])
    for place, value in changes:
        state[place] = value
    position, stream, version, topic, _, event_id = row
    return position, stream, version, topic, msgpack.packb(state), event_id
