"""The agenda as a calendar subscribes to it: an iCalendar feed of entries for whole days.

An entry says the name of the contact and what to do, and nothing else that is personal: other
people in a sentence are "somebody", and the age of who has a birthday is left out. Source: RFC
5545; RFC 7986, the properties of a calendar; the care document, section 2.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from api.service.agendas.answering import names_at
from api.service.agendas.listing import AgendaFilter, ledger_rows
from domain.agenda.days import Day
from domain.agenda.sentences import sentence
from domain.instants import SECOND, day_of, start_of_day
from ledger.identifiers import calendar_entry_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from domain.agenda.items import Item
    from ledger.ledger import Ledger
    from projections.folding import Moment

FEED_DAYS = 90
"""How many days after today the feed reaches."""

REFRESH = timedelta(hours=1)
"""How often a calendar should ask again."""

_PRODUCT = "-//Rapport//Agenda//EN"


class Entry(NamedTuple):
    """One entry of a calendar; ``revised_at`` is in microseconds of UTC.

    ``revision`` is the position of the newest event of the contact, and ``revised_at`` is when that
    was recorded.
    """

    uid: UUID
    on: date
    summary: str
    revision: int
    revised_at: int


def agenda_feed(ledger: Ledger, moment: Moment, *, occasions: bool, most_events: int) -> bytes:
    """The feed of what is overdue, and of what is due by 90 days from today.

    Without ``occasions`` those are left out, because their days tell a birthday.

    Raises:
        Invalid: there is more to fold than one answer may.
        Refused: ``namespace-missing``: the ids of entries are derived from it.
    """
    found = entries(ledger, moment, occasions=occasions, most_events=most_events)
    return to_icalendar(ledger.name, found)


def entries(
    ledger: Ledger, moment: Moment, *, occasions: bool, most_events: int
) -> Iterator[Entry]:
    """The entries of the feed, the most urgent first."""
    time_zone = ledger.time_zone or "UTC"
    namespace = ledger.namespace
    name_of = names_at(ledger, moment, wanted=True)
    revisions: dict[UUID, tuple[int, int]] = {}
    day = _days_ahead(moment.at, time_zone)
    last = day.on + timedelta(days=FEED_DAYS)
    for item, _, _ in ledger_rows(ledger, moment, day, AgendaFilter(), most_events):
        on = day_of_entry(item, time_zone)
        if on > last or (item.kind == "occasion" and not occasions):
            continue
        contact = item.contact_id
        if contact not in revisions:
            revisions[contact] = _newest(ledger, moment, contact)
        yield Entry(
            calendar_entry_id(namespace, contact, item.key),
            on,
            told_of(item, name_of(contact)),
            *revisions[contact],
        )


def _days_ahead(now: int, time_zone: str) -> Day:
    """From now to the end of the last day of the feed, as one day that is long."""
    today = date.fromordinal(day_of(now, time_zone))
    ends_at = start_of_day(today + timedelta(days=FEED_DAYS + 1), time_zone)
    return Day(today, now, ends_at, now)


def _newest(ledger: Ledger, moment: Moment, contact: UUID) -> tuple[int, int]:
    """Position and instant of recording of the newest event of a contact, or merged into it."""
    newest = (0, 0)
    for member in moment.aliases.members(contact):
        version = ledger.version(member, moment.position)
        for one in ledger.stream(member, after_version=version - 1, limit=1) if version else ():
            newest = max(newest, (one.position, one.recorded_at))
    return newest


def day_of_entry(item: Item, time_zone: str) -> date:
    """The day of an item: the last on which it is in time, or the one until which it is put off.

    A promise is due at the start of the day after the one by which it was made, so it stands a
    moment earlier.
    """
    due_at = item.due_at - 1 if item.kind == "promise" else item.due_at
    return date.fromordinal(day_of(max(due_at, item.deferred_until or due_at), time_zone))


def told_of(item: Item, name: str | None) -> str:
    """What to do, with the name of the contact and nothing else that is personal."""
    plain = replace(item, told={**item.told, "years": None})
    return sentence(plain, lambda contact: name if contact == item.contact_id else None)


def to_icalendar(name: str, found: Iterable[Entry]) -> bytes:
    """The entries as iCalendar: lines end in CR LF and are folded at 75 bytes."""
    from icalendar import Calendar, Event  # noqa: PLC0415  # a tenth of a second, once

    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    for named in ("name", "x-wr-calname"):  # the second is what calendars read that know no first
        calendar.add(named, f"Rapport: {name}")
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    for entry in found:
        event = Event()
        event.add("uid", str(entry.uid))
        event.add("dtstamp", datetime.fromtimestamp(entry.revised_at // SECOND, UTC))
        event.add("dtstart", entry.on)
        event.add("dtend", entry.on + timedelta(days=1))
        event.add("summary", entry.summary)
        event.add("sequence", entry.revision)
        event.add("transp", "TRANSPARENT")  # nobody is busy for it
        event.add("class", "PRIVATE")
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content
