"""The parts of an open ledger that only tests reach for, each in one place and with its reason.

Nothing but the ledger may have them: they write past its committer, give out its keys, or stop it.
"""

from __future__ import annotations

import gc
import sqlite3
from contextlib import closing
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.stores.sqlite.data_keys import KeyStore
from ledger.stores.sqlite.events import LedgerApplicationRecorder
from ledger.stores.sqlite.file_names import EVENTS_FILE, KEYS_FILE

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.application import LedgerApplication
    from ledger.committer import Committer
    from ledger.ledger import Ledger
    from ledger.transparency.checkpoint_signer import CheckpointSigner


def application_of(ledger: Ledger) -> LedgerApplication:
    """What it stores events through, so that a test stores one that nobody decided."""
    return ledger._application


def recorder_of(ledger: Ledger) -> LedgerApplicationRecorder:
    """The store of its events, so that a test speaks to the database through its connections."""
    recorder = application_of(ledger).recorder
    assert isinstance(recorder, LedgerApplicationRecorder)
    return recorder


def keys_of(ledger: Ledger) -> KeyStore:
    """Its keys, so that a test destroys one without an erasure."""
    keys = ledger._keys
    assert isinstance(keys, KeyStore)
    return keys


def committer_of(ledger: Ledger) -> Committer:
    """What records, so that a test tells it of damage that no file has."""
    return ledger._committer


def signer_of(ledger: Ledger) -> CheckpointSigner:
    """What signs, so that a test takes one of its steps, or stops it, by hand."""
    return ledger.transparency._signer


def stored_rows(folder: Path) -> list[tuple[object, ...]]:
    """Every column of every event that is stored in a ledger's folder, by position."""
    with closing(sqlite3.connect(folder / EVENTS_FILE)) as connection:
        return connection.execute("SELECT * FROM stored_events ORDER BY position").fetchall()


def wrapped_keys(folder: Path) -> dict[UUID, bytes]:
    """The data keys that are stored in a ledger's folder, encrypted, by contact."""
    with closing(sqlite3.connect(folder / KEYS_FILE)) as connection:
        rows = connection.execute("SELECT contact, wrapped FROM data_keys").fetchall()
    return {UUID(bytes=contact): wrapped for contact, wrapped in rows}


def reachable(root: object) -> list[object]:
    """Every object that something keeps in memory, through any number of others."""
    seen: dict[int, object] = {}
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, ModuleType | type | CodeType | FrameType):
            continue
        seen[id(one)] = one
        if isinstance(one, FunctionType):  # not its module, which holds everything else
            waiting += [one.__closure__, one.__defaults__, one.__kwdefaults__]
        else:
            waiting += gc.get_referents(one)
    return list(seen.values())
