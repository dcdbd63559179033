"""``access.sqlite``: the access keys of a data folder, beside its ledgers and apart from them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ledger.stores.access import AccessKey, AccessKeyStore
from ledger.stores.sqlite.connections import connect
from ledger.stores.sqlite.errors import ledger_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

APPLICATION_ID = 0x52505041
"""Marks ``access.sqlite`` as ours: "RPPA"."""

LOCK_SECONDS = 1.0
"""How long another process may hold the file; requests wait meanwhile."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS access_keys ("
    "id TEXT PRIMARY KEY, name TEXT NOT NULL, digest BLOB NOT NULL, scopes TEXT NOT NULL, "
    "ledger TEXT, per_minute INTEGER, made_at INTEGER NOT NULL, expires_at INTEGER, "
    "revoked_at INTEGER, seen_at INTEGER) WITHOUT ROWID"
)
_OCCASIONS = "occasions"
"""The word beside the scopes of a key that may see occasions; no scope has this name.

It is no column of its own, so that files of before and after are read alike.
"""
_COLUMNS = "id, name, digest, scopes, ledger, per_minute, made_at, expires_at, revoked_at, seen_at"
_SELECT = f"SELECT {_COLUMNS} FROM access_keys"  # noqa: S608  # our own columns
_INSERT = f"INSERT INTO access_keys ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?)"  # noqa: S608  # as above


class SqliteAccessKeys(AccessKeyStore):
    """The store of a file; see ``ledger.stores.access.AccessKeyStore``."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            Corrupt: it is damaged, or another program's.
            Unavailable: it cannot be opened or written.
        """
        self._path = path
        self._connection = connect(path, APPLICATION_ID, LOCK_SECONDS)
        try:
            with ledger_errors(path):
                self._connection.execute(_SCHEMA)
                path.chmod(0o600)
        except BaseException:
            self._connection.close()
            raise

    def changes(self) -> int:
        with ledger_errors(self._path):
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def all(self) -> list[AccessKey]:
        with ledger_errors(self._path):
            return [_read(row) for row in self._connection.execute(_SELECT).fetchall()]

    def add(self, key: AccessKey) -> None:
        with self._writing():
            self._connection.execute(
                _INSERT,
                (
                    key.id, key.name, key.digest, _words(key), key.ledger,
                    key.per_minute, key.made_at, key.expires_at, key.revoked_at, key.seen_at,
                ),
            )  # fmt: skip  # one value a line would bury the columns

    def set_digest(self, key_id: str, digest: bytes) -> None:
        with self._writing():
            statement = "UPDATE access_keys SET digest = ? WHERE id = ?"
            self._connection.execute(statement, (digest, key_id))

    def set_revoked(self, key_id: str, at: int) -> None:
        with self._writing():
            statement = "UPDATE access_keys SET revoked_at = ? WHERE id = ?"
            self._connection.execute(statement, (at, key_id))

    def set_seen(self, key_id: str, at: int) -> None:
        with self._writing():
            statement = "UPDATE access_keys SET seen_at = ? WHERE id = ?"
            self._connection.execute(statement, (at, key_id))

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with ledger_errors(self._path, ": nothing was changed"):
            yield


def _words(key: AccessKey) -> str:
    """The scopes of a key, and whether it may see occasions, as one text."""
    more = {_OCCASIONS} if key.occasions else set()
    return " ".join(sorted(key.scopes | more))


def _read(row: Any) -> AccessKey:
    """A key of its columns, which have the types they are declared with."""
    key_id, name, digest, scopes, ledger, per_minute, made_at, expires_at, revoked_at, seen = row
    words = frozenset(scopes.split())
    return AccessKey(
        id=key_id,
        name=name,
        digest=digest,
        scopes=words - {_OCCASIONS},
        ledger=ledger,
        per_minute=per_minute,
        made_at=made_at,
        expires_at=expires_at,
        revoked_at=revoked_at,
        seen_at=seen,
        occasions=_OCCASIONS in words,
    )
