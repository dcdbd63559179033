"""The rows of the agenda projection, and how far ahead they reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgpack

from domain.agenda.acts import Act, Deferral, acts_of, deferrals_of, pack_acts, unpack_acts
from domain.agenda.items import REFERRED, Item
from domain.agenda.referred import Referrer
from domain.instants import SECOND, day_of, start_of_day
from projections.edges import EDGES
from projections.generations import Table
from projections.row_writing import NEVER, upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.history import History
    from domain.referrals import Edge
    from projections.generations import Tables

EDGES_OF_ALL = replace(EDGES, indexed_first=True)
"""The edges, which ``reduce`` looks up by the contact referred."""

OWN = Table(
    "own",
    (
        "contact BLOB NOT NULL",
        "stage TEXT NOT NULL",
        "stewarded INTEGER NOT NULL",
        "doubtful INTEGER NOT NULL",
        "next_breakpoint INTEGER",
        "measured_at INTEGER NOT NULL",
    ),
    ("contact",),
    (
        "(next_breakpoint) WHERE next_breakpoint IS NOT NULL",
        "(contact) WHERE doubtful = 1",
    ),
    aside=frozenset({"measured_at"}),
)
"""Every contact: whether somebody looks after it, and whether its items are for a fold to say."""

REFERRERS = Table(
    "referrers",
    (
        "contact BLOB NOT NULL",
        "known BLOB NOT NULL",
        "doubtful INTEGER NOT NULL",
        "next_breakpoint INTEGER",
        "measured_at INTEGER NOT NULL",
    ),
    ("contact",),
    (
        "(next_breakpoint) WHERE next_breakpoint IS NOT NULL",
        "(contact) WHERE doubtful = 1",
    ),
    packed=frozenset({"known"}),
    aside=frozenset({"measured_at"}),
)
"""Every contact that referred somebody, with what its own history says of the items for that."""

ITEMS = Table(
    "items",
    (
        "contact BLOB NOT NULL",
        "item TEXT NOT NULL",
        "number INTEGER NOT NULL",
        "kind TEXT NOT NULL",
        "due_at INTEGER NOT NULL",
        "from_at INTEGER NOT NULL",
        "muted INTEGER NOT NULL",
        "deferred_until INTEGER",
        "gone_at INTEGER",
        "referred INTEGER NOT NULL",
        "detail BLOB NOT NULL",
    ),
    ("contact", "item"),
    (
        "(number, due_at, contact, item)",
        "(number, due_at, contact, item) WHERE deferred_until IS NOT NULL",
    ),
    packed=frozenset({"detail"}),
)
"""Items that there are or will be soon: ``from_at`` is ``NEVER`` of those that there are."""

MOST_LOOKS = 24
"""How many changes of a contact's agenda are looked at ahead. With more, its items are folded when
they are asked for: else each event of a busy contact would cost as many folds as follow from it."""

_EARLY = 12 * 60
"""Up to how many minutes before a day begins what changes on it is made: not all at midnight."""


class Reach:
    """How far ahead the rows of a contact reach: to the end of a day of the ledger, at least.

    So a question about what is left of today finds all of it in rows. For each contact the rows of
    a day are made some hours earlier or later, by its id, which spreads the work.
    """

    def __init__(self, contact: UUID, at: int, time_zone: str | None) -> None:
        self._early = contact.int % _EARLY * 60 * SECOND
        self._time_zone = time_zone or "UTC"
        self._at = at
        today = date.fromordinal(day_of(at + self._early, self._time_zone))
        self.ends_at = start_of_day(today + timedelta(days=1), self._time_zone)

    def breakpoint(self, changes_at: int | None) -> int | None:
        """When the rows must be made again, if something may change at this instant next."""
        if changes_at is None or changes_at < self.ends_at:
            return changes_at
        day = date.fromordinal(day_of(changes_at, self._time_zone))
        before = start_of_day(day, self._time_zone) - self._early
        return before if before > self._at else changes_at


class KnownOfReferrer(NamedTuple):
    """What a contact's own history says of the items for its referrals, cut at no instant.

    ``limits`` say from which instants on only lasting items are left, or all are there again.
    """

    acts: tuple[Act, ...]
    deferrals: tuple[Deferral, ...]
    streams: dict[UUID, UUID]
    limits: tuple[tuple[int, bool], ...]

    @classmethod
    def of(
        cls, history: History, edges: Iterable[Edge], limits: Iterable[tuple[int, bool]]
    ) -> KnownOfReferrer:
        """What is known of a contact with these edges."""
        events = {edge.event_id for edge in edges}
        deferrals = deferrals_of(history.facts)
        kept: list[tuple[int, bool]] = []
        for at, limited in limits:
            if not kept or kept[-1][1] != limited:
                kept.append((at, limited))
        return cls(
            acts_of(history.facts),
            tuple(one for one in deferrals if one.key.partition(":")[0] in REFERRED),
            {fact.id: fact.contact_id for fact in history.facts if fact.id in events},
            tuple(kept),
        )

    def pack(self) -> bytes:
        """The same as msgpack."""
        packed: bytes = msgpack.packb(
            [
                pack_acts(self.acts),
                self.deferrals,
                [[event.bytes, stream.bytes] for event, stream in self.streams.items()],
                self.limits,
            ]
        )
        return packed

    @classmethod
    def unpack(cls, packed: bytes) -> KnownOfReferrer:
        """What was packed."""
        acts, deferrals, streams, limits = msgpack.unpackb(packed)
        return cls(
            unpack_acts(acts),
            tuple(Deferral(*one) for one in deferrals),
            {UUID(bytes=event): UUID(bytes=stream) for event, stream in streams},
            tuple((at, limited) for at, limited in limits),
        )

    def by(self, contact: UUID, at: int) -> Referrer:
        """The contact as it was as a referrer by an instant."""
        return Referrer(
            contact_id=contact,
            acts=[act for act in self.acts if act.at <= at],
            deferrals=[one for one in self.deferrals if one.at <= at],
            streams=self.streams,
        )

    def is_limited(self, at: int) -> bool:
        """Whether only lasting items are left at an instant."""
        return next((limited for since, limited in reversed(self.limits) if since <= at), False)

    def instants(self) -> Iterable[int]:
        """The instants at which what is known here may bring another agenda."""
        yield from (act.at for act in self.acts)
        yield from (one.at for one in self.deferrals)
        yield from (at for at, _ in self.limits)


def item_rows(
    seen: Iterable[tuple[Item, int]], begins_at: int, *, referred: bool
) -> list[tuple[object, ...]]:
    """Rows of ``ITEMS`` for items and the instants from which on they are seen."""
    return [
        (
            item.contact_id.bytes,
            item.key,
            item.number,
            item.kind,
            item.due_at,
            NEVER if at == begins_at else at,
            int(item.muted),
            item.deferred_until,
            item.gone_at,
            int(referred),
            msgpack.packb(item.pack()),
        )
        for item, at in seen
    ]


def write_items(
    tables: Tables, contact: UUID, rows: Sequence[tuple[object, ...]], *, referred: bool
) -> None:
    """Let these be a contact's items that rest on referrals, or its others."""
    name = tables["items"]
    wanted = {row[1] for row in rows}
    kept = tables.execute(
        f"SELECT item FROM {name} WHERE contact = ? AND referred = ?",
        (contact.bytes, int(referred)),
    ).fetchall()
    gone = [(contact.bytes, item) for (item,) in kept if item not in wanted]
    if gone:
        tables.executemany(f"DELETE FROM {name} WHERE contact = ? AND item = ?", gone)
    if rows:
        tables.executemany(upsert(name, ITEMS), rows)


def read_item(contact: bytes, kind: str, detail: bytes) -> Item:
    """The item of a row."""
    packed: list[Any] = msgpack.unpackb(detail)
    return Item.unpack(kind, UUID(bytes=contact), packed)
