"""The agenda of all contacts today: rows of the projection, and what only memory may hold."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from api.service.agendas.kept import Answer, KeptAnswers
from api.service.agendas.listing import AgendaFilter, AgendaRow, contact_rows, wanted_day
from api.service.agendas.near import OccasionIndex
from api.service.agendas.reading import Agendas, steward_in
from api.service.questions import At, Knowledge, moment_of
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

    from api.service.finding.worker import IndexingWorker
    from api.service.known_aliases import KnownAliases
    from domain.agenda.days import Day
    from domain.agenda.items import Item
    from ledger.ledger import Ledger
    from projections.agenda_reading import AgendaRows, Place
    from projections.folding import Moment
    from projections.queries import ProjectionQueries

_STEWARDS = (StewardAssigned.TYPE, EventCorrected.TYPE, EventRetracted.TYPE)


class _Occasions(NamedTuple):
    """The occasions of a contact up to the end of a day, each with when it is seen first."""

    stage: str
    items: tuple[tuple[Item, int], ...]


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


class _Memory(NamedTuple):
    """What stands in no file: whose occasions are near, and who looks after whom."""

    near: OccasionIndex
    occasions: KeptAnswers[_Occasions]
    stewards: KeptAnswers[str | None]


class PresentAgenda:
    """Answers about what is left of today, of one ledger. Any thread may ask."""

    def __init__(
        self,
        ledger: Ledger,
        projections: ProjectionQueries,
        aliases: KnownAliases,
        worker: IndexingWorker,
    ) -> None:
        """For a ledger that nobody appends to yet."""
        self._ledger = ledger
        self._projections = projections
        self._aliases = aliases
        self.memory = _Memory(
            OccasionIndex(ledger, worker), KeptAnswers(ledger), KeptAnswers(ledger)
        )

    def close(self) -> None:
        """Read the ledger no more, and forget what is personal."""
        self.memory.near.close()
        self.memory.occasions.clear()
        self.memory.stewards.clear()

    def page(self, wanted: AgendaFilter, after: Place | None, limit: int) -> AgendaList:
        """The next rows of the list after a place.

        Raises:
            ProjectionBehind: which occasions are near is not known yet.
        """
        with self._projections.agenda_rows() as kept:
            question = self._question(kept, wanted)
            rows = list(islice(question.stored_rows(kept, after), limit + 1))
            doubtful = kept.doubtful()
        rows += [
            row for row in question.folded_rows(doubtful) if after is None or row.item.order > after
        ]
        rows.sort(key=lambda row: row.item.order)
        page = [question.with_steward(row) for row in rows[:limit]]
        return AgendaList(page, question.moment, question.day, len(rows) > limit)

    def counts(self, wanted: AgendaFilter, most: int | None = None) -> AgendaCounts:
        """How many items there are by kind and state; with ``most`` of that many rows, or a few
        more, where there are more.

        Raises:
            ProjectionBehind: which occasions are near is not known yet.
        """
        found: dict[tuple[str, str], list[Place]] = {}
        with self._projections.agenda_rows() as kept:
            question = self._question(kept, wanted)
            for kind, state, place in islice(question.stored_states(kept), most):
                found.setdefault((kind, state), []).append(place)
            doubtful = kept.doubtful()
        for row in question.folded_rows(doubtful):
            found.setdefault((row.item.kind, row.state), []).append(row.item.order)
        in_order = sorted(found.items(), key=lambda one: min(one[1]))
        counts = [(kind, state, len(places)) for (kind, state), places in in_order]
        return AgendaCounts(counts, question.moment, question.day)

    def first_of(self, contacts: Sequence[UUID]) -> dict[UUID, AgendaRow]:
        """The most urgent item of each of these contacts that has any.

        Occasions are left out while it is not known yet which are near.
        """
        if not contacts:
            return {}
        wanted = AgendaFilter()
        with self._projections.agenda_rows() as kept:
            question = self._question(kept, wanted)
            rows = list(question.stored_rows_of(kept, contacts))
            doubtful = kept.doubtful()
        rows += question.folded_rows_of(contacts, doubtful)
        found: dict[UUID, AgendaRow] = {}
        for row in sorted(rows, key=lambda row: row.item.order):
            found.setdefault(row.item.contact_id, row)
        return found

    def _question(self, kept: AgendaRows, wanted: AgendaFilter) -> _Question:
        at = At(kept.as_of, Knowledge(position=kept.position))
        moment = moment_of(self._ledger, self._aliases, at, kept.as_of)
        return _Question(self._ledger, moment, wanted, self.memory)


class _Question:
    """One question at one moment."""

    def __init__(
        self, ledger: Ledger, moment: Moment, wanted: AgendaFilter, memory: _Memory
    ) -> None:
        self.moment = moment
        self.day = wanted_day(ledger, None, moment.at)
        self._ledger = ledger
        self._wanted = wanted
        self._read = ItemsWanted(wanted.kind, wanted.state, wanted.stage)
        self._memory = memory
        self._agendas = Agendas(ledger, moment)

    def stored_rows(self, kept: AgendaRows, after: Place | None) -> Iterator[AgendaRow]:
        """The rows of the projection that are wanted, in order."""
        for item, at, stewarded in kept.items(self.day, self._read, after):
            listed = as_listed(item, self.day, at)
            if self._wanted.has(listed):
                steward = self._steward(item.contact_id) if stewarded else None
                if self._wanted.is_of(steward):
                    yield AgendaRow(*listed, steward)

    def stored_rows_of(self, kept: AgendaRows, contacts: Sequence[UUID]) -> Iterator[AgendaRow]:
        """The rows of the projection of some contacts, without who looks after them."""
        for item, at, _ in kept.items_of(contacts, self.day):
            listed = as_listed(item, self.day, at)
            if self._wanted.has(listed):
                yield AgendaRow(*listed, None)

    def stored_states(self, kept: AgendaRows) -> Iterator[tuple[str, str, Place]]:
        """The kind, the state and the place of each of them."""
        for kind, state, place, stewarded in kept.states(self.day, self._read):
            if self._wanted.shows(kind, state):
                is_asked = self._wanted.steward is not None and stewarded
                steward = self._steward(place[2]) if is_asked else None
                if self._wanted.is_of(steward):
                    yield kind, state, place

    def folded_rows(self, doubtful: Iterable[UUID]) -> list[AgendaRow]:
        """The rows that are in no file: occasions, and what rests on something personal.

        Of occasions the steward is left out: see ``with_steward``.

        Raises:
            ProjectionBehind: which occasions are near is not known yet.
        """
        if not self.moment.policies.versions:
            return []  # before its first event is reflected, a ledger has no policy and nobody
        contacts = set(doubtful)
        rows = [
            row
            for contact in contacts
            for row in contact_rows(self._agendas, contact, self.day, self._wanted)
        ]
        if self._wanted.kind in (None, "occasion"):
            for contact in self._near() - contacts:
                rows += self._occasion_rows(contact)
        return rows

    def folded_rows_of(self, contacts: Iterable[UUID], doubtful: Iterable[UUID]) -> list[AgendaRow]:
        """The rows of some contacts that are in no file, as far as it is known whose they are."""
        if not self.moment.policies.versions:
            return []
        wanted = set(contacts)
        folded = wanted.intersection(doubtful)
        rows = [
            row
            for contact in folded
            for row in contact_rows(self._agendas, contact, self.day, self._wanted)
        ]
        with suppress(ProjectionBehind):
            for contact in wanted.intersection(self._near()) - folded:
                rows += self._occasion_rows(contact)
        return rows

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

    def _occasion_rows(self, contact: UUID) -> Iterator[AgendaRow]:
        wanted, kept = self._wanted, self._memory.occasions
        ends_at = self.day.ends_at
        found = kept.get(contact, self.moment, ends_at, lambda: self._occasions(contact))
        if wanted.stage in (None, found.stage):
            for item, at in found.items:
                listed = as_listed(item, self.day, max(at, self.day.first_at))
                if wanted.has(listed) and (
                    wanted.steward is None or wanted.is_of(self._steward(contact))
                ):
                    yield AgendaRow(*listed, None)

    def with_steward(self, row: AgendaRow) -> AgendaRow:
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
