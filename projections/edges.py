"""What each contact's history says of referrals: rows for the projections that reduce them.

A projection reads its own tables alone, so each that reduces referrals keeps these, made here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal
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
from projections.generations import Table
from projections.row_writing import put, upsert

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from domain.history import History
    from domain.recorded import RecordedEvent
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


def measure_referrals(
    contact: UUID, history: History, survivor_of: Callable[[UUID], UUID]
) -> ReferralMeasures:
    """The contact's edges, and commerce if anybody referred it, cut at no instant."""
    # Few contacts refer or were referred, and a history is gone through more than once.
    if _REFERRALS.isdisjoint([type(fact.event) for fact in history.facts]):
        return NOTHING_REFERRED
    facts = tuple(fact for fact in history.facts if type(fact.event) in _READ)
    read = replace(history, facts=facts)
    edges = edges_of(read, contact, survivor_of)
    referred = any(isinstance(fact.event, ReferralReceived) for fact in facts)
    return ReferralMeasures(edges, commerce_of(read) if referred else NO_COMMERCE, referred)


def referrals_outlast(measured: ReferralMeasures, news: Collection[RecordedEvent]) -> bool:
    """Where the news are of no referral, nor purchases of a contact that was referred."""
    seen = {type(recorded.event) for recorded in news}
    return not (seen & _CHANGING or (measured.referred and seen & _OF_COMMERCE))


def collect_referrals(rows: NewRows, contact: UUID, measured: ReferralMeasures) -> None:
    """Add the contact's edges and commerce to rows that have none of it yet."""
    if measured.edges:
        rows.extend(EDGES, _edge_rows(contact.bytes, measured))
    if measured.commerce.purchases:
        rows.add(COMMERCE, _commerce_row(contact.bytes, measured))


def write_referrals(tables: Tables, contact: UUID, measured: ReferralMeasures) -> None:
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
    tables.executemany(upsert(name, EDGES), new)
    if measured.commerce.purchases:
        put(tables, COMMERCE, _commerce_row(key, measured))
    else:
        tables.execute(f"DELETE FROM {tables['commerce']} WHERE contact = ?", (key,))


def forget_referrals(tables: Tables, contact: UUID) -> None:
    """Take away the contact's edges and commerce."""
    for table, column in (("edges", "referrer"), ("commerce", "contact")):
        tables.execute(f"DELETE FROM {tables[table]} WHERE {column} = ?", (contact.bytes,))


def referrers_of(tables: Tables, contacts: Collection[UUID]) -> set[UUID]:
    """The contacts that referred any of these."""
    return _far_ends(tables, contacts, "referrer", "other")


def referred_by(tables: Tables, contacts: Collection[UUID]) -> set[UUID]:
    """The contacts whom any of these referred."""
    return _far_ends(tables, contacts, "other", "referrer")


def _far_ends(tables: Tables, contacts: Collection[UUID], far: str, near: str) -> set[UUID]:
    found: set[UUID] = set()
    for some in _portions(contacts):
        rows = tables.execute(
            f"SELECT DISTINCT {far} FROM {tables['edges']}"
            f" WHERE {near} IN ({', '.join('?' * len(some))})",
            some,
        )
        found |= {UUID(bytes=one) for (one,) in rows}
    return found


def next_referrers(tables: Tables, after: UUID | None, limit: int) -> list[UUID]:
    """The next contacts after ``after`` that have edges, in order of their ids."""
    rows = tables.execute(
        f"SELECT DISTINCT referrer FROM {tables['edges']} WHERE referrer > ?"
        " ORDER BY referrer LIMIT ?",
        (after.bytes if after else b"", limit),
    )
    return [UUID(bytes=referrer) for (referrer,) in rows.fetchall()]


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


def read_edges_at(
    tables: Tables, end: Literal["referrer", "other"], contacts: Collection[UUID]
) -> dict[UUID, list[Edge]]:
    """The referrals with one of these contacts at that end; contacts without any are left out."""
    found: dict[UUID, list[Edge]] = {}
    for some in _portions(contacts):
        rows = tables.execute(
            f"SELECT {end}, edge FROM {tables['edges']}"
            f" WHERE {end} IN ({', '.join('?' * len(some))})",
            some,
        )
        for contact, packed in rows:
            edge = Edge.unpack(msgpack.unpackb(packed))
            found.setdefault(UUID(bytes=contact), []).append(edge)
    return found


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
