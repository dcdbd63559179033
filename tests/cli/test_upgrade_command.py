"""``rapport upgrade``: from the layout before, with data in it, on both stores."""

from __future__ import annotations

from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from domain.errors import Corrupt
from ledger.data_layout import LOCK_FILE
from ledger.files import FolderLock
from ledger.folder import DataFolder
from ledger.stores.postgresql import schemas
from ledger.stores.postgresql import upgrading as postgresql_upgrading
from ledger.stores.postgresql.store import PostgresqlStore
from ledger.stores.sqlite import connections
from ledger.stores.sqlite import upgrading as sqlite_upgrading
from ledger.stores.sqlite.store import SqliteStore
from tests.cli.running import rapport
from tests.fixtures.clock import Clock
from tests.postgresql.test_ledger import register

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ledger.stores.store import Store
    from tests.fixtures.postgresql import Databases

TABLE = """
CREATE TABLE {schema}notes (about TEXT, said TEXT);
INSERT INTO {schema}notes VALUES ('events; and more', 'kept');
"""
TRIGGER = """
CREATE TRIGGER notes_stay BEFORE DELETE ON notes BEGIN
    SELECT RAISE(ABORT, 'notes stay');
END;
"""
BROKEN = "SELECT nowhere;"
LAYOUT = connections.LAYOUT
"""The newest one of SQLite's files, before there is a later one."""


@pytest.fixture(params=[False, True], ids=["sqlite", "postgres"])
def database(
    request: pytest.FixtureRequest, postgresql: Databases, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str | None]:
    if not request.param:
        yield None
        return
    with postgresql.lent() as take:
        url = take()
        monkeypatch.setenv("RAPPORT_DATABASE_URL", url)
        yield url


@pytest.fixture
def later(database: str | None, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has this program be one with a layout more, which this statement makes of the one before."""

    before = {kind: schemas.migrations(kind) for kind in (schemas.LEDGER, schemas.SERVER)}

    def patch(step: str) -> None:
        if database is None:
            monkeypatch.setattr(connections, "LAYOUT", LAYOUT + 1)
            steps = {"events": {LAYOUT + 1: step.replace("{schema}", "")}}
            monkeypatch.setattr(sqlite_upgrading, "steps_of", lambda kind: steps.get(kind, {}))
            return
        after = {**before, schemas.LEDGER: (*before[schemas.LEDGER], step)}
        for module in (schemas, postgresql_upgrading):
            monkeypatch.setattr(module, "migrations", after.__getitem__)

    return patch


@contextmanager
def opened_lock(path: Path) -> Iterator[None]:
    """As long as a server has the folder."""
    lock = FolderLock(path / LOCK_FILE)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def opened(path: Path, url: str | None) -> Iterator[DataFolder]:
    def store_of(folder: Path) -> Store:
        return SqliteStore(folder) if url is None else PostgresqlStore(url, folder, SqliteStore)

    with closing(DataFolder.open(path, store_of, clock=Clock())) as folder:
        yield folder


def events(path: Path, url: str | None) -> list[UUID]:
    with opened(path, url) as folder:
        return [one.id for one in folder.ledger("main").log()]


def test_a_layout_is_refused_by_programs_of_another_one_until_upgraded(
    tmp_path: Path,
    database: str | None,
    later: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "data"
    with opened(path, database) as folder:
        register(folder.ledger("main"), UUID(int=1))
    before = events(path, database)
    newest = len(schemas.migrations(schemas.LEDGER)) if database else LAYOUT
    upgrade = partial(rapport, "upgrade", "--data", path)
    assert "nothing to change" in upgrade().out

    later(BROKEN)
    assert upgrade().code != 0  # and nothing is changed
    later(TABLE.replace("{schema}", "{schema}.") if database else TABLE + TRIGGER)
    with pytest.raises(Corrupt, match="rapport upgrade"):
        events(path, database)
    for _ in range(2):  # the first one has changed nothing
        shown = upgrade("--dry-run")
        assert (shown.code, f"becomes {newest + 1}" in shown.out) == (0, True), shown.err

    with opened_lock(path):
        assert "stop that one first" in upgrade().err
    done = upgrade("--json").json()
    assert any(one["changes"] for one in done["layouts"])
    assert not any(one["changes"] for one in upgrade("--json").json()["layouts"])
    assert events(path, database) == before
    trail = rapport("trail", "--data", path, "--json").json()
    assert ("layouts-upgraded", "done") in {(one["act"], one.get("outcome")) for one in trail}

    monkeypatch.undo()
    if database is not None:
        monkeypatch.setenv("RAPPORT_DATABASE_URL", database)
    with pytest.raises(Corrupt, match="newer Rapport"):
        events(path, database)
    refused = upgrade()
    assert (refused.code, "install that version" in refused.err) == (3, True)
