"""A PostgreSQL for rows of the table: its own, with commits that are flushed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from benchmarks.measure import NotMeasured, agree
from tests.fixtures.postgresql import NoServer, binaries
from tests.soak.cluster import cluster, new_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def databases() -> Iterator[Callable[[], str]]:
    """Answers the URL of a new database whenever it is called, until the end.

    Raises:
        NotMeasured: there is no PostgreSQL on this machine.
    """
    try:
        binaries()
    except NoServer as missing:
        raise NotMeasured(str(missing)) from None
    with cluster() as server:
        count = 0

        def take() -> str:
            nonlocal count
            count += 1
            return new_database(server, f"benchmark_{count}")

        yield take


def database_head(url: str) -> int:
    """The newest position of the ledger in a database, which holds as many events.

    Raises:
        Disagreement: it does not.
    """
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT max(position), count(*) FROM rapport_main.events"
        ).fetchone()
    assert row is not None, "an aggregate has one row"
    agree("events without gaps", row[1], row[0])
    return int(row[0])
