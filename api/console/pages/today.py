"""Today: whom to thank, call, greet and ask, the most urgent first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from api.console.freshness import freshness
from api.console.twins import Twin, path_with
from api.console.visit import Page
from api.console.vocabulary import KINDS
from api.service.agendas.answering import AgendaQuestion, whole_agenda
from api.service.agendas.listing import AgendaFilter
from api.service.agendas.moment import PageWanted
from api.service.answers.agenda import AgendaItem
from api.service.labels import LabelsWanted, names_now
from domain.agenda.items import DUE
from domain.errors import Invalid
from domain.phrases import count_of
from ledger.access.scopes import READ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from starlette.responses import Response

    from api.console.rendering import Words
    from api.console.visit import Visit
    from api.service.agendas.moment import AgendaList
    from api.service.questions import Question
    from api.service.server import OpenLedger
    from domain.evidence import WillChange
    from projections.agenda_reading import Place

NOW = ("overdue", "today")
"""The states of what is to be done today."""

MOST_FALLING = 10

THANKS = KINDS["thanks"]
"""What the items are called that are thanks which we owe."""

MOST_THANKS = 6
"""How many people are named whom we owe thanks."""

_MOST_PLACE = (1 << 63) - 1
"""The greatest instant that a store keeps."""

MOST_ITEMS = 50
"""How many items the page shows that are due, the most urgent ones; the next page has more."""

MOST_COMING = 30
"""How many items the page shows that come, and how many that are put off."""

MOST_COUNTED = 2_000
"""How many items are counted; beyond, the page says that there are more."""


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
    served = visit.served
    kind, steward = visit.parameter("kind"), visit.parameter("steward")
    on = _day(visit.parameter("on"))
    if kind not in (None, *KINDS.values()):
        raise Invalid.at("/kind", "not-a-choice", f"must be one of {', '.join(KINDS.values())}")
    fresh = freshness(served, "agenda", "status") if on is None else None
    question = visit.question()
    name_of = names_now(served.ledger, served.finder, question.aliases)
    seen = (
        _present(visit, name_of, kind, steward, _place(visit.parameter("after")))
        if on is None
        else _another_day(served, question, on, kind, steward)
    )
    thanks, more_thanks = _thanks(seen)
    return visit.page(
        "today.html" if not visit.is_fragment else "today_list.html",
        on=on,
        seen=seen,
        after=visit.parameter("after"),
        kind=kind,
        steward=steward,
        position=seen.position,
        fresh=fresh,
        headline=headline(seen, visit.words, on),
        heading=visit.words.date_in_full(on or visit.words.date_of(visit.now)),
        thanks=thanks,
        more_thanks=more_thanks,
        twins=_twins(visit, on, kind, steward),
        people=by_person(seen.due),
        coming=by_day(seen.coming, visit.words),
        falling=_falling(visit, question, name_of),
        may_append=visit.may("append"),
        kinds=KINDS,
        most=MOST_COUNTED,
        with_query=lambda **other: urlencode(
            {
                name: value
                for name, value in {"on": on, "kind": kind, "steward": steward, **other}.items()
                if value
            }
        ),
    )


@dataclass(frozen=True)
class DayList:
    """What is to be done on a day: ``counts`` by kind, in words, and ``overdue`` among them.

    ``thanks`` are those that we owe, or the first of them.

    ``is_counted`` is False where there is more than is counted; ``next_place`` is where the next
    page of what is due begins.
    """

    due: tuple[AgendaItem, ...]
    coming: tuple[AgendaItem, ...]
    deferred: tuple[AgendaItem, ...]
    thanks: tuple[AgendaItem, ...]
    counts: Mapping[str, int]
    today: int
    overdue: int
    is_counted: bool
    position: int
    next_place: str | None = None


def _present(
    visit: Visit,
    name_of: Callable[[UUID], str | None],
    kind: str | None,
    steward: str | None,
    after: Place | None,
) -> DayList:
    """What is left of today, from rows: no more of them than are shown and counted."""
    kinds, of_thanks = _kinds_of(kind), _kinds_of(THANKS)
    lists = (
        (kinds, DUE, MOST_ITEMS, after),
        (kinds, "upcoming", MOST_COMING, None),
        (kinds, "deferred", MOST_COMING, None),
        (of_thanks, DUE, MOST_THANKS, None),
    )
    wanted = [
        PageWanted(AgendaFilter(kind=one, state=state, steward=steward), most, place)
        for called, state, most, place in lists
        for one in called
    ]
    counted = [AgendaFilter(state=DUE, steward=steward)]
    pages, (counts,) = visit.served.agenda.overview(wanted, counted, MOST_COUNTED)
    found = iter(pages)
    due, coming, deferred, thanks = (
        _merge_lists([*islice(found, len(called))], most) for called, _, most, _ in lists
    )
    by_kind: Counter[str] = Counter()
    by_state: Counter[str] = Counter()
    for one, state, count in counts.counts:
        by_kind[KINDS[one]] += count
        by_state[state] += count

    def items_of(page: AgendaList) -> tuple[AgendaItem, ...]:
        return tuple(AgendaItem.of(row, name_of) for row in page.rows)

    return DayList(
        due=items_of(due),
        coming=items_of(coming),
        deferred=items_of(deferred),
        thanks=items_of(thanks),
        counts=by_kind,
        today=by_state["today"],
        overdue=by_state["overdue"],
        is_counted=by_kind.total() < MOST_COUNTED,
        position=due.moment.position,
        next_place=_place_text(due.rows[-1].item.order) if due.has_more else None,
    )


def _kinds_of(kind: str | None) -> list[str | None]:
    """The kinds that are called so on the page; None, which is every kind, for None."""
    return [one for one, said in KINDS.items() if said == kind] or [None]


def _merge_lists(lists: Sequence[AgendaList], most: int) -> AgendaList:
    """The first rows of some lists as one."""
    rows = sorted((row for one in lists for row in one.rows), key=lambda row: row.item.order)
    has_more = any(one.has_more for one in lists) or len(rows) > most
    return lists[0]._replace(rows=rows[:most], has_more=has_more)


def _another_day(
    served: OpenLedger, question: Question, on: date, kind: str | None, steward: str | None
) -> DayList:
    """The whole agenda of another day, which is folded."""
    asked = AgendaQuestion(
        on, AgendaFilter(steward=steward, deferred=True), LabelsWanted(names=True)
    )
    limit = served.limits.calibrated_events
    items = whole_agenda(served.ledger, question.moment, asked, limit).items
    shown = [one for one in items if kind in (None, KINDS[one.kind])]
    states = Counter(one.state for one in items)
    return DayList(
        due=tuple(one for one in shown if one.state in NOW),
        coming=tuple(one for one in shown if one.state == "upcoming"),
        deferred=tuple(one for one in shown if one.state == "deferred"),
        thanks=tuple(one for one in shown if one.state in NOW and KINDS[one.kind] == THANKS),
        counts=Counter(KINDS[one.kind] for one in items if one.state in NOW),
        today=states["today"],
        overdue=states["overdue"],
        is_counted=True,
        position=question.position,
    )


def _twins(visit: Visit, on: date | None, kind: str | None, steward: str | None) -> list[Twin]:
    """What says the same for programs: the list, its counts, and who is falling."""
    path = visit.api_path
    found = [
        Twin(
            "the list",
            path_with(
                f"{path}/agenda", on=on, kind=one, steward=steward, deferred=True, names=True
            ),
        )
        for one in _kinds_of(kind)
    ]
    counts = path_with(f"{path}/agenda/summary", on=on, steward=steward)
    falling = path_with(f"{path}/statuses", flag="falling", names=True, limit=MOST_FALLING)
    return [*found, Twin("how many of each kind", counts), Twin("about to be lost", falling)]


def _thanks(seen: DayList) -> tuple[list[tuple[UUID, str | None]], int]:
    """Whom we owe thanks, the most urgent first, and how many more times."""
    people = dict.fromkeys((one.contact_id, one.name) for one in seen.thanks)
    count = seen.counts.get(THANKS, 0)
    more = max(0, count - len(seen.thanks)) + max(0, len(people) - MOST_THANKS)
    return list(people)[:MOST_THANKS], more


def headline(seen: DayList, words: Words, on: date | None = None) -> str:
    """The day in one sentence, such as "7 things today, 2 overdue; Ben's birthday on Monday."."""
    due = seen.today + seen.overdue
    day = "today" if on is None else _on(words.near_day(on))
    said = f"Nothing is left to do {day}" if not due else f"{count_of(f'{due:,}', 'thing')} {day}"
    if not seen.is_counted:
        said = f"More than {MOST_COUNTED:,} things {day}"
    elif seen.overdue:
        said += ", all overdue" if seen.overdue == due > 1 else f", {seen.overdue:,} overdue"
    items = (*seen.due, *seen.coming)
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


def _falling(
    visit: Visit, question: Question, name_of: Callable[[UUID], str | None]
) -> list[Falling]:
    """The clients whom we are about to lose, and when."""
    served = visit.served
    rows = served.projections.statuses(flag="falling", limit=MOST_FALLING).items
    return [
        Falling(
            one.contact_id, name_of(one.contact_id), served.changes.of(one.contact_id, question)
        )
        for one in rows
    ]


def _place(text: str | None) -> Place | None:
    """The place in the list after which the page begins.

    Raises:
        Invalid: it is none.
    """
    if text is None:
        return None
    try:
        number, due_at, contact, item = text.split(" ", 3)
        if abs(int(due_at)) > _MOST_PLACE:
            raise ValueError(due_at)
        return int(number[:3]), int(due_at), UUID(contact), item
    except ValueError:
        raise Invalid.at("/after", "malformed", "is no place in this list") from None


def _place_text(place: Place) -> str:
    return " ".join(str(one) for one in place)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid.at("/on", "invalid-time", "must be a day such as 2026-03-01") from None


PAGES = (Page("/ledgers/{ledger}", show, (READ,)),)
