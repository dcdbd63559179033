"""The agenda projection: what is to be done for every contact, but for what tells a birthday.

Rows hold what exists now or will before the day ends, so that the agenda of today is read and not
folded. Occasions have no rows, because their instants are personal; and where a row would rest on
a personal value, such as what a touch was about, the contact is marked as doubtful: a reader that
has the keys folds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.agenda.agenda import Agenda, changes_of, own_items, within_limits
from domain.agenda.days import SeenItems, seen_in
from domain.agenda.items import LASTING
from domain.agenda.referred import Referrals, referred_items
from domain.agenda.renewals import PURPOSE
from domain.agenda.view import ContactView
from domain.events import EncryptedValue
from domain.events.care import StewardAssigned, TouchMade
from domain.relationship import Relationship, fold
from projections.action_reports import ActionReporter
from projections.agenda_rows import (
    EDGES_OF_ALL,
    ITEMS,
    MOST_LOOKS,
    OWN,
    REFERRERS,
    KnownOfReferrer,
    Reach,
    item_rows,
    write_items,
)
from projections.by_contact import ByContact
from projections.edges import (
    COMMERCE,
    collect_referrals,
    forget_referrals,
    measure_referrals,
    next_referrers,
    read_commerce,
    read_edges,
    read_edges_to,
    referred_by,
    referrers_of,
    write_referrals,
)
from projections.row_writing import NEVER, put
from projections.status import MERGES_TABLE, due_in, earliest_in

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from uuid import UUID

    from domain.history import History
    from domain.recorded import RecordedEvent
    from domain.referrals import Edge
    from projections.edges import ReferralMeasures
    from projections.folding import Moment
    from projections.generations import Tables
    from projections.row_writing import NewRows


@dataclass(frozen=True, eq=False)
class OwnAgenda:
    """What one contact's own history says, from an instant to the end of its reach.

    No two are the same: each holds for an instant of its own.
    """

    relationship: Relationship
    stage: str
    seen: SeenItems
    referrals: ReferralMeasures
    referrer: bytes | None
    stewarded: bool
    doubtful: bool
    next_breakpoint: int | None


class AgendaProjection(ByContact):
    """A row for every contact, every item but occasions, and what those of referrals rest on."""

    name = "agenda"
    title = "What is to be done"
    version = 2
    tables = (MERGES_TABLE, EDGES_OF_ALL, COMMERCE, OWN, REFERRERS, ITEMS)
    measures_when_due = True
    reporter = ActionReporter()

    def measure(
        self, contact: UUID, history: History, moment: Moment, before: OwnAgenda | None = None
    ) -> OwnAgenda:
        """The contact's own items, and what is known of it as a referrer."""
        earlier = before.relationship if before else None
        relationship = fold(history, moment.policies, moment.time_zone, moment.at, earlier)
        referrals = measure_referrals(contact, history, moment.aliases.survivor_of)
        looking = _Looking(contact, relationship, referrals, moment)
        reach = Reach(contact, moment.at, moment.time_zone)
        seen = seen_in(moment.at, reach.ends_at, looking.agenda_at, MOST_LOOKS)
        referrer = None
        if referrals.edges:
            referrer = KnownOfReferrer.of(history, referrals.edges, looking.limits).pack()
        return OwnAgenda(
            relationship=relationship,
            stage=relationship.stage,
            seen=seen,
            referrals=referrals,
            referrer=referrer,
            stewarded=_is_stewarded(relationship),
            doubtful=not seen.is_whole or _is_doubtful(history, seen),
            next_breakpoint=reach.breakpoint(seen.changes_at),
        )

    def outlasts(self, measured: OwnAgenda, news: Collection[RecordedEvent]) -> bool:
        """Never: every event may count for the agenda."""
        return False

    def rereads(self, measured: OwnAgenda) -> bool:
        """Every contact's."""
        return True

    def spreads(self, measured: OwnAgenda, before: OwnAgenda | None) -> bool:
        """Where its referrals, or what it bought as one referred, are not as they were."""
        return before is None or before.referrals != measured.referrals

    def collect(self, rows: NewRows, contact: UUID, measured: OwnAgenda) -> None:
        """The contact's rows, but for the items of its referrals."""
        at = measured.relationship.at
        rows.add(OWN, _own_row(contact, measured))
        rows.extend(ITEMS, item_rows(measured.seen.items, at, referred=False))
        collect_referrals(rows, contact, measured.referrals)
        if measured.referrer is not None:
            rows.add(REFERRERS, (contact.bytes, measured.referrer, 0, None, at))

    def write(
        self,
        tables: Tables,
        contact: UUID,
        measured: OwnAgenda,
        before: OwnAgenda | None = None,
    ) -> None:
        """Keep the contact's rows; those of its referrals are for ``reduce``, which follows."""
        at = measured.relationship.at
        put(tables, OWN, _own_row(contact, measured))
        own = item_rows(measured.seen.items, at, referred=False)
        write_items(tables, contact, own, referred=False)
        write_referrals(tables, contact, measured.referrals)
        if measured.referrer is not None:
            put(tables, REFERRERS, (contact.bytes, measured.referrer, 0, None, at))
        else:
            _forget_referrer(tables, contact)

    def forget(self, tables: Tables, contact: UUID) -> None:
        """The contact has no rows of its own any more."""
        forget_referrals(tables, contact)
        for table in ("own", "referrers", "items"):
            tables.execute(f"DELETE FROM {tables[table]} WHERE contact = ?", (contact.bytes,))

    def dependants(self, tables: Tables, contacts: Collection[UUID]) -> set[UUID]:
        """Those who referred any of these, or anybody whom these brought, or those brought.

        A circle takes away a credit, however many lie in between.
        """
        brought, new = set(contacts), set(contacts)
        while new:
            new = referred_by(tables, new) - brought
            brought |= new
        return referrers_of(tables, brought) | (brought - set(contacts))

    def reduce(self, tables: Tables, contact: UUID, moment: Moment) -> None:
        """The items that rest on what became of the contact's referrals."""
        edges = read_edges(tables, contact)
        row = tables.execute(
            f"SELECT known FROM {tables['referrers']} WHERE contact = ?", (contact.bytes,)
        ).fetchone()
        if not edges or row is None:
            return
        reach = Reach(contact, moment.at, moment.time_zone)
        known = KnownOfReferrer.unpack(row[0])
        referrals = _StoredReferrals(tables).referrals(edges)
        seen = seen_in(
            moment.at,
            reach.ends_at,
            lambda at: _referred_at(contact, known, referrals, moment, at),
            MOST_LOOKS,
        )
        rows = item_rows(seen.items, moment.at, referred=True)
        write_items(tables, contact, rows, referred=True)
        breakpoint_at = reach.breakpoint(seen.changes_at)
        # A breakpoint that has passed would make the clock spin forever.
        assert breakpoint_at is None or breakpoint_at > moment.at, "a breakpoint in the past"
        put(
            tables,
            REFERRERS,
            (contact.bytes, row[0], int(not seen.is_whole), breakpoint_at, moment.at),
        )

    def reducible(self, tables: Tables, after: UUID | None, limit: int) -> list[UUID]:
        """The next referrers."""
        return next_referrers(tables, after, limit)

    def due(self, tables: Tables, at: int, limit: int) -> list[UUID]:
        """Contacts of whom a breakpoint is at or before ``at``."""
        return list(
            dict.fromkeys(
                one
                for table in ("own", "referrers")
                for one in due_in(tables, table, "contact", at, limit)
            )
        )

    def expire(self, tables: Tables, at: int) -> None:
        """Every contact is to be folded again."""
        tables.execute(f"UPDATE {tables['own']} SET next_breakpoint = ?", (at,))

    def go_back(self, tables: Tables, at: int) -> None:
        """Every contact whose rows were made for a later instant is to be folded again."""
        for table in ("own", "referrers"):
            name = tables[table]
            tables.execute(f"UPDATE {name} SET next_breakpoint = ? WHERE measured_at > ?", (at, at))

    def next_breakpoint(self, tables: Tables) -> int | None:
        """The earliest breakpoint of all."""
        both = (earliest_in(tables, table) for table in ("own", "referrers"))
        return min((one for one in both if one is not None), default=None)


