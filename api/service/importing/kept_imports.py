"""What became of the imports of a ledger: a record of each, and its rejected rows for a while.

A record holds numbers and nothing personal. Rows and columns hold what stood in the file: they lie
encrypted under a key that follows from the ledger's keys, are kept for seven days, and are dropped
at an erasure of anybody, since nobody can tell whose rows they are.
"""

from __future__ import annotations

import io
import json
import os
import threading
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from api.service.importing.encrypted_files import EncryptedReader, EncryptedWriter
from api.service.importing.records import lines_rejected
from domain.errors import ImportNotFound, LedgerError, NotFound, unusable_file
from domain.events.governance import PersonalDataErased
from domain.instants import DAY
from ledger.files import write_whole
from ledger.stores.keys import KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from api.service.importing.importer import Account
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger
    from ledger.stores.scratch import Scratch

KEPT_DAYS = 7
"""How long rejected rows are kept."""

MOST_RECORDS = 1000
"""How many records are kept; the oldest gives way."""

STOPPED = "the server stopped before the end: send the file again to continue"

_SALT_BYTES = 16
REJECTS, COLUMNS = "rejects", "columns"


class RejectsGone(NotFound):
    """There are no rejected rows of this import, or not any more."""


@dataclass(frozen=True, kw_only=True)
class ImportRecord:
    """One import as it was last. Instants are microseconds of UTC; ``position`` is the ledger's
    when it began. ``state`` is running, succeeded, failed or cancelled.
    """

    id: UUID
    mapping: str
    dry_run: bool
    state: str
    begun_at: int
    position: int
    ended_at: int | None = None
    rows: int = 0
    appended: int = 0
    known: int = 0
    skipped: int = 0
    rejected: int = 0
    contacts_registered: int = 0
    not_addressed: int = 0
    problem: str | None = None

    def with_account(self, account: Account) -> ImportRecord:
        """The same with what became of the rows."""
        return replace(
            self,
            rows=account.rows,
            appended=account.appended,
            known=account.already_known,
            skipped=account.skipped,
            rejected=account.rejected,
            contacts_registered=account.contacts_registered,
            not_addressed=account.not_addressed,
        )


