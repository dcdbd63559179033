"""A database that lacks what was signed for: it does not open, and continues under a new origin."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from domain.errors import Corrupt
from ledger.folder import DataFolder
from ledger.forking import fork
from ledger.stores.postgresql.kept_checkpoint import FILE
from ledger.stores.postgresql.store import PostgresqlStore
from ledger.stores.sqlite.store import SqliteStore
from tests.cli.running import rapport
from tests.fixtures.clock import Clock
from tests.fixtures.postgresql import end_sessions
from tests.postgresql.test_ledger import register

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def opened(path: Path, url: str) -> Iterator[DataFolder]:
    """The folder with its ledgers in that database, signing by itself."""

    def store_of(folder: Path) -> PostgresqlStore:
        return PostgresqlStore(url, folder, SqliteStore)

    with closing(DataFolder.open(path, store_of, clock=Clock(), signing=True)) as folder:
        yield folder


def record(path: Path, url: str, number: int) -> None:
    """One contact more, under a checkpoint once the folder is closed."""
    with opened(path, url) as folder:
        register(folder.ledger("main"), UUID(int=number))


@contextmanager
def as_it_was(url: str) -> Iterator[str]:
    """The URL of a copy of the database as it is now."""
    end_sessions(url)
    settings = conninfo_to_dict(url)
    name = f"{settings['dbname']}_earlier"
    admin = make_conninfo(url, dbname="postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {settings['dbname']}".encode())
    try:
        yield "postgresql:///?" + "&".join(
            f"{key}={value}" for key, value in {**settings, "dbname": name}.items()
        )
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_a_database_behind_what_was_signed_opens_only_as_a_fork(
    tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data"
    record(path, url, 1)
    with as_it_was(url) as earlier:
        record(path, earlier, 2)  # the same past, which the folder knows and the first lacks
        with opened(path, url) as folder, pytest.raises(Corrupt, match="restore --fork"):
            folder.ledger("main")
        with opened(path, earlier) as folder:  # the newer one opens as ever
            before = folder.ledger("main").transparency.origin
            assert folder.ledger("main").head() == 3

        monkeypatch.setenv("RAPPORT_DATABASE_URL", url)
        arguments = ("restore", "--fork", "--ledger", "main", "--data", path, "--json")
        assert rapport(*arguments, "--dry-run").json()["before"] == before
        made = rapport(*arguments).json()
        assert (made["before"], made["position"]) == (before, 2)
        assert made["origin"] != before

        record(path, url, 3)
        with opened(path, url) as folder:
            ledger = folder.ledger("main")
            assert ledger.transparency.origin == made["origin"]
            assert ledger.transparency.sign_head().size == ledger.head() == 3
            assert len(list(ledger.transparency.checkpoints())) >= 2
        trail = rapport("trail", "--ledger", "main", "--data", path, "--json").json()
        assert ("ledger-forked", "done") in {(one["act"], one.get("outcome")) for one in trail}

        with opened(path, earlier) as folder, pytest.raises(Corrupt, match="other events"):
            folder.ledger("main")


def test_a_fork_that_was_cut_off_is_done_again(tmp_path: Path, url: str) -> None:
    path = tmp_path / "data"
    record(path, url, 1)
    with opened(path, url) as folder:
        store = folder.store.ledger("main")
        kept = next(path.glob(f"ledgers/*/{FILE}"))
        note = kept.read_bytes()
        store.forget_log()
        kept.write_bytes(note)  # killed before it was set aside
        with pytest.raises(Corrupt):
            folder.ledger("main")
        assert fork(folder, "main").position == 2
        assert [one.name for one in kept.parent.glob("forked-*")] == ["forked-at-2.checkpoint"]
    with opened(path, url) as folder:
        assert folder.ledger("main").transparency.state == "sealing"
