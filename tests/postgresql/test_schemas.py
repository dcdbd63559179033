"""Layouts are numbered, and one that is not this program's is left alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from domain.errors import Corrupt
from ledger.stores.postgresql.connections import connect, run
from ledger.stores.postgresql.schemas import (
    LEDGER,
    SERVER,
    layout_of,
    migrate,
    migrations,
    require_layout,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.stores.postgresql.connections import Connection

SCHEMA = "rapport_main"
FIRST = "CREATE TABLE {schema}.visits (who text); INSERT INTO {schema}.visits VALUES ('Ann')"
SECOND = "ALTER TABLE {schema}.visits ADD COLUMN nights bigint NOT NULL DEFAULT 1"


@pytest.fixture
def connection(url: str) -> Iterator[Connection]:
    with connect(url) as made:
        yield made


@pytest.mark.parametrize("kind", [LEDGER, SERVER])
def test_what_is_made_has_the_newest_layout(connection: Connection, kind: str) -> None:
    assert not require_layout(connection, SCHEMA, kind)
    migrate(connection, SCHEMA, kind)
    assert require_layout(connection, SCHEMA, kind)
    assert layout_of(connection, SCHEMA) == (kind, len(migrations(kind)))


def test_what_is_there_is_kept_by_the_step_after_it(connection: Connection) -> None:
    migrate(connection, SCHEMA, LEDGER, [FIRST])
    migrate(connection, SCHEMA, LEDGER, [FIRST, SECOND])
    assert run(connection, f'SELECT * FROM "{SCHEMA}".visits').fetchall() == [("Ann", 1)]
    migrate(connection, SCHEMA, LEDGER, [FIRST, SECOND])
    assert layout_of(connection, SCHEMA) == (LEDGER, 2)


def test_a_step_that_fails_leaves_the_layout_before_it(connection: Connection) -> None:
    migrate(connection, SCHEMA, LEDGER, [FIRST])
    with pytest.raises(Exception, match="nowhere"):
        migrate(connection, SCHEMA, LEDGER, [FIRST, SECOND, "SELECT nowhere"])
    assert layout_of(connection, SCHEMA) == (LEDGER, 1)


def test_another_layout_is_refused_in_both_directions(connection: Connection) -> None:
    migrate(connection, SCHEMA, LEDGER, [FIRST, SECOND])
    with pytest.raises(Corrupt, match="newer Rapport"):
        require_layout(connection, SCHEMA, LEDGER, [FIRST])
    with pytest.raises(Corrupt, match="newer Rapport"):
        migrate(connection, SCHEMA, LEDGER, [FIRST])
    with pytest.raises(Corrupt, match="an older one"):
        require_layout(connection, SCHEMA, LEDGER, [FIRST, SECOND, FIRST])
    with pytest.raises(Corrupt, match="not of a server"):
        require_layout(connection, SCHEMA, SERVER, [FIRST, SECOND])


def test_another_programs_schema_is_left_alone(connection: Connection) -> None:
    run(connection, f'CREATE SCHEMA "{SCHEMA}"')
    for refused in (require_layout, migrate):
        with pytest.raises(Corrupt, match="another program"):
            refused(connection, SCHEMA, LEDGER)


def test_of_many_that_make_a_schema_at_once_one_does(url: str) -> None:
    def make(_: int) -> None:
        with connect(url) as connection:
            migrate(connection, SCHEMA, LEDGER)

    with ThreadPoolExecutor(4) as makers:
        list(makers.map(make, range(4)))
    with connect(url) as connection:
        assert require_layout(connection, SCHEMA, LEDGER)


def test_a_session_has_an_empty_search_path(connection: Connection) -> None:
    assert run(connection, "SHOW search_path").fetchall() == [("",)]


def test_others_may_not_create_in_a_schema(connection: Connection) -> None:
    migrate(connection, SCHEMA, LEDGER)
    asked = "SELECT has_schema_privilege('public', %s, 'CREATE, USAGE')"
    run(connection, "CREATE ROLE rapport_stranger")
    try:
        asked = "SELECT has_schema_privilege('rapport_stranger', %s, 'CREATE, USAGE')"
        assert run(connection, asked, (SCHEMA,)).fetchall() == [(False,)]
    finally:
        run(connection, "DROP ROLE rapport_stranger")
