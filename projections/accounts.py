"""What calibration reads of each contact, kept in tables of the status projection.

Trades are kept in chunks, so that one more purchase rewrites only the last of them.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import msgpack

from domain.calibration import Account, Trade, trades_of
from domain.intervals import ClientSpell, Fall
from projections.generations import Table
from projections.row_writing import put, upsert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.relationship import Relationship
    from projections.generations import Tables
    from projections.row_writing import NewRows

CHUNK_TRADES = 64
"""How many trades stand in one row: few enough to be rewritten with each purchase."""

CLIENT_SPELLS = Table(
    "client_spells",
    (
        "contact BLOB NOT NULL",
        "place INTEGER NOT NULL",
        "from_at INTEGER NOT NULL",
        "to_at INTEGER",
        "last_at INTEGER",
        "rho_hours INTEGER",
    ),
    ("contact", "place"),
)

TRADES = Table(
    "trades",
    (
        "contact BLOB NOT NULL",
        "chunk INTEGER NOT NULL",
        "last_at INTEGER NOT NULL",
        "trades BLOB NOT NULL",
    ),
    ("contact", "chunk"),
    packed=frozenset({"trades"}),
)


def collect_account(rows: NewRows, contact: bytes, measured: Relationship) -> None:
    """The whole account of a contact of whom the tables have nothing."""
    if measured.client_spells:
        rows.extend(CLIENT_SPELLS, _spell_rows(contact, measured.client_spells))
    if measured.movement_count:
        rows.extend(TRADES, _trade_rows(contact, measured, 0))


def write_account(
    tables: Tables, contact: bytes, measured: Relationship, before: Relationship | None = None
) -> None:
    """Keep a contact's account; ``before`` is what the tables say now, where it is known."""
    if measured.client_spells or not (before and not before.client_spells):
        _write_spells(tables, contact, measured.client_spells)
    settled = measured.movements_settled_since(before) if before is not None else 0
    if settled < measured.movement_count or not settled:
        _write_trades(tables, contact, measured, settled)


def _write_spells(tables: Tables, contact: bytes, spells: Sequence[ClientSpell]) -> None:
    name = tables[CLIENT_SPELLS.name]
    rows = _spell_rows(contact, spells)
    tables.executemany(upsert(name, CLIENT_SPELLS), rows)
    tables.execute(f"DELETE FROM {name} WHERE contact = ? AND place >= ?", (contact, len(rows)))


def _write_trades(tables: Tables, contact: bytes, measured: Relationship, settled: int) -> None:
    """Write the trades after those that are settled, and their whole chunk."""
    chunk = settled // CHUNK_TRADES
    rows = _trade_rows(contact, measured, chunk)
    for row in rows:
        put(tables, TRADES, row)
    if not settled:
        tables.execute(
            f"DELETE FROM {tables[TRADES.name]} WHERE contact = ? AND chunk >= ?",
            (contact, chunk + len(rows)),
        )


def _spell_rows(contact: bytes, spells: Sequence[ClientSpell]) -> list[tuple[object, ...]]:
    """Rows of ``CLIENT_SPELLS``."""
    return [
        (contact, place, from_at, to_at, fall and fall.last_at, fall and fall.rho_hours)
        for place, (from_at, to_at, fall) in enumerate(spells)
    ]


def _trade_rows(contact: bytes, measured: Relationship, chunk: int) -> list[tuple[object, ...]]:
    """Rows of ``TRADES`` from a chunk on."""
    trades = trades_of(measured, chunk * CHUNK_TRADES)
    parts = (trades[at : at + CHUNK_TRADES] for at in range(0, len(trades), CHUNK_TRADES))
    return [
        (contact, number, part[-1].at, msgpack.packb(part))
        for number, part in enumerate(parts, chunk)
    ]


def read_accounts(tables: Tables, traded_since_at: int) -> Iterator[Account]:
    """The accounts of those who ever were clients, and of those who traded lately.

    The latter have the trades of the chunks that reach to that instant.
    """
    spells = {
        contact: [_spell(*row[1:]) for row in rows]
        for contact, rows in groupby(
            tables.execute(
                "SELECT contact, from_at, to_at, last_at, rho_hours"
                f" FROM {tables[CLIENT_SPELLS.name]} ORDER BY contact, place"
            ),
            key=itemgetter(0),
        )
    }
    name = tables[TRADES.name]
    rows = tables.execute(
        f"SELECT contact, trades FROM {name} WHERE last_at >= ? OR contact IN"
        f" (SELECT contact FROM {tables[CLIENT_SPELLS.name]}) ORDER BY contact, chunk",
        (traded_since_at,),
    )
    for contact, chunks in groupby(rows, key=itemgetter(0)):
        trades = [Trade(*trade) for _, packed in chunks for trade in msgpack.unpackb(packed)]
        yield Account(spells.pop(contact, []), trades)
    for left in spells.values():
        yield Account(left, [])


def _spell(
    from_at: int, to_at: int | None, last_at: int | None, rho_hours: int | None
) -> ClientSpell:
    if to_at is None or last_at is None or rho_hours is None:
        return ClientSpell(from_at, to_at)
    return ClientSpell(from_at, to_at, Fall(to_at, last_at, rho_hours))
