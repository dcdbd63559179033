"""Lists of contacts by stage, flag, standing, steward and consent together, and how many of each.

Stage and flag are in the rows of the status projection, standing in those of the standing
projection, steward and consent in an index in memory: nothing is folded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from projections.answers import Page
from projections.row_writing import NEVER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from uuid import UUID

    from api.service.finding.said import SaidCounts
    from api.service.server import OpenLedger
    from projections.answers import Cursor, StatusRow

MOST_READ = 2_000
"""Up to how many contacts of a standing, a steward and a consent are read by themselves; where they
are more, the list of all is read until enough of them were met."""

_ROWS = 500
_STANDINGS = 1_000


@dataclass(frozen=True)
class PeopleFilter:
    """Which contacts are wanted; None is any. ``consent`` is a purpose and a channel."""

    stage: str | None = None
    flag: str | None = None
    standing: str | None = None
    steward: str | None = None
    consent: tuple[str, str] | None = None

    def has(self, row: StatusRow) -> bool:
        """Whether the row is of the stage and has the flag."""
        return self.stage in (None, row.stage) and (self.flag is None or self.flag in row.flags)


@dataclass(frozen=True)
class PeopleCounts:
    """How many contacts there are in each stage, and so on, of all that are in the ledger.

    ``flags`` counts by stage and flag.
    """

    stages: Mapping[str, int]
    flags: Mapping[tuple[str, str], int]
    standings: Mapping[str, int]
    said: SaidCounts

    @property
    def by_flag(self) -> dict[str, int]:
        """How many contacts have each flag, in any stage."""
        found: dict[str, int] = {}
        for (_, flag), count in self.flags.items():
            found[flag] = found.get(flag, 0) + count
        return found

    def of(self, wanted: PeopleFilter) -> int | None:
        """How many are wanted, where rows say it."""
        if (wanted.standing, wanted.steward, wanted.consent) != (None, None, None):
            return None
        if wanted.flag is not None:
            stages = self.stages if wanted.stage is None else (wanted.stage,)
            return sum(self.flags.get((stage, wanted.flag), 0) for stage in stages)
        return sum(self.stages.values()) if wanted.stage is None else self.stages[wanted.stage]


def people_counts(served: OpenLedger) -> PeopleCounts:
    """How many contacts there are of each kind, read from indexes."""
    projections = served.projections
    return PeopleCounts(
        projections.summary().stages,
        projections.flag_counts(),
        projections.standing_counts(),
        served.said.counts(),
    )


def people_among(served: OpenLedger, wanted: PeopleFilter) -> frozenset[UUID] | None:
    """The contacts of the standing, the steward and the consent; None where none is wanted."""
    found: list[frozenset[UUID]] = []
    if wanted.standing is not None:
        found.append(frozenset(_of_standing(served, wanted.standing)))
    if wanted.steward is not None:
        found.append(served.said.looked_after_by(wanted.steward))
    if wanted.consent is not None:
        found.append(served.said.allowing(*wanted.consent))
    return frozenset.intersection(*found) if found else None


def people_page(
    served: OpenLedger, wanted: PeopleFilter, sort: str, after: Cursor | None, limit: int
) -> Page[StatusRow]:
    """Some of the contacts that are wanted, by ``score`` or ``since``, greatest first."""
    among = people_among(served, wanted)
    if among is None:
        return served.projections.statuses(
            stage=wanted.stage, flag=wanted.flag, sort=sort, after=after, limit=limit
        )
    if len(among) <= MOST_READ:
        return _of_few(served, wanted, among, sort, after, limit)
    return _of_many(served, wanted, among, sort, after, limit)


def _of_few(
    served: OpenLedger,
    wanted: PeopleFilter,
    among: Collection[UUID],
    sort: str,
    after: Cursor | None,
    limit: int,
) -> Page[StatusRow]:
    contacts = sorted(among)
    parts = [contacts[first : first + _ROWS] for first in range(0, len(contacts), _ROWS)] or [[]]
    found = [served.projections.contact_statuses(part) for part in parts]
    rows = [row for part in found for row in part.rows.values() if wanted.has(row)]
    rows.sort(key=lambda row: (-_place(row, sort), row.contact_id.bytes))
    if after is not None:
        place = -after[0], after[1].bytes
        rows = [one for one in rows if (-_place(one, sort), one.contact_id.bytes) > place]
    shown = tuple(rows[:limit])
    following = (_place(shown[-1], sort), shown[-1].contact_id) if len(rows) > limit else None
    return Page(shown, following, found[0].position, found[0].as_of)


def _of_many(
    served: OpenLedger,
    wanted: PeopleFilter,
    among: Collection[UUID],
    sort: str,
    after: Cursor | None,
    limit: int,
) -> Page[StatusRow]:
    rows: list[StatusRow] = []
    while True:
        page = served.projections.statuses(
            stage=wanted.stage, flag=wanted.flag, sort=sort, after=after, limit=_ROWS
        )
        for row in page.items:
            if row.contact_id in among:
                if len(rows) == limit:
                    following = _place(rows[-1], sort), rows[-1].contact_id
                    return Page(tuple(rows), following, page.position, page.as_of)
                rows.append(row)
        after = page.next_cursor
        if after is None:
            return Page(tuple(rows), None, page.position, page.as_of)


def _of_standing(served: OpenLedger, standing: str) -> list[UUID]:
    found: list[UUID] = []
    after: Cursor | None = None
    while True:
        page = served.projections.standings(standing=standing, after=after, limit=_STANDINGS)
        found += [one.contact_id for one in page.items]
        after = page.next_cursor
        if after is None:
            return found


def _place(row: StatusRow, sort: str) -> int:
    """What a row is sorted by."""
    if sort == "score":
        return row.score
    return NEVER if row.since is None else row.since
