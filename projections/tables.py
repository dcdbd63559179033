"""The tables that projections are kept in, as projections see them: a protocol, and no store.

A store keeps it without importing it; ``api.bootstrap`` joins the two. Statements are SQL with
``?`` for each value, of the kind that ``INSERT ... ON CONFLICT`` belongs to; what differs between
databases (making tables, naming and listing them) is a method. Of what SQLite alone has, a store
understands ``instr``, and ``IS NOT excluded.`` for "differs, NULL included".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager


class Rows(Protocol):
    """What a statement gives back, row by row; each is a tuple of its columns' values."""

    def fetchone(self) -> Any:
        """The next row, or None where there is none."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Transaction(Protocol):
    """A transaction of one store, for one thread, that ends with its ``with`` block."""

    def name(self, table: str) -> str:
        """The name that a table has in statements; the other methods take its own name."""

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Rows:
        """Run one statement."""

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run a statement once for each row of values."""

    def create_table(
        self, name: str, columns: Sequence[str], key: Sequence[str], indexes: Sequence[str]
    ) -> None:
        """Make an empty table: columns as SQL declares them, the key's names, and the indexes.

        An index is a list of columns in parentheses, which a condition may follow.
        """

    def create_indexes(self, name: str, indexes: Sequence[str]) -> None:
        """Make the indexes of a table that was made without any."""

    def drop_table(self, name: str) -> None:
        """Drop a table, where it exists."""

    def table_names(self) -> list[str]:
        """The names of all tables."""


class TableReader(Protocol):
    """Tables that many may read at a time, each with a snapshot.

    Every method, and whatever is done inside a transaction, raises ``Unavailable`` where the store
    cannot be used now (the disk is full, say), and ``Corrupt`` where it is damaged. An error of the
    store that other code wrapped into its own is raised as the store's.
    """

    def read(self) -> AbstractContextManager[Transaction]:
        """A snapshot: all that is read inside is of one instant, whatever is written meanwhile."""

    def look_again(self) -> None:
        """Read what is there now: the process that writes the tables may have exchanged them."""

    def close(self) -> None:
        """Close the store; readers still at work continue until they are done."""


class TableStore(TableReader, Protocol):
    """The same with one writer."""

    def write(self) -> AbstractContextManager[Transaction]:
        """A transaction: all that is written inside is kept, or, on any error, nothing."""
