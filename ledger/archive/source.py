"""A ledger to export, read through connections that cannot write, also beside a running server.

What stands under a checkpoint never changes, so an export is of the ledger as it was signed last,
whatever is appended meanwhile.
"""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from domain.errors import Corrupt, Refused
from domain.events.governance import PersonalDataErased
from ledger.archive.history import SignedCheckpoint
from ledger.archive.layout import SETTINGS, Identity
from ledger.archive.writing import KnownKey
from ledger.data_layout import (
    SETTINGS_FILE,
    FolderUnusable,
    may_write,
    require_ledger,
    settings_of,
)
from ledger.files import FolderInUse
from ledger.folder import DataFolder
from ledger.master_keys import as_master_key, master_key_of
from ledger.transparency import notes
from ledger.transparency.notes import Signer, Verifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.clock import Clock
    from ledger.master_keys import MasterKey
    from ledger.stores.keys import SigningKey
    from ledger.stores.reading import EventColumns
    from ledger.stores.store import LedgerStore, StoreOf

PAGE_ROWS = 1024


@contextmanager
def ledger_source(
    path: Path,
    name: str,
    store_of: StoreOf,
    *,
    clock: Clock,
    master_key: MasterKey | bytes | None = None,
    keys: bool = False,
    for_backup: bool = False,
) -> Iterator[LedgerFiles]:
    """The ledger of that name in a data folder, signed up to its head if no server holds it.

    Beside a server, and in a folder that cannot be written, it is taken as of its last checkpoint.
    With its ``keys`` it can only be had alone, unless it is ``for_backup``: where they go the
    ledger continues, and two that continue fork the log. A backup lies still until the first is
    lost.

    Raises:
        LedgerNotFound: there is none of that name.
        FolderInUse: a server holds the folder, and the keys are asked for.
        FolderUnusable: it cannot be written, and the keys are asked for.
        Refused: the keys are asked for, and the ledger was imported without.
        Corrupt: the ledger is damaged.
        Unavailable: it cannot be read.
    """
    store = store_of(path)
    at_rest = not may_write(path, name, store)
    if at_rest and keys:
        raise FolderUnusable(
            f"{path} cannot be written, and its audit trail must say that its keys were taken: "
            "copy the folder, and take them from the copy"
        )
    with ExitStack() as closed:
        if not at_rest:
            alone = keys and not for_backup
            closed.enter_context(
                _hold_signed(path, name, store_of, clock=clock, master_key=master_key, alone=alone)
            )
        key = master_key or master_key_of(path, has_ledgers=True)
        source = LedgerFiles(require_ledger(store, name), key, at_rest=at_rest)
        closed.enter_context(closing(source))
        if keys and source.for_audit:
            raise Refused("ledger-for-audit", f"the ledger {name} has no keys to export")
        yield source


@contextmanager
def _hold_signed(
    path: Path,
    name: str,
    store_of: StoreOf,
    *,
    clock: Clock,
    master_key: MasterKey | bytes | None,
    alone: bool,
) -> Iterator[None]:
    """Hold the folder, with the ledger signed; unless ``alone``, a server may hold it instead."""
    try:
        folder = DataFolder.open(
            path, store_of, clock=clock, master_key=master_key, make_main=False
        )
    except FolderInUse:
        if alone:
            raise
        yield
        return
    with closing(folder):
        folder.ledger(name).transparency.sign_head()
        yield


