"""The agenda of all contacts today: rows of the projection, and what only memory may hold."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from api.service.agendas.kept import KeptAnswers
from api.service.agendas.listing import AgendaFilter, AgendaRow
from api.service.agendas.moment import AgendaMemory, AgendaNow, PageWanted
from api.service.agendas.near import OccasionIndex
from api.service.questions import At, Knowledge, moment_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from api.service.agendas.moment import AgendaCounts, AgendaList
    from api.service.finding.worker import IndexingWorker
    from api.service.known_aliases import KnownAliases
    from ledger.ledger import Ledger
    from projections.agenda_reading import AgendaRows, Place
    from projections.queries import ProjectionQueries


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
        self.memory = AgendaMemory(
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
        return self.overview([PageWanted(wanted, limit, after)])[0][0]

    def counts(self, wanted: AgendaFilter, most: int | None = None) -> AgendaCounts:
        """How many items there are by kind and state; with ``most`` of that many rows, or a few
        more, where there are more.

        Raises:
            ProjectionBehind: which occasions are near is not known yet.
        """
        return self.overview([], [wanted], most)[1][0]

    def overview(
        self,
        pages: Sequence[PageWanted],
        counted: Sequence[AgendaFilter] = (),
        most: int | None = None,
    ) -> tuple[list[AgendaList], list[AgendaCounts]]:
        """Pages of some lists, and the counts of some, all of one moment.

        Raises:
            ProjectionBehind: which occasions are near is not known yet.
        """
        with self._projections.agenda_rows() as kept:
            present = self._at_present(kept)
            stored = [
                list(islice(present.stored_rows(kept, one.items, one.after), one.limit + 1))
                for one in pages
            ]
            parts = [list(present.stored_counts(kept, one, most)) for one in counted]
            doubtful = kept.doubtful()
        folded = present.folded_rows(doubtful, [*(one.items for one in pages), *counted])
        lists = [
            present.list_of(rows, folded, one) for rows, one in zip(stored, pages, strict=True)
        ]
        counts = [
            present.counts_of(part, folded, one) for part, one in zip(parts, counted, strict=True)
        ]
        return lists, counts

    def first_of(self, contacts: Sequence[UUID]) -> dict[UUID, AgendaRow]:
        """The most urgent item of each of these contacts that has any.

        Occasions are left out while it is not known yet which are near.
        """
        if not contacts:
            return {}
        wanted = AgendaFilter()
        with self._projections.agenda_rows() as kept:
            present = self._at_present(kept)
            rows = list(present.stored_rows_of(kept, wanted, contacts))
            doubtful = kept.doubtful()
        rows += [
            one.row
            for one in present.folded_rows_of(contacts, doubtful)
            if present.is_wanted(one, wanted)
        ]
        found: dict[UUID, AgendaRow] = {}
        for row in sorted(rows, key=lambda row: row.item.order):
            found.setdefault(row.item.contact_id, row)
        return found

    def _at_present(self, kept: AgendaRows) -> AgendaNow:
        at = At(kept.as_of, Knowledge(position=kept.position))
        moment = moment_of(self._ledger, self._aliases, at, kept.as_of)
        return AgendaNow(self._ledger, moment, self.memory)
