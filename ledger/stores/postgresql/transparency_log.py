"""The hash tiles of a ledger's tree, its checkpoints, and what verifies them, in PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from domain.errors import Corrupt
from ledger.stores.postgresql.connections import Connection, Database, run
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.transparency_log import StoredCheckpoint, VerifierKey
from ledger.transparency.merkle import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ledger.stores.postgresql.places import Place
    from ledger.transparency.tiles import TileAt

PUBLIC_BYTES = 32
"""The length of an Ed25519 public key. Source: RFC 8032, section 5.1.5."""

PAGE_CHECKPOINTS = 500

_CHECKPOINTS = "SELECT size, root, note, signed_at FROM {checkpoints} "


class LogStatements:
    """The statements that write a log, with the names of its tables."""

    def __init__(self, place: Place) -> None:
        table = place.table
        self.put_tile = (
            f"INSERT INTO {table('tiles')} (level, n, hashes) VALUES (%s, %s, %s)"
            " ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes"
        )
        self.add_checkpoint = (
            f"INSERT INTO {table('checkpoints')} (size, root, note, signed_at)"
            " VALUES (%s, %s, %s, %s)"
        )
        self.begin = f"INSERT INTO {table('log')} VALUES (1, %s, %s)"
        self.add_key = (
            f"INSERT INTO {table('verifier_keys')} (public, made_at, retired_at)"
            " VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        )


class PostgresqlLogStore:
    """One log; see ``ledger.stores.transparency_log``. Any thread may call."""

    def __init__(self, place: Place, origin: str, keep: Callable[[bytes], None]) -> None:
        """Open a log that ``begin`` has begun; ``keep`` is given the note of each new checkpoint.

        Raises:
            Corrupt: it was not begun, or is the log of another origin.
            Unavailable: it cannot be opened.
        """
        self._name = place.name
        self._keep = keep
        found = log_origin(place)
        if found is None:
            raise Corrupt(f"{place.name} holds no log: restore it from a backup")
        if found != origin:
            raise Corrupt(f"{place.name} is the log of {found}, not of {origin}")
        self._statements = LogStatements(place)
        self._tiles = place.table("tiles")
        self._keys = place.table("verifier_keys")
        self._checkpoints = _CHECKPOINTS.format(checkpoints=place.table("checkpoints"))
        self._database = Database(place.url)

    def tile(self, at: TileAt) -> bytes:
        """The hashes of a tile, fewer than its width where it has not grown so far."""
        select = f"SELECT hashes FROM {self._tiles} WHERE level = %s AND n = %s"
        rows = self._read(select, at.level, at.n)
        hashes: bytes = rows[0][0] if rows else b""
        return hashes[: at.width * HASH_BYTES]

    def newest(self) -> StoredCheckpoint:
        """The checkpoint signed last.

        Raises:
            Corrupt: there is none, not even that of the empty tree, or it is damaged.
        """
        rows = self._read(self._checkpoints + "ORDER BY size DESC LIMIT 1")
        if not rows:
            raise Corrupt(f"{self._name} holds no checkpoint: restore it from a backup")
        return self._checkpoint(rows[0])

    def checkpoints(self, after_size: int) -> Iterator[StoredCheckpoint]:
        """Every checkpoint of a tree beyond that size, by size; read in pages."""
        page = self._checkpoints + "WHERE size > %s ORDER BY size LIMIT %s"
        while True:
            rows = self._read(page, after_size, PAGE_CHECKPOINTS)
            yield from map(self._checkpoint, rows)
            if len(rows) < PAGE_CHECKPOINTS:
                return
            after_size = rows[-1][0]

    def verifier_keys(self) -> list[VerifierKey]:
        """Every key that ever signed or is going to, the newest first.

        Raises:
            Corrupt: one of them is damaged.
        """
        select = f"SELECT public, made_at, retired_at FROM {self._keys} "
        rows = self._read(select + "ORDER BY made_at DESC, public")
        if any(len(public) != PUBLIC_BYTES for public, _, _ in rows):
            raise self._damage("a key")
        return [VerifierKey(*row) for row in rows]

    def add_keys(self, keys: Iterable[tuple[bytes, int]]) -> None:
        """List further keys, (public, made_at); they sign from the next checkpoint on."""
        with self._writing() as connection:
            for public, made_at in keys:
                run(connection, self._statements.add_key, (public, made_at, None))

    def add(
        self,
        signed: StoredCheckpoint,
        tiles: Iterable[tuple[TileAt, bytes]],
        retired: Sequence[bytes] = (),
    ) -> None:
        """Keep a checkpoint with the tiles, and their hashes, that are new or have grown since.

        The public keys ``retired`` signed for the last time.
        """
        rows = [(at.level, at.n, hashes) for at, hashes in tiles]
        retire = f"UPDATE {self._keys} SET retired_at = %s WHERE public = %s"
        with self._writing() as connection:
            with connection.cursor() as cursor:
                cursor.executemany(self._statements.put_tile.encode(), rows)
            run(connection, self._statements.add_checkpoint, columns_of(signed))
            for public in retired:
                run(connection, retire, (signed.signed_at, public))
        # After the commit: what is kept elsewhere must be in the database.
        self._keep(signed.note)

    def adopt(
        self,
        keys: Sequence[VerifierKey],
        checkpoints: Sequence[StoredCheckpoint],
        tiles: Iterable[tuple[TileAt, bytes]],
    ) -> None:
        """Keep, in one transaction, what another store has of the same log."""
        listed = [(key.public, key.made_at, key.retired_at) for key in keys]
        retire = f"UPDATE {self._keys} SET retired_at = %s WHERE public = %s"
        rows = [(at.level, at.n, hashes) for at, hashes in tiles]
        with self._writing() as connection, connection.cursor() as cursor:
            cursor.executemany(self._statements.add_key.encode(), listed)
            cursor.executemany(retire.encode(), [(key[2], key[0]) for key in listed])
            cursor.executemany(self._statements.put_tile.encode(), rows)
            cursor.executemany(
                self._statements.add_checkpoint.encode(), map(columns_of, checkpoints)
            )

    def close(self) -> None:
        """Let the connections go."""
        self._database.close()

    def _read(self, statement: str, *values: object) -> list[Any]:
        with ledger_errors(self._name):
            return self._database.rows(statement, *values)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with ledger_errors(self._name), self._database.transaction() as connection:
            yield connection

    def _checkpoint(self, row: tuple[Any, ...]) -> StoredCheckpoint:
        if len(row[1]) != HASH_BYTES:
            raise self._damage("a checkpoint")
        return StoredCheckpoint(*row)

    def _damage(self, what: str) -> Corrupt:
        return Corrupt(f"{self._name}: {what} is damaged: restore it from a backup")


def log_origin(place: Place) -> str | None:
    """The origin of the log, None where it was not begun.

    Raises:
        Corrupt: its table is missing.
        Unavailable: it cannot be read.
    """
    with ledger_errors(place.name), Database(place.url) as database:
        rows = database.rows(f"SELECT origin FROM {place.table('log')}")
    return str(rows[0][0]) if rows else None


def begin(place: Place, origin: str, key: tuple[bytes, int], first: StoredCheckpoint) -> None:
    """Begin a log with its first key, (public, made_at), and the checkpoint of the empty tree.

    Raises:
        Unavailable: it could not be written; a log was not begun.
    """
    statements = LogStatements(place)
    with (
        ledger_errors(place.name),
        Database(place.url) as database,
        database.transaction() as connection,
    ):
        run(connection, statements.begin, (origin, key[1]))
        run(connection, statements.add_key, (*key, None))
        run(connection, statements.add_checkpoint, columns_of(first))


def forget(place: Place) -> None:
    """Take the log away, with its checkpoints, tiles and keys; nothing where there is none.

    Raises:
        Unavailable: it could not be written, and is there as before.
    """
    with (
        ledger_errors(place.name),
        Database(place.url) as database,
        database.transaction() as connection,
    ):
        for table in ("log", "tiles", "checkpoints", "verifier_keys"):
            run(connection, f"DELETE FROM {place.table(table)}")


def columns_of(signed: StoredCheckpoint) -> tuple[int, bytes, bytes, int]:
    """A checkpoint as it stands in its table."""
    return signed.size, signed.root, signed.note, signed.signed_at
