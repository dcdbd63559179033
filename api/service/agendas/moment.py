"""The agenda of all contacts at one moment: rows of the projection, and what memory holds."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from api.service.agendas.kept import Answer, KeptAnswers
from api.service.agendas.listing import (
    AgendaFilter,
    AgendaRow,
    contact_rows,
    sum_parts,
    wanted_day,
)
from api.service.agendas.reading import Agendas, steward_in
from domain.agenda.agenda import Agenda, changes_of, occasion_items, within_limits
from domain.agenda.days import as_listed, seen_in
from domain.agenda.view import ContactView
from domain.errors import ProjectionBehind
from domain.events.care import StewardAssigned
from domain.events.governance import EventCorrected, EventRetracted
from domain.history import effective_history
from projections.agenda_reading import ItemsWanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from uuid import UUID

    from api.service.agendas.near import OccasionIndex
    from domain.agenda.days import Day
    from domain.agenda.items import Item
    from ledger.ledger import Ledger
    from projections.agenda_reading import AgendaRows, Place
    from projections.folding import Moment

_EVERYTHING = AgendaFilter(muted=True, deferred=True)

_STEWARDS = (StewardAssigned.TYPE, EventCorrected.TYPE, EventRetracted.TYPE)


class _Occasions(NamedTuple):
    """The occasions of a contact up to the end of a day, each with when it is seen first."""

    stage: str
    items: tuple[tuple[Item, int], ...]


class PageWanted(NamedTuple):
    """The next ``limit`` rows of a list, after a place in it; None is its beginning."""

    items: AgendaFilter
    limit: int
    after: Place | None = None


class AgendaList(NamedTuple):
    """Rows in order, the moment that they hold for, its day, and whether there are more."""

    rows: list[AgendaRow]
    moment: Moment
    day: Day
    has_more: bool


class AgendaCounts(NamedTuple):
    """How many items there are of each kind in each state, in the order of an agenda."""

    counts: list[tuple[str, str, int]]
    moment: Moment
    day: Day


class AgendaMemory(NamedTuple):
    """What stands in no file: whose occasions are near, and who looks after whom."""

    near: OccasionIndex
    occasions: KeptAnswers[_Occasions]
    stewards: KeptAnswers[str | None]


class FoldedRow(NamedTuple):
    """A row that is in no file; ``stage`` is that of its contact, None where nobody asked yet."""

    row: AgendaRow
    stage: str | None


class AgendaNow:
    """The agenda at one moment, about which several questions may be asked."""

    def __init__(self, ledger: Ledger, moment: Moment, memory: AgendaMemory) -> None:
        self.moment = moment
        self.day = wanted_day(ledger, None, moment.at)
        self._ledger = ledger
        self._memory = memory
        self._agendas = Agendas(ledger, moment)

    def stored_rows(
        self, kept: AgendaRows, wanted: AgendaFilter, after: Place | None
    ) -> Iterator[AgendaRow]:
        """The rows of the projection that are wanted, in order."""
        for item, at, stewarded in kept.items(self.day, _of_rows(wanted), after):
            listed = as_listed(item, self.day, at)
            if wanted.has(listed):
                steward = self._steward(item.contact_id) if stewarded else None
                if wanted.is_of(steward):
                    yield AgendaRow(*listed, steward)

    def stored_rows_of(
        self, kept: AgendaRows, wanted: AgendaFilter, contacts: Sequence[UUID]
    ) -> Iterator[AgendaRow]:
        """The rows of the projection of some contacts, without who looks after them."""
        for item, at, _ in kept.items_of(contacts, self.day):
            listed = as_listed(item, self.day, at)
            if wanted.has(listed):
                yield AgendaRow(*listed, None)

    def stored_counts(
        self, kept: AgendaRows, wanted: AgendaFilter, most: int | None
    ) -> Iterator[tuple[str, str, int, int]]:
        """Counts of such rows in parts, for ``sum_parts``; one by one where a steward is asked for,
        who stands in no row.
        """
        if wanted.steward is None:
            for part in kept.counts(self.day, _of_rows(wanted), most):
                if wanted.shows(part.kind, part.state):
                    yield part
            return
        found = (
            (kind, state, place[1], 1)
            for kind, state, place, stewarded in kept.states(self.day, _of_rows(wanted))
            if stewarded and wanted.shows(kind, state) and wanted.is_of(self._steward(place[2]))
        )
        yield from islice(found, most)

    def list_of(
        self, stored: list[AgendaRow], folded: Sequence[FoldedRow], wanted: PageWanted
    ) -> AgendaList:
        """A page of rows that are in files and of those that are in none."""
        rows = stored + [
            one.row
            for one in folded
            if (wanted.after is None or one.row.item.order > wanted.after)
            and self.is_wanted(one, wanted.items)
        ]
        rows.sort(key=lambda row: row.item.order)
        page = [self._with_steward(row) for row in rows[: wanted.limit]]
        return AgendaList(page, self.moment, self.day, len(rows) > wanted.limit)

    def counts_of(
        self,
        stored: list[tuple[str, str, int, int]],
        folded: Sequence[FoldedRow],
        wanted: AgendaFilter,
    ) -> AgendaCounts:
        """The counts of both."""
        parts = stored + [
            (one.row.item.kind, one.row.state, one.row.item.due_at, 1)
            for one in folded
            if self.is_wanted(one, wanted)
        ]
        return AgendaCounts(sum_parts(parts), self.moment, self.day)

    def folded_rows(
        self, doubtful: Iterable[UUID], wanted: Sequence[AgendaFilter]
    ) -> list[FoldedRow]:
        """The rows that are in no file: occasions, and what rests on something personal.

        Of occasions the steward is left out: see ``_with_steward``.

        Raises:
            ProjectionBehind: which occasions are near is not known yet.
        """
        if not self.moment.policies.versions:
            return []  # before its first event is reflected, a ledger has no policy and nobody
        contacts = set(doubtful)
        rows = [row for contact in contacts for row in self._doubtful_rows(contact)]
        if any(one.kind in (None, "occasion") for one in wanted):
            for contact in self._near() - contacts:
                rows += self._occasion_rows(contact)
        return rows

    def folded_rows_of(self, contacts: Iterable[UUID], doubtful: Iterable[UUID]) -> list[FoldedRow]:
        """The rows of some contacts that are in no file, as far as it is known whose they are."""
        if not self.moment.policies.versions:
            return []
        wanted = set(contacts)
        folded = wanted.intersection(doubtful)
        rows = [row for contact in folded for row in self._doubtful_rows(contact)]
        with suppress(ProjectionBehind):
            for contact in wanted.intersection(self._near()) - folded:
                rows += self._occasion_rows(contact)
        return rows

    def is_wanted(self, found: FoldedRow, wanted: AgendaFilter) -> bool:
        """Whether a row that is in no file is wanted."""
        row, contact = found.row, found.row.item.contact_id
        if not wanted.shows(row.item.kind, row.state):
            return False
        if wanted.stage is not None:
            stage = found.stage or self._agendas.relationship(contact, self.day.first_at).stage
            if stage != wanted.stage:
                return False
        return wanted.steward is None or wanted.is_of(self._with_steward(row).steward)

    def _near(self) -> set[UUID]:
        """The contacts whose occasions may be near.

        Raises:
            ProjectionBehind: they are not known yet.
        """
        versions = self.moment.policies.versions
        days = max((one.policy.care.occasion_days for one in versions), default=0)
        streams = self._memory.near.near(self.day, days)
        if streams is None:
            raise ProjectionBehind("the occasions of the contacts are being read: ask again soon")
        return {self.moment.aliases.survivor_of(stream) for stream in streams}

    def _doubtful_rows(self, contact: UUID) -> Iterator[FoldedRow]:
        for row in contact_rows(self._agendas, contact, self.day, _EVERYTHING):
            yield FoldedRow(row, None)

    def _occasion_rows(self, contact: UUID) -> Iterator[FoldedRow]:
        ends_at = self.day.ends_at
        found = self._memory.occasions.get(
            contact, self.moment, ends_at, lambda: self._occasions(contact)
        )
        for item, at in found.items:
            listed = as_listed(item, self.day, max(at, self.day.first_at))
            yield FoldedRow(AgendaRow(*listed, None), found.stage)

    def _with_steward(self, row: AgendaRow) -> AgendaRow:
        """A row that is shown; of an occasion nobody has asked yet who looks after the contact."""
        if row.item.kind != "occasion":
            return row
        return row._replace(steward=self._steward(row.item.contact_id))

    def _occasions(self, contact: UUID) -> Answer[_Occasions]:
        def at_instant(at: int) -> Agenda:
            relationship = self._agendas.relationship(contact, at)
            seen = ContactView(contact, relationship, self.moment.policies)
            items = within_limits(seen, list(occasion_items(seen)))
            return Agenda(at, tuple(items), changes_of(seen))

        seen = seen_in(self.day.first_at, self.day.ends_at, at_instant)
        stage = self._agendas.relationship(contact, self.day.first_at).stage
        changes_at = seen.changes_at
        ahead_at = None if changes_at is None else max(changes_at, self.day.ends_at)
        return Answer(_Occasions(stage, seen.items), changes_at, ahead_at)

    def _steward(self, contact: UUID) -> str | None:
        stewards, at = self._memory.stewards, self.moment.at
        return stewards.get(contact, self.moment, at, lambda: self._find_steward(contact))

    def _find_steward(self, contact: UUID) -> Answer[str | None]:
        events = [
            one
            for member in self.moment.aliases.members(contact)
            for one in self._ledger.stream(
                member, types=_STEWARDS, upto=self.moment.position, decrypt=True
            )
        ]
        history = effective_history(events, contact)
        later = [one.occurred_at for one in history.facts if one.occurred_at > self.moment.at]
        return Answer(steward_in(history, self.moment.at), min(later, default=None))


def _of_rows(wanted: AgendaFilter) -> ItemsWanted:
    """What of a filter rows can be read by."""
    return ItemsWanted(wanted.kind, wanted.state, wanted.stage)
