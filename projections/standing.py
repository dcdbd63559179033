"""The standing projection: who sent whom, and where does everyone stand as a referral partner?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

import msgpack

from domain.events.commerce import PurchaseMade, PurchaseReversed
from domain.events.contacts import ContactMerged, MergeReversed
from domain.events.governance import EventCorrected, EventRetracted
from domain.events.referrals import (
    ReferralClosed,
    ReferralLevelRaised,
    ReferralMade,
    ReferralQualified,
    ReferralReceived,
    RewardApproved,
    RewardDeclined,
    RewardPaid,
    RewardReversed,
)
from domain.first_purchases import Commerce, commerce_of
from domain.referrals import Edge, edges_of
from domain.standing import Reciprocity, ReferralCounts, Standing, standing
from projections.by_contact import ByContact
from projections.generations import Table
from projections.row_writing import put, upsert
from projections.status import MERGES_TABLE, NEVER, due_in, earliest_in, go_back_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from domain.history import History
    from domain.recorded import RecordedEvent
    from projections.folding import Moment
    from projections.generations import Tables
    from projections.row_writing import NewRows

EDGES = Table(
    "edges",
    ("referrer BLOB NOT NULL", "event BLOB NOT NULL", "other BLOB NOT NULL", "edge BLOB NOT NULL"),
    ("referrer", "event"),
    ("(other, referrer)",),
    packed=frozenset({"edge"}),
)

COMMERCE = Table(
    "commerce",
    ("contact BLOB NOT NULL", "commerce BLOB NOT NULL"),
    ("contact",),
    packed=frozenset({"commerce"}),
)

STANDINGS = Table(
    "standings",
    (
        "contact BLOB NOT NULL",
        "standing TEXT NOT NULL",
        "influence INTEGER NOT NULL",
        "next_breakpoint INTEGER",
        "changed_at INTEGER NOT NULL",
        "detail BLOB NOT NULL",
    ),
    ("contact",),
    (
        "(next_breakpoint) WHERE next_breakpoint IS NOT NULL",
        "(influence DESC, contact)",
        "(standing, influence DESC, contact)",
    ),
    packed=frozenset({"detail"}),
)

_VARIABLES = 500


@dataclass(frozen=True)
class ReferralMeasures:
    """What one contact's own history says: whom they referred, and what they bought first."""

    edges: tuple[Edge, ...]
    commerce: Commerce
    referred: bool


NO_COMMERCE = Commerce(())

NOTHING_REFERRED = ReferralMeasures((), NO_COMMERCE, referred=False)
"""What most contacts' histories say."""

_REFERRALS = frozenset({ReferralMade, ReferralReceived})
"""What a history with an edge or with commerce that counts has one of, at least."""

_OF_COMMERCE = frozenset({PurchaseMade, PurchaseReversed})
_READ = _OF_COMMERCE | {
    ReferralMade,
    ReferralReceived,
    ReferralLevelRaised,
    ReferralQualified,
    ReferralClosed,
    RewardApproved,
    RewardPaid,
    RewardReversed,
    RewardDeclined,
}
"""All that edges and commerce consist of."""

_CHANGING = _READ - _OF_COMMERCE | {EventRetracted, EventCorrected, ContactMerged, MergeReversed}
"""What may change those of any contact."""


