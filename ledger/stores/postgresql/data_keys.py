"""Data keys in a database of their own: wrapped as in a file, and apart from every event.

The keys that are in use are in memory as well, so reading continues with them while the database is
away. What needs another key is ``Unavailable`` meanwhile.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidTag

from domain.errors import Corrupt, Unavailable
from ledger.stores.postgresql.connections import Database, fetch
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.postgresql.key_tables import PostgresqlSigningKeys
from ledger.stores.wrapped_keys import KEPT_KEYS, MASTER_PROOF, WrappedKeys
from ledger.stores.wrapped_signing_keys import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ledger.master_keys import MasterKey
    from ledger.stores.postgresql.connections import Connection
    from ledger.stores.postgresql.key_tables import KeyTables
    from ledger.stores.wrapped_keys import WrappedKey

PAGE = 1000

SLOW_SECONDS = 1.0
"""From how long a failure is one of a host that does not answer."""

_Row = TypeVar("_Row")

_PROOF = "SELECT proof FROM {stores} WHERE id = %s"
_MAKE = "INSERT INTO {stores} VALUES (%s, %s, 0) ON CONFLICT DO NOTHING"
_READ = "SELECT contact, wrapped FROM {data_keys} WHERE store = %s AND contact = ANY(%s)"
_HAVING = "SELECT contact FROM {data_keys} WHERE store = %s AND contact = ANY(%s)"
_ADD = (
    "INSERT INTO {data_keys} SELECT %s, * FROM unnest(%s::bytea[], %s::bytea[])"
    " ON CONFLICT DO NOTHING"
)
_TRY = "UPDATE {stores} SET changes = changes WHERE id = %s"
_LISTED = "SELECT contact FROM {destroyed} WHERE store = %s"
_LIST = "INSERT INTO {destroyed} SELECT %s, unnest(%s::bytea[]), %s ON CONFLICT DO NOTHING"
_DESTROY = "DELETE FROM {data_keys} WHERE store = %s AND contact = ANY(%s)"
_ADOPT = (
    "INSERT INTO {data_keys} SELECT n.* FROM (SELECT %s::uuid AS store, * FROM"
    " unnest(%s::bytea[], %s::bytea[]) AS k (contact, wrapped)) AS n"
    " WHERE NOT EXISTS (SELECT FROM {destroyed} AS d"
    " WHERE d.store = n.store AND d.contact = n.contact)"
)
_PAGE_OF_KEYS = (
    "SELECT contact, wrapped FROM {data_keys} WHERE store = %s AND contact > %s"
    " ORDER BY contact LIMIT %s"
)
_SIGNING = "SELECT public, wrapped FROM {signing_keys} WHERE store = %s"
_REWRAP = (
    "UPDATE {data_keys} AS k SET wrapped = n.wrapped"
    " FROM (SELECT %s::uuid AS store, * FROM unnest(%s::bytea[], %s::bytea[])"
    " AS k (contact, wrapped)) AS n WHERE k.store = n.store AND k.contact = n.contact"
)
_REWRAP_SIGNING = (
    "UPDATE {signing_keys} AS k SET wrapped = n.wrapped"
    " FROM (SELECT %s::uuid AS store, * FROM unnest(%s::bytea[], %s::bytea[])"
    " AS k (public, wrapped)) AS n WHERE k.store = n.store AND k.public = n.public"
)
_PROVE = "UPDATE {stores} AS s SET proof = n.proof FROM (SELECT %s::uuid AS id, %s::bytea AS proof)"
_PROVE += " AS n WHERE s.id = n.id"


class PostgresqlKeyStore(WrappedKeys):
    """The data keys of one ledger in tables."""

    def __init__(
        self,
        tables: KeyTables,
        master_key: MasterKey | bytes,
        *,
        make: bool = True,
        entropy: Callable[[int], bytes] = os.urandom,
        most_kept: Callable[[], int] = lambda: KEPT_KEYS,
    ) -> None:
        """Open the store, or ``make`` it; an empty one would read as if all had been erased.

        Raises:
            Corrupt: there is none, or it belongs to another master key.
            Unavailable: the database cannot be used now.
        """
        super().__init__(master_key, entropy=entropy, most_kept=most_kept)
        self._tables = tables
        self._database = Database(tables.place.url)
        self._away_until = 0.0
        try:
            with self._errors():
                self._check_master(make=make)
        except BaseException:
            self._database.close()
            raise
        self.signing = PostgresqlSigningKeys(
            tables,
            self._database,
            wrap=self._master.wrap,
            unwrap=self._master.unwrap,
            entropy=entropy,
        )
        """The keys that sign this ledger's checkpoints."""

    def _check_master(self, *, make: bool) -> None:
        name = self._tables.place.name
        if make:
            proof = self._master.wrap(MASTER_PROOF, b"")
            with self._database.lend() as connection:
                self._tables.run(connection, _MAKE, proof)
        rows = self._rows(_PROOF)
        if not rows:
            raise Corrupt(f"{name} are not there: restore them from a backup of their database")
        if not self._opens(rows[0][0]):
            raise Corrupt(f"{name} were made with another master key: put that key back")

    @contextmanager
    def _errors(self, outcome: str = "") -> Iterator[None]:
        """A host that does not answer is left alone for as long as it kept somebody waiting."""
        name, began = self._tables.place.name, time.monotonic()
        if began < self._away_until:
            raise Unavailable(f"the database that holds {name} cannot be reached{outcome}")
        try:
            with ledger_errors(name, outcome):
                yield
        except Unavailable:
            ended = time.monotonic()
            if ended - began > SLOW_SECONDS:
                self._away_until = ended + (ended - began)
            raise

    def _read_one(self, contact: bytes) -> bytes | None:
        rows = self._rows(_READ, [contact])
        return rows[0][1] if rows else None

    def _read(self, contacts: Sequence[bytes]) -> Iterable[WrappedKey]:
        for some in _pages(contacts):
            yield from self._rows(_READ, some)

    def _having(self, contacts: Sequence[bytes]) -> Iterable[bytes]:
        for some in _pages(contacts):
            for (contact,) in self._rows(_HAVING, some):
                yield contact

    def _add(self, keys: Sequence[WrappedKey]) -> Iterable[WrappedKey]:
        contacts = [contact for contact, _ in keys]
        with self._tables.changing(self._database) as connection:
            count = sum(
                self._tables.run(connection, _ADD, *_columns(some)) for some in _pages(keys)
            )
        # A commit whose answer was lost is made again: then the keys are there already.
        return () if count == len(keys) else self._read(contacts)

    def _try(self) -> None:
        with self._database.transaction() as connection:
            if not self._tables.run(connection, _TRY):
                raise Corrupt(f"{self._tables.place.name} are gone: restore them from a backup")

    def _list(self) -> list[UUID]:
        return [UUID(bytes=contact) for (contact,) in self._rows(_LISTED)]

    def _destroy(self, contacts: Sequence[bytes], at: int) -> int:
        """What was deleted is in the database's files and log until it clears them away."""
        with self._tables.changing(self._database) as connection:
            self._tables.run(connection, _LIST, list(contacts), at)
            return self._tables.run(connection, _DESTROY, list(contacts))

    def _adopt(self, keys: Iterable[WrappedKey]) -> None:
        with self._tables.changing(self._database) as connection:
            for some in _pages(keys):
                self._tables.run(connection, _ADOPT, *_columns(some))

    def _close(self) -> None:
        self._database.close()

    def _rows(self, statement: str, *values: object) -> list[Any]:
        return self._tables.rows(self._database, statement, *values)


