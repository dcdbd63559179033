from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.errors import Corrupt
from ledger.stores.sqlite.data_keys import KeyStore
from tests.ledger.given import MASTER_KEY, NOON

if TYPE_CHECKING:
    from pathlib import Path

NAME = "rapport.invalid/main-00c0ffee"


def test_a_key_signs_the_same_after_a_restart(tmp_path: Path) -> None:
    with closing(KeyStore(tmp_path / "keys.sqlite", MASTER_KEY)) as keys:
        made = keys.signing.make(NAME, NOON)
        signature = made.private.sign(b"tree")
    with closing(KeyStore(tmp_path / "keys.sqlite", MASTER_KEY)) as keys:
        (found,) = keys.signing.keys_of(NAME)
        assert (found.public, found.made_at) == (made.public, NOON)
        assert found.private.sign(b"tree") == signature
        assert keys.signing.keys_of("rapport.invalid/other-00c0ffee") == []
        keys.signing.make(NAME, NOON + 1)
        assert [key.made_at for key in keys.signing.keys_of(NAME)] == [NOON, NOON + 1]


def test_no_private_key_stands_in_clear_on_disk(tmp_path: Path) -> None:
    with closing(KeyStore(tmp_path / "keys.sqlite", MASTER_KEY)) as keys:
        seed = keys.signing.make(NAME, NOON).private.private_bytes_raw()
        files = [file.read_bytes() for file in tmp_path.iterdir()]
    files.append((tmp_path / "keys.sqlite").read_bytes())
    assert any(NAME.encode() in content for content in files)
    assert not any(seed in content for content in files)


def test_a_key_put_in_the_place_of_another_is_refused(tmp_path: Path) -> None:
    with closing(KeyStore(tmp_path / "keys.sqlite", MASTER_KEY)) as keys:
        keys.signing.make(NAME, NOON)
        keys.signing.make(NAME, NOON + 1)
    with closing(sqlite3.connect(tmp_path / "keys.sqlite")) as file:
        file.execute(
            "UPDATE signing_keys SET wrapped ="
            " (SELECT wrapped FROM signing_keys ORDER BY made_at LIMIT 1)"
        )
        file.commit()
    with (
        closing(KeyStore(tmp_path / "keys.sqlite", MASTER_KEY)) as keys,
        pytest.raises(Corrupt, match="signing key is damaged"),
    ):
        keys.signing.keys_of(NAME)


def test_a_store_from_before_there_were_logs_takes_signing_keys(tmp_path: Path) -> None:
    KeyStore(tmp_path / "keys.sqlite", MASTER_KEY).close()
    with closing(sqlite3.connect(tmp_path / "keys.sqlite")) as file:
        file.execute("DROP TABLE signing_keys")
        file.commit()
    with closing(KeyStore(tmp_path / "keys.sqlite", MASTER_KEY, make=False)) as keys:
        made = keys.signing.make(NAME, NOON)
        assert keys.signing.keys_of(NAME)[0].public == made.public
