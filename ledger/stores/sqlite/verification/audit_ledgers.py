"""A ledger that was imported without its keys: what it must have, and what it must not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Corrupt, Unproven
from ledger.archive.layout import NAMESPACE_NOTE, SETTINGS, Identity
from ledger.stores.sqlite.file_names import KEYS_FILE
from ledger.transparency.notes import verify

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ledger.settings import LedgerSettings
    from ledger.transparency.notes import Verifier


def audit_faults(
    folder: Path,
    keys: sqlite3.Connection,
    settings: LedgerSettings,
    verifiers: Sequence[Verifier],
) -> Iterator[tuple[str, str]]:
    """What is wrong with such a ledger, by file: it holds no key, and its settings are signed.

    The note with which it came was signed by a key of its log, and says what no leaf holds.
    """
    for table in ("data_keys", "signing_keys"):
        (count,) = keys.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  # our own
        if count:
            yield KEYS_FILE, f"the ledger is for audit, and {table} holds {count} keys"
    files, expected = [SETTINGS], Identity.of(settings)
    for file in files:
        try:
            said = Identity.read(verify((folder / file).read_bytes(), verifiers).text)
        except FileNotFoundError:
            yield file, "it is missing, and the ledger came with one"
            return
        except (Unproven, Corrupt) as error:
            yield file, str(error)
            return
        if said.namespace is None and file == SETTINGS and expected.namespace is not None:
            files.append(NAMESPACE_NOTE)  # which rapport import --keys brought
            said = said if said != expected.public() else expected
        if said != expected:
            yield file, "the ledger is of another origin, namespace, time zone or date than signed"