class StandingProjection(ByContact):
    """A row for every referral, every referred contact that bought, and every referrer."""

    name = "standing"
    version = 3
    tables = (MERGES_TABLE, EDGES, COMMERCE, STANDINGS)
    measures_when_due = False

    def measure(
        self,
        contact: UUID,
        history: History,
        moment: Moment,
        before: ReferralMeasures | None = None,
    ) -> ReferralMeasures:
        """The contact's edges, and commerce if anybody referred it, cut at no instant."""
        # Few contacts refer or were referred, and a history is gone through more than once.
        if _REFERRALS.isdisjoint([type(fact.event) for fact in history.facts]):
            return NOTHING_REFERRED
        facts = tuple(fact for fact in history.facts if type(fact.event) in _READ)
        read = replace(history, facts=facts)
        edges = edges_of(read, contact, moment.aliases.survivor_of)
        referred = any(isinstance(fact.event, ReferralReceived) for fact in facts)
        return ReferralMeasures(edges, commerce_of(read) if referred else NO_COMMERCE, referred)

    def outlasts(self, measured: ReferralMeasures, news: Collection[RecordedEvent]) -> bool:
        """Where the news are of no referral, nor purchases of a contact that was referred."""
        seen = {type(recorded.event) for recorded in news}
        return not (seen & _CHANGING or (measured.referred and seen & _OF_COMMERCE))

    def rereads(self, measured: ReferralMeasures) -> bool:
        """The row of a contact that has referrals."""
        return measured.referred or bool(measured.edges)

    def collect(self, rows: NewRows, contact: UUID, measured: ReferralMeasures) -> None:
        """The contact's edges and commerce."""
        if measured.edges:
            rows.extend(EDGES, _edge_rows(contact.bytes, measured))
        if measured.commerce.purchases:
            rows.add(COMMERCE, _commerce_row(contact.bytes, measured))

    def write(
        self,
        tables: Tables,
        contact: UUID,
        measured: ReferralMeasures,
        before: ReferralMeasures | None = None,
    ) -> None:
        """Keep the contact's edges and commerce."""
        key = contact.bytes
        wanted = {event: row for _, event, *row in _edge_rows(key, measured)}
        name = tables["edges"]
        kept = {
            event: [other, packed]
            for event, other, packed in tables.execute(
                f"SELECT event, other, edge FROM {name} WHERE referrer = ?", (key,)
            )
        }
        gone = [(key, event) for event in kept if event not in wanted]
        tables.executemany(f"DELETE FROM {name} WHERE referrer = ? AND event = ?", gone)
        new = [(key, event, *row) for event, row in wanted.items() if kept.get(event) != row]
        tables.executemany(f"INSERT OR REPLACE INTO {name} VALUES (?, ?, ?, ?)", new)
        if measured.commerce.purchases:
            put(tables, COMMERCE, _commerce_row(key, measured))
        else:
            tables.execute(f"DELETE FROM {tables['commerce']} WHERE contact = ?", (key,))

    def forget(self, tables: Tables, contact: UUID) -> None:
        """The contact has no rows of its own any more."""
        for table, column in (("edges", "referrer"), ("commerce", "contact")):
            tables.execute(f"DELETE FROM {tables[table]} WHERE {column} = ?", (contact.bytes,))

    def dependants(self, tables: Tables, contacts: Collection[UUID]) -> set[UUID]:
        """The contacts that referred any of these."""
        found: set[UUID] = set()
        for some in _portions(contacts):
            rows = tables.execute(
                f"SELECT DISTINCT referrer FROM {tables['edges']}"
                f" WHERE other IN ({', '.join('?' * len(some))})",
                some,
            )
            found |= {UUID(bytes=referrer) for (referrer,) in rows}
        return found

    def reduce(self, tables: Tables, contact: UUID, moment: Moment) -> None:
        """The contact's standing; a contact without any referral has no row."""
        edges = read_edges(tables, contact)
        if not edges:
            name = tables["standings"]
            tables.execute(f"DELETE FROM {name} WHERE contact = ?", (contact.bytes,))
            return
        version = moment.policies.in_force(moment.at)
        commerce = read_commerce(tables, {edge.other for edge in edges})
        made = standing(contact, edges, commerce, version.policy, moment.at)
        instants = (made.next_breakpoint, moment.policies.next_change(moment.at))
        breakpoint_at = min((at for at in instants if at is not None), default=None)
        # A breakpoint that has passed would make the clock spin forever.
        assert breakpoint_at is None or breakpoint_at > moment.at, "a breakpoint in the past"
        passed = (made.changed_at, moment.policies.last_change(moment.at))
        changed_at = max((at for at in passed if at is not None), default=NEVER)
        row = (
            contact.bytes,
            made.standing,
            made.influence,
            breakpoint_at,
            changed_at,
            _detail(made),
        )
        # Not fresh: a referrer that is reduced may have been reduced before.
        tables.execute(upsert(tables["standings"], STANDINGS), row)

    def reducible(self, tables: Tables, after: UUID | None, limit: int) -> list[UUID]:
        """The next referrers."""
        rows = tables.execute(
            f"SELECT DISTINCT referrer FROM {tables['edges']} WHERE referrer > ?"
            " ORDER BY referrer LIMIT ?",
            (after.bytes if after else b"", limit),
        )
        return [UUID(bytes=referrer) for (referrer,) in rows.fetchall()]

    def due(self, tables: Tables, at: int, limit: int) -> list[UUID]:
        """Referrers whose next breakpoint is at or before ``at``."""
        return due_in(tables, "standings", "contact", at, limit)

    def expire(self, tables: Tables, at: int) -> None:
        """Every standing is to be reduced again."""
        tables.execute(f"UPDATE {tables['standings']} SET next_breakpoint = ?", (at,))

    def go_back(self, tables: Tables, at: int) -> None:
        """Every standing that changed after ``at`` is to be reduced again."""
        go_back_in(tables, "standings", at)

    def next_breakpoint(self, tables: Tables) -> int | None:
        """The earliest of all referrers' next breakpoints."""
        return earliest_in(tables, "standings")


