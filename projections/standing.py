"""The standing projection: who sent whom, and where does everyone stand as a referral partner?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgpack

from domain.standing import Reciprocity, ReferralCounts, Standing, standing
from projections.by_contact import ByContact
from projections.edges import (
    COMMERCE,
    EDGES,
    collect_referrals,
    forget_referrals,
    measure_referrals,
    next_referrers,
    read_commerce,
    read_edges,
    referrals_outlast,
    referrers_of,
    write_referrals,
)
from projections.generations import Table
from projections.row_writing import NEVER, upsert
from projections.standing_reports import StandingReporter
from projections.status import MERGES_TABLE, due_in, earliest_in, go_back_in

if TYPE_CHECKING:
    from collections.abc import Collection

    from domain.history import History
    from domain.recorded import RecordedEvent
    from projections.edges import ReferralMeasures
    from projections.folding import Moment
    from projections.generations import Tables
    from projections.row_writing import NewRows

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


class StandingProjection(ByContact):
    """A row for every referral, every referred contact that bought, and every referrer."""

    name = "standing"
    title = "Referral partners"
    version = 3
    tables = (MERGES_TABLE, EDGES, COMMERCE, STANDINGS)
    measures_when_due = False
    reporter = StandingReporter()

    def measure(
        self,
        contact: UUID,
        history: History,
        moment: Moment,
        before: ReferralMeasures | None = None,
    ) -> ReferralMeasures:
        """The contact's edges, and commerce if anybody referred it, cut at no instant."""
        return measure_referrals(contact, history, moment.aliases.survivor_of)

    def outlasts(self, measured: ReferralMeasures, news: Collection[RecordedEvent]) -> bool:
        """Where the news are of no referral, nor purchases of a contact that was referred."""
        return referrals_outlast(measured, news)

    def rereads(self, measured: ReferralMeasures) -> bool:
        """The row of a contact that has referrals."""
        return measured.referred or bool(measured.edges)

    def collect(self, rows: NewRows, contact: UUID, measured: ReferralMeasures) -> None:
        """The contact's edges and commerce."""
        collect_referrals(rows, contact, measured)

    def write(
        self,
        tables: Tables,
        contact: UUID,
        measured: ReferralMeasures,
        before: ReferralMeasures | None = None,
    ) -> None:
        """Keep the contact's edges and commerce."""
        write_referrals(tables, contact, measured)

    def forget(self, tables: Tables, contact: UUID) -> None:
        """The contact has no rows of its own any more."""
        forget_referrals(tables, contact)

    def dependants(self, tables: Tables, contacts: Collection[UUID]) -> set[UUID]:
        """The contacts that referred any of these."""
        return referrers_of(tables, contacts)

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
        return next_referrers(tables, after, limit)

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