class _Looking:
    """A contact's own agenda at several instants, and at which of them it is a limited one."""

    def __init__(
        self,
        contact: UUID,
        relationship: Relationship,
        referrals: ReferralMeasures,
        moment: Moment,
    ) -> None:
        self._contact = contact
        self._first = relationship
        self._last: Relationship | None = None
        self._referrals = Referrals(edges=referrals.edges)
        self._moment = moment
        self.limits: list[tuple[int, bool]] = []

    def agenda_at(self, at: int) -> Agenda:
        """All own items but occasions at an instant, in no order."""
        moment, relationship = self._moment, self._first
        is_first = at == relationship.at
        if not is_first:
            # The first is gone on with when the next event comes, so the others have their own.
            history, earlier = relationship.history, self._last
            self._last = relationship = fold(
                history, moment.policies, moment.time_zone, at, earlier, goes_on=earlier is None
            )
        seen = ContactView(self._contact, relationship, moment.policies)
        items = within_limits(seen, list(own_items(seen, self._referrals)))
        limited = seen.stage == "ended" or seen.is_erased
        self.limits.append((NEVER if is_first else at, limited))
        return Agenda(at, tuple(items), changes_of(seen))


class _StoredReferrals:
    """What the rows of others say of referrals; the edges to each contact are read once."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._edges_to: dict[UUID, Sequence[Edge]] = {}

    def referrals(self, edges: Sequence[Edge]) -> Referrals:
        """The referrals of a contact with these edges."""
        commerce = read_commerce(self._tables, {edge.other for edge in edges})
        return Referrals(edges=edges, edges_to=self._to, commerce=commerce)

    def _to(self, contact: UUID) -> Sequence[Edge]:
        """The inbound referrals of a contact; of one of whom nothing is known there are none."""
        found = self._edges_to.get(contact)
        if found is None:
            found = ()
            if self._is_known(contact):
                edges = read_edges_to(self._tables, contact)
                found = tuple(edge for edge in edges if edge.inbound)
            self._edges_to[contact] = found
        return found

    def _is_known(self, contact: UUID) -> bool:
        rows = self._tables.execute(
            f"SELECT 1 FROM {self._tables['own']} WHERE contact = ?", (contact.bytes,)
        )
        return rows.fetchone() is not None


def _referred_at(
    contact: UUID, known: KnownOfReferrer, referrals: Referrals, moment: Moment, at: int
) -> Agenda:
    """The items that rest on a contact's referrals at an instant, in no order."""
    made = referred_items(known.by(contact, at), referrals, moment.policies, at)
    items = made.items
    if known.is_limited(at):
        items = tuple(item for item in items if item.kind in LASTING)
    later = [one for one in known.instants() if one > at]
    later += [made.changes_at] if made.changes_at is not None else []
    return Agenda(at, items, min(later, default=None))


