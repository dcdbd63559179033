"""What workers on other machines are given to read a ledger in a database."""

from __future__ import annotations

import pickle
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from psycopg.conninfo import conninfo_to_dict

from domain.errors import Unavailable
from ledger.folder import DataFolder
from ledger.stores.postgresql import replicas
from ledger.stores.postgresql.replicas import replica_events
from ledger.stores.postgresql.store import PostgresqlStore
from ledger.stores.sqlite.store import SqliteStore
from tests.fixtures.clock import Clock
from tests.postgresql.test_ledger import register

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_worker_reads_the_database_or_a_replica_that_is_not_behind(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way to read is sent to it; the folder with the keys is not needed."""

    def store_of(folder: Path) -> PostgresqlStore:
        return PostgresqlStore(url, folder, SqliteStore)

    with closing(DataFolder.open(tmp_path / "data", store_of, clock=Clock())) as folder:
        ledger = folder.ledger("main")
        register(ledger, UUID(int=1))
        head, expected = ledger.head(), [one.id for one in ledger.log()]
        elsewhere = PostgresqlStore(url, tmp_path / "nowhere", SqliteStore).ledger("main")
        ways: list[Callable[..., object]] = [
            partial(elsewhere.read_events, None),
            partial(replica_events, url, "main", None),
        ]
        for way in ways:
            sent = pickle.loads(pickle.dumps(way))
            with sent(head) as events:
                assert [one.id for one in events.log()] == expected
                assert [contact for contact, _ in events.streams(upto=head)] == [UUID(int=1)]
        monkeypatch.setattr(replicas, "_BEHIND_SECONDS", 0)
        behind = replica_events(url, "main", None, head + 1)
        with (
            pytest.raises(Unavailable, match=f"stands at {head}, and {head + 1} is wanted"),
            behind,
        ):
            pass


def test_a_replica_need_not_take_writes() -> None:
    for url, wanted in (
        ("postgresql://db/x", "any"),
        ("postgresql://db/x?target_session_attrs=read-only", "read-only"),
    ):
        given = conninfo_to_dict(replicas.readable(url))
        assert given["target_session_attrs"] == wanted
