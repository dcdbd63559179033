"""Bringing a ledger that was imported without its namespace what it lacks, from its keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from domain.errors import Conflict, Unproven
from ledger.archive import layout
from ledger.archive.checking import SummedReader
from ledger.archive.key_encryption import Lock
from ledger.archive.layout import Head, Identity
from ledger.archive.refusals import ArchiveRefused
from ledger.data_layout import write_settings
from ledger.transparency.notes import verify

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.folder import DataFolder


class AnotherLedger(Conflict):
    """The keys are not those of this ledger."""


class NamespaceKnown(Conflict):
    """The ledger has its namespace."""


def bring_namespace(folder: DataFolder, name: str, archive: Path, passphrase: str | None) -> None:
    """Give a ledger for audit its namespace, which a key of its own log must have signed.

    Nothing else is taken from the archive: no key of a contact, so that nobody who was erased can
    be read again, and no key of the log, so that it cannot fork. The note is written before the
    settings: killed in between, the ledger is as it was, and this can be done again.

    Raises:
        LedgerNotFound: there is no such ledger.
        NamespaceKnown: it has its namespace.
        AnotherLedger: the archive holds no keys, or is of another ledger.
        ArchiveRefused: the archive is damaged.
        PassphraseRefused: the passphrase does not open its keys.
        Unavailable: the ledger cannot be written.
        OSError: the archive cannot be read.
    """
    settings = folder.settings(name)
    if settings.namespace is not None:
        raise NamespaceKnown(f"the ledger {name} has its namespace already")
    verifiers = folder.ledger(name).transparency.verifiers()
    content, member = _note(archive, passphrase)
    try:
        identity = Identity.read(verify(content, verifiers).text)
    except Unproven as error:
        raise AnotherLedger(
            f"{archive} is not of the ledger {name}, or was forged: {error}"
        ) from None
    if identity.namespace is None:
        raise ArchiveRefused("holds no namespace", member)
    if identity.public() != Identity.of(settings):
        raise AnotherLedger(f"{archive} is of another ledger than {name}")
    store = folder.store.ledger(name)
    store.write_document(layout.NAMESPACE_NOTE, content)
    write_settings(store, replace(settings, namespace=identity.namespace))


def _note(archive: Path, passphrase: str | None) -> tuple[bytes, str]:
    """The signed settings with the namespace, and the member that holds them."""
    with archive.open("rb") as file:
        reader = SummedReader(file)
        head = Head.read(reader.read(layout.HEAD))
        settings = reader.read(layout.SETTINGS)
        if head.version == 1:
            return settings, layout.SETTINGS
        if not head.keys or passphrase is None:
            raise AnotherLedger(
                f"{archive} was exported without keys, and the namespace travels only with them"
            )
        for member in (layout.VERIFIERS, layout.KEY):
            reader.read(member)
        lock = Lock.read(reader.read(layout.LOCK), head, passphrase)
        return lock.decrypt(layout.NAMESPACE, reader.read(layout.NAMESPACE)), layout.NAMESPACE
