"""Keys in a database of their own, of any number of ledgers in any number of data folders.

The folder of a ledger has ``keys.json``, with the id of its store of keys. So the keys stay where
they are when the ledger moves, and a database of keys alone says of no key whose it is.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from domain.errors import Corrupt, LedgerError
from ledger.data_layout import FolderUnusable, unusable
from ledger.entropy import Entropy
from ledger.files import flush_folder, write_whole
from ledger.stores.examination import PartCheck
from ledger.stores.keys import KEYS_ELSEWHERE_FILE, KeyPlace, KeyPlaces
from ledger.stores.postgresql.clusters import is_same_cluster
from ledger.stores.postgresql.connections import Database, connect, fetch
from ledger.stores.postgresql.data_keys import PostgresqlKeyStore, rewrap
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.postgresql.key_tables import KeyTables, PostgresqlKeyReader
from ledger.stores.postgresql.places import Place
from ledger.stores.postgresql.schemas import (
    KEYS,
    KEYS_SCHEMA,
    layout_of,
    migrate,
    migrations,
    require_layout,
)
from ledger.stores.sqlite.file_names import KEYS_FILE
from ledger.stores.sqlite.key_copies import CopiedKeys, write_key_file
from ledger.stores.upgrading import PartLayout, refuse_newer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.master_keys import MasterKey

_STORE = "SELECT changes FROM {stores} WHERE id = %s"
_PROOF = "SELECT proof FROM {stores} WHERE id = %s"
_DATA_KEYS = "SELECT contact, wrapped FROM {data_keys} WHERE store = %s"
_SIGNING_KEYS = "SELECT public, name, made_at, wrapped FROM {signing_keys} WHERE store = %s"
_DESTROYED = "SELECT contact, at FROM {destroyed} WHERE store = %s"
_REMOVE = tuple(
    f"DELETE FROM {{{table}}} WHERE {column} = %s"
    for table, column in (("data_keys", "store"), ("signing_keys", "store"), ("stores", "id"))
)
"""What takes a store away. The list of destroyed keys stays."""

_SNAPSHOT = "ISOLATION LEVEL REPEATABLE READ READ ONLY"


class KeysInDatabase(KeyPlace):
    """The keys of one ledger; see ``ledger.stores.keys.KeyPlace``."""

    is_file = False

    def __init__(self, url: str, folder: Path) -> None:
        """``folder`` is that of the ledger, whose keys are in the database at ``url``."""
        self._folder = folder
        self._place = Place(url, KEYS_SCHEMA, f"the keys of {folder.name}")
        self.name = "keys in their database"

    def exists(self) -> bool:
        return self._lookup() is not None

    def check(self) -> None:
        if self._lookup() is None:
            raise self._missing()

    def state(self) -> object:
        tables = self._tables()
        if tables is None:
            return None
        with self._open_database() as database:
            return tables.store, tables.rows(database, _STORE)

    def open(
        self, master_key: MasterKey | bytes, *, make: bool, most_kept: Callable[[], int]
    ) -> PostgresqlKeyStore:
        self._refuse_file()
        tables = self._tables() or (self._make_id() if make else None)
        if tables is None:
            raise self._missing()
        self._require_layout()
        return PostgresqlKeyStore(
            tables, master_key, make=make, entropy=Entropy(), most_kept=most_kept
        )

    def read(self, *, at_rest: bool) -> PostgresqlKeyReader:
        tables = self._lookup()
        if tables is None:
            raise self._missing()
        return PostgresqlKeyReader(tables)

    def rewrap(self, old: MasterKey, new: MasterKey) -> int:
        tables = self._lookup()
        return 0 if tables is None else rewrap(tables, old, new)

    def copy_into(self, folder: Path) -> None:
        tables = self._lookup()
        if tables is None:
            return
        with self._open_database() as database, database.transaction(_SNAPSHOT) as connection:
            proof, data_keys, signing_keys, destroyed = (
                fetch(connection, tables.with_tables(select), (tables.store,))
                for select in (_PROOF, _DATA_KEYS, _SIGNING_KEYS, _DESTROYED)
            )
        write_key_file(folder, CopiedKeys(proof[0][0], data_keys, signing_keys, destroyed))

    def remove(self) -> None:
        tables = self._tables()
        if tables is None:
            return
        with self._open_database() as database, database.transaction() as connection:
            for statement in _REMOVE:
                tables.run(connection, statement)

    def part_checks(self) -> list[PartCheck]:
        try:
            self.check()
        except LedgerError as error:
            return [PartCheck("keys", False, str(error))]
        return [PartCheck("keys", True, "they are in their database")]

    def _missing(self) -> Corrupt:
        name = self._place.name
        return Corrupt(f"{name} are missing: restore them from a backup of their database")

    def _lookup(self) -> KeyTables | None:
        """The tables, where the ledger has a store of keys in them.

        Raises:
            FolderUnusable: its keys are in a file.
            Corrupt: the database has another layout.
        """
        self._refuse_file()
        if (tables := self._tables()) is None:
            return None
        self._require_layout()
        with self._open_database() as database:
            return tables if tables.rows(database, _STORE) else None

    def _tables(self) -> KeyTables | None:
        path = self._folder / KEYS_ELSEWHERE_FILE
        try:
            return KeyTables(self._place, UUID(json.loads(path.read_bytes())["keys"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise Corrupt(f"{path} is damaged: restore it from a backup") from None
        except OSError as error:
            raise unusable(self._folder, error) from error

    def _make_id(self) -> KeyTables:
        """The tables, under a new id that the folder says from now on."""
        made = KeyTables(self._place, uuid4())
        try:
            content = json.dumps({"keys": str(made.store)}).encode()
            write_whole(self._folder / KEYS_ELSEWHERE_FILE, content)
            flush_folder(self._folder)
        except OSError as error:
            raise unusable(self._folder, error) from error
        return made

    def _refuse_file(self) -> None:
        if (self._folder / KEYS_FILE).exists():
            raise FolderUnusable(
                f"the keys of the ledger {self._folder.name} are in a file of the data folder: "
                "unset RAPPORT_KEYS_URL; or back up with keys without it, and restore into a new "
                "folder with it"
            )

    def _require_layout(self) -> None:
        with ledger_errors(self._place.name), connect(self._place.url) as connection:
            if not require_layout(connection, KEYS_SCHEMA, KEYS):
                raise Corrupt("the database of keys has no keys: restore it from a backup")

    @contextmanager
    def _open_database(self) -> Iterator[Database]:
        with ledger_errors(self._place.name), Database(self._place.url) as database:
            yield database


class KeyDatabase(KeyPlaces):
    """A database that keeps only keys; see ``ledger.stores.keys.KeyPlaces``."""

    def __init__(self, url: str, apart_from: str | None = None) -> None:
        """``apart_from`` is the URL of the database that has the ledgers, if one has."""
        self._url = url
        self._apart_from = apart_from

    def of(self, folder: Path) -> KeysInDatabase:
        """The keys of the ledger with that folder."""
        return KeysInDatabase(self._url, folder)

    def prepare(self) -> None:
        """Make the tables where there are none, in a cluster that has no ledgers.

        Raises:
            FolderUnusable: it is the cluster of the ledgers.
            Corrupt: the tables have another layout.
            Unavailable: it cannot be used now.
        """
        with ledger_errors("the database of keys"), connect(self._url) as connection:
            if self._apart_from is not None:
                with connect(self._apart_from) as other:
                    if is_same_cluster(connection, other):
                        raise FolderUnusable(
                            "RAPPORT_KEYS_URL is in the same PostgreSQL as RAPPORT_DATABASE_URL: "
                            "one backup would have both ledgers and keys, and bring back who was "
                            "erased; name a database of another server, or leave the keys in the "
                            "data folder"
                        )
            if not require_layout(connection, KEYS_SCHEMA, KEYS):
                migrate(connection, KEYS_SCHEMA, KEYS)

    def layouts(self) -> list[PartLayout]:
        """The layout of the tables; none where there are none yet."""
        with ledger_errors("the database of keys"), connect(self._url) as connection:
            found = layout_of(connection, KEYS_SCHEMA)
        if found is None:
            return []
        return [PartLayout("the database of keys", found[1], len(migrations(KEYS)))]

    def upgrade(self) -> None:
        """Bring the tables to this program's layout."""
        found = self.layouts()
        refuse_newer(found)
        if any(one.found < one.wanted for one in found):
            with ledger_errors("the database of keys"), connect(self._url) as connection:
                migrate(connection, KEYS_SCHEMA, KEYS)
