"""Making a ledger of an archive: checked first, then filled in under another name, then renamed."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import Conflict
from ledger.archive import layout
from ledger.archive.checking import SummedReader
from ledger.archive.chunks import read_rows
from ledger.archive.history import read_line
from ledger.archive.key_encryption import Lock, read_data_keys, read_signing_keys
from ledger.archive.layout import Identity
from ledger.archive.refusals import ArchiveRefused
from ledger.settings import LedgerSettings
from ledger.stores.transparency_log import StoredCheckpoint, VerifierKey
from ledger.transparency.notes import Note, Verifier
from ledger.transparency.tiles import TileAt, parse_tile_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.archive.checking import VerifiedArchive
    from ledger.folder import DataFolder
    from ledger.stores.keys import LedgerKeyStore
    from ledger.stores.restoring import RestoredLog
    from ledger.stores.store import LedgerStore


def place(
    path: Path,
    verified: VerifiedArchive,
    folder: DataFolder,
    *,
    name: str,
    passphrase: str | None = None,
    replace: bool = False,
    archived: bool = False,
    prepare: Callable[[LedgerStore], None] = lambda _store: None,
    advance: Callable[[int, int], None] = lambda _position, _of: None,
) -> None:
    """Make the ledger of that name from an archive that was verified just now.

    It is the same ledger, under the same origin, if the archive holds its keys and the passphrase
    is given; else it is for audit. The file is read once more, and has to be what was verified.
    ``prepare`` may put more into its store, before it is the ledger's.
    Killed at any point, this leaves nothing that the next start does not sweep.

    Raises:
        LedgerExists: there is one of that name; see ``DataFolder.adopting``.
        LogForks: a ledger in the folder continues under this origin already.
        ArchiveRefused: the file was changed since it was verified.
        Unavailable: the ledger could not be written.
    """
    goes_on = verified.head.keys and passphrase is not None
    if goes_on:
        _refuse_a_fork(folder, verified.identity.origin)
    settings = LedgerSettings(
        name=name,
        time_zone=verified.identity.time_zone,
        region=verified.identity.region,
        namespace=_namespace(verified, goes_on=goes_on),
        created_at=verified.identity.created_at,
        origin=verified.identity.origin,
        for_audit=not goes_on,
        archived=archived,
    )
    with folder.adopting(settings, replace=replace) as store, ExitStack() as closed:
        if not goes_on:
            store.write_document(layout.SETTINGS, verified.settings_note)
        keys = store.open_keys(folder.master_key)
        closed.enter_context(closing(keys))
        lock = None
        file = closed.enter_context(path.open("rb"))
        reader = SummedReader(file)
        with (
            store.restore_events() as events,
            store.restore_log(settings.origin or "", _verifier_keys(verified)) as log,
        ):
            while (member := reader.peek()) != layout.SUMS:
                content = reader.read(member or layout.SUMS)
                assert member is not None, "a member that was read has a name"
                if member == layout.LOCK and goes_on:
                    lock = Lock.read(content, verified.head, passphrase or "")
                elif member.startswith("events/"):
                    events.add(read_rows(content, member))
                    advance(events.position, verified.head.position)
                elif lock is not None and member.startswith("keys/"):
                    _take_keys(keys, verified, member, lock.decrypt(member, content))
                else:
                    _take_log(log, member, content)
            if reader.end() != verified.sums:
                raise ArchiveRefused("was changed while it was imported")
        prepare(store)


def _namespace(verified: VerifiedArchive, *, goes_on: bool) -> UUID | None:
    """The namespace, which comes with the keys or in settings that were signed with it."""
    if goes_on:
        return verified.identity.namespace
    return Identity.read(Note.read(verified.settings_note).text).namespace


class LogForks(Conflict):
    """Two ledgers would continue as one, and sign histories that contradict each other."""


def _refuse_a_fork(folder: DataFolder, origin: str) -> None:
    for name in folder.names():
        settings = folder.settings(name)
        if settings.origin == origin and not settings.for_audit:
            raise LogForks(
                f"the ledger {name} continues as {origin} already, and two would fork its log: "
                "--for-audit makes one that is only read"
            )


def _verifier_keys(verified: VerifiedArchive) -> list[VerifierKey]:
    return [
        VerifierKey(
            Verifier.read(one.verifier).public.public_bytes_raw(), one.made_at, one.retired_at
        )
        for one in verified.known_keys
    ]


def _take_keys(
    keys: LedgerKeyStore, verified: VerifiedArchive, member: str, content: bytes
) -> None:
    if member == layout.NAMESPACE:
        return  # it is part of the identity
    if member == layout.SIGNING_KEYS:
        made_at = {one.verifier: one.made_at for one in verified.known_keys}
        for verifier, seed in read_signing_keys(content)[1]:
            keys.signing.adopt(verified.head.origin, made_at[verifier], seed)
        return
    # The fence: erased contacts stay erased, whatever keys somebody kept.
    keys.adopt(
        (UUID(bytes=contact), key)
        for contact, key in read_data_keys(content, member)
        if contact not in verified.erased
    )


def _take_log(log: RestoredLog, member: str, content: bytes) -> None:
    if member.startswith("checkpoints/"):
        found = map(read_line, content.split(b"\n")[:-1])
        log.add(StoredCheckpoint(one.size, one.root, one.note, one.signed_at) for one in found)
    elif member.startswith("log/tile/"):
        at = parse_tile_path(member.removeprefix(layout.LOG))
        if isinstance(at, TileAt):
            log.put(at, content)
