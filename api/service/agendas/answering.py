"""Answers about agendas, for every way in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from api.service.agendas.listing import AgendaFilter, contact_rows, ledger_rows, wanted_day
from api.service.agendas.reading import Agendas
from api.service.answers.agenda import AgendaItem, AgendaPage
from api.service.labels import Labels, LabelsWanted
from api.service.profiles import profile_at
from api.service.questions import group_of, subject_in
from domain.instants import day_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from uuid import UUID

    from api.service.agendas.listing import AgendaRow
    from domain.agenda.days import Day
    from ledger.ledger import Ledger
    from projections.folding import Moment


@dataclass(frozen=True)
class AgendaQuestion:
    """Which items of which day are asked for, of one contact or of all, and what beside ids."""

    on: date | None = None
    items: AgendaFilter = field(default_factory=AgendaFilter)
    labels: LabelsWanted = field(default_factory=LabelsWanted)
    contact: UUID | None = None

    def is_today(self, ledger: Ledger, now: int) -> bool:
        """Whether today is asked for in the ledger's time zone, by name or without."""
        return self.on is None or self.on.toordinal() == day_of(now, ledger.time_zone or "UTC")


def rows_of(
    ledger: Ledger, moment: Moment, day: Day, question: AgendaQuestion, most_events: int
) -> list[AgendaRow]:
    """The rows that are asked for, in order.

    Raises:
        ContactNotFound: the contact that is asked about was not registered by then.
        Invalid: there is more to fold than one answer may.
    """
    if question.contact is None:
        return ledger_rows(ledger, moment, day, question.items, most_events)
    survivor, group = group_of(ledger, moment.aliases, moment.position, question.contact)
    subject_in(survivor, group)
    agendas = Agendas(ledger, moment)
    agendas.history(survivor, group)
    return contact_rows(agendas, survivor, day, question.items)


def whole_agenda(
    ledger: Ledger, moment: Moment, question: AgendaQuestion, most_events: int
) -> AgendaPage:
    """The whole agenda of a day as one page.

    Raises:
        ContactNotFound: the contact that is asked about was not registered by then.
        Invalid: the day lies too far ahead, or there is more to fold than one answer may.
    """
    day = wanted_day(ledger, question.on, moment.at)
    rows = rows_of(ledger, moment, day, question, most_events)
    labels = Labels(ledger, moment.aliases, moment.position, question.labels)
    return agenda_page(rows, day, labels, None)


def agenda_page(
    rows: Sequence[AgendaRow], day: Day, labels: Labels, next_cursor: str | None
) -> AgendaPage:
    """The rows as an answer shows them."""
    items = labels.beside(AgendaItem.of(row, labels.name_of) for row in rows)
    return AgendaPage(items=tuple(items), on=day.on.isoformat(), next_cursor=next_cursor)


def names_at(ledger: Ledger, moment: Moment, *, wanted: bool) -> Callable[[UUID], str | None]:
    """The names of contacts as they are known, each read once; none where they are not wanted."""
    known: dict[UUID, str | None] = {}

    def name_of(contact: UUID) -> str | None:
        if wanted and contact not in known:
            known[contact] = profile_at(ledger, moment.aliases, contact, moment.position).name
        return known.get(contact)

    return name_of
