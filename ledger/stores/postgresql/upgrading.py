"""Bringing the schemas of a database to the newest layout, and saying which they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.errors import Corrupt
from ledger.stores.postgresql.connections import Connection, connect
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.postgresql.schemas import (
    LEDGER,
    LEDGER_SCHEMA,
    SERVER,
    SERVER_SCHEMA,
    layout_of,
    migrate,
    migrations,
)
from ledger.stores.upgrading import PartLayout, refuse_newer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def layouts(url: str, ledgers: Sequence[str]) -> list[PartLayout]:
    """Which layout the schema of the server and of each of these ledgers has, whatever that is.

    Raises:
        Corrupt: one is another program's.
        Unavailable: the database cannot be read now.
    """
    with ledger_errors("the database"), connect(url) as connection:
        return [layout for _, _, layout in _schemas(connection, ledgers)]


def upgrade(url: str, ledgers: Sequence[str]) -> None:
    """Bring each of these schemas to the newest layout, in a transaction and under a lock.

    Each is there as it was, or whole in the newest layout. Killed on the way, it is done again.

    Raises:
        Corrupt: one is another program's, or a newer Rapport's: then none is changed.
        Unavailable: one could not be changed.
    """
    with ledger_errors("the database"), connect(url) as connection:
        found = list(_schemas(connection, ledgers))
        refuse_newer(layout for _, _, layout in found)
        for schema, kind, layout in found:
            if layout.found < layout.wanted:
                migrate(connection, schema, kind)


def _schemas(
    connection: Connection, ledgers: Sequence[str]
) -> Iterator[tuple[str, str, PartLayout]]:
    named = [(f"{LEDGER_SCHEMA}{name}", LEDGER) for name in ledgers]
    for schema, kind in [(SERVER_SCHEMA, SERVER), *named]:
        found = layout_of(connection, schema)
        if found is None:
            continue
        if found[0] != kind:
            raise Corrupt(f"the schema {schema} is not of a {kind}")
        yield schema, kind, PartLayout(f"the schema {schema}", found[1], len(migrations(kind)))
