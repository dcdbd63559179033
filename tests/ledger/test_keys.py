from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from domain.errors import Corrupt
from ledger.stores.sqlite.data_keys import KeyStore
from tests.ledger.given import MASTER_KEY
from tests.ledger.inside import wrapped_keys

if TYPE_CHECKING:
    from pathlib import Path

NONCE = bytes(12)


def test_a_saved_key_opens_what_it_sealed_after_a_restart(tmp_path: Path) -> None:
    contact_id = uuid4()
    keys = KeyStore(tmp_path / "keys.sqlite", MASTER_KEY)
    sealed = keys.encryption_key(contact_id).encrypt(NONCE, b"Ann", None)
    keys.save()
    keys.close()
    keys = KeyStore(tmp_path / "keys.sqlite", MASTER_KEY)
    key = keys.key(contact_id)
    assert key is not None
    assert key.decrypt(NONCE, sealed, None) == b"Ann"
    assert keys.key(uuid4()) is None
    keys.close()


def test_every_contact_has_a_key_of_its_own_which_stays_the_same(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path / "keys.sqlite", MASTER_KEY, most_kept=lambda: 1)
    first, second = uuid4(), uuid4()
    sealed = {c: keys.encryption_key(c).encrypt(NONCE, b"Ann", None) for c in (first, second)}
    assert sealed[first] != sealed[second]
    # Only one is kept in memory, and none is saved yet: the first must not be made anew.
    assert keys.encryption_key(first).encrypt(NONCE, b"Ann", None) == sealed[first]
    keys.save()
    assert keys.encryption_key(second).encrypt(NONCE, b"Ann", None) == sealed[second]
    keys.close()


def test_whoever_is_thought_to_have_no_key_keeps_the_one_that_was_saved(tmp_path: Path) -> None:
    """A key is durable before its contact's first event, which may never have become so."""
    ann, bob, cat = uuid4(), uuid4(), uuid4()
    keys = KeyStore(tmp_path / "keys.sqlite", MASTER_KEY)
    sealed = keys.encryption_key(ann).encrypt(NONCE, b"Ann", None)
    keys.save()
    keys.close()
    keys = KeyStore(tmp_path / "keys.sqlite", MASTER_KEY, most_kept=lambda: 1)
    keys.expect([ann, bob, cat])
    sealed_new = {c: keys.encryption_key(c).encrypt(NONCE, b"new", None) for c in (bob, cat)}
    assert keys.encryption_key(ann).decrypt(NONCE, sealed, None) == b"Ann"
    keys.save()
    for contact, text in sealed_new.items():
        assert keys.encryption_key(contact).decrypt(NONCE, text, None) == b"new"
    keys.close()


def test_another_master_key_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    KeyStore(tmp_path / "keys.sqlite", MASTER_KEY).close()
    with pytest.raises(Corrupt, match="another master key"):
        KeyStore(tmp_path / "keys.sqlite", bytes(32))


def test_a_wrapped_key_of_another_contact_does_not_open(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path / "keys.sqlite", MASTER_KEY)
    ann, bob = uuid4(), uuid4()
    keys.encryption_key(ann)
    keys.save()
    keys.close()
    file = sqlite3.connect(tmp_path / "keys.sqlite")
    file.execute("UPDATE data_keys SET contact = ?", (bob.bytes,))
    file.commit()
    file.close()
    keys = KeyStore(tmp_path / "keys.sqlite", MASTER_KEY)
    with pytest.raises(Corrupt, match="damaged"):
        keys.key(bob)
    keys.close()


def test_a_key_that_is_deleted_leaves_no_trace_in_the_file(tmp_path: Path) -> None:
    """Else what an erasure forgets could be read from the free pages of the file."""
    contact_id = uuid4()
    keys = KeyStore(tmp_path / "keys.sqlite", MASTER_KEY)
    keys.encryption_key(contact_id)
    keys.save()
    wrapped = wrapped_keys(tmp_path)[contact_id]
    keys.destroy([contact_id], 0)
    keys.close()
    assert wrapped not in (tmp_path / "keys.sqlite").read_bytes()
