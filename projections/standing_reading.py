"""Questions to the standing projection's tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from domain.presets import PRESETS
from domain.standing import standing
from projections.answers import ContactStanding, Page, Referrals
from projections.edges import read_commerce, read_edges, read_edges_at, read_edges_to
from projections.standing import read_standing
from projections.status_reading import survivor_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from domain.first_purchases import Commerce
    from domain.referrals import Edge
    from projections.answers import Cursor
    from projections.generations import Tables

_COLUMNS = "standing, influence, next_breakpoint, changed_at, detail"


def read_contact_standing(
    tables: Tables, contact: UUID, position: int, as_of: int
) -> ContactStanding:
    """Where a contact stands, or the one that stands for it."""
    contact = survivor_of(tables, contact)
    row = tables.execute(
        f"SELECT {_COLUMNS} FROM {tables['standings']} WHERE contact = ?", (contact.bytes,)
    ).fetchone()
    if row is not None:
        found = read_standing(row, as_of)
    else:
        # Without referrals no number of any policy matters.
        found = standing(contact, (), {}, PRESETS["retail"], as_of)
    return ContactStanding(contact, found, position, as_of)


def read_standings(
    tables: Tables,
    *,
    named: str | None,
    after: Cursor | None,
    limit: int,
    position: int,
    as_of: int,
) -> Page[ContactStanding]:
    """Everyone with referrals, the most influential first, then by contact."""
    conditions, values = ["TRUE"], list[object]()
    if named is not None:
        conditions.append("standing = ?")
        values.append(named)
    if after is not None:
        conditions.append("influence <= ? AND (influence < ? OR contact > ?)")
        values += [after[0], after[0], after[1].bytes]
    rows = tables.execute(
        f"SELECT contact, {_COLUMNS} FROM {tables['standings']}"
        f" WHERE {' AND '.join(conditions)} ORDER BY influence DESC, contact LIMIT ?",
        (*values, limit + 1),
    ).fetchall()
    items = tuple(
        ContactStanding(UUID(bytes=contact), read_standing(tuple(row), as_of), position, as_of)
        for contact, *row in rows[:limit]
    )
    following = None
    if len(rows) > limit:
        following = (items[-1].standing.influence, items[-1].contact_id)
    return Page(items, following, position, as_of)


def read_counts(tables: Tables) -> dict[str, int]:
    """How many contacts have each standing; those without any referral are left out."""
    rows = tables.execute(f"SELECT standing, count(*) FROM {tables['standings']} GROUP BY standing")
    return dict(rows.fetchall())


def read_referrals(tables: Tables, contact: UUID, position: int, as_of: int) -> Referrals:
    """The edges from and to a contact, or the one that stands for it."""
    contact = survivor_of(tables, contact)
    made, received = read_edges(tables, contact), read_edges_to(tables, contact)
    others = {edge.other for edge in (*made, *received)}
    return Referrals(contact, made, received, read_commerce(tables, others), position, as_of)


@dataclass(frozen=True)
class PartnerRows:
    """What the tables say of referral partners at one position and instant."""

    tables: Tables
    position: int
    as_of: int

    def standings(
        self, named: str | None, after: Cursor | None, limit: int
    ) -> Page[ContactStanding]:
        """Everyone with referrals, the most influential first, then by contact."""
        return read_standings(
            self.tables,
            named=named,
            after=after,
            limit=limit,
            position=self.position,
            as_of=self.as_of,
        )

    def referrals(self, contacts: Collection[UUID]) -> ReferralRows:
        """The referrals of these contacts, and all that decides who has the credit for whom."""
        tables = self.tables
        made = read_edges_at(tables, "referrer", contacts)
        others = {edge.other for own in made.values() for edge in own}
        received: dict[UUID, list[Edge]] = {}
        waiting = others
        while waiting:
            found = read_edges_at(tables, "other", waiting)
            received |= {contact: found.get(contact, []) for contact in waiting}
            above = {edge.referrer for own in found.values() for edge in own}
            waiting = above - received.keys()
        return ReferralRows(made, received, read_commerce(tables, others))


@dataclass(frozen=True)
class ReferralRows:
    """The referrals of some contacts, those to whom they referred, and all above these."""

    made: Mapping[UUID, Sequence[Edge]]
    received: Mapping[UUID, Sequence[Edge]]
    commerce: Mapping[UUID, Commerce]

    def edges_to(self, contact: UUID) -> Sequence[Edge]:
        """The referrals that name a contact."""
        return self.received[contact]