class LedgerFiles:
    """What is kept of one ledger, as it stands under its last checkpoint."""

    def __init__(
        self,
        store: LedgerStore,
        master_key: MasterKey | bytes,
        *,
        at_rest: bool = False,
    ) -> None:
        """Open it; ``at_rest`` without making any file in the folder, also for a moment.

        Raises:
            Corrupt: a part is missing or damaged, or the ledger has no log yet.
            Unavailable: a part cannot be read.
        """
        settings = settings_of(store)
        place = store.names.place
        if settings.origin is None:
            raise Corrupt(f"{place}/{SETTINGS_FILE} names no log: start a server on it once")
        self.name = settings.name
        self.for_audit = settings.for_audit
        self.identity = Identity.of(settings)
        self._store = store
        self._master = as_master_key(master_key)
        self._files = store.read(at_rest=at_rest)
        try:
            self.last = self._newest()
            # Read once, or a key made meanwhile would be in half of it.
            self._known = self._files.verifier_keys()
        except BaseException:
            self._files.close()
            raise

    def close(self) -> None:
        """Close the parts."""
        self._files.close()

    def _newest(self) -> SignedCheckpoint:
        row = self._files.newest_checkpoint()
        if row is None or row[0] == 0:
            names = self._store.names
            raise Corrupt(f"{names.place}/{names.log} holds no checkpoint of any event yet")
        return SignedCheckpoint(*row)

    def settings_note(self) -> bytes:
        """The identity without its namespace, signed by a key of the log.

        Where there is no key, the note as it came: from an archive of layout 1 with the namespace.

        Raises:
            Corrupt: there is neither.
        """
        if self.for_audit:
            return self._store.read_document(SETTINGS)
        return self._sign(self.identity.public())

    def namespace_note(self) -> bytes:
        """The identity with its namespace, signed by a key of the log.

        Raises:
            Corrupt: there is no key.
        """
        return self._sign(self.identity)

    def _sign(self, identity: Identity) -> bytes:
        keys = self._listed_keys()
        if not keys:
            names = self._store.names
            raise Corrupt(f"{names.place}/{names.keys} holds no key that signs: restore it")
        signer = Signer(identity.origin, keys[-1].private)
        return notes.sign(identity.text(), [signer]).to_bytes()

    def known_keys(self) -> list[KnownKey]:
        """The keys of the log, newest first."""
        return [
            KnownKey(self._verifier(public), made_at, retired_at)
            for public, made_at, retired_at in self._known
        ]

    def _verifier(self, public: bytes) -> str:
        key = Ed25519PublicKey.from_public_bytes(public)
        return Verifier.of(self.identity.origin, key).to_text()

    def checkpoints(self) -> Iterator[SignedCheckpoint]:
        """Every checkpoint ever signed, up to the last, by size; read in pages."""
        after = -1
        while after < self.last.size:
            page = self._files.checkpoints(after, PAGE_ROWS)
            for row in page:
                if row[0] <= self.last.size:
                    yield SignedCheckpoint(*row)
            after = page[-1][0]

    def rows(self) -> Iterator[EventColumns]:
        """Every event up to the last checkpoint, in order; read in pages."""
        after = 0
        while after < self.last.size:
            page = self._files.rows(after, self.last.size, PAGE_ROWS)
            if not page:
                raise Corrupt(f"the events beyond position {after:,} are missing")
            yield from page
            after = page[-1][0]

    def data_keys(self) -> Iterator[tuple[bytes, bytes]]:
        """Every contact's data key, decrypted, by contact.

        Raises:
            Corrupt: one is damaged, or of another master key.
        """
        # In pages: one long read would keep what a server erases meanwhile in the write-ahead log.
        after = b""
        while True:
            page = self._files.data_keys(after, PAGE_ROWS)
            for contact, wrapped in page:
                try:
                    yield contact, self._master.unwrap(wrapped, contact)
                except InvalidTag:
                    raise Corrupt(
                        f"the data key of contact {UUID(bytes=contact)} is damaged"
                    ) from None
            if len(page) < PAGE_ROWS:
                return
            after = page[-1][0]

    def erased_since(self) -> list[UUID]:
        """Who was erased after the last checkpoint: of these ``data_keys`` may have had no key.

        The event is recorded before its key is destroyed, so it names every contact left out there.
        """
        found = self._files.streams_with(PersonalDataErased.TYPE, self.last.size)
        return [UUID(bytes=stream) for stream in found]

    def signing_keys(self) -> list[tuple[str, bytes]]:
        """The private keys of the log, each with its verifier key."""
        return [
            (self._verifier(key.public), key.private.private_bytes_raw())
            for key in self._listed_keys()
        ]

    def _listed_keys(self) -> list[SigningKey]:
        """The private keys that the log lists, the oldest first."""
        listed = {public for public, _, _ in self._known}
        kept = self._files.signing_keys(self._master.unwrap).keys_of(self.identity.origin)
        return [key for key in kept if key.public in listed]
