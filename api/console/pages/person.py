"""One person: how to greet them, where they stand and why, at any point in both times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from api.console.event_words import Statement, statements, title
from api.console.rendering import Words
from api.console.signal_bars import WIDTH, bars_of, score_lines
from api.console.twins import Twin, path_with
from api.console.visit import Page
from api.console.vocabulary import KINDS, QUICK_ACTS
from api.service.agendas.answering import names_at
from api.service.answers.events import Event
from api.service.answers.status import Status, StatusHistory
from api.service.book import contact_book
from api.service.cards import welcome_card
from api.service.labels import Labels, LabelsWanted
from api.service.marks import Marks
from api.service.profiles import profile_at
from api.service.questions import Knowledge, relationship_of, subject_of
from api.service.referrals import referrals_of
from api.service.valuing.asking import contact_value
from domain.errors import ContactNotFound, Invalid
from domain.instants import format_instant, start_of_day
from ledger.access.scopes import ADMIN, APPEND, AUDIT, READ

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from starlette.responses import Response

    from api.console.visit import Visit
    from api.service.answers.book import BookRow
    from api.service.answers.status import Interval
    from api.service.questions import Question

MOST_EVENTS = 200
"""How many events the timeline shows at once, the newest."""

MOST_QUICK = 3
"""How many acts are chosen on the page of a person itself: the most usual ones."""

_UNTOUCHABLE = frozenset({"event-retracted", "event-corrected", "personal-data-erased"})


@dataclass(frozen=True)
class Entry:
    """An event in the timeline, in words."""

    event: Event
    title: str
    statements: tuple[Statement, ...]
    may_change: bool


@dataclass(frozen=True)
class Stretch:
    """An interval on the track of the slider."""

    stage: str
    begins: int
    width: int
    said: str


@dataclass(frozen=True)
class Track:
    """The days from the first event to today, the intervals on them, and the days asked about."""

    first: date
    days: int
    day: int
    known_day: int
    stretches: tuple[Stretch, ...]

    @property
    def on(self) -> date:
        """The day as of which is asked."""
        return self.first + timedelta(days=self.day)

    @property
    def known_on(self) -> date:
        """The day up to which things are known."""
        return self.first + timedelta(days=self.known_day)

    @property
    def today(self) -> date:
        """The last day that can be asked about."""
        return self.first + timedelta(days=self.days)

    @property
    def is_now(self) -> bool:
        """Whether today is asked about, by all that is known."""
        return self.day == self.known_day == self.days

    @property
    def mark(self) -> int:
        """Where the day stands on the track."""
        return WIDTH * self.day // max(self.days, 1)


def show(visit: Visit) -> Response:
    """The whole page of a person; with ``day`` and ``known`` as of then, as known then.

    Raises:
        ContactNotFound: nobody registered it, by what was known then.
        Invalid: a day is none.
    """
    now = visit.question()
    survivor = now.aliases.survivor_of(visit.contact_id)
    if survivor != visit.contact_id:
        return visit.lead_to(f"{visit.ledger_path}/people/{survivor}")
    history = _whole_history(now, survivor)
    track = _track(visit, history)
    question = _question(visit, track)
    name_of = names_at(question.ledger, question.moment, wanted=True)
    common: dict[str, Any] = {
        "contact_id": survivor,
        "track": track,
        "position": question.position,
        "is_now": track.is_now,
        "name_of": name_of,
        "then_query": _then_query(visit, track),
        "twins": _twins(visit, survivor, question, track),
        "then": Words(visit.time_zone, question.as_of),
        "kinds": KINDS,
        "quick": QUICK_ACTS[:MOST_QUICK],
        "may_append": visit.may(APPEND),
        "may_administer": visit.may(ADMIN),
        "may_audit": visit.may(READ, AUDIT),
    }
    try:
        seen = _view(question, survivor, name_of, visit)
    except ContactNotFound:
        seen = {"card": None}
    if visit.is_fragment:
        return visit.page("person_then.html", **common, **seen)
    profile = profile_at(now.ledger, now.aliases, survivor, now.position)
    referrals = referrals_of(visit.served, survivor)
    members = now.aliases.members(survivor)
    return visit.page(
        "person.html",
        **common,
        **seen,
        profile=profile,
        referrals=referrals,
        streams=[(one, now.ledger.version(one)) for one in members],
    )


def _whole_history(question: Question, survivor: UUID) -> StatusHistory:
    """The stages of all times, by all that is known.

    Raises:
        ContactNotFound: nobody registered it.
    """
    subject = subject_of(question, survivor)
    return StatusHistory.of(question, subject, relationship_of(question, subject))


def _view(
    question: Question, survivor: UUID, name_of: Callable[[UUID], str | None], visit: Visit
) -> dict[str, Any]:
    """What depends on the point in both times.

    Raises:
        ContactNotFound: nobody had registered it by then.
    """
    subject = subject_of(question, survivor)
    found = relationship_of(question, subject)
    card = welcome_card(question, survivor).at(question)
    judged = Status.of_question(question, subject, found, explained=True, name=card.name)
    policy = question.policies.in_force(question.as_of).policy
    wanted = visit.parameter("type")
    entries = _entries(question, survivor, name_of)
    return {
        "card": card,
        "judged": judged,
        "money": _money(question, survivor),
        "value": contact_value(question, survivor, visit.served.valuations, None),
        "bars": bars_of(judged.signals),
        "thresholds": score_lines(policy),
        "entries": [one for one in entries if wanted in (None, one.event.type)][:MOST_EVENTS],
        "types": sorted({(one.title, one.event.type) for one in entries}),
        "wanted": wanted,
        "hidden": max(0, len(entries) - MOST_EVENTS),
    }


def _money(question: Question, survivor: UUID) -> tuple[BookRow, ...]:
    """What they brought and cost up to the instant, by currency."""
    ledger, moment = question.ledger, question.moment
    labels = Labels(ledger, moment.aliases, moment.position, LabelsWanted())
    return contact_book(ledger, moment, survivor, labels).rows


def _track(visit: Visit, history: StatusHistory) -> Track:
    """The track of the slider, and where on it the days stand that are asked about."""
    first = visit.words.date_of(history.intervals[0].from_) if history.intervals else None
    today = visit.words.date_of(visit.now)
    first = min(first or today, today)
    days = (today - first).days
    day = _day(visit, "on", "day", first, days)
    known_day = _day(visit, "known_on", "known", first, days)
    begins = start_of_day(first, visit.time_zone)
    return Track(
        first, days, day, known_day, _stretches(visit, history.intervals, begins, visit.now)
    )


def _stretches(
    visit: Visit, intervals: Sequence[Interval], begins_at: int, ends_at: int
) -> tuple[Stretch, ...]:
    length = max(ends_at - begins_at, 1)
    found = []
    for one in intervals:
        start = WIDTH * max(one.from_ - begins_at, 0) // length
        ends = WIDTH * min((ends_at if one.to is None else one.to) - begins_at, length) // length
        said = f"{one.stage.replace('_', ' ')} from {visit.words.day(one.from_)}"
        found.append(Stretch(one.stage, start, max(ends - start, 1), said))
    return tuple(found)


def _day(visit: Visit, date_name: str, number_name: str, first: date, days: int) -> int:
    """The day of a slider, or of a field for a date, counted from the first."""
    text, number = visit.parameter(date_name), visit.parameter(number_name)
    if text is not None:
        try:
            found = (date.fromisoformat(text) - first).days
        except ValueError:
            raise Invalid.at(f"/{date_name}", "invalid-time", "must be a day") from None
        return min(max(found, 0), days)
    if number is None:
        return days
    if not number.isdecimal() or len(number) > 6:
        raise Invalid.at(f"/{number_name}", "malformed", "must be a number of days")
    return min(int(number), days)


def _question(visit: Visit, track: Track) -> Question:
    """The end of the day that is asked about, by what was known at the end of the other one."""
    as_of = None if track.day == track.days else _end_of(track.on, visit.time_zone)
    if track.known_day == track.days:
        return visit.question(as_of)
    return visit.question(as_of, Knowledge(at=_end_of(track.known_on, visit.time_zone)))


def _then_query(visit: Visit, track: Track) -> str:
    """The query that asks for the same again, of which today is no part."""
    asked: dict[str, object] = {}
    if track.day != track.days:
        asked["on"] = track.on
    if track.known_day != track.days:
        asked["known_on"] = track.known_on
    if wanted := visit.parameter("type"):
        asked["type"] = wanted
    return urlencode(asked)


def _twins(visit: Visit, survivor: UUID, question: Question, track: Track) -> list[Twin]:
    """What says the same for programs, at the same point in both times."""
    path = f"{visit.api_path}/contacts/{survivor}"
    at: dict[str, object] = {}
    if track.day != track.days:
        at["as_of"] = format_instant(question.as_of)
    if track.known_day != track.days:
        at["as_known_at"] = format_instant(_end_of(track.known_on, visit.time_zone))
    found = [
        Twin("the card", path_with(f"{path}/card", **at)),
        Twin("the signals", path_with(f"{path}/status", **at, explain="text")),
        Twin("the stages of all times", path_with(f"{path}/status/history", **at)),
        Twin(
            "the money",
            path_with(f"{visit.api_path}/book", by="contact", within=f"contact:{survivor}", **at),
        ),
    ]
    if track.is_now:
        types = visit.parameter("type")
        events = path_with(f"{path}/events", types=types, group=True, names=True)
        found += [
            Twin("what happened", events),
            Twin("who they are", path),
            Twin("referrals and rewards", f"{path}/referrals"),
        ]
    return found


def _end_of(day: date, time_zone: str) -> int:
    return start_of_day(day + timedelta(days=1), time_zone) - 1


def _entries(
    question: Question, survivor: UUID, name_of: Callable[[UUID], str | None]
) -> list[Entry]:
    """The events of all streams of the contact up to the instant, the newest first."""
    ledger = question.ledger
    recorded = [
        one
        for member in question.aliases.members(survivor)
        for one in ledger.stream(member, upto=question.position, decrypt=True)
        if one.occurred_at <= question.as_of
    ]
    recorded.sort(key=lambda one: (one.occurred_at, one.position), reverse=True)
    marks = Marks(ledger, recorded)
    found = []
    for one in recorded:
        event = Event.of(one, marks)
        may_change = event.retracted_by is None and event.type not in _UNTOUCHABLE
        found.append(Entry(event, title(event), tuple(statements(event, name_of)), may_change))
    return found


PAGES = (Page("/ledgers/{ledger}/people/{contact}", show, (READ,)),)
