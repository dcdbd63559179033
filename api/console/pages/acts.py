"""Logging an act: what happened, with whom, and when, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from starlette.datastructures import FormData

from api.console.appending import event_id, record
from api.console.errors import sentence_of, status_of
from api.console.event_form import (
    decimal_values,
    form_fields,
    instant_text,
    typed_data,
    words_to_remember,
)
from api.console.prefilling import type_names, usual_values, values_for_item
from api.console.visit import Page
from api.console.vocabulary import QUICK_ACTS, act_named, types_by_name
from api.service.agendas.answering import AgendaQuestion, names_at, whole_agenda
from api.service.agendas.listing import AgendaFilter
from api.service.finding.pages import ContactFilter, found_contacts
from api.service.labels import LabelsWanted
from domain.errors import Conflict, Invalid, LedgerError, NotFound, Unavailable
from domain.events import CATALOGUE
from domain.instants import format_instant
from ledger.access.scopes import APPEND, READ

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from api.console.visit import Visit
    from api.service.answers.agenda import AgendaItem
    from domain.events import Event
    from ledger.drafts import AppendResult

STALE = "Nothing was recorded: the session is a new one. Look it over, and record it once more."
"""What stands above a form that was made before the server or the session began."""

MOST_FOUND = 8
"""How many contacts are proposed while a name is typed."""

DEFER_DAYS = ((1, "until tomorrow"), (7, "for a week"), (30, "for a month"), (90, "for 3 months"))


@dataclass(frozen=True)
class Participant:
    """A contact that the act is with, by the name in the form and as people know it."""

    sent: str
    name: str | None


def show(visit: Visit) -> Response:
    """The choice of an act, or the form of one, perhaps for an item of the agenda.

    Raises:
        Invalid: a contact is neither a UUID nor source:ref.
        NotFound: there is no such type of event, or no such item any more.
    """
    type_name, names = visit.parameter("type"), visit.request.query_params.getlist("contact")
    item = _item(visit, names, visit.parameter("item"))
    if type_name is None and item is not None:
        type_name = type_names(item)[0]
    if type_name is None:
        return visit.page(
            "act_choice.html",
            quick=QUICK_ACTS,
            types=types_by_name(),
            involved=_participants(visit, names),
        )
    cls = _class_of(type_name)
    values = usual_values(cls, visit.session.remembered)
    if item is not None:
        values |= decimal_values(values_for_item(cls, item, visit.served.ledger))
    values |= {
        name.removeprefix("data."): value
        for name, value in visit.request.query_params.items()
        if name.startswith("data.")
    }
    return _form(visit, cls, names, values, item=item)


def log(visit: Visit) -> Response:
    """Record the act for each of its contacts, all or none."""
    cls, names = _class_of(visit.field("type")), visit.fields("contact")
    if who := visit.field("who"):
        named, found = _chosen_contacts(visit, who, names)
        if not named:
            return _form(visit, cls, names, field_values(visit), who=who, found=found, status=422)
        names = [*names, *(one for one in named if one not in names)]
    item = None
    if key := visit.field("item"):
        item = _item(visit, names, key)
    if visit.is_stale:
        return _form(visit, cls, names, field_values(visit), item=item, problem=STALE, status=409)
    if not names:
        return _form(visit, cls, names, field_values(visit), problem="Say with whom.", status=422)
    try:
        result = _record(visit, cls, names)
    except LedgerError as error:
        if not isinstance(error, Invalid | Conflict | NotFound | Unavailable):
            raise
        at_fields, told = told_at_fields(error, cls)
        return _form(
            visit,
            cls,
            names,
            field_values(visit),
            item=item,
            errors=at_fields,
            problem=told,
            status=status_of(error),
        )
    visit.session.remembered.update(words_to_remember(cls, field_values(visit)))
    return _confirmation(visit, act_named(cls.TYPE), names, result)


def defer(visit: Visit) -> Response:
    """Put an item of the agenda off.

    Raises:
        LedgerError: it was not recorded, and why.
    """
    days, stream = visit.field("days"), visit.field("contact")
    if days not in {str(count) for count, _ in DEFER_DAYS}:
        raise Invalid.at("/days", "not-a-choice", "must be one of the proposed ones")
    until = format_instant(visit.words.day_ahead(int(days)))
    data = {"item": visit.field("item"), "until": until}
    event: dict[str, object] = {"contact": stream, "type": "action-deferred", "data": data}
    result = record(visit, [event])
    return _confirmation(visit, "put off", [stream], result)


def undo(visit: Visit) -> Response:
    """Retract events that were recorded just now, or any time before.

    Raises:
        LedgerError: it was not recorded, and why.
    """
    reason = visit.field("reason") or "undone"
    pairs = zip(visit.fields("stream"), visit.fields("event"), strict=False)
    events: list[dict[str, object]] = [
        {
            "contact": stream,
            "type": "event-retracted",
            "data": {"target": event, "reason": reason},
        }
        for stream, event in pairs
    ]
    if not events:
        raise Invalid.at("/event", "missing", "is required")
    record(visit, events)
    if visit.is_fragment:
        return visit.page("undone.html")
    return visit.lead_to(_back(visit))


def suggest(visit: Visit) -> Response:
    """The contacts that are called so, to be ticked in a form."""
    typed = visit.parameter("who") or ""
    found = _matches(visit, typed) if len(typed) > 1 else []
    return visit.page("suggestions.html", found=found, typed=typed)


def _form(
    visit: Visit,
    cls: type[Event],
    names: list[str],
    values: Mapping[str, str],
    *,
    item: AgendaItem | None = None,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
    who: str = "",
    found: list[Any] | None = None,
    status: int = 200,
) -> Response:
    fields = form_fields(cls, values, errors or {})
    types = [cls.TYPE] if item is None else type_names(item)
    act_id = visit.field("act_id")
    if not event_id(act_id, ""):
        act_id = str(uuid4())
    headers = {} if status == 200 else {"HX-Retarget": f"#act-{act_id}"}  # its row stays
    return visit.page(
        "act_form.html" if not visit.is_fragment else "act_form_only.html",
        status=status,
        headers=headers,
        type=cls.TYPE,
        types=[(one, act_named(one)) for one in types],
        title=act_named(cls.TYPE),
        first=[one for one in fields if one.is_first],
        more=[one for one in fields if not one.is_first],
        item=item,
        involved=_participants(visit, names),
        act_id=act_id,
        occurred_at=visit.field("occurred_at"),
        actor=visit.field("actor") or visit.session.remembered.get("actor", ""),
        when_error=(errors or {}).get("occurred_at", ""),
        problem=problem,
        who=who,
        found=[one for one in found or () if str(one.contact_id) not in names],
        new_name=(names or [f"console:{uuid4().hex[:8]}"])[0],
        defer_days=DEFER_DAYS,
    )


def _record(visit: Visit, cls: type[Event], names: list[str]) -> AppendResult:
    typed = field_values(visit)
    data, act_id = typed_data(cls, typed, visit.time_zone), visit.field("act_id")
    common: dict[str, object] = {"type": cls.TYPE, "data": data}
    if when := visit.field("occurred_at"):
        common["occurred_at"] = instant_text(when, visit.time_zone)
    if actor := visit.field("actor"):
        common["actor"] = actor
        visit.session.remembered["actor"] = actor
    events = []
    for name in names:
        contact = str(visit.contact_named(name))
        event = {"contact": name, **common}
        if given := event_id(act_id, contact):
            event["id"] = given
        events.append(event)
    return record(visit, events)


def field_values(visit: Visit) -> dict[str, str]:
    """What was typed into the fields of the event, by the names of the fields."""
    return {
        name.removeprefix("data."): value
        for name, value in (visit.form or FormData()).items()
        if name.startswith("data.") and isinstance(value, str)
    }


def errors_at_fields(error: LedgerError) -> dict[str, str]:
    """What is wrong with single fields, by their names."""
    if not isinstance(error, Invalid):
        return {}
    found: dict[str, str] = {}
    for one in error.errors:
        parts = one.pointer.strip("/").split("/")
        if parts and parts[0].isdigit():
            parts = parts[1:]
        name = parts[1] if len(parts) > 1 and parts[0] == "data" else parts[0]
        is_no_amount = name.endswith("_minor") and one.code == "wrong-type"
        found.setdefault(name, "must be an amount such as 12.50" if is_no_amount else one.detail)
    return found


def told_at_fields(error: LedgerError, cls: type[Event]) -> tuple[dict[str, str], str]:
    """What is wrong with the fields of a form by their names, and what is wrong besides."""
    shown = {"occurred_at", *(field.name for field in cls.FIELDS)}
    found = errors_at_fields(error)
    at_fields = {name: detail for name, detail in found.items() if name in shown}
    return at_fields, "" if found and found.keys() <= shown else sentence_of(error)


def _confirmation(visit: Visit, what: str, names: list[str], result: AppendResult) -> Response:
    """What was recorded, with the way to undo it."""
    question = visit.question()
    name_of = names_at(visit.served.ledger, question.moment, wanted=visit.may(READ))
    survivors = {question.aliases.survivor_of(visit.contact_named(one)) for one in names}
    template = "act_done.html" if not visit.is_fragment else "act_done_only.html"
    return visit.page(
        template,
        what=what,
        people=[(one, name_of(one)) for one in sorted(survivors)],
        events=[(one.contact_id, one.id) for one in result.events],
        already=not result.events,
        back=_back(visit),
    )


def _back(visit: Visit) -> str:
    return visit.ledger_path


def _class_of(type_name: str) -> type[Event]:
    cls = CATALOGUE.get(type_name)
    if cls is None or not cls.FROM_PRODUCERS:
        raise NotFound(f"no act of the type {type_name or '(none)'} can be recorded by hand")
    return cls


def _participants(visit: Visit, names: list[str]) -> list[Participant]:
    question = visit.question()
    name_of = names_at(visit.served.ledger, question.moment, wanted=visit.may(READ))
    return [
        Participant(one, name_of(question.aliases.survivor_of(visit.contact_named(one))))
        for one in dict.fromkeys(names)
    ]


def _chosen_contacts(visit: Visit, typed: str, ticked: list[str]) -> tuple[list[str], list[Any]]:
    """Who is meant by what was typed, and all who are called so.

    Those are meant who are called so and were ticked, else the only one who is called so. Who may
    not read sees nobody, and types the UUID of a contact or source:ref.
    """
    if not visit.may(READ):
        return [typed], []
    found = _matches(visit, typed)
    called = [str(one.contact_id) for one in found]
    return [one for one in called if one in ticked] or called[: len(called) == 1], found


def _matches(visit: Visit, typed: str) -> list[Any]:
    """The contacts that are called so, the best first."""
    found = found_contacts(visit.served, ContactFilter(q=typed), MOST_FOUND, visit.now)
    return list(found.items)


def _item(visit: Visit, names: list[str], key: str | None) -> AgendaItem | None:
    """The item of the agenda that the act is for; None where there is none any more."""
    if key is None or not names or not visit.may(READ):
        return None
    wanted = AgendaQuestion(
        items=AgendaFilter(muted=True, deferred=True),
        labels=LabelsWanted(names=True),
        contact=visit.contact_named(names[0]),
    )
    served, moment = visit.served, visit.question().moment
    found = whole_agenda(served.ledger, moment, wanted, served.limits.calibrated_events)
    return next((one for one in found.items if one.key == key), None)


PAGES = (
    Page("/ledgers/{ledger}/act", show, (APPEND,)),
    Page("/ledgers/{ledger}/act", log, (APPEND,), method="POST", asks_again=True),
    Page("/ledgers/{ledger}/defer", defer, (APPEND,), method="POST"),
    Page("/ledgers/{ledger}/undo", undo, (APPEND,), method="POST"),
    Page("/ledgers/{ledger}/suggestions", suggest, (READ,)),
)
