"""What every store of projections promises: ``projections.tables.TableStore``, as tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from domain.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from projections.tables import TableStore, Transaction


class Stopped(Exception):
    """Ends a transaction early."""


def _count(transaction: Transaction) -> tuple[int]:
    counted: tuple[int] = transaction.execute(
        f"SELECT count(*) FROM {transaction.name('stays')}"
    ).fetchone()
    return counted


class TableStoreContract(ABC):
    """Adopted by a store that says how one is opened in a folder."""

    @abstractmethod
    def open_tables(self, folder: Path) -> TableStore:
        """The store of that folder, empty at first."""

    @pytest.fixture
    def tables(self, tmp_path: Path) -> Iterator[TableStore]:
        with closing(self.open_tables(tmp_path)) as store:
            with store.write() as transaction:
                transaction.create_table(
                    "stays", ("who BLOB NOT NULL", "nights INTEGER"), ("who",), ("(nights)",)
                )
                stays = transaction.name("stays")
                new = [(b"a", 1), (b"b", 2)]
                transaction.executemany(f"INSERT INTO {stays} VALUES (?, ?)", new)
            yield store

    def test_rows_are_read_one_by_one_or_together(self, tables: TableStore) -> None:
        with tables.read() as transaction:
            stays = transaction.name("stays")
            asked = transaction.execute(f"SELECT who, nights FROM {stays} WHERE nights > ?", (1,))
            assert asked.fetchone() == (b"b", 2)
            assert asked.fetchone() is None
            assert transaction.execute(f"SELECT who FROM {stays} ORDER BY who").fetchall() == [
                (b"a",),
                (b"b",),
            ]
            assert sorted(who for (who,) in transaction.execute(f"SELECT who FROM {stays}")) == [
                b"a",
                b"b",
            ]

    def test_a_table_gets_its_indexes_when_it_is_filled(self, tables: TableStore) -> None:
        with tables.write() as transaction:
            transaction.create_table("guests", ("who BLOB NOT NULL", "floor INTEGER"), ("who",), ())
            guests = transaction.name("guests")
            new = [(b"a", 2), (b"b", 1)]
            transaction.executemany(f"INSERT INTO {guests} VALUES (?, ?)", new)
            transaction.create_indexes("guests", ("(floor)", "(floor DESC) WHERE floor > 1"))
            lowest = transaction.execute(f"SELECT who FROM {guests} ORDER BY floor").fetchone()
            assert lowest == (b"b",)
        with pytest.raises(LedgerError), tables.write() as transaction:
            transaction.create_indexes("guests", ("(floor)",))

    def test_tables_are_listed_and_dropped(self, tables: TableStore) -> None:
        with tables.write() as transaction:
            assert "stays" in transaction.table_names()
            transaction.drop_table("stays")
            transaction.drop_table("stays")
            assert "stays" not in transaction.table_names()

    def test_an_error_inside_keeps_nothing_and_is_raised(self, tables: TableStore) -> None:
        def stop() -> None:
            with tables.write() as transaction:
                transaction.execute(f"DELETE FROM {transaction.name('stays')}")
                raise Stopped

        with pytest.raises(Stopped):
            stop()
        with tables.read() as transaction:
            assert _count(transaction) == (2,)

    def test_a_read_sees_one_instant(self, tables: TableStore) -> None:
        with tables.read() as before:
            assert _count(before) == (2,)
            with tables.write() as transaction:
                transaction.execute(f"DELETE FROM {transaction.name('stays')}")
            assert _count(before) == (2,)
        with tables.read() as after:
            assert _count(after) == (0,)

    def test_the_key_is_unique_and_can_be_replaced(self, tables: TableStore) -> None:
        with tables.write() as transaction:
            stays = transaction.name("stays")
            put = (
                f"INSERT INTO {stays} AS kept VALUES (?, ?) ON CONFLICT (who)"
                " DO UPDATE SET nights = excluded.nights WHERE kept.nights IS NOT excluded.nights"
            )
            for row in ((b"a", None), (b"a", None), (b"a", 7), (b"b", 2)):
                transaction.execute(put, row)
            asked = transaction.execute(f"SELECT nights FROM {stays} ORDER BY who")
            assert asked.fetchall() == [(7,), (2,)]

    def test_what_was_written_is_there_after_it_is_opened_again(
        self, tables: TableStore, tmp_path: Path
    ) -> None:
        tables.close()
        with closing(self.open_tables(tmp_path)) as again, again.read() as transaction:
            assert _count(transaction) == (2,)

    def test_text_and_truth_are_compared_as_bytes_and_numbers(self, tables: TableStore) -> None:
        with tables.write() as transaction:
            transaction.create_table("words", ("word TEXT NOT NULL", "rare INTEGER"), ("word",), ())
            words = transaction.name("words")
            rows = [("b", True), ("B", False), ("a%", None), ("é", 1)]
            transaction.executemany(f"INSERT INTO {words} VALUES (?, ?)", rows)
            asked = transaction.execute(f"SELECT word, rare FROM {words} ORDER BY word").fetchall()
            assert asked == [("B", 0), ("a%", None), ("b", 1), ("é", 1)]
            found = transaction.execute(
                f"SELECT word FROM {words} WHERE instr(word || '%', ?) > 0", ("%%",)
            )
            assert found.fetchall() == [("a%",)]