class Upload:
    """A file that is sent, encrypted on disk under a key that only this process has."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = os.urandom(KEY_BYTES)
        self._writer = EncryptedWriter(path, self._key)

    def write(self, some: bytes) -> None:
        """Add these bytes."""
        self._writer.write(some)

    def open(self) -> BinaryIO:
        """All that was sent, to be read from its beginning and closed."""
        self._writer.close()
        return cast("BinaryIO", io.BufferedReader(EncryptedReader(self._path, self._key)))

    def remove(self) -> None:
        """Let go of the file."""
        self._writer.close(whole=False)
        self._path.unlink(missing_ok=True)


class KeptImports:
    """The imports of one ledger. Any thread may call; nobody else may use the folder."""

    def __init__(self, ledger: Ledger, clock: Callable[[], int], *, beside: bool = False) -> None:
        """Remove what a process that is gone left half done.

        ``beside`` says that the folder is another process's after all, so that it is left alone.

        Raises:
            Unavailable: the folder cannot be used.
        """
        self._ledger = ledger
        self._folder = ledger.store.imports_folder()
        self._clock = clock
        self._lock = threading.Lock()
        self._drops = 0
        if beside:
            return
        with _telling(self._folder):
            for left in (*self._folder.glob("*.upload"), *self._folder.glob("*.new")):
                left.unlink(missing_ok=True)
        for record in self.all():
            if record.state == "running":
                self.put(replace(record, state="failed", problem=STOPPED))
            self._drop_old(record)
        ledger.on_record(self._look_for_erasures)

    def all(self) -> list[ImportRecord]:
        """Every record, the newest first."""
        with self._lock, _telling(self._folder):
            found = [_read(path.read_bytes()) for path in self._folder.glob("*.json")]
        return sorted(found, key=lambda one: (-one.begun_at, one.id))

    def get(self, import_id: UUID) -> ImportRecord:
        """The record of that import.

        Raises:
            ImportNotFound: there is none.
        """
        with self._lock, _telling(self._folder):
            try:
                return _read(self._record_path(import_id).read_bytes())
            except FileNotFoundError:
                raise ImportNotFound(f"no import {import_id} is known here") from None

    def put(self, record: ImportRecord) -> None:
        """Keep the record in place of what was kept of this import."""
        content = json.dumps({**asdict(record), "id": str(record.id)}).encode()
        with self._lock, _telling(self._folder):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            write_whole(self._record_path(record.id), content)
        for old in self.all()[MOST_RECORDS:]:
            self._drop(old.id)
            self._record_path(old.id).unlink(missing_ok=True)

    def upload(self) -> Upload:
        """A new place for a file that is sent.

        Raises:
            Unavailable: it cannot be made.
        """
        with _telling(self._folder):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            return Upload(self._folder / f"{uuid4()}.upload")

    def scratch(self) -> AbstractContextManager[Scratch]:
        """A place for the events of a dry run, which is gone at the end."""
        return closing(self._ledger.store.scratch(self._folder / f"{uuid4()}.upload"))

    @contextmanager
    def write(self, record: ImportRecord, kind: str) -> Iterator[EncryptedWriter]:
        """A file of that kind, in place of an earlier one, also where this ends by an error.

        It is gone at once where somebody is erased meanwhile.
        """
        drops, salt = self._drops, os.urandom(_SALT_BYTES)
        path = self._folder / f"{record.id}.{salt.hex()}.{kind}"
        unfinished = path.with_suffix(f".{kind}.new")
        writer = EncryptedWriter(unfinished, self._key(salt))
        try:
            yield writer
        finally:
            writer.close()
            with self._lock:
                for earlier in self._folder.glob(f"{record.id}.*.{kind}"):
                    earlier.unlink(missing_ok=True)
                if self._drops == drops:
                    unfinished.replace(path)
                else:
                    unfinished.unlink(missing_ok=True)

    def open(self, record: ImportRecord, kind: str) -> BinaryIO:
        """A file that was written, to be read and closed.

        Raises:
            RejectsGone: there is none, or it was dropped.
            Corrupt: it is damaged.
        """
        self._drop_old(record)
        with self._lock:
            for path in self._folder.glob(f"{record.id}.*.{kind}"):
                key = self._key(bytes.fromhex(path.name.split(".")[1]))
                return cast("BinaryIO", io.BufferedReader(EncryptedReader(path, key)))
        raise RejectsGone(
            f"they were dropped, as after {KEPT_DAYS} days and after every erasure, or there were "
            "none: a dry run of the same file lists them again"
        )

    def columns(self, record: ImportRecord) -> tuple[tuple[str, ...], list[dict[str, object]]]:
        """The file's own columns, and all that were read with what was found in them.

        There are none once they are dropped.
        """
        try:
            with self.open(record, COLUMNS) as file:
                document = json.loads(file.read())
        except LedgerError:
            return (), []
        if isinstance(document, list):  # as earlier versions kept it
            return (), document
        return tuple(document["header"]), document["columns"]

    def columns_of_rejects(self, file: BinaryIO, mapping: str) -> tuple[str, ...] | None:
        """The columns of the file that a reject file's rows come from, by what is kept.

        It is the file of an import or dry run with that mapping that rejected all these lines for
        these reasons. None where there is no such file, or there are several with other columns.
        """
        lines = lines_rejected(file)
        found: set[tuple[str, ...]] = set()
        for record in self.all():
            if record.mapping == mapping and (header := self.columns(record)[0]):
                with suppress(LedgerError), self.open(record, REJECTS) as kept:
                    if lines <= lines_rejected(kept):
                        found.add(header)
        return found.pop() if len(found) == 1 else None

    def _key(self, salt: bytes) -> bytes:
        """The key of one file."""
        expand = HKDFExpand(algorithm=SHA256(), length=KEY_BYTES, info=salt)
        return expand.derive(self._ledger.derived_key("imports"))

    def _record_path(self, import_id: UUID) -> Path:
        return self._folder / f"{import_id}.json"

    def _look_for_erasures(self, recorded: Sequence[RecordedEvent]) -> None:
        if any(isinstance(one.event, PersonalDataErased) for one in recorded):
            with self._lock:
                self._drops += 1
                for kind in (REJECTS, COLUMNS):
                    for path in self._folder.glob(f"*.{kind}"):
                        path.unlink(missing_ok=True)

    def _drop_old(self, record: ImportRecord) -> None:
        """Drop rows that are too old, or older than an erasure that this process did not see."""
        old = self._clock() > record.begun_at + KEPT_DAYS * DAY
        erased = (PersonalDataErased.TYPE,)
        if old or self._ledger.log(after=record.position, limit=1, types=erased, decrypt=False):
            self._drop(record.id)

    def _drop(self, import_id: UUID) -> None:
        with self._lock:
            for kind in (REJECTS, COLUMNS):
                for path in self._folder.glob(f"{import_id}.*.{kind}"):
                    path.unlink(missing_ok=True)


def _read(content: bytes) -> ImportRecord:
    document: dict[str, Any] = json.loads(content)
    return ImportRecord(**{**document, "id": UUID(document["id"])})


@contextmanager
def _telling(folder: Path) -> Iterator[None]:
    """Say in words what is wrong with the folder."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unusable_file(error, folder.name) from error
