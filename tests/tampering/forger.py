"""Someone who changes an event and then everything that hangs on it, as far as his keys go."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgpack
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.stores.events import Row
from ledger.stores.sqlite.data_keys import KeyStore
from ledger.transparency import notes
from ledger.transparency.checkpoints import Checkpoint
from ledger.transparency.entries import entry_of_row
from ledger.transparency.merkle import HASH_BYTES, Frontier, leaf_hash
from ledger.transparency.notes import Signer
from ledger.transparency.tiles import TILE_WIDTH, grown_tiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Forger:
    """Works on the files of one ledger's folder."""

    def __init__(self, folder: Path) -> None:
        self._events = folder / "events.sqlite"
        self._log = folder / "log.sqlite"
        self._keys = folder / "keys.sqlite"
        self._master = folder.parents[1] / "master.key"

    def change_amount(self, position: int) -> None:
        """Make a purchase dearer, in a way that any schema takes."""
        with _writing(self._events) as events:
            (state,) = events.execute(
                "SELECT state FROM stored_events WHERE position = ?", (position,)
            ).fetchone()
            values = msgpack.unpackb(state)
            values[9] += 100_000
            events.execute(
                "UPDATE stored_events SET state = ? WHERE position = ?",
                (msgpack.packb(values), position),
            )

    def drop_last(self, count: int) -> None:
        """Forget the newest events."""
        with _writing(self._events) as events:
            (head,) = events.execute("SELECT max(position) FROM stored_events").fetchone()
            events.execute("DELETE FROM stored_events WHERE position > ?", (head - count,))

    def drop(self, position: int) -> None:
        """Take out an event that is the last of its stream, and close the ranks behind it."""
        with _writing(self._events) as events:
            events.execute("DELETE FROM stored_events WHERE position = ?", (position,))
            events.execute(
                "UPDATE stored_events SET position = -position WHERE position > ?", (position,)
            )
            events.execute("UPDATE stored_events SET position = -position - 1 WHERE position < 0")

    def change_leaf(self, position: int) -> None:
        """Make the event's own hash that of the changed event, and no hash above it."""
        leaf = self._leaves()[position - 1]
        self.change_tile(0, *divmod(position - 1, TILE_WIDTH), leaf)

    def change_tile(self, level: int, n: int, place: int, into: bytes) -> None:
        """Write a hash over one in a tile."""
        with _writing(self._log) as log:
            statement = "SELECT hashes FROM tiles WHERE level = ? AND n = ?"
            (hashes,) = log.execute(statement, (level, n)).fetchone()
            start = place * HASH_BYTES
            changed = hashes[:start] + into + hashes[start + HASH_BYTES :]
            statement = "UPDATE tiles SET hashes = ? WHERE level = ? AND n = ?"
            log.execute(statement, (changed, level, n))

    def regrow(self) -> None:
        """Make the tiles and the roots of the checkpoints those of the changed events."""
        leaves = self._leaves()
        with _writing(self._log) as log:
            log.execute("DELETE FROM tiles")
            log.execute("DELETE FROM checkpoints WHERE size > ?", (len(leaves),))
            (sealed,) = log.execute("SELECT max(size) FROM checkpoints").fetchone()
            for at, hashes in grown_tiles(0, leaves[:sealed], _nothing):
                log.execute("INSERT INTO tiles VALUES (?, ?, ?)", (at.level, at.n, hashes))
            for size, *_ in log.execute("SELECT size FROM checkpoints").fetchall():
                root = _root(leaves[:size])
                log.execute("UPDATE checkpoints SET root = ? WHERE size = ?", (root, size))

    def sign_again(self, signers: list[Signer] | None = None) -> list[bytes]:
        """Sign all that does not fit any more: with the stolen keys, or with others."""
        if signers is None:
            signers = self._stolen()
        leaves = self._leaves()
        made = []
        with _writing(self._log) as log:
            (origin,) = log.execute("SELECT origin FROM log").fetchone()
            rows = log.execute("SELECT size, root, note FROM checkpoints ORDER BY size").fetchall()
            for size, root, content in rows:
                before = notes.Note.read(content)
                names = {(one.name, one.key_id) for one in before.signatures}
                ours = [
                    one for one in signers if (one.name, one.verifier.key_id) in names
                ] or signers[:1]
                text = Checkpoint(origin, size, _root(leaves[:size])).text()
                assert Checkpoint.read(text).root == root
                note = notes.sign(text, ours).to_bytes()
                log.execute("UPDATE checkpoints SET note = ? WHERE size = ?", (note, size))
                made.append(note)
        return made

    def own_key(self) -> Signer:
        """A key of the forger's own, listed by the log and kept in the place of the true ones."""
        private = Ed25519PrivateKey.generate()
        with _writing(self._log) as log:
            (origin,) = log.execute("SELECT origin FROM log").fetchone()
            log.execute("DELETE FROM verifier_keys WHERE retired_at IS NOT NULL")
            (made_at,) = log.execute("SELECT made_at FROM log").fetchone()
            public = private.public_key().public_bytes_raw()
            log.execute("UPDATE verifier_keys SET public = ?, made_at = ?", (public, made_at))
        return Signer(origin, private)

    def _stolen(self) -> list[Signer]:
        with _writing(self._log) as log:
            (origin,) = log.execute("SELECT origin FROM log").fetchone()
        with closing(KeyStore(self._keys, self._master.read_bytes(), make=False)) as store:
            return [Signer(origin, key.private) for key in store.signing.keys_of(origin)]

    def _leaves(self) -> list[bytes]:
        with closing(sqlite3.connect(self._events)) as events:
            rows = events.execute(
                "SELECT position, originator_id, originator_version, topic, state"
                " FROM stored_events ORDER BY position"
            ).fetchall()
        return [
            leaf_hash(entry_of_row(Row(position, UUID(bytes=stream), version, topic, state)))
            for position, stream, version, topic, state in rows
        ]


def _root(leaves: list[bytes]) -> bytes:
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def _nothing(at: Any) -> bytes:
    raise AssertionError(f"{at} is grown from nothing")


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection
        connection.commit()
