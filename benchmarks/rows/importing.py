"""Row import: a file into a fresh folder by the command, beside bare rows into the same table."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from benchmarks.bench import PRESET
from benchmarks.measure import Line, Outcome, agree, in_turns, seconds
from ledger.stores.sqlite.file_names import EVENTS_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.bench import Bench

ROWS_A_COMMIT = 10_000
CDNOW_PURCHASES, CDNOW_CONTACTS = 69_659, 23_570


def measure(bench: Bench) -> Outcome:
    """Events a second of both, and whether a second import and a rebuild change anything."""
    statements, rows = stored(bench.imported)
    ours, theirs = in_turns(
        bench.size.runs,
        lambda: bench.events / seconds(lambda: _import(bench)),
        lambda: len(rows) / seconds(lambda: write_bare(bench.fresh(), statements, rows)),
    )
    return Outcome(
        (
            Line(
                row="import",
                what=f"`rapport import` into a fresh folder, start to end ({bench.file.label})",
                unit="events/s",
                ours=ours,
                beside="bare executemany of the same rows, 10,000 a commit, same indexes",
                theirs=theirs,
            ),
        ),
        _check(bench),
    )


def _import(bench: Bench) -> None:
    account = bench.import_into(bench.fresh())
    purchases = len(bench.purchases)
    contacts = bench.events - purchases
    if bench.file.whole_cdnow:
        agree("CDNOW", (purchases, contacts), (CDNOW_PURCHASES, CDNOW_CONTACTS))
    agree("appended", (account["appended"], account["rejected"]), (purchases, 0))
    agree("registered", account["contacts_registered"], contacts)


def _check(bench: Bench) -> str:
    """Import again and rebuild; says that nothing changed.

    Raises:
        Disagreement: something did.
    """
    folder = bench.copy()
    before = stored(folder)[1]
    again = bench.import_into(folder)
    agree("importing again", (again["appended"], again["contacts_registered"]), (0, 0))
    agree("known already", again["already_known"], len(bench.purchases))
    agree("the stored rows after importing again", stored(folder)[1] == before, True)
    bench.rapport("summary", "--data", folder, "--json")  # fills the projections
    rebuilt: list[dict[str, Any]] = bench.rapport("rebuild", "--all", "--data", folder, "--json")
    for result in rebuilt:
        agree(f"digest of {result['projection']}", result["digest"], result["live_digest"])
    return (
        f"Row import: {bench.file.label}, under `{PRESET}`: {len(bench.purchases):,} purchases of "
        f"{bench.events - len(bench.purchases):,} contacts. Importing again appended nothing; "
        f"rebuilding {' and '.join(result['projection'] for result in rebuilt)} gave what was "
        "live.\n"
    )


def stored(folder: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The table and indexes of a ledger's events as SQL, and its rows."""
    path = folder / "ledgers" / "main" / EVENTS_FILE
    with closing(sqlite3.connect(path)) as connection:
        made = connection.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'index'"
        ).fetchall()
        (table,) = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchone()
        rows = connection.execute(f"SELECT * FROM {table} ORDER BY position").fetchall()
    return [statement for (statement,) in made], rows


def write_bare(path: Path, statements: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Write the rows into a new file with that table and these indexes, durably."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        for statement in statements:
            connection.execute(statement)
        (table,) = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchone()
        insert = f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})"
        for start in range(0, len(rows), ROWS_A_COMMIT):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(insert, rows[start : start + ROWS_A_COMMIT])
            connection.execute("COMMIT")
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    agree("rows written", count, len(rows))
