"""Making a backup of a data folder, also of one that a server is serving.

Each ledger is read as of its last checkpoint, which is chosen first: whatever stands under it never
changes, so its log is never ahead of its events, nor its events ahead of their keys.
"""

from __future__ import annotations

import fcntl
import gzip
import os
import re
import shutil
from contextlib import closing, contextmanager, suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, BinaryIO, cast
from uuid import uuid4

from api.service.backups import form
from api.service.backups.form import Backup, LedgerCopy, TrailCopy
from api.service.event_schemas import event_type
from domain.events import CATALOGUE
from domain.instants import format_instant
from ledger.access.trail import AuditTrail
from ledger.archive.checking import verify_archive
from ledger.archive.source import ledger_source
from ledger.archive.writing import DISTRIBUTION, export
from ledger.data_layout import require_ledger, settings_of
from ledger.files import flush_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ledger.clock import Clock
    from ledger.master_keys import MasterKey
    from ledger.stores.sorting import Sorting
    from ledger.stores.store import LedgerStore, Store, StoreOf

GZIP_LEVEL = 6


_UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.unfinished")


def clear_unfinished(folder: Path) -> list[Path]:
    """Remove the backups in a folder whose makers were killed; which those are.

    They may hold keys, and nobody would know that there is one more to destroy.
    """
    removed = []
    for left in sorted(folder.glob(".*.unfinished")):
        if _UNFINISHED.fullmatch(left.name) and left.is_dir():
            with suppress(OSError), hold(left):
                shutil.rmtree(left)
                removed.append(left)
    return removed


def back_up(
    data: Path,
    into: Path,
    names: Sequence[str],
    store_of: StoreOf,
    sorting: Sorting,
    *,
    clock: Clock,
    master_key: MasterKey | bytes | None,
    passphrase: str | None,
    advance: Callable[[str, int], None] = lambda _ledger, _position: None,
) -> Backup:
    """Write a backup of these ledgers as the folder ``into``, which is there whole or not at all.

    With a passphrase the keys are in it, locked. Every archive is read back and checked.
    ``advance`` hears the ledger and the position that is written.

    Raises:
        Corrupt: a ledger is damaged, or what was written is not what was read.
        Unavailable: a ledger cannot be read.
        OSError: the backup cannot be written, or there is something of that name.
    """
    unfinished = into.with_name(f".{into.name}.{uuid4()}.unfinished")
    (unfinished / form.LEDGERS).mkdir(mode=0o700, parents=True)
    try:
        with hold(unfinished):
            copies = [
                _ledger(
                    data,
                    unfinished,
                    name,
                    store_of,
                    sorting,
                    clock=clock,
                    master_key=master_key,
                    passphrase=passphrase,
                    advance=advance,
                )
                for name in names
            ]
            _trail(store_of(data), unfinished / form.SERVER_TRAIL, clock)
            made = Backup(
                made_at=format_instant(clock()),
                made_by=f"{DISTRIBUTION} {version(DISTRIBUTION)}",
                ledgers=tuple(copies),
            )
            write_whole(unfinished / form.LIST, made.to_bytes())
            flush_folder(unfinished / form.LEDGERS)
            flush_folder(unfinished)
            unfinished.rename(into)
            flush_folder(into.parent)
    except BaseException:
        with suppress(OSError):
            shutil.rmtree(unfinished)
        raise
    return made


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold a folder, which the system lets go when the process ends; OSError if another does."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _ledger(
    data: Path,
    into: Path,
    name: str,
    store_of: StoreOf,
    sorting: Sorting,
    *,
    clock: Clock,
    master_key: MasterKey | bytes | None,
    passphrase: str | None,
    advance: Callable[[str, int], None],
) -> LedgerCopy:
    settings = settings_of(require_ledger(store_of(data), name))
    locked = None if settings.for_audit else passphrase
    file = into / form.ARCHIVE.format(name=name)
    with (
        ledger_source(
            data,
            name,
            store_of,
            clock=clock,
            master_key=master_key,
            keys=locked is not None,
            for_backup=True,
        ) as source,
        _open_gzip(file) as out,
    ):
        made = export(
            source,
            out,
            schemas={topic: event_type(cls) for topic, cls in CATALOGUE.items()},
            passphrase=locked,
            advance=lambda position: advance(name, position),
        )
        erased_since = tuple(str(contact) for contact in source.erased_since())
    read_back = verify_archive(file, sorting, passphrase=locked)
    assert read_back.sums == made.sums, "what was checked is what was written"
    trail = _trail(store_of(data).ledger(name), into / form.TRAIL.format(name=name), clock)
    return LedgerCopy(
        name=name,
        origin=made.origin,
        position=made.position,
        root=made.root.hex(),
        sums=made.sums.hex(),
        keys=locked is not None,
        archived=settings.archived,
        erased_since=erased_since,
        trail=trail,
    )


def _trail(store: Store | LedgerStore, into: Path, clock: Clock) -> TrailCopy:
    """Copy a trail as lines; where there is none yet nothing is written."""
    if not store.has_trail():
        return TrailCopy()
    with closing(AuditTrail(store.open_trail(), clock)) as trail, _durable(into) as out:
        last = None
        for last in trail.all():
            out.writelines(form.trail_lines([last]))
    return TrailCopy() if last is None else TrailCopy(entries=last.number, newest=last.hash)


@contextmanager
def _open_gzip(path: Path) -> Iterator[BinaryIO]:
    with _durable(path) as plain, gzip.GzipFile("", "wb", GZIP_LEVEL, plain, mtime=0) as zipped:
        yield cast("BinaryIO", zipped)


@contextmanager
def _durable(path: Path) -> Iterator[BinaryIO]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())
