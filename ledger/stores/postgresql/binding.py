"""Which data folder and which database belong together.

The keys of the ledgers in a database are in a data folder. A folder with the keys of another
database would make new ledgers there, and a database without its folder's keys would read as if
everybody had been erased. So both have one id, which is given once, while neither has a ledger.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from domain.errors import Corrupt
from ledger.data_layout import DATABASE_FILE, LEDGERS, FolderUnusable, unusable
from ledger.files import write_whole
from ledger.stores.postgresql.connections import Connection, run

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.stores.postgresql.places import Place

OF_FOLDER = "data-folder "
"""Begins the name of the part that says whose folder a database has."""

OF_MOVE = "moving "
"""Begins the name of the part that says which move leads to a database, until it is completed."""


def bind(connection: Connection, place: Place, folder: Path, *, has_ledgers: bool) -> None:
    """Let pass a folder and a database that belong together, or are both new.

    ``place`` is that of the server's tables.

    Raises:
        FolderUnusable: they do not belong together.
    """
    of_folder = folder_database(folder)
    of_database = next(iter(parts_like(connection, place, OF_FOLDER)), None)
    if of_folder is not None and of_folder == of_database:
        return
    if parts_like(connection, place, OF_MOVE):
        raise FolderUnusable(
            "ledgers are being moved into the database: rapport move completes that"
        )
    if of_database is not None and (of_folder is not None or has_ledgers):
        raise FolderUnusable(
            f"the database has the ledgers of another data folder than {folder}, and their keys "
            "are there: name that folder"
        )
    if of_folder is not None and _has_parts(folder):
        raise FolderUnusable(
            f"the data folder {folder} has the keys of another database: check the database's URL"
        )
    if of_folder is None and _has_parts(folder):
        raise FolderUnusable(
            f"the data folder {folder} keeps ledgers in files: serve it without a database, or "
            "name a new folder"
        )
    chosen = of_database or of_folder or uuid4()
    try:
        write_whole(folder / DATABASE_FILE, json.dumps({"database": str(chosen)}).encode())
    except OSError as error:
        raise unusable(folder, error) from error
    insert = f"INSERT INTO {place.table('parts')} VALUES (%s) ON CONFLICT DO NOTHING"
    run(connection, insert, (f"{OF_FOLDER}{chosen}",))


def folder_database(folder: Path) -> UUID | None:
    """The id of the database to which a data folder belongs; None where it belongs to none.

    Raises:
        Corrupt: its file is damaged.
        Unavailable: it cannot be read.
    """
    path = folder / DATABASE_FILE
    try:
        return UUID(json.loads(path.read_bytes())["database"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise Corrupt(f"{path} is damaged: restore it from a backup") from None
    except OSError as error:
        raise unusable(folder, error) from error


def parts_like(connection: Connection, place: Place, beginning: str) -> list[UUID]:
    """The ids in the names of parts that begin so."""
    select = f"SELECT name FROM {place.table('parts')} WHERE starts_with(name, %s)"
    rows = run(connection, select, (beginning,)).fetchall()
    return [UUID(name.removeprefix(beginning)) for (name,) in rows]


def _has_parts(folder: Path) -> bool:
    ledgers = folder / LEDGERS
    return ledgers.is_dir() and any(ledgers.iterdir())
