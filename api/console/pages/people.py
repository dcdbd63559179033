"""People: finding somebody, and lists by stage, flag, standing, steward and consent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from api.console.freshness import freshness
from api.console.twins import Twin, path_with
from api.console.visit import Page
from api.service.answers.agenda import AgendaItem
from api.service.finding.pages import ContactFilter, duplicates_page, found_page, index_of
from api.service.finding.people import (
    PeopleFilter,
    people_among,
    people_counts,
    people_page,
)
from api.service.labels import names_now
from domain.errors import Invalid
from domain.events import STAGES
from domain.relationship import FLAGS
from domain.standing import STANDINGS
from ledger.access.scopes import APPEND, READ

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.responses import Response

    from api.console.visit import Visit
    from api.service.answers.lists import FoundContact
    from api.service.finding.people import PeopleCounts
    from api.service.questions import Question
    from projections.answers import StatusRow

ROWS = 20
"""How many people stand on one page."""

MOST_PRINTED = 1_000
"""How many people stand on one page that is made to be printed."""

MOST_DUPLICATES = 20

_MOST_PLACE = (1 << 63) - 1
"""The greatest score or instant that a store keeps."""

SORTS = {"score": "by score", "since": "by how long"}

FILTERS = ("stage", "flag", "standing", "steward", "consent")
"""What can be chosen together, by the names of the parameters."""

BY = " by "
"""What stands between the purpose and the channel of a consent in its parameter."""

MOST_CHIPS = 12
"""How many values of one filter are proposed, those that most have."""


@dataclass(frozen=True)
class Group:
    """The chips of one filter: its parameter, what it is called, and each value with its count."""

    name: str
    label: str
    chips: tuple[tuple[str, int], ...]


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
    """Those who are called as was typed, else everybody, as far as they are of all that is chosen.

    Where one alone is called so and nothing was chosen, its page is shown at once.

    Raises:
        Invalid: a filter or the place of the page is none.
    """
    served = visit.served
    fresh, question = freshness(served, "status", "standing"), visit.question()
    typed, sort = visit.parameter("q"), visit.parameter("sort") or "score"
    wanted = _filter_of(visit)
    if sort not in SORTS:
        raise Invalid.at("/sort", "not-a-choice", "the order is none that there is")
    more: str | None = None
    if typed is not None:
        skipped = _number(visit.parameter("after"))
        among = people_among(served, wanted)
        called = ContactFilter(q=typed, stage=wanted.stage, flag=wanted.flag, among=among)
        page = found_page(served, question, called, skipped, ROWS)
        is_one = len(page.items) == 1 and not skipped and wanted == PeopleFilter()
        if is_one and not visit.is_fragment:
            return visit.lead_to(f"{visit.ledger_path}/people/{page.items[0].contact_id}")
        names = {one.contact_id: one.name for one in page.items}
        rows = _rows(visit, question, page.items, names.get)
        more = None if page.more is None else str(page.more)
    else:
        count = MOST_PRINTED if visit.parameter("print") else ROWS
        listed = people_page(served, wanted, sort, _cursor(visit.parameter("after")), count)
        name_of = names_now(served.ledger, served.finder, question.aliases)
        rows = _rows(visit, question, listed.items, name_of)
        if listed.next_cursor is not None:
            more = "{}:{}".format(*listed.next_cursor)
    counts = people_counts(served)
    chosen = {name: visit.parameter(name) for name in FILTERS}
    kept = {"q": typed, **chosen, "sort": sort, "print": visit.parameter("print")}
    kept = {name: value for name, value in kept.items() if value}
    return visit.page(
        "people.html" if not visit.is_fragment else "people_list.html",
        rows=rows,
        typed=typed or "",
        chosen={name: value for name, value in chosen.items() if value},
        is_printed=bool(visit.parameter("print")),
        sort=sort,
        sorts=SORTS,
        groups=_groups(counts, chosen),
        of_all=sum(counts.stages.values()),
        count=None if typed else counts.of(wanted),
        is_counting=not counts.said.is_whole,
        more=None if more is None else urlencode({**kept, "after": more}),
        index=index_of(served),
        position=fresh.position,
        fresh=fresh,
        twins=_twins(visit, wanted, typed, sort, chosen),
        further_on=visit.parameter("after") is not None,
        may_append=visit.may(APPEND),
        with_query=lambda **other: urlencode(
            {name: value for name, value in {**kept, **other}.items() if value}
        ),
    )


def _twins(
    visit: Visit,
    wanted: PeopleFilter,
    typed: str | None,
    sort: str,
    chosen: Mapping[str, str | None],
) -> list[Twin]:
    """What says the same for programs; a page further on has no line of its own."""
    path = visit.api_path
    counts = [
        Twin("how many of each stage and flag", f"{path}/statuses/summary"),
        Twin("who sends others", f"{path}/standings?names=true"),
    ]
    if visit.parameter("after"):
        return counts
    rows = MOST_PRINTED if visit.parameter("print") else ROWS
    if typed is None and all(chosen[name] is None for name in ("standing", "steward", "consent")):
        of_all = {"stage": wanted.stage, "flag": wanted.flag, "sort": sort}
        found = path_with(f"{path}/statuses", **of_all, names=True, limit=rows)
        return [Twin("the list", found), *counts]
    purpose, channel = wanted.consent or (None, None)
    asked = {
        "q": typed,
        "stage": wanted.stage,
        "flag": wanted.flag,
        "standing": wanted.standing,
        "steward": wanted.steward,
        "consent_purpose": purpose,
        "consent_channel": channel,
        "sort": None if typed else sort,
    }
    found = path_with(f"{path}/contacts", **asked, limit=ROWS if typed else rows)
    return [Twin("the list", found), *counts]


def _filter_of(visit: Visit) -> PeopleFilter:
    """What was chosen.

    Raises:
        Invalid: it is no choice that there is.
    """
    chosen = {name: visit.parameter(name) for name in FILTERS}
    for name, choices in (("stage", STAGES), ("flag", FLAGS), ("standing", STANDINGS)):
        if chosen[name] not in (None, *choices):
            raise Invalid.at(f"/{name}", "not-a-choice", f"must be one of {', '.join(choices)}")
    purpose, by, channel = (chosen["consent"] or "").partition(BY)
    if chosen["consent"] is not None and not by:
        raise Invalid.at("/consent", "malformed", "must be a purpose and a channel")
    return PeopleFilter(
        stage=chosen["stage"],
        flag=chosen["flag"],
        standing=chosen["standing"],
        steward=chosen["steward"],
        consent=(purpose, channel) if by else None,
    )


def _groups(counts: PeopleCounts, chosen: Mapping[str, str | None]) -> list[Group]:
    """The chips in groups: what there is, how often, and what was chosen, also where it is none."""
    said = counts.said
    consents = {f"{one.purpose}{BY}{one.channel}": count for one, count in said.consents.items()}
    found = []
    for name, label, counted in (
        ("stage", "Stage", counts.stages),
        ("flag", "Flag", {flag: counts.by_flag.get(flag, 0) for flag in FLAGS}),
        ("standing", "Partner", {name: counts.standings.get(name, 0) for name in STANDINGS[:-1]}),
        ("steward", "Looked after by", said.stewards),
        ("consent", "Allows", consents),
    ):
        chips = [(value, count) for value, count in counted.items() if count][:MOST_CHIPS]
        is_chosen = chosen[name]
        if is_chosen is not None and is_chosen not in dict(chips):
            chips.append((is_chosen, counted.get(is_chosen, 0)))
        if chips:
            found.append(Group(name, label, tuple(chips)))
    return found


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


def _rows(
    visit: Visit,
    question: Question,
    listed: Sequence[StatusRow | FoundContact],
    name_of: Callable[[UUID], str | None],
) -> list[Row]:
    """The rows with the last meeting, which is kept, and the next thing, which is in rows too."""
    served = visit.served
    moment = question.moment
    upcoming = served.agenda.first_of([one.contact_id for one in listed])
    found = []
    for one in listed:
        met = served.meetings.of(one.contact_id, moment)
        item = upcoming.get(one.contact_id)
        found.append(
            Row(
                contact_id=one.contact_id,
                name=name_of(one.contact_id),
                stage=one.stage,
                since=one.since,
                score=one.score,
                flags=one.flags,
                matched=getattr(one, "matched", None),
                met_at=None if met is None else met.at,
                met_by=None if met is None else met.by,
                upcoming=None if item is None else AgendaItem.of(item, name_of),
            )
        )
    return found


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
