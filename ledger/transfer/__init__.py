"""Whole ledgers in one file: written, checked by itself, and made a ledger again, exactly."""

from ledger.transfer.checking import VerifiedArchive, is_archive, read_head, verify_archive
from ledger.transfer.namespace import bring_namespace
from ledger.transfer.placing import LogForks, place
from ledger.transfer.refusals import ArchiveRefused, PassphraseRefused
from ledger.transfer.source import ledger_source
from ledger.transfer.writing import Exported, export

__all__ = [
    "ArchiveRefused",
    "Exported",
    "LogForks",
    "PassphraseRefused",
    "VerifiedArchive",
    "bring_namespace",
    "export",
    "is_archive",
    "ledger_source",
    "place",
    "read_head",
    "verify_archive",
]
