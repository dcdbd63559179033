"""The files of a data folder as an end of a move: see ``ledger.stores.moving``.

::

    moving/                     copies on their way here: as a data folder, without keys
    moved/<move>/               what was served before a move to a database
    ledgers/<id>/keys.sqlite    the keys of a ledger while it is in a database; or keys.json,
                                which says where they are in a database of their own

A folder of a ledger is renamed as a whole, so that its keys are never apart from their write-ahead
log; what is not for the keys is then moved out of it, or into it.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ledger.data_layout import DATABASE_FILE, LEDGERS, FolderUnusable, unusable
from ledger.files import flush_file, flush_folder
from ledger.stores.keys import KEYS_ELSEWHERE_FILE
from ledger.stores.moving import MOVED
from ledger.stores.sqlite.connections import APPLICATION_ID, connect
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.sqlite.events import LedgerFactory
from ledger.stores.sqlite.file_names import (
    ACCESS_FILE,
    EVENTS_FILE,
    KEYS_FILE,
    MACHINE_FOLDERS,
    TRAIL_FILE,
)
from ledger.stores.sqlite.store import SqliteLedgerStore, SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any
    from uuid import UUID

    from ledger.stores.keys import KeyPlaces
    from ledger.stores.reading import EventColumns

MOVING = "moving"

_OF_KEYS = (KEYS_FILE, KEYS_ELSEWHERE_FILE)
_OF_SERVER = (ACCESS_FILE, TRAIL_FILE)
_ROWS = (
    "SELECT position, originator_id, originator_version, topic, state, event_id "
    "FROM stored_events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?"
)


class SqliteCopiedEvents:
    """``events.sqlite`` of a copy; see ``ledger.stores.moving.CopiedEvents``."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            Corrupt: it is damaged.
            Unavailable: it cannot be opened or written.
        """
        self._path = path
        factory = LedgerFactory({LedgerFactory.SQLITE_DBNAME: str(path)})
        try:
            with ledger_errors(path):
                factory.application_recorder()  # which makes the tables
        finally:
            factory.close()
        self._connection = connect(path, APPLICATION_ID)
        with ledger_errors(path):
            # Durable once all is flushed, in the end; whole in any case.
            self._connection.execute("PRAGMA synchronous=NORMAL")
            select = "SELECT coalesce(max(position), 0) FROM stored_events"
            (self.position,) = self._connection.execute(select).fetchone()

    def add(self, rows: Sequence[EventColumns]) -> None:
        """Keep these events, in one transaction."""
        run = self._connection.execute
        with ledger_errors(self._path):
            run("BEGIN IMMEDIATE")
            try:
                self._connection.executemany("INSERT INTO stored_events VALUES (?,?,?,?,?,?)", rows)
                run("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    run("ROLLBACK")
                raise
        self.position = rows[-1][0]

    def rows(self, after: int, upto: int, limit: int) -> list[Any]:
        """A page of the events beyond a position up to another, in order."""
        with ledger_errors(self._path):
            return self._connection.execute(_ROWS, (after, upto, limit)).fetchall()

    def close(self) -> None:
        """Close the file, which has no write-ahead log any more then."""
        self._connection.close()


class FileCopies:
    """See ``ledger.stores.moving.Copies``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ledgers = folder / MOVING / LEDGERS
        self.store = SqliteStore(folder / MOVING)

    def receive(self, move: UUID) -> None:
        """Get ready for the copies of a move from the database to which the folder belongs."""
        if not (self._folder / DATABASE_FILE).exists():
            raise FolderUnusable(
                f"the data folder {self._folder} has no ledgers in a database, and a move leads to "
                "the folder that keeps their keys: name that one"
            )
        with _os_errors(self._folder):
            self._ledgers.mkdir(mode=0o700, parents=True, exist_ok=True)

    def names(self) -> list[str]:
        """The names of the ledgers of which there is a copy, or the beginning of one."""
        return self.store.ledger_names()

    def ledger(self, name: str) -> SqliteLedgerStore:
        """The copy of that ledger, begun where there is none."""
        with _os_errors(self._folder):
            (self._ledgers / name).mkdir(mode=0o700, exist_ok=True)
        return self.store.ledger(name)

    def events(self, name: str) -> SqliteCopiedEvents:
        """The events of a copy that was begun."""
        return SqliteCopiedEvents(self._ledgers / name / EVENTS_FILE)

    def identities(self) -> None:
        """The keys of a copy will be in its folder, under its name."""
        return

    def drop(self, name: str) -> None:
        """Take a copy away."""
        with _os_errors(self._folder):
            shutil.rmtree(self._ledgers / name)

    def flush(self) -> None:
        """Make every copy durable."""
        with _os_errors(self._folder):
            folders = [self._folder / MOVING, self._ledgers, *self._ledgers.iterdir()]
            for folder in folders:
                for file in folder.iterdir():
                    if file.is_file():
                        flush_file(file)
                flush_folder(folder)


