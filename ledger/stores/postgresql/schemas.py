"""Schemas and their layouts: numbered SQL files, applied one after the other under a lock.

A ledger has the schema ``rapport_<ledger>``, and what a server keeps besides has ``rapport``. A
comment on each schema names its layout, in the transaction that made it so. A layout that is not
this program's is never read or written.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from domain.errors import Corrupt
from ledger.stores.postgresql.connections import Connection, connect, run
from ledger.stores.upgrading import newer, older

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVER, LEDGER, KEYS = "server", "ledger", "keys"
"""What has layouts of its own, by the folder of its migrations."""

SERVER_SCHEMA = "rapport"
LEDGER_SCHEMA = "rapport_"
"""Begins the name of a ledger's schema; no name of a ledger holds an underscore."""

KEYS_SCHEMA = f"{LEDGER_SCHEMA}.keys"
"""The schema in a database of keys."""

APART = f"{LEDGER_SCHEMA}.apart-"
UNFINISHED = f"{LEDGER_SCHEMA}.new-"
"""Begin the names of what is made and not finished, or is gone soon: no ledger has such a name."""

_COMMENT = re.compile(r"rapport (server|ledger|keys) layout ([0-9]{1,6})")
_COMMENT_OF = (
    "SELECT obj_description(oid, 'pg_namespace') FROM pg_catalog.pg_namespace WHERE nspname = %s"
)
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
"""A program that makes or changes a schema waits here for another one that does."""


@cache
def migrations(kind: str) -> tuple[str, ...]:
    """The statements of each layout, the first one first."""
    folder = files("ledger.stores.postgresql").joinpath("migrations", kind)
    named = sorted((one for one in folder.iterdir() if one.name.endswith(".sql")), key=_name)
    return tuple(one.read_bytes().decode() for one in named)


def identifier(name: str) -> str:
    """The name as an identifier in SQL.

    >>> identifier('rapport_butcher')
    '"rapport_butcher"'
    """
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def layout_of(connection: Connection, schema: str) -> tuple[str, int] | None:
    """What the schema is of, and its layout; None where there is no such schema.

    Raises:
        Corrupt: it is another program's.
    """
    row = run(connection, _COMMENT_OF, (schema,)).fetchone()
    if row is None:
        return None
    found = _COMMENT.fullmatch(row[0] or "")
    if found is None:
        raise Corrupt(
            f"the schema {schema} is another program's: rename it, or use another database"
        )
    return found[1], int(found[2])


def require_layout(
    connection: Connection, schema: str, kind: str, known: Sequence[str] | None = None
) -> bool:
    """Let pass a schema of this program's layout; False where there is no such schema.

    Raises:
        Corrupt: it is another program's, a newer Rapport's or an older one's.
    """
    wanted = len(migrations(kind) if known is None else known)
    found = layout_of(connection, schema)
    if found is None:
        return False
    if found[0] != kind:
        raise Corrupt(f"the schema {schema} is not of a {kind}")
    if found[1] > wanted:
        raise newer(f"the schema {schema}", found[1], wanted)
    if found[1] < wanted:
        raise older(f"the schema {schema}", found[1], wanted)
    return True


def migrate(
    connection: Connection, schema: str, kind: str, known: Sequence[str] | None = None
) -> None:
    """Make the schema, or bring it to the newest layout, all in one transaction.

    Raises:
        Corrupt: it is another program's, or a newer Rapport's.
        psycopg.Error: it could not be done, and all is as before.
    """
    steps = migrations(kind) if known is None else known
    with connection.transaction():
        run(connection, _LOCK, (schema,))
        found = layout_of(connection, schema)
        done = 0 if found is None else found[1]
        if found is None:
            run(connection, f"CREATE SCHEMA {identifier(schema)}")
            run(connection, f"REVOKE ALL ON SCHEMA {identifier(schema)} FROM PUBLIC")
        elif found[0] != kind or done > len(steps):
            require_layout(connection, schema, kind, known)
        for step in steps[done:]:
            run(connection, step.replace("{schema}", identifier(schema)), None)
        comment = f"rapport {kind} layout {len(steps)}"
        run(connection, f"COMMENT ON SCHEMA {identifier(schema)} IS '{comment}'")


def make_schema_apart(connection: Connection, schema: str) -> None:
    """A schema with nothing of a ledger in it but what tables of projections need."""
    run(connection, f"CREATE SCHEMA {identifier(schema)}")
    run(connection, f"CREATE TABLE {identifier(schema)}.parts (name text PRIMARY KEY)")


def drop_schema(connection: Connection, schema: str) -> None:
    """Take a schema away with everything in it."""
    run(connection, f"DROP SCHEMA IF EXISTS {identifier(schema)} CASCADE")


def hold_schema(url: str, schema: str) -> Connection:
    """A connection that says, as long as it lasts, that somebody needs this unfinished schema."""
    connection = connect(url)
    run(connection, "SELECT pg_advisory_lock(hashtextextended(%s, 1))", (schema,))
    return connection


def abandoned_schemas(connection: Connection) -> list[str]:
    """The unfinished schemas that nobody needs any more; they are held until the end of it."""
    rows = run(
        connection,
        "WITH left_over AS MATERIALIZED (SELECT nspname FROM pg_catalog.pg_namespace"
        " WHERE starts_with(nspname, %s) OR starts_with(nspname, %s))"
        " SELECT nspname FROM left_over"
        " WHERE pg_try_advisory_lock(hashtextextended(nspname, 1))",
        (UNFINISHED, APART),
    ).fetchall()
    return [name for (name,) in rows]


def _name(one: object) -> str:
    return str(getattr(one, "name", ""))