def _own_row(contact: UUID, measured: OwnAgenda) -> tuple[object, ...]:
    """A row of ``OWN``."""
    at, breakpoint_at = measured.relationship.at, measured.next_breakpoint
    # A breakpoint that has passed would make the clock spin forever.
    assert breakpoint_at is None or breakpoint_at > at, "a breakpoint in the past"
    return (
        contact.bytes,
        measured.stage,
        int(measured.stewarded),
        int(measured.doubtful),
        breakpoint_at,
        at,
    )


def _forget_referrer(tables: Tables, contact: UUID) -> None:
    """The contact has no referrals any more."""
    write_items(tables, contact, (), referred=True)
    tables.execute(f"DELETE FROM {tables['referrers']} WHERE contact = ?", (contact.bytes,))


def _is_stewarded(relationship: Relationship) -> bool:
    """Whether somebody of ours looks after the contact, whose name may stand in no row."""
    facts = relationship.history.facts[: relationship.absorbed]
    for fact in reversed(facts):
        if isinstance(fact.event, StewardAssigned):
            return fact.event.steward is not None
    return False


def _is_doubtful(history: History, seen: SeenItems) -> bool:
    """Whether a touch may speak of a renewal, which only who decrypts it can tell."""
    return any(item.kind == "renewal" for item, _ in seen.items) and any(
        isinstance(fact.event, TouchMade)
        and fact.event.purpose == PURPOSE
        and isinstance(fact.event.about, EncryptedValue)
        for fact in history.facts
    )
