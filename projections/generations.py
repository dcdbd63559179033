"""Generations: the tables that one build of a projection fills, and what is known of each build.

Readers find the live generation inside their own snapshot, so that switching to another one is a
matter of one committed row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from projections.tables import Transaction

LIVE = "live"
BUILDING = "building"
FAILED = "failed"


@dataclass(frozen=True)
class Table:
    """A table of a projection: columns as SQL declares them, and the names of those of its key.

    ``packed`` names the columns that hold msgpack. Rows whose ``ahead`` column lies beyond the
    generation's position are of what is not taken in as a whole yet, and no part of it. The columns
    ``aside`` say when a row was made, not what follows from the log, and are in no digest.
    ``indexed_first`` says that ``reduce`` finds rows by the indexes, so that a table that is filled
    gets them before.
    """

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    packed: frozenset[str] = frozenset()
    ahead: str | None = None
    aside: frozenset[str] = frozenset()
    indexed_first: bool = False

    @property
    def digested(self) -> tuple[str, ...]:
        """The names of the columns that say what follows from the log, in order."""
        return tuple(name for name in self.names if name not in self.aside)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.split(" ", 1)[0] for column in self.columns)


@dataclass(frozen=True)
class Generation:
    """One build: it holds what follows at ``as_of`` from the log up to ``position``.

    ``tip`` is the id of the event at that position, which shows whether it is the same log.
    """

    projection: str
    generation: int
    version: int
    position: int
    as_of: int
    tip: UUID | None
    state: str
    problem: str | None = None


class Tables:
    """The tables of one generation, in a transaction."""

    def __init__(self, transaction: Transaction, generation: Generation) -> None:
        self.transaction = transaction
        self.position = generation.position
        self.execute = transaction.execute
        self.executemany = transaction.executemany
        self._prefix = generation.projection
        self._suffix = generation.generation
        self._names: dict[str, str] = {}

    def __getitem__(self, table: str) -> str:
        """The name that the table has in SQL."""
        name = self._names.get(table)
        if name is None:
            name = self._names[table] = self.transaction.name(self._own_name(table))
        return name

    def _own_name(self, table: str) -> str:
        return f"{self._prefix}_{table}_{self._suffix}"

    def create(self, tables: Iterable[Table], *, indexed: bool = True) -> None:
        """Make the tables, empty, with their indexes unless those are made later."""
        for table in tables:
            indexes = table.indexes if indexed else ()
            name = self._own_name(table.name)
            self.transaction.create_table(name, table.columns, table.key, indexes)

    def create_indexes(self, table: Table) -> None:
        """Make the indexes of a table that was made without them."""
        self.transaction.create_indexes(self._own_name(table.name), table.indexes)

    def drop(self, tables: Iterable[Table]) -> None:
        """Drop the tables, where they exist."""
        for table in tables:
            self.transaction.drop_table(self._own_name(table.name))


_COLUMNS = "projection, generation, version, position, as_of, tip, state, problem"
_REPLACE = "DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _COLUMNS.split(", ")[2:]
)


def generations(transaction: Transaction, projection: str | None = None) -> list[Generation]:
    """The generations of a projection, or of all, oldest first."""
    where, values = ("WHERE projection = ?", (projection,)) if projection else ("", ())
    rows = transaction.execute(
        f"SELECT {_COLUMNS} FROM {transaction.name('generations')} {where}"
        " ORDER BY projection, generation",
        values,
    )
    return [
        Generation(name, number, version, position, as_of, tip and UUID(bytes=tip), state, problem)
        for name, number, version, position, as_of, tip, state, problem in rows
    ]


def current(transaction: Transaction, projection: str) -> Generation | None:
    """The generation that answers: live or failed, never one that is being built."""
    return answering(generations(transaction, projection))


def answering(known: Sequence[Generation]) -> Generation | None:
    """The one that answers of the generations of one projection, oldest first."""
    found = [one for one in known if one.state != BUILDING]
    return found[-1] if found else None


def save(transaction: Transaction, generation: Generation) -> None:
    """Keep what is now known of a generation."""
    transaction.execute(
        f"INSERT INTO {transaction.name('generations')} ({_COLUMNS})"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (projection, generation) {_REPLACE}",
        (
            generation.projection,
            generation.generation,
            generation.version,
            generation.position,
            generation.as_of,
            generation.tip and generation.tip.bytes,
            generation.state,
            generation.problem,
        ),
    )


def add(
    transaction: Transaction,
    like: Generation,
    tables: Iterable[Table],
    *,
    indexed: bool = True,
) -> Generation:
    """A new generation as described but for its number, with empty tables.

    Tables that are to be filled at once get their indexes when that is done: ``indexed`` says
    whether they have them from the beginning.
    """
    (newest,) = transaction.execute(
        f"SELECT coalesce(max(generation), 0) FROM {transaction.name('generations')}"
        " WHERE projection = ?",
        (like.projection,),
    ).fetchone()
    added = Generation(
        like.projection,
        newest + 1,
        like.version,
        like.position,
        like.as_of,
        like.tip,
        like.state,
        like.problem,
    )
    save(transaction, added)
    Tables(transaction, added).create(tables, indexed=indexed)
    return added


def remove(transaction: Transaction, generation: Generation) -> None:
    """Drop a generation with all its tables, whatever version made them."""
    prefix, suffix = f"{generation.projection}_", f"_{generation.generation}"
    for name in transaction.table_names():
        if name.startswith(prefix) and name.endswith(suffix):
            transaction.drop_table(name)
    transaction.execute(
        f"DELETE FROM {transaction.name('generations')} WHERE projection = ? AND generation = ?",
        (generation.projection, generation.generation),
    )
