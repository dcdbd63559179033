"""Correcting an entry of a timeline: the same form as for the act, filled with what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from api.console.appending import event_id, record
from api.console.errors import NotAllowed, status_of
from api.console.event_form import decimal_values, form_fields, instant_text, typed_data
from api.console.sent_fields import STALE, field_values, told_at_fields
from api.console.visit import Page
from api.console.vocabulary import act_named
from domain.errors import Conflict, EventNotFound, Invalid
from domain.kinds import Instant
from ledger.access.scopes import APPEND, READ

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from api.console.visit import Visit
    from domain.events import Event
    from domain.recorded import RecordedEvent


def show(visit: Visit) -> Response:
    """The form of the entry, with what it says.

    Raises:
        NotAllowed: the key may not read it.
        EventNotFound: there is no such entry.
    """
    _require_reading(visit)
    recorded = _entry(visit, visit.parameter("contact") or "", visit.parameter("event") or "")
    values = decimal_values(_form_values(recorded.event, visit))
    return _form(visit, recorded, values, visit.words.field(recorded.occurred_at))


def correct(visit: Visit) -> Response:
    """Record the correction, which leaves the entry as it was and counts in its place.

    Raises:
        NotAllowed: the key may not read what it would correct.
        EventNotFound: there is no such entry.
    """
    _require_reading(visit)
    recorded = _entry(visit, visit.field("contact"), visit.field("event"))
    typed, when = field_values(visit), visit.field("occurred_at")
    if visit.is_stale:
        return _form(visit, recorded, typed, when, problem=STALE, status=409)
    data: dict[str, object] = {
        "target": str(recorded.id),
        "data": typed_data(type(recorded.event), typed, visit.time_zone),
    }
    if when and when != visit.words.field(recorded.occurred_at):
        data["occurred_at"] = instant_text(when, visit.time_zone)
    event: dict[str, object] = {
        "contact": str(recorded.contact_id),
        "type": "event-corrected",
        "data": data,
    }
    if given := event_id(visit.field("act_id"), str(recorded.id)):
        event["id"] = given
    try:
        record(visit, [event])
    except (Invalid, Conflict) as error:
        errors, problem = told_at_fields(error, type(recorded.event))
        return _form(visit, recorded, typed, when, errors, problem, status_of(error))
    visit.session.announce(f"The correction of “{act_named(recorded.type)}” is recorded.")
    return visit.lead_to(f"{visit.ledger_path}/people/{recorded.contact_id}#e-{recorded.id}")


def _require_reading(visit: Visit) -> None:
    """Let pass who may read as well as append: the form shows what the entry says.

    Raises:
        NotAllowed: the key may not read.
    """
    if not visit.may(READ):
        raise NotAllowed(f"this takes an access key with the scope {READ} as well")


def _form(
    visit: Visit,
    recorded: RecordedEvent,
    values: Mapping[str, str],
    when: str,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    return visit.page(
        "correction.html",
        status=status,
        recorded=recorded,
        title=act_named(recorded.type),
        fields=form_fields(type(recorded.event), values, errors or {}),
        when=when,
        act_id=visit.field("act_id") or str(uuid4()),
        problem=problem,
        position=visit.served.ledger.head(),
    )


def _entry(visit: Visit, stream: str, event: str) -> RecordedEvent:
    contact = visit.contact_named(stream)
    for recorded in visit.served.ledger.stream(contact, decrypt=True):
        if str(recorded.id) == event:
            return recorded
    raise EventNotFound("there is no such entry of that person")


def _form_values(event: Event, visit: Visit) -> dict[str, str]:
    """What an event says, as the fields of its form take it."""
    kinds = {field.name: field.kind for field in type(event).FIELDS}
    found: dict[str, str] = {}
    for name, value in event.show().items():
        if value is None:
            continue
        if isinstance(kinds[name], Instant):
            found[name] = visit.words.field(getattr(event, name))
        else:
            found[name] = _text(value)
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "\n".join(
            f"{one['source']}:{one['ref']}" if isinstance(one, dict) and "ref" in one else str(one)
            for one in value
        )
    if isinstance(value, dict):
        return "\n".join(f"{name}: {content}" for name, content in value.items())
    return str(value)


PAGES = (
    Page("/ledgers/{ledger}/correct", show, (APPEND,)),
    Page("/ledgers/{ledger}/correct", correct, (APPEND,), method="POST", asks_again=True),
)
