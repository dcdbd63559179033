"""The agenda of a day, over one contact or all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from api.service.agendas.reading import Agendas
from domain.agenda.days import MOST_DAYS_AHEAD, Day, DayItem, day_on, listed_on
from domain.agenda.items import DUE, KINDS, NUMBERS, STATES
from domain.errors import Invalid
from domain.events.contacts import ContactRegistered
from domain.instants import day_of
from domain.text import NAME
from projections.contact_walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from uuid import UUID

    from domain.agenda.items import Item
    from ledger.ledger import Ledger
    from projections.folding import Moment


@dataclass(frozen=True)
class AgendaFilter:
    """Which items are wanted. Muted and deferred ones are left out unless they are asked for.

    ``state`` may also be ``DUE``, which is overdue or today.
    """

    kind: str | None = None
    state: str | None = None
    steward: str | None = None
    stage: str | None = None
    muted: bool = False
    deferred: bool = False

    def has(self, found: DayItem) -> bool:
        """Whether the item is of the kind and in a state that are wanted."""
        return self.shows(found.item.kind, found.state)

    def shows(self, kind: str, state: str) -> bool:
        """Whether items of the kind and in the state are wanted."""
        if self.kind is not None and kind != self.kind:
            return False
        if self.state == DUE:
            return state in ("overdue", "today")
        if self.state is not None:
            return state == self.state
        hidden = {"muted": not self.muted, "deferred": not self.deferred}
        return not hidden.get(state, False)

    def is_of(self, steward: str | None) -> bool:
        """Whether the items of contacts whom this one looks after are wanted."""
        if self.steward is None:
            return True
        return steward is not None and NAME.as_compared(steward) == NAME.as_compared(self.steward)


class AgendaRow(NamedTuple):
    """An item with its state on a day, and who of ours looks after the contact."""

    item: Item
    state: str
    steward: str | None


def wanted_day(ledger: Ledger, on: date | None, now: int) -> Day:
    """The day that is asked about: today, unless another is named.

    Raises:
        Invalid: it lies too far ahead.
    """
    time_zone = ledger.time_zone or "UTC"
    today = date.fromordinal(day_of(now, time_zone))
    if on is not None and on > today + timedelta(days=MOST_DAYS_AHEAD):
        raise Invalid.at("/on", "invalid-time", f"must be at most {MOST_DAYS_AHEAD} days ahead")
    return day_on(on or today, time_zone, now)


def contact_rows(
    agendas: Agendas, contact: UUID, day: Day, wanted: AgendaFilter
) -> list[AgendaRow]:
    """The rows of one contact, in order."""
    at = day.first_at
    if wanted.stage not in (None, agendas.relationship(contact, at).stage):
        return []
    steward = agendas.steward(contact, at)
    if not wanted.is_of(steward):
        return []
    found = listed_on(day, lambda instant: agendas.agenda(contact, instant))
    return [AgendaRow(*one, steward) for one in found if wanted.has(one)]


def ledger_rows(
    ledger: Ledger, moment: Moment, day: Day, wanted: AgendaFilter, most_events: int
) -> list[AgendaRow]:
    """The rows of every contact, in order.

    Raises:
        Invalid: there is more to fold than one answer may.
    """
    agendas = Agendas(ledger, moment)
    found: list[AgendaRow] = []
    for contact in contacts_in(agendas, ledger, most_events):
        found += contact_rows(agendas, contact, day, wanted)
    return sorted(found, key=lambda row: row.item.order)


def contacts_in(agendas: Agendas, ledger: Ledger, most_events: int) -> Iterator[UUID]:
    """Every contact that is registered, with its history read.

    Raises:
        Invalid: there is more to fold than one answer may.
    """
    moment = agendas.moment
    if moment.position > most_events:
        detail = f"this takes more than {most_events:,} events: ask for one contact"
        raise Invalid.at("", "takes-a-replay", detail)
    for contact, events in Walk(ledger, moment.aliases, moment.position):
        if any(isinstance(one.event, ContactRegistered) for one in events):
            agendas.history(contact, events)
            yield contact


def counts_of(rows: Sequence[AgendaRow]) -> list[tuple[str, str, int]]:
    """How many items there are of each kind in each state, in the order of an agenda."""
    return sum_parts((row.item.kind, row.state, row.item.due_at, 1) for row in rows)


def sum_parts(parts: Iterable[tuple[str, str, int, int]]) -> list[tuple[str, str, int]]:
    """The count of each kind in each state, in the order of an agenda.

    Parts are kind, state, the first instant at which one is due, and how many.
    """
    counts: dict[tuple[str, str], int] = {}
    first: dict[tuple[str, str], int] = {}
    for kind, state, due_at, count in parts:
        key = kind, state
        counts[key] = counts.get(key, 0) + count
        first[key] = min(first.get(key, due_at), due_at)

    def place(key: tuple[str, str]) -> tuple[int, int, int, int]:
        kind, state = key
        return NUMBERS[kind], first[key], KINDS.index(kind), STATES.index(state)

    return [(*key, counts[key]) for key in sorted(counts, key=place)]


def with_everything(wanted: AgendaFilter) -> AgendaFilter:
    """The filter, with the muted and the deferred items."""
    return replace(wanted, muted=True, deferred=True)
