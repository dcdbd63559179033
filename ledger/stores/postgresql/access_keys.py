"""The access keys of a server in PostgreSQL, beside its ledgers and apart from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.stores.access import AccessKey, AccessKeyStore
from ledger.stores.postgresql.connections import Database, run
from ledger.stores.postgresql.errors import ledger_errors

if TYPE_CHECKING:
    from ledger.stores.postgresql.places import Place

_COLUMNS = (
    "id, name, digest, scopes, ledger, per_minute, made_at, expires_at, revoked_at, seen_at, "
    "occasions"
)


class PostgresqlAccessKeys(AccessKeyStore):
    """See ``ledger.stores.access.AccessKeyStore``."""

    def __init__(self, place: Place) -> None:
        self._name = place.name
        self._table = place.table("access_keys")
        self._changes = place.table("access_changes")
        self._database = Database(place.url)

    def changes(self) -> int:
        with ledger_errors(self._name):
            ((number,),) = self._database.rows(f"SELECT number FROM {self._changes}")
        return int(number)

    def all(self) -> list[AccessKey]:
        with ledger_errors(self._name):
            rows = self._database.rows(f"SELECT {_COLUMNS} FROM {self._table}")
        return [_read(row) for row in rows]

    def add(self, key: AccessKey) -> None:
        self._write(
            f"INSERT INTO {self._table} ({_COLUMNS})"
            " VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s <> 0)",
            key.id, key.name, key.digest, " ".join(sorted(key.scopes)), key.ledger,
            key.per_minute, key.made_at, key.expires_at, key.revoked_at, key.seen_at,
            key.occasions,
        )  # fmt: skip  # one value a line would bury the columns

    def set_digest(self, key_id: str, digest: bytes) -> None:
        self._write(f"UPDATE {self._table} SET digest = %s WHERE id = %s", digest, key_id)

    def set_revoked(self, key_id: str, at: int) -> None:
        self._write(f"UPDATE {self._table} SET revoked_at = %s WHERE id = %s", at, key_id)

    def set_seen(self, key_id: str, at: int) -> None:
        self._write(f"UPDATE {self._table} SET seen_at = %s WHERE id = %s", at, key_id)

    def close(self) -> None:
        self._database.close()

    def _write(self, statement: str, *values: object) -> None:
        counted = f"UPDATE {self._changes} SET number = number + 1"
        told = ": nothing was changed"
        with ledger_errors(self._name, told), self._database.transaction() as connection:
            run(connection, statement, values)
            run(connection, counted)


def _read(row: Any) -> AccessKey:
    key_id, name, digest, scopes, ledger, per_minute, made_at, expires_at, revoked_at, *rest = row
    seen_at, occasions = rest
    return AccessKey(
        id=key_id,
        name=name,
        digest=digest,
        scopes=frozenset(scopes.split()),
        ledger=ledger,
        per_minute=per_minute,
        made_at=made_at,
        expires_at=expires_at,
        revoked_at=revoked_at,
        seen_at=seen_at,
        occasions=occasions,
    )
