from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from eventsourcing.persistence import OperationalError

from ledger.stores.sqlite.connections import LedgerDatastore
from tests.fixtures.faults import failing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def datastore(tmp_path: Path) -> Iterator[LedgerDatastore]:
    opened = LedgerDatastore(str(tmp_path / "events.sqlite"))
    with opened.transaction(commit=True) as cursor:
        cursor.execute("CREATE TABLE facts (fact TEXT)")
    yield opened
    opened.close()


def test_a_writer_has_the_write_lock_before_it_reads(
    datastore: LedgerDatastore, tmp_path: Path
) -> None:
    """Else what it reads, such as the last position, may be outdated when it writes."""
    other = sqlite3.connect(tmp_path / "events.sqlite", isolation_level=None, timeout=0)
    with datastore.transaction(commit=True), pytest.raises(sqlite3.OperationalError, match="lock"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_a_commit_that_fails_leaves_the_connection_usable(datastore: LedgerDatastore) -> None:
    with datastore.get_connection(commit=True) as connection:

        def state(fact: str) -> None:
            with connection.transaction(commit=True) as cursor:
                cursor.execute("INSERT INTO facts VALUES (?)", (fact,))

        with (
            failing(connection, "commit", sqlite3.OperationalError("disk I/O error")),
            pytest.raises(OperationalError),
        ):
            state("lost")
        state("kept")
        with connection.transaction(commit=False) as cursor:
            cursor.execute("SELECT fact FROM facts")
            assert [row["fact"] for row in cursor.fetchall()] == ["kept"]


def test_every_connection_flushes_what_it_commits(datastore: LedgerDatastore) -> None:
    with datastore.transaction(commit=False) as cursor:
        for pragma, expected in [("journal_mode", "wal"), ("synchronous", 2)]:
            cursor.execute(f"PRAGMA {pragma}")
            assert cursor.fetchone()[0] == expected
