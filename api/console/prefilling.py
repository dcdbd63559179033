"""What the form of an act knows already: who, and the ids of what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from domain.events import CATALOGUE
from domain.kinds import ContactId, EventId

if TYPE_CHECKING:
    from api.service.answers.agenda import AgendaItem
    from domain.events import Event
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger

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
