"""The store of a data folder, and what is kept of each ledger in it: where each file is.

::

    access.sqlite, trail.sqlite                                       of the server
    ledgers/<name>/{events,keys,log,projections,trail,webhooks}.sqlite  of a ledger
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from eventsourcing.utils import Environment

from ledger import free_space
from ledger.data_layout import LEDGERS, SETTINGS_FILE, is_ledger_name, missing, unusable
from ledger.files import flush_file, flush_folder, write_whole
from ledger.stores.growth import Looking
from ledger.stores.sqlite.access_keys import SqliteAccessKeys
from ledger.stores.sqlite.connections import APPLICATION_ID as EVENTS_ID
from ledger.stores.sqlite.connections import LedgerDatastore
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.sqlite.events import LedgerApplicationRecorder, LedgerFactory
from ledger.stores.sqlite.examination import SqliteExamination
from ledger.stores.sqlite.file_names import (
    ACCESS_FILE,
    EVENTS_FILE,
    IMPORTS_FOLDER,
    KEYS_FILE,
    LOG_FILE,
    PROJECTIONS_FILE,
    RESULTS_FOLDER,
    TRAIL_FILE,
    VALUATIONS_FOLDER,
    WEBHOOKS_FILE,
)
from ledger.stores.sqlite.forgotten_log import set_aside
from ledger.stores.sqlite.key_files import KeyFiles, copy_file, state_of
from ledger.stores.sqlite.ledger_files import LedgerFileReader
from ledger.stores.sqlite.projection_tables import (
    SqliteTableReader,
    SqliteTableStore,
    TablesAtRest,
)
from ledger.stores.sqlite.quick_check import check
from ledger.stores.sqlite.restored_events import SqliteRestoredEvents
from ledger.stores.sqlite.restored_log import restoring
from ledger.stores.sqlite.scratch import SqliteScratch
from ledger.stores.sqlite.trail import SqliteTrail
from ledger.stores.sqlite.trail_heads import SqliteTrailHeads
from ledger.stores.sqlite.transparency_log import APPLICATION_ID as LOG_ID
from ledger.stores.sqlite.transparency_log import SqliteLogStore, begin, log_origin
from ledger.stores.sqlite.unfinished import drop, finish, remove, sweep, unfinished_folder
from ledger.stores.sqlite.upgrading import layouts, upgrade
from ledger.stores.sqlite.verification.event_walk import head_of
from ledger.stores.sqlite.verification.ledgers import verify_ledger
from ledger.stores.sqlite.verification.read_connections import reading
from ledger.stores.sqlite.verification.source import EventsAtRest
from ledger.stores.sqlite.webhooks import SqliteWebhooks, wanted_kinds
from ledger.stores.store import LedgerStore, PartNames, Store
from ledger.stores.upgrading import refuse_newer
from ledger.stores.wrapped_keys import KEPT_KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ledger.master_keys import MasterKey
    from ledger.stores.keys import KeyPlaces, KeyReader, LedgerKeyStore
    from ledger.stores.scratch import Scratch
    from ledger.stores.sqlite.restored_log import SqliteRestoredLog
    from ledger.stores.transparency_log import StoredCheckpoint, VerifierKey
    from ledger.stores.upgrading import PartLayout
    from ledger.verification.faults import Report
    from ledger.verification.trust import Progress, Trust

_KINDS = ((EVENTS_FILE, EVENTS_ID), (LOG_FILE, LOG_ID))
"""The files that a ledger cannot be without besides its keys, and what marks each as ours."""


class SqliteLedgerStore(LedgerStore):
    """The files in the folder of one ledger; see ``ledger.stores.store.LedgerStore``."""

    def __init__(self, folder: Path, places: KeyPlaces | None = None) -> None:
        """``places`` are where keys are; where it is absent, they are in the folder too."""
        self.folder = folder
        self._places: KeyPlaces = places or KeyFiles()
        self.keys = self._places.of(folder)
        self.names = PartNames(folder.name, EVENTS_FILE, self.keys.name, LOG_FILE)
        self.tables_name = PROJECTIONS_FILE

    def server(self) -> SqliteStore:
        return SqliteStore(self.folder.parent.parent, self._places)

    def exists(self) -> bool:
        return self.folder.is_dir()

    def read_document(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise missing(self.folder / name) from None
        except OSError as error:
            raise unusable(self.folder, error) from error

    def write_document(self, name: str, content: bytes) -> None:
        try:
            write_whole(self.folder / name, content)
        except OSError as error:
            raise unusable(self.server().folder, error) from error

    def flush(self) -> None:
        try:
            for file in self.folder.iterdir():
                flush_file(file)
            flush_folder(self.folder)
        except OSError as error:
            raise unusable(self.server().folder, error) from error

    def size_bytes(self) -> int:
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def results_folder(self) -> Path:
        return self.folder / RESULTS_FOLDER

    def imports_folder(self) -> Path:
        return self.folder / IMPORTS_FOLDER

    def valuations_folder(self) -> Path:
        return self.folder / VALUATIONS_FOLDER

    def scratch(self, path: Path) -> Scratch:
        return SqliteScratch(path)

    def is_made(self) -> bool:
        return (self.folder / EVENTS_FILE).exists()

    def has_keys(self) -> bool:
        return self.keys.exists()

    def check_keys(self) -> None:
        self.keys.check()

    def remove_keys(self) -> None:
        self.keys.remove()

    def read_keys(self, *, at_rest: bool = False) -> KeyReader:
        return self.keys.read(at_rest=at_rest)

    def require_parts(self, *, log: bool) -> None:
        for file, _ in _KINDS:
            if not (self.folder / file).is_file() and (file != LOG_FILE or log):
                raise missing(self.folder / file)
        if not self.has_keys():
            self.keys.check()  # which says where they are missing

    def check(self) -> None:
        self.keys.check()
        for file, application_id in _KINDS:
            # Only a log may be missing where it is looked at: older ledgers get one.
            if file != LOG_FILE or (self.folder / file).exists():
                check(self.folder / file, application_id)

    def is_writable(self) -> bool:
        return all(os.access(one, os.W_OK) for one in (self.folder, *self.folder.glob("*.sqlite")))

    def state(self) -> object:
        files = (SETTINGS_FILE, *(file for file, _ in _KINDS))
        return [state_of(self.folder / file) for file in files], self.keys.state()

    def require_room(self) -> None:
        # From where the write-ahead log ends, so that a limit to the size of files is met too.
        log = self.folder / f"{EVENTS_FILE}-wal"
        free_space.require_room(self.folder, log.stat().st_size if log.exists() else 0)

    def event_errors(self) -> AbstractContextManager[None]:
        return ledger_errors(self.folder / EVENTS_FILE)

    def event_factory(self) -> LedgerFactory:
        # The process's environment is not read.
        name = LedgerFactory.SQLITE_DBNAME
        return LedgerFactory(Environment("ledger", {name: str(self.folder / EVENTS_FILE)}))

    @contextmanager
    def events_beside(self) -> Iterator[LedgerApplicationRecorder]:
        path = self.folder / EVENTS_FILE
        with closing(LedgerDatastore(str(path), reads_only=True)) as datastore:
            yield LedgerApplicationRecorder(datastore)

    def open_keys(
        self,
        master_key: MasterKey | bytes,
        *,
        make: bool = True,
        most_kept: Callable[[], int] = lambda: KEPT_KEYS,
    ) -> LedgerKeyStore:
        return self.keys.open(master_key, make=make, most_kept=most_kept)

    def log_origin(self) -> str | None:
        return log_origin(self.folder / LOG_FILE)

    def begin_log(self, origin: str, key: tuple[bytes, int], first: StoredCheckpoint) -> None:
        begin(self.folder / LOG_FILE, origin, key, first)

    def open_log(self, origin: str) -> SqliteLogStore:
        return SqliteLogStore(self.folder / LOG_FILE, origin)

    def forget_log(self) -> None:
        set_aside(self.folder / LOG_FILE)

    def has_trail(self) -> bool:
        return (self.folder / TRAIL_FILE).is_file()

    def open_trail(self) -> SqliteTrail:
        return SqliteTrail(self.folder / TRAIL_FILE)

    def has_webhooks(self) -> bool:
        return (self.folder / WEBHOOKS_FILE).is_file()

    def open_webhooks(self) -> SqliteWebhooks:
        return SqliteWebhooks(self.folder / WEBHOOKS_FILE)

    def wanted_kinds(self) -> frozenset[str]:
        return wanted_kinds(self.folder / WEBHOOKS_FILE)

    def read(self, *, at_rest: bool = False) -> LedgerFileReader:
        return LedgerFileReader(
            events=self.folder / EVENTS_FILE,
            log=self.folder / LOG_FILE,
            at_rest=at_rest,
            keys=lambda: self.read_keys(at_rest=at_rest),
        )

    def restore_events(self) -> SqliteRestoredEvents:
        return SqliteRestoredEvents(self.folder / EVENTS_FILE)

    def restore_log(
        self, origin: str, keys: Sequence[VerifierKey]
    ) -> AbstractContextManager[SqliteRestoredLog]:
        return restoring(self.folder / LOG_FILE, origin, keys)

    def rewrap_keys(self, old: MasterKey, new: MasterKey) -> int:
        return self.keys.rewrap(old, new)

    def copy_into(self, other: LedgerStore, document: str) -> None:
        assert isinstance(other, SqliteLedgerStore), "files are copied into a folder"
        shutil.copyfile(self.folder / document, other.folder / document)
        for file, _ in _KINDS:
            copy_file(self.folder, file, other.folder)
        self.copy_keys(other)

    def copy_keys(self, other: LedgerStore) -> None:
        assert isinstance(other, SqliteLedgerStore), "files are copied into a folder"
        self.keys.copy_into(other.folder)

    def hide_keys(self) -> None:
        for file in self.folder.glob(f"{KEYS_FILE}*"):
            file.unlink()

    def verify(self, trust: Trust, progress: Progress) -> Report:
        return verify_ledger(self.folder, trust, progress, self.keys)

    def examination(self) -> SqliteExamination:
        return SqliteExamination(self.folder, self.keys.part_checks)

    def has_tables(self) -> bool:
        """Whether there are tables of projections."""
        return (self.folder / PROJECTIONS_FILE).exists()

    def open_tables(self) -> SqliteTableStore:
        """The tables of the projections; a file that cannot be trusted is set aside."""
        return SqliteTableStore(self.folder / PROJECTIONS_FILE)

    def read_tables(self) -> SqliteTableReader:
        """The tables of the projections, beside the process that writes them."""
        return SqliteTableReader(self.folder / PROJECTIONS_FILE)

    @contextmanager
    def copy_tables(self, into: Path) -> Iterator[TablesAtRest]:
        """A copy of them in that folder, as of one instant.

        Raises:
            Corrupt: they cannot be read.
        """
        with reading(self.folder / PROJECTIONS_FILE) as kept:
            copied = TablesAtRest(into / "live", kept)
        with closing(copied):
            yield copied

    def make_tables(self, into: Path, name: str) -> SqliteTableStore:
        """Empty tables in that folder, which nobody else knows."""
        return SqliteTableStore(into / f"{name}.sqlite")

    @contextmanager
    def read_events(self, time_zone: str | None, head: int | None = None) -> Iterator[EventsAtRest]:
        """The events up to a head, or to the newest, read beside the server that has them open."""
        path = self.folder / EVENTS_FILE
        with reading(path) as connection:
            upto = head_of(connection, path) if head is None else head
            yield EventsAtRest(connection, path, upto, time_zone)


class SqliteStore(Store):
    """The files in a data folder; see ``ledger.stores.store.Store``."""

    own_files = frozenset({ACCESS_FILE, TRAIL_FILE, LEDGERS})

    def __init__(self, folder: Path, places: KeyPlaces | None = None) -> None:
        """``places`` are where keys are; where it is absent, they are in the ledgers' folders."""
        self.folder = folder
        self.places: KeyPlaces = places or KeyFiles()
        self._ledgers = folder / LEDGERS
        self.access_name = str(folder / ACCESS_FILE)

    @property
    def library(self) -> tuple[str, str]:
        return "sqlite", sqlite3.sqlite_version

    def ledger(self, name: str) -> SqliteLedgerStore:
        return SqliteLedgerStore(self._ledgers / name, self.places)

    def oldest_snapshot(self) -> None:
        return None

    def layouts(self) -> list[PartLayout]:
        return [*layouts(self.folder), *self.places.layouts()]

    def upgrade(self) -> None:
        refuse_newer(self.layouts())
        upgrade(self.folder)
        self.places.upgrade()

    def beside(self, folder: Path) -> SqliteStore:
        return SqliteStore(folder)

    def prepare(self) -> None:
        self.prepare_keys()
        try:
            self._ledgers.mkdir(mode=0o700, exist_ok=True)
            sweep(self._ledgers, self.places)
        except OSError as error:
            raise unusable(self.folder, error) from error

    def prepare_keys(self) -> None:
        self.places.prepare()

    def ledger_names(self) -> list[str]:
        if not self._ledgers.is_dir():
            return []
        return sorted(one.name for one in self._ledgers.iterdir() if is_ledger_name(one.name))

    @contextmanager
    def unfinished_ledger(self) -> Iterator[str]:
        try:
            made = unfinished_folder(self._ledgers)
        except OSError as error:
            raise unusable(self.folder, error) from error
        try:
            yield made.name
        finally:
            drop(made, self.places)  # what is left is swept at the next start

    def finish_ledger(self, unfinished: str, name: str) -> None:
        try:
            finish(self._ledgers / unfinished, name)
        except OSError as error:
            raise unusable(self.folder, error) from error

    def remove_ledger(self, name: str) -> None:
        try:
            remove(self._ledgers / name, self.places)
        except OSError as error:
            raise unusable(self.folder, error) from error

    def ledgers_with_trail(self) -> list[str]:
        return [one.parent.name for one in self._ledgers.glob(f"[a-z]*/{TRAIL_FILE}")]

    def has_access_keys(self) -> bool:
        return (self.folder / ACCESS_FILE).is_file()

    def open_access_keys(self) -> SqliteAccessKeys:
        return SqliteAccessKeys(self.folder / ACCESS_FILE)

    def has_trail(self) -> bool:
        return (self.folder / TRAIL_FILE).is_file()

    def open_trail(self) -> SqliteTrail:
        return SqliteTrail(self.folder / TRAIL_FILE)

    def growth(self) -> Looking:
        return Looking()

    def trail_heads(self) -> SqliteTrailHeads:
        return SqliteTrailHeads(self.folder)
