"""What the form of an act knows already: who, and the ids of what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from api.console.event_words import statements, title
from api.service.answers.events import Event as AnsweredEvent
from api.service.marks import Marks
from domain.events import CATALOGUE
from domain.kinds import ContactId, EventId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from api.console.rendering import Words
    from api.service.answers.agenda import AgendaItem
    from domain.events import Event, Field
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

NEWEST_EVENTS = 500
"""How many of the newest events of a ledger are looked at for its currency."""

MOST_CHOICES = 30
"""How many entries are proposed where one is to be named, the newest."""

_USUAL = {
    "channel": "in person",
    "currency": "EUR",
    "direction": "outbound",
    "initiated_by": "contact",
    "personal": "true",
    "planned": "true",
    "purpose": "care",
    "public": "false",
    "satisfied": "true",
    "kind": "person",
    "guests": "0",
    "form_version": "1",
}
"""What most acts say in a field."""


def usual_values(cls: type[Event], remembered: dict[str, str]) -> dict[str, str]:
    """What most acts of this type say, with the words that were typed last, and a new id."""
    found: dict[str, str] = {}
    for field in cls.FIELDS:
        if field.opens:
            found[field.name] = uuid4().hex[:12]
        elif field.name in remembered:
            found[field.name] = remembered[field.name]
        elif field.name in _USUAL and field.required:
            found[field.name] = _USUAL[field.name]
    return found


def usual_currency(ledger: Ledger, contacts: Sequence[UUID], values: Mapping[str, str]) -> str:
    """The currency that an amount is in, as far as one can tell: the contact's, else the ledger's.

    That of the event that named one last; where nobody ever did, that of the values.
    """
    for contact in contacts[:1]:
        if found := _last_currency(reversed(ledger.stream(contact))):
            return found
    head = ledger.head()
    newest = ledger.log(after=max(0, head - NEWEST_EVENTS), upto=head)
    return _last_currency(reversed(list(newest))) or values["currency"]


def _last_currency(events: Iterable[RecordedEvent]) -> str | None:
    found = (getattr(one.event, "currency", None) for one in events)
    return next((one for one in found if isinstance(one, str)), None)


def choices_of_ids(
    cls: type[Event], ledger: Ledger, contacts: Sequence[UUID], words: Words
) -> dict[str, tuple[tuple[str, str], ...]]:
    """What the ids of a form may be, by the names of the fields, each with the entry in words.

    Nobody knows the id of a complaint by heart: one chooses it by what was recorded, and when.
    """
    ids = [one.name for one in cls.FIELDS if one.name.endswith("_id") and not one.opens]
    entries = [one.name for one in cls.FIELDS if _names_an_entry(one)]
    if len(contacts) != 1 or not (ids or entries):
        return {}
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in (*ids, *entries)}
    recorded = ledger.stream(contacts[0], decrypt=True)
    marks = Marks(ledger, recorded)
    for one in reversed(recorded):
        if marks.retracted_by(one) or not type(one.event).FROM_PRODUCERS:
            continue
        said = _entry_in_words(AnsweredEvent.of(one, marks), words)
        opened = type(one.event).OPENS
        if opened in ids:
            found[opened].append((str(getattr(one.event, opened)), said))
        for name in entries:
            found[name].append((str(one.id), said))
    return {name: tuple(choices[:MOST_CHOICES]) for name, choices in found.items() if choices}


def _names_an_entry(field: Field) -> bool:
    return isinstance(field.kind, EventId) and not isinstance(field.kind, ContactId)


def _entry_in_words(event: AnsweredEvent, words: Words) -> str:
    told = ", ".join(
        f"{one.label}: {one.text}" if one.label else one.text
        for one in statements(event, lambda _: None)
    )
    said = f"{title(event)}, {words.day(event.occurred_at)}"
    return f"{said}: {told}" if told else said


def values_for_item(cls: type[Event], item: AgendaItem, ledger: Ledger) -> dict[str, str]:
    """What an item of the agenda says for the form of an act that does the thing.

    Ids are copied from the event that opened it, by the names of their fields.
    """
    found: dict[str, str] = {}
    opening = _opening_event(item, ledger)
    names = {field.name for field in cls.FIELDS}
    if "for_event" in names and opening is not None:
        found["for_event"] = str(opening.id)
    if opening is not None:
        for field in type(opening.event).FIELDS:
            value = getattr(opening.event, field.name)
            is_id = field.name.endswith("_id") or isinstance(field.kind, EventId)
            if is_id and field.name in names and isinstance(value, str):
                found[field.name] = value
    if item.kind == "renewal" and "purpose" in names:
        found["purpose"] = "renewal"
    if item.amount_minor is not None and item.currency is not None and "amount_minor" in names:
        found |= {"amount_minor": str(item.amount_minor), "currency": item.currency}
    return found


def _opening_event(item: AgendaItem, ledger: Ledger) -> RecordedEvent | None:
    wanted = {str(one) for one in item.events}
    subject = (item.subject or "").partition("@")[0].partition("/")[0]
    for recorded in reversed(ledger.stream(item.stream, decrypt=True)):
        if str(recorded.id) == subject or (not subject and str(recorded.id) in wanted):
            return recorded
    return None


def type_names(item: AgendaItem) -> list[str]:
    """The types of events that do the thing, the most usual first."""
    return [name for name in item.cleared_by if CATALOGUE[name].FROM_PRODUCERS]


def names_a_contact(cls: type[Event]) -> bool:
    """Whether an event of this type names another contact."""
    return any(isinstance(field.kind, ContactId) for field in cls.FIELDS)
