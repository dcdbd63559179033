"""``webhooks.sqlite``: who receives what happens in a ledger, and what became of it."""

from __future__ import annotations

from contextlib import closing, contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any

from domain.errors import unusable_file
from ledger.files import flush_file, flush_folder
from ledger.stores.sqlite.connections import connect, connect_to_read, writing
from ledger.stores.sqlite.errors import ledger_errors
from ledger.stores.webhook_statements import WebhookTables, WebhookWriter

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

APPLICATION_ID = 0x52505057
"""Marks ``webhooks.sqlite`` as ours: "RPPW"."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS webhooks (id BLOB PRIMARY KEY, url TEXT NOT NULL,"
    " events TEXT NOT NULL, types TEXT NOT NULL, personal INTEGER NOT NULL, description TEXT,"
    " enabled INTEGER NOT NULL, secret BLOB NOT NULL, made_at INTEGER NOT NULL,"
    " began_at INTEGER NOT NULL, position INTEGER NOT NULL, notice INTEGER NOT NULL,"
    " failing_since INTEGER, disabled_because TEXT, content BLOB,"
    " revision INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS deliveries (number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " webhook BLOB NOT NULL, id BLOB NOT NULL, kind TEXT NOT NULL, contact BLOB,"
    " position INTEGER NOT NULL, instant INTEGER NOT NULL, detail BLOB NOT NULL,"
    " attempts INTEGER NOT NULL, status INTEGER, problem TEXT, first_at INTEGER, at INTEGER,"
    " next_at INTEGER NOT NULL, state TEXT NOT NULL, UNIQUE (webhook, id))",
    "CREATE INDEX IF NOT EXISTS deliveries_waiting ON deliveries"
    " (webhook, position, instant, number) WHERE state = 'waiting'",
    "CREATE INDEX IF NOT EXISTS deliveries_states ON deliveries (webhook, state, number)",
    "CREATE INDEX IF NOT EXISTS deliveries_numbers ON deliveries (webhook, number)",
)
_WANTED = "SELECT events FROM webhooks"


class SqliteWebhooks(WebhookTables):
    """The store of a file; see ``ledger.stores.webhooks.WebhookStore``."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            Corrupt: it is damaged, or another program's.
            Unavailable: it cannot be opened or written.
        """
        self._path = path
        self._lock = RLock()
        if not _is_there(path):
            _make(path)
        self._connection = connect(path, APPLICATION_ID)

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        with self._lock, ledger_errors(self._path):
            return self._connection.execute(_with_names(statement), values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[WebhookWriter]:
        with (
            self._lock,
            ledger_errors(self._path, ": nothing was changed"),
            writing(self._connection),
        ):
            yield _Writer(self._connection)

    def close(self) -> None:
        with self._lock:
            self._connection.close()


class _Writer(WebhookWriter):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, values: Sequence[Any]) -> int:
        return self._connection.execute(_with_names(statement), values).rowcount

    def run_each(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(_with_names(statement), rows)


def _is_there(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _make(path: Path) -> None:
    """Make the file under another name, so that a reader finds all of its tables, or no file.

    Raises:
        Unavailable: it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.new")
    try:
        for part in ("", "-wal", "-shm"):  # an earlier try, that was cut off
            unfinished.with_name(unfinished.name + part).unlink(missing_ok=True)
        with closing(connect(unfinished, APPLICATION_ID)) as connection, ledger_errors(path):
            for statement in _SCHEMA:
                connection.execute(statement)
        unfinished.chmod(0o600)
        flush_file(unfinished)
        unfinished.rename(path)
        flush_folder(path.parent)
    except OSError as error:
        raise unusable_file(error, path.name) from error


def _with_names(statement: str) -> str:
    return statement.replace("{webhooks}", "webhooks").replace("{deliveries}", "deliveries")


def wanted_kinds(path: Path) -> frozenset[str]:
    """The kinds that the webhooks in a file receive; nothing where there is no file.

    Raises:
        Corrupt: the file is damaged, or another program's.
        Unavailable: it cannot be read now.
    """
    if not _is_there(path):
        return frozenset()
    with closing(connect_to_read(path, APPLICATION_ID)) as connection, ledger_errors(path):
        rows = connection.execute(_WANTED).fetchall()
    return frozenset(kind for (events,) in rows for kind in events.split())
