"""Today: whom to thank, call, greet and ask, the most urgent first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from api.console.visit import Page
from api.console.vocabulary import KINDS
from api.service.agendas.answering import AgendaQuestion, agenda_page, names_at, whole_agenda
from api.service.agendas.listing import AgendaFilter
from api.service.labels import LabelsWanted
from api.service.questions import relationship_of, subject_of
from domain.errors import Invalid
from domain.phrases import count_of
from ledger.access.scopes import READ

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from starlette.responses import Response

    from api.console.rendering import Words
    from api.console.visit import Visit
    from api.service.answers.agenda import AgendaItem
    from api.service.questions import Question
    from domain.evidence import WillChange

NOW = ("overdue", "today")
"""The states of what is to be done today."""

MOST_FALLING = 10

MOST_BEHIND = 20
"""By how many events the list may be behind before the page says so, and looks again by itself."""

MOST_ITEMS = 300
"""How many items the page shows, the most urgent ones."""


@dataclass
class Person:
    """A contact with what is to be done for it, in the order of the agenda."""

    contact_id: UUID
    name: str | None
    items: list[AgendaItem] = field(default_factory=list)


@dataclass(frozen=True)
class Falling:
    """A client whom we are about to lose: to which stage, and when."""

    contact_id: UUID
    name: str | None
    change: WillChange | None


def show(visit: Visit) -> Response:
    """The agenda of today; with ``on`` that of another day, with ``kind`` items of a kind alone.

    Raises:
        Invalid: the day is none, or lies too far ahead.
    """
    served, question = visit.served, visit.question()
    kind, steward = visit.parameter("kind"), visit.parameter("steward")
    on, wanted = _day(visit.parameter("on")), AgendaFilter(steward=steward, deferred=True)
    labels = LabelsWanted(names=True)
    if on is None:
        listed = served.agenda.page(wanted, None, MOST_ITEMS)
        moment, more = listed.moment, listed.has_more
        named = served.labels(labels, moment.position)
        found = agenda_page(listed.rows, listed.day, named, None)
    else:
        moment, more = question.moment, False
        asked = AgendaQuestion(on, wanted, labels)
        found = whole_agenda(served.ledger, moment, asked, served.limits.calibrated_events)
    counts = Counter(KINDS[one.kind] for one in found.items if one.state != "deferred")
    shown = [one for one in found.items if kind in (None, KINDS[one.kind])]
    due = [one for one in shown if one.state in NOW]
    return visit.page(
        "today.html" if not visit.is_fragment else "today_list.html",
        on=on,
        more=more,
        kind=kind,
        steward=steward,
        stewards=sorted({one.steward for one in found.items if one.steward}),
        counts=counts,
        position=moment.position,
        head=served.ledger.head(),
        is_behind=on is None and served.ledger.head() - moment.position > MOST_BEHIND,
        headline=headline(found.items, visit.words),
        people=by_person(due),
        coming=by_day([one for one in shown if one.state == "upcoming"], visit.words),
        deferred=[one for one in shown if one.state == "deferred"],
        falling=_falling(visit, question),
        may_append=visit.may("append"),
        kinds=KINDS,
    )


def headline(items: Iterable[AgendaItem], words: Words) -> str:
    """The day in one sentence, such as "7 things today, 2 overdue; Ben's birthday on Monday."."""
    counts = Counter(one.state for one in items)
    due = counts["overdue"] + counts["today"]
    said = "Nothing is left to do today" if not due else f"{count_of(due, 'thing')} today"
    if counts["overdue"]:
        said += f", {counts['overdue']} overdue"
    near = [one for one in items if one.kind == "occasion" and one.state != "overdue"]
    if near:
        first = min(near, key=lambda one: one.due_at)
        what = first.reason.rpartition(": ")[2].rstrip(".")
        said += f"; {first.name or 'somebody'}: {what} {_on(words.day(first.due_at))}"
    return f"{said}."


def _on(day: str) -> str:
    return day if day in ("today", "tomorrow", "yesterday") else f"on {day}"


def by_person(items: Iterable[AgendaItem]) -> list[Person]:
    """The items by contact, in the order of the first of each."""
    found: dict[UUID, Person] = {}
    for one in items:
        person = found.setdefault(one.contact_id, Person(one.contact_id, one.name))
        person.items.append(one)
    return list(found.values())


def by_day(items: Sequence[AgendaItem], words: Words) -> list[tuple[str, list[AgendaItem]]]:
    """What is due within the next seven days, by day, and what is due later."""
    days: dict[str, list[AgendaItem]] = {}
    for one in sorted(items, key=lambda item: item.due_at):
        ahead = (words.date_of(one.due_at) - words.date_of(words.now)).days
        days.setdefault(words.day(one.due_at) if ahead <= 7 else "later", []).append(one)
    return list(days.items())


def _falling(visit: Visit, question: Question) -> list[Falling]:
    """The clients whom we are about to lose, and when."""
    served = visit.served
    rows = served.projections.statuses(flag="falling", limit=MOST_FALLING).items
    name_of = names_at(served.ledger, question.moment, wanted=True)
    found = []
    for row in rows:
        subject = subject_of(question, row.contact_id)
        change = relationship_of(question, subject).will_change()
        found.append(Falling(row.contact_id, name_of(row.contact_id), change))
    return found


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid.at("/on", "invalid-time", "must be a day such as 2026-03-01") from None


PAGES = (Page("/ledgers/{ledger}", show, (READ,)),)