def _edge_rows(
    referrer: bytes, measured: ReferralMeasures
) -> list[tuple[bytes, bytes, bytes, bytes]]:
    """Rows of ``EDGES``."""
    return [
        (referrer, edge.event_id.bytes, edge.other.bytes, msgpack.packb(edge.pack()))
        for edge in measured.edges
    ]


def _commerce_row(contact: bytes, measured: ReferralMeasures) -> tuple[object, ...]:
    """A row of ``COMMERCE``."""
    return (contact, msgpack.packb(measured.commerce.pack()))


def read_edges(tables: Tables, referrer: UUID) -> tuple[Edge, ...]:
    """A contact's referrals by (``made_at``, ``position``)."""
    rows = tables.execute(
        f"SELECT edge FROM {tables['edges']} WHERE referrer = ?", (referrer.bytes,)
    )
    edges = [Edge.unpack(msgpack.unpackb(packed)) for (packed,) in rows]
    return tuple(sorted(edges, key=lambda edge: edge.place))


def read_edges_to(tables: Tables, other: UUID) -> tuple[Edge, ...]:
    """The referrals that name a contact by (``made_at``, ``position``)."""
    rows = tables.execute(f"SELECT edge FROM {tables['edges']} WHERE other = ?", (other.bytes,))
    edges = [Edge.unpack(msgpack.unpackb(packed)) for (packed,) in rows]
    return tuple(sorted(edges, key=lambda edge: edge.place))


def read_commerce(tables: Tables, contacts: Collection[UUID]) -> dict[UUID, Commerce]:
    """What these contacts bought first; those that never bought are left out."""
    found: dict[UUID, Commerce] = {}
    for some in _portions(contacts):
        rows = tables.execute(
            f"SELECT contact, commerce FROM {tables['commerce']}"
            f" WHERE contact IN ({', '.join('?' * len(some))})",
            some,
        )
        for contact, packed in rows:
            found[UUID(bytes=contact)] = Commerce.unpack(msgpack.unpackb(packed))
    return found


def _portions(contacts: Iterable[UUID]) -> Iterator[list[bytes]]:
    """The contacts in lists short enough for one statement, in order of their ids."""
    remaining = iter(sorted(contacts))
    while some := [contact.bytes for contact in islice(remaining, _VARIABLES)]:
        yield some


def _detail(made: Standing) -> bytes:
    counts, reciprocity = made.referrals, made.reciprocity
    packed: bytes = msgpack.packb(
        [
            [
                counts.inbound,
                counts.outbound,
                counts.won,
                counts.qualified,
                counts.open,
                counts.lost,
            ],
            [
                reciprocity.given,
                reciprocity.received,
                reciprocity.percent,
                reciprocity.balanced,
                reciprocity.we_owe,
                reciprocity.they_owe,
            ],
            [event.bytes for event in made.events],
        ]
    )
    return packed


def read_standing(row: tuple[str, int, int | None, int, bytes], at: int) -> Standing:
    """The standing in a row, which is valid at ``at``.

    The row is (standing, influence, next_breakpoint, changed_at, detail).
    """
    name, influence, next_breakpoint, changed_at, detail = row
    counts, reciprocity, events = msgpack.unpackb(detail)
    return Standing(
        at=at,
        standing=name,
        influence=influence,
        referrals=ReferralCounts(*counts),
        reciprocity=Reciprocity(*reciprocity),
        events=tuple(UUID(bytes=event) for event in events),
        next_breakpoint=next_breakpoint,
        changed_at=None if changed_at == NEVER else changed_at,
    )
