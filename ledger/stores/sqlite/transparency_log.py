"""``log.sqlite``: the hash tiles of a ledger's tree, its checkpoints, and what verifies them.

Everything in it can be shown to anybody: no private key, and no content of an event. Tiles and the
checkpoint that covers them are written in one transaction, so that whatever stands in the file is
signed for, whenever the process was killed.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from domain.errors import Corrupt
from ledger.stores.sqlite.connections import connect, writing
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.transparency_log import StoredCheckpoint, VerifierKey
from ledger.transparency.merkle import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ledger.transparency.tiles import TileAt

APPLICATION_ID = 0x5250504C
"""Marks ``log.sqlite`` as ours: "RPPL"."""

PUBLIC_BYTES = 32
"""The length of an Ed25519 public key. Source: RFC 8032, section 5.1.5."""

PAGE_CHECKPOINTS = 500

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY CHECK (id = 1),"
    " origin TEXT NOT NULL, made_at INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS tiles (level INTEGER NOT NULL, n INTEGER NOT NULL,"
    " hashes BLOB NOT NULL, PRIMARY KEY (level, n))",
    "CREATE TABLE IF NOT EXISTS checkpoints (size INTEGER PRIMARY KEY, root BLOB NOT NULL,"
    " note BLOB NOT NULL, signed_at INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS verifier_keys (public BLOB PRIMARY KEY,"
    " made_at INTEGER NOT NULL, retired_at INTEGER) WITHOUT ROWID",
)
"""What makes the tables of ``log.sqlite``."""
PUT_TILE = (
    "INSERT INTO tiles (level, n, hashes) VALUES (?, ?, ?)"
    " ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes"
)
_ADD_KEY = "INSERT INTO verifier_keys (public, made_at) VALUES (?, ?) ON CONFLICT DO NOTHING"
ADD_CHECKPOINT = "INSERT INTO checkpoints (size, root, note, signed_at) VALUES (?, ?, ?, ?)"
_CHECKPOINTS = "SELECT size, root, note, signed_at FROM checkpoints "


class SqliteLogStore:
    """The file of one log. Any thread may call; what it writes, it writes one after the other."""

    def __init__(self, path: Path, origin: str) -> None:
        """Open a file that ``begin`` has begun.

        Raises:
            Corrupt: it is missing, damaged, not begun, or the log of another origin.
            Unavailable: it cannot be opened.
        """
        self._path = path
        if not path.is_file():
            raise Corrupt(f"{path} is missing: restore it from a backup")
        found = log_origin(path)
        if found is None:
            raise Corrupt(f"{path} holds no log: restore it from a backup")
        if found != origin:
            raise Corrupt(f"{path} is the log of {found}, not of {origin}: put its own file back")
        self._writer = connect(path, APPLICATION_ID)
        self._reading, self._writes = Lock(), Lock()
        try:
            # Readers have a connection of their own, so that they never wait for a flush.
            self._reader = connect(path, APPLICATION_ID)
        except BaseException:
            self._writer.close()
            raise

    def tile(self, at: TileAt) -> bytes:
        """The hashes of a tile, fewer than its width where it has not grown so far."""
        rows = self._read("SELECT hashes FROM tiles WHERE level = ? AND n = ?", at.level, at.n)
        hashes = rows[0][0] if rows else b""
        if not isinstance(hashes, bytes):
            raise self._damage("a tile")
        return hashes[: at.width * HASH_BYTES]

    def newest(self) -> StoredCheckpoint:
        """The checkpoint signed last.

        Raises:
            Corrupt: there is none, not even that of the empty tree, or it is damaged.
        """
        rows = self._read(_CHECKPOINTS + "ORDER BY size DESC LIMIT 1")
        if not rows:
            raise Corrupt(f"{self._path} holds no checkpoint: restore it from a backup")
        return self._checkpoint(rows[0])

    def checkpoints(self, after_size: int) -> Iterator[StoredCheckpoint]:
        """Every checkpoint of a tree beyond that size, by size; read in pages.

        Raises:
            Corrupt: one of them is damaged.
        """
        while True:
            rows = self._read(
                _CHECKPOINTS + "WHERE size > ? ORDER BY size LIMIT ?", after_size, PAGE_CHECKPOINTS
            )
            yield from map(self._checkpoint, rows)
            if len(rows) < PAGE_CHECKPOINTS:
                return
            after_size = rows[-1][0]

    def verifier_keys(self) -> list[VerifierKey]:
        """Every key that ever signed or is going to, the newest first.

        Raises:
            Corrupt: one of them is damaged.
        """
        rows = self._read(
            "SELECT public, made_at, retired_at FROM verifier_keys ORDER BY made_at DESC, public"
        )
        for public, made_at, retired_at in rows:
            whole = _is(bytes, public) and _is(int, made_at, retired_at or 0)
            if not whole or len(public) != PUBLIC_BYTES:
                raise self._damage("a key")
        return [VerifierKey(*row) for row in rows]

    def add_keys(self, keys: Iterable[tuple[bytes, int]]) -> None:
        """List further keys, (public, made_at); they sign from the next checkpoint on.

        Raises:
            Unavailable: they could not be written; nothing was.
        """
        with self._writing() as connection:
            connection.executemany(_ADD_KEY, keys)

    def add(
        self,
        signed: StoredCheckpoint,
        tiles: Iterable[tuple[TileAt, bytes]],
        retired: Sequence[bytes] = (),
    ) -> None:
        """Keep a checkpoint with the tiles, and their hashes, that are new or have grown since.

        The public keys ``retired`` signed for the last time.

        Raises:
            Unavailable: it could not be written; nothing was.
        """
        with self._writing() as connection:
            rows = ((at.level, at.n, hashes) for at, hashes in tiles)
            connection.executemany(PUT_TILE, rows)
            connection.execute(ADD_CHECKPOINT, _columns(signed))
            connection.executemany(
                "UPDATE verifier_keys SET retired_at = ? WHERE public = ?",
                [(signed.signed_at, public) for public in retired],
            )

    def adopt(
        self,
        keys: Sequence[VerifierKey],
        checkpoints: Sequence[StoredCheckpoint],
        tiles: Iterable[tuple[TileAt, bytes]],
    ) -> None:
        """Keep, in one transaction, what another store has of the same log.

        Raises:
            Unavailable: it could not be written; nothing was.
        """
        with self._writing() as connection:
            connection.executemany(_ADD_KEY, [(key.public, key.made_at) for key in keys])
            connection.executemany(
                "UPDATE verifier_keys SET retired_at = ? WHERE public = ?",
                [(key.retired_at, key.public) for key in keys],
            )
            rows = ((at.level, at.n, hashes) for at, hashes in tiles)
            connection.executemany(PUT_TILE, rows)
            connection.executemany(ADD_CHECKPOINT, map(_columns, checkpoints))

    def close(self) -> None:
        """Close the file."""
        with self._reading:
            self._reader.close()
        with self._writes:
            self._writer.close()

    def _read(self, statement: str, *values: object) -> list[Any]:
        with self._reading, ledger_errors(self._path):
            return self._reader.execute(statement, values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._writes, ledger_errors(self._path), writing(self._writer):
            yield self._writer

    def _checkpoint(self, row: tuple[Any, ...]) -> StoredCheckpoint:
        size, root, note, signed_at = row
        if not _is(int, size, signed_at) or not _is(bytes, root, note) or len(root) != HASH_BYTES:
            raise self._damage("a checkpoint")
        return StoredCheckpoint(size, root, note, signed_at)

    def _damage(self, what: str) -> Corrupt:
        return Corrupt(f"{self._path}: {what} is damaged: restore the file from a backup")


def log_origin(path: Path) -> str | None:
    """The origin of the log in that file, None where it was not begun, or not to its end.

    Raises:
        Corrupt: the file is damaged, or another program's.
        Unavailable: it cannot be read.
    """
    if not path.exists():
        return None
    with ledger_errors(path), closing(connect(path, APPLICATION_ID)) as connection:
        try:
            row = connection.execute("SELECT origin FROM log").fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return None
            raise
        return None if row is None else str(row[0])


def begin(path: Path, origin: str, key: tuple[bytes, int], first: StoredCheckpoint) -> None:
    """Begin a log with its first key, (public, made_at), and the checkpoint of the empty tree.

    Raises:
        Corrupt: the file is damaged, or another program's.
        Unavailable: it could not be written; a log was not begun.
    """
    with (
        ledger_errors(path),
        closing(connect(path, APPLICATION_ID)) as connection,
        writing(connection),
    ):
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute("INSERT INTO log VALUES (1, ?, ?)", (origin, key[1]))
        connection.execute(_ADD_KEY, key)
        connection.execute(ADD_CHECKPOINT, _columns(first))


def _columns(signed: StoredCheckpoint) -> tuple[int, bytes, bytes, int]:
    return signed.size, signed.root, signed.note, signed.signed_at


def _is(kind: type, *values: object) -> bool:
    # A column of SQLite takes values of any type.
    return all(isinstance(value, kind) for value in values)
