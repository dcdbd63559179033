"""Filling ``log.sqlite`` with a log that was signed elsewhere, before anybody opens it."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from ledger.stores.sqlite.connections import connect
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.sqlite.transparency_log import (
    ADD_CHECKPOINT,
    APPLICATION_ID,
    PUT_TILE,
    SCHEMA,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ledger.stores.transparency_log import StoredCheckpoint, VerifierKey
    from ledger.transparency.tiles import TileAt


class SqliteRestoredLog:
    """A log being filled; the caller has checked that everything fits together."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """For ``restoring``."""
        self._connection = connection

    def add(self, checkpoints: Iterable[StoredCheckpoint]) -> None:
        """Keep these checkpoints."""
        self._connection.executemany(
            ADD_CHECKPOINT, ((one.size, one.root, one.note, one.signed_at) for one in checkpoints)
        )

    def put(self, at: TileAt, hashes: bytes) -> None:
        """Keep a tile with all its hashes."""
        self._connection.execute(PUT_TILE, (at.level, at.n, hashes))


@contextmanager
def restoring(path: Path, origin: str, keys: Sequence[VerifierKey]) -> Iterator[SqliteRestoredLog]:
    """A new file to fill with the log of that origin, which has these keys.

    It is not durable before its folder is flushed: until then a crash may leave anything in it.

    Raises:
        Unavailable: it could not be written.
    """
    with ledger_errors(path), closing(connect(path, APPLICATION_ID)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA:
            connection.execute(statement)
        made_at = min(key.made_at for key in keys)
        connection.execute("INSERT INTO log VALUES (1, ?, ?)", (origin, made_at))
        connection.executemany(
            "INSERT INTO verifier_keys (public, made_at, retired_at) VALUES (?, ?, ?)",
            [(key.public, key.made_at, key.retired_at) for key in keys],
        )
        yield SqliteRestoredLog(connection)
        connection.execute("COMMIT")