class FilesEnd:
    """The files of a data folder; see ``ledger.stores.moving.MoveEnd``."""

    kind = "files"

    def __init__(self, folder: Path, places: KeyPlaces | None = None) -> None:
        """``places`` are where keys are, if not in the folders of the ledgers."""
        self._folder = folder
        self.store = SqliteStore(folder, places)
        self.copies = FileCopies(folder)

    def require_served(self) -> None:
        """Let pass a folder that belongs to no database."""
        if (self._folder / DATABASE_FILE).exists():
            raise FolderUnusable(
                f"the ledgers of the data folder {self._folder} are in a database already"
            )

    def identities(self) -> None:
        """The keys of a ledger are in its folder, under its name."""
        return

    @contextmanager
    def fence(self) -> Iterator[None]:
        """The lock of the folder, which the caller has, is all that it takes."""
        yield

    def put_aside(self, move: UUID, ledgers: Mapping[str, UUID]) -> None:
        """Leave the keys alone in the folders of the ledgers, which are under their ids then."""
        aside, kept = self._folder / MOVED / str(move), self._folder / LEDGERS
        with _os_errors(self._folder):
            (aside / LEDGERS).mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, identity in ledgers.items():
                into = aside / LEDGERS / name
                into.mkdir(mode=0o700, exist_ok=True)
                _rename(kept / name, kept / str(identity))
                for file in sorted((kept / str(identity)).iterdir()):
                    if not file.name.startswith(_OF_KEYS) and file.name not in MACHINE_FOLDERS:
                        _rename(file, into / file.name)
                flush_folder(into)
                flush_folder(kept / str(identity))
            for file in _files_of_server(self._folder):
                _rename(file, aside / file.name)
            for folder in (aside / LEDGERS, aside, aside.parent, kept, self._folder):
                flush_folder(folder)

    def take(self, move: UUID, ledgers: Mapping[str, UUID]) -> None:
        """Put the copies beside the keys, whose folders are under the ledgers' names then."""
        copied, kept = self._folder / MOVING, self._folder / LEDGERS
        with _os_errors(self._folder):
            for name, identity in ledgers.items():
                _rename(kept / str(identity), kept / name)
                if (made := copied / LEDGERS / name).exists():
                    for file in sorted(made.iterdir()):
                        _rename(file, kept / name / file.name)
                    flush_folder(kept / name)
            for file in _files_of_server(copied) if copied.exists() else ():
                _rename(file, self._folder / file.name)
            flush_folder(kept)
            flush_folder(self._folder)
            shutil.rmtree(copied, ignore_errors=True)

    def complete(self, move: UUID) -> None:
        """Have the data folder belong to no database any more."""
        with _os_errors(self._folder):
            (self._folder / DATABASE_FILE).unlink(missing_ok=True)
            flush_folder(self._folder)


def _files_of_server(folder: Path) -> list[Path]:
    return sorted(file for name in _OF_SERVER for file in folder.glob(f"{name}*"))


def _rename(old: Path, new: Path) -> None:
    """Rename a file or a folder, unless that was done before."""
    if old.exists():
        old.rename(new)


@contextmanager
def _os_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unusable(folder, error) from error