def rewrap(tables: KeyTables, old: MasterKey, new: MasterKey) -> int:
    """Put the keys under the new master key, in one transaction; how many that were.

    0 where all are already.

    Raises:
        Corrupt: a key is damaged, or neither master key opens them; they are as they were.
        Unavailable: the database cannot be used now.
    """
    name = tables.place.name
    with ledger_errors(name), Database(tables.place.url) as database:
        proof = (tables.rows(database, _PROOF) or [(b"",)])[0][0]
        if _opens(new, proof):
            return 0
        if not _opens(old, proof):
            raise Corrupt(f"{name} were made with another master key: put that key back")
        try:
            with tables.changing(database) as connection:
                count = _rewrap(tables, connection, old, new)
                tables.run(connection, _PROVE, new.wrap(MASTER_PROOF, b""))
        except InvalidTag:
            raise Corrupt(f"{name}: a key is damaged: restore it from a backup") from None
        return count


def _rewrap(tables: KeyTables, connection: Connection, old: MasterKey, new: MasterKey) -> int:
    count, after = 0, b""
    page_of = tables.with_tables(_PAGE_OF_KEYS)
    while page := fetch(connection, page_of, (tables.store, after, PAGE)):
        turned = [(one, new.wrap(old.unwrap(wrapped, one), one)) for one, wrapped in page]
        tables.run(connection, _REWRAP, *_columns(turned))
        count, after = count + len(page), page[-1][0]
    signing = fetch(connection, tables.with_tables(_SIGNING), (tables.store,))
    turned = [
        (one, new.wrap(old.unwrap(wrapped, CONTEXT + one), CONTEXT + one))
        for one, wrapped in signing
    ]
    tables.run(connection, _REWRAP_SIGNING, *_columns(turned))
    return count + len(signing)


def _pages(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    left = iter(rows)
    while page := list(islice(left, PAGE)):
        yield page


def _columns(keys: Iterable[WrappedKey]) -> tuple[list[bytes], list[bytes]]:
    rows = list(keys)
    return [one for one, _ in rows], [wrapped for _, wrapped in rows]


def _opens(key: MasterKey, proof: bytes) -> bool:
    try:
        return key.unwrap(proof, b"") == MASTER_PROOF
    except InvalidTag:
        return False
