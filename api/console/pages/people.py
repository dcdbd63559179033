"""People: finding somebody, and lists of everybody by stage, flag and consent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from api.console.visit import Page
from api.service.agendas.answering import names_at
from api.service.agendas.listing import AgendaFilter, contact_rows, wanted_day
from api.service.agendas.reading import Agendas
from api.service.answers.agenda import AgendaItem
from api.service.finding.pages import ContactFilter, duplicates_page, found_page, index_of
from domain.encounters import is_meeting
from domain.errors import Invalid
from domain.events import STAGES
from domain.relationship import FLAGS
from ledger.access.scopes import APPEND, READ

if TYPE_CHECKING:
    from starlette.responses import Response

    from api.console.visit import Visit
    from api.service.answers.lists import FoundContact
    from api.service.questions import Question
    from projections.answers import StatusRow

ROWS = 20
"""How many people stand on one page."""

MOST_DUPLICATES = 20

_MOST_PLACE = (1 << 63) - 1
"""The greatest score or instant that a store keeps."""

SORTS = {"score": "by score", "since": "by how long"}


@dataclass(frozen=True)
class Row:
    """One contact of a list: where it stands, when we met last, and what comes next."""

    contact_id: UUID
    name: str | None
    stage: str
    since: int | None
    score: int
    flags: tuple[str, ...]
    matched: str | None
    met_at: int | None
    met_by: str | None
    upcoming: AgendaItem | None


def show(visit: Visit) -> Response:
    """Those who are called as was typed, else everybody of a stage or with a flag.

    Where one alone is called so, its page is shown at once.

    Raises:
        Invalid: a filter or the place of the page is none.
    """
    served, question = visit.served, visit.question()
    typed, stage, flag = visit.parameter("q"), visit.parameter("stage"), visit.parameter("flag")
    sort = visit.parameter("sort") or "score"
    if stage not in (None, *STAGES) or flag not in (None, *FLAGS) or sort not in SORTS:
        raise Invalid.at("", "not-a-choice", "the filter is none that there is")
    more: str | None = None
    if typed is not None:
        skipped = _number(visit.parameter("after"))
        wanted = ContactFilter(q=typed, stage=stage, flag=flag)
        page = found_page(served, question, wanted, skipped, ROWS)
        if len(page.items) == 1 and not skipped and not visit.is_fragment:
            return visit.lead_to(f"{visit.ledger_path}/people/{page.items[0].contact_id}")
        rows = [_row(question, one, one.name, one.matched) for one in page.items]
        more = None if page.more is None else str(page.more)
    else:
        listed = served.projections.statuses(
            stage=stage, flag=flag, sort=sort, after=_cursor(visit.parameter("after")), limit=ROWS
        )
        names = names_at(served.ledger, question.moment, wanted=True)
        rows = [_row(question, one, names(one.contact_id), None) for one in listed.items]
        if listed.next_cursor is not None:
            more = "{}:{}".format(*listed.next_cursor)
    query = {"q": typed, "stage": stage, "flag": flag, "sort": sort}
    kept = {name: value for name, value in query.items() if value}
    return visit.page(
        "people.html" if not visit.is_fragment else "people_list.html",
        rows=rows,
        typed=typed or "",
        stage=stage,
        flag=flag,
        sort=sort,
        sorts=SORTS,
        stages=served.projections.summary().stages,
        flags=FLAGS,
        kept=kept,
        more=None if more is None else urlencode({**kept, "after": more}),
        index=index_of(served),
        position=question.position,
        may_append=visit.may(APPEND),
        with_query=lambda **other: urlencode(
            {name: value for name, value in {**kept, **other}.items() if value}
        ),
    )


def duplicates(visit: Visit) -> Response:
    """Pairs of contacts that may be one person, with what speaks for and against."""
    found = duplicates_page(visit.served, 0, MOST_DUPLICATES)
    return visit.page(
        "duplicates.html",
        pairs=found.items,
        index=found.index,
        position=visit.served.ledger.head(),
        may_append=visit.may(APPEND),
    )


def _row(
    question: Question,
    one: StatusRow | FoundContact,
    name: str | None,
    matched: str | None,
) -> Row:
    """A row with what takes the contact's own history: the last meeting, and the next thing."""
    agendas = Agendas(question.ledger, question.moment)
    day = wanted_day(question.ledger, None, question.as_of)
    items = contact_rows(agendas, one.contact_id, day, AgendaFilter())
    relationship = agendas.relationship(one.contact_id, question.as_of)
    counted = {purchase.fact_id for purchase in relationship.machine.commerce.counted_purchases()}
    facts = relationship.history.facts[: relationship.absorbed]
    met = next((fact for fact in reversed(facts) if is_meeting(fact, counted)), None)
    known = names_at(question.ledger, question.moment, wanted=True)
    return Row(
        contact_id=one.contact_id,
        name=name,
        stage=one.stage,
        since=one.since,
        score=one.score,
        flags=one.flags,
        matched=matched,
        met_at=None if met is None else met.occurred_at,
        met_by=None if met is None else _actor(question, met.position),
        upcoming=None if not items else AgendaItem.of(items[0], known),
    )


def _actor(question: Question, position: int) -> str | None:
    """Who of ours recorded an event; None where nobody is named."""
    recorded = question.ledger.log(after=position - 1, limit=1, upto=position)
    actor = recorded[0].actor if recorded else None
    return actor if isinstance(actor, str) else None


def _number(text: str | None) -> int:
    if text is None:
        return 0
    if not text.isdecimal() or len(text) > 6:
        raise Invalid.at("/after", "malformed", "is no place in this list")
    return int(text)


def _cursor(text: str | None) -> tuple[int, UUID] | None:
    if text is None:
        return None
    value, _, contact = text.partition(":")
    try:
        if not -_MOST_PLACE <= (place := int(value)) <= _MOST_PLACE:
            raise ValueError(value)
        return place, UUID(contact)
    except ValueError:
        raise Invalid.at("/after", "malformed", "is no place in this list") from None


PAGES = (
    Page("/ledgers/{ledger}/people", show, (READ,)),
    Page("/ledgers/{ledger}/duplicates", duplicates, (READ,)),
)
