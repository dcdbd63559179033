"""The tables of the outbox, beside those of the projections: notices that others are to receive.

They belong to no generation. ``reported`` holds what was reported last of each row, so that a row
is reported when it changed, and not when it was only made again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgpack

from domain.notices import Notice
from projections.generations import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from projections.tables import Transaction

OUTBOX = Table(
    "outbox",
    (
        "number INTEGER NOT NULL",
        "kind TEXT NOT NULL",
        "contact BLOB",
        "item TEXT NOT NULL",
        "instant INTEGER NOT NULL",
        "position INTEGER NOT NULL",
        "known INTEGER NOT NULL",
        "found_at INTEGER NOT NULL",
        "detail BLOB NOT NULL",
    ),
    ("number",),
    ("(known)", "(found_at)"),
)
"""Notices in the order in which they were found; numbers grow and are never used again.

A number is at least the instant of its step, so that the numbers of an outbox which was made again
are greater than those before: no cursor of a webhook stands beyond them.

``known`` is the position of the log at which a notice was found, at the instant ``found_at``.
"""

REPORTED = Table(
    "reported",
    (
        "projection TEXT NOT NULL",
        "contact BLOB NOT NULL",
        "item TEXT NOT NULL",
        "state TEXT NOT NULL",
        "instant INTEGER NOT NULL",
        "next_at INTEGER",
    ),
    ("projection", "contact", "item"),
    ("(projection, next_at) WHERE next_at IS NOT NULL",),
)
"""What was reported last: a stage with its first instant, a standing, or the state of an item that
opened at an instant. ``next_at`` is when there will be more to report of it.
"""

ARMED = Table(
    "armed",
    ("projection TEXT NOT NULL", "position INTEGER NOT NULL", "at INTEGER NOT NULL"),
    ("projection",),
)
"""The projections whose rows are reported, because a webhook wants that, and up to which position
and instant. A generation that stands elsewhere was not reported from step to step.
"""

TABLES = (OUTBOX, REPORTED, ARMED)


def has_outbox(transaction: Transaction) -> bool:
    """Whether the tables are there: they are made once there is something to report."""
    return OUTBOX.name in transaction.table_names()


def make_outbox(transaction: Transaction) -> None:
    """Make the tables, where there are none."""
    if not has_outbox(transaction):
        for table in TABLES:
            transaction.create_table(table.name, table.columns, table.key, table.indexes)


def add_notices(transaction: Transaction, notices: Sequence[Notice], at: int) -> None:
    """Put notices into the outbox, in this order, as found at an instant."""
    if not notices:
        return
    name = transaction.name(OUTBOX.name)
    first = max(newest_number(transaction) + 1, at)
    transaction.executemany(
        f"INSERT INTO {name} ({', '.join(OUTBOX.names)}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                number,
                one.kind,
                None if one.contact_id is None else one.contact_id.bytes,
                one.key,
                one.instant,
                one.position,
                one.known,
                at,
                msgpack.packb(dict(one.detail)),
            )
            for number, one in enumerate(notices, first)
        ],
    )


def newest_number(transaction: Transaction) -> int:
    """The number of the newest notice, 0 where there was never one."""
    name = transaction.name(OUTBOX.name)
    (newest,) = transaction.execute(f"SELECT coalesce(max(number), 0) FROM {name}").fetchone()
    return int(newest)


def prune_outbox(transaction: Transaction, before: int) -> None:
    """Forget what was found before an instant, but for the newest, whose number counts on."""
    name = transaction.name(OUTBOX.name)
    newest = newest_number(transaction)
    transaction.execute(f"DELETE FROM {name} WHERE found_at < ? AND number < ?", (before, newest))


class OutboxEntry(NamedTuple):
    """A notice with its number in the outbox."""

    number: int
    notice: Notice


def read_notices(transaction: Transaction, after: int, limit: int) -> list[OutboxEntry]:
    """Notices beyond a number, in order."""
    rows = transaction.execute(
        f"SELECT number, known, kind, contact, item, instant, position, detail"
        f" FROM {transaction.name(OUTBOX.name)} WHERE number > ? ORDER BY number LIMIT ?",
        (after, limit),
    ).fetchall()
    return [
        OutboxEntry(
            number,
            Notice(
                kind,
                None if contact is None else UUID(bytes=bytes(contact)),
                item,
                instant,
                position,
                known,
                msgpack.unpackb(detail),
            ),
        )
        for number, known, kind, contact, item, instant, position, detail in rows
    ]


def number_before(transaction: Transaction, position: int) -> int:
    """The newest number before every notice that was found at this position or a later one."""
    name = transaction.name(OUTBOX.name)
    (first,) = transaction.execute(
        f"SELECT min(number) FROM {name} WHERE known >= ?", (position,)
    ).fetchone()
    return newest_number(transaction) if first is None else int(first) - 1
