"""Whether two connections lead to one cluster, which one base backup would copy as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from ledger.stores.postgresql.connections import run

if TYPE_CHECKING:
    from ledger.stores.postgresql.connections import Connection

_IDENTIFIER = "SELECT system_identifier FROM pg_catalog.pg_control_system()"
_DIRECTORY = "SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory'"


def is_same_cluster(one: Connection, other: Connection) -> bool:
    """Whether both have the same identifier, which a standby shares with its primary.

    Where that may not be read, the host, the port and, if it is shown, the data directory decide.
    """
    first, second = _identifier(one), _identifier(other)
    if first is not None and second is not None:
        return first == second
    return _address(one) == _address(other)


def _identifier(connection: Connection) -> int | None:
    try:
        row = run(connection, _IDENTIFIER).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return None
    return None if row is None else int(row[0])


def _address(connection: Connection) -> tuple[object, ...]:
    row = run(connection, _DIRECTORY).fetchone()
    info = connection.info
    return (info.hostaddr or info.host, info.port, row and row[0])
