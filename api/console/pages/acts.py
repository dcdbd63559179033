"""Logging an act: what happened, with whom, and when."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from api.console.appending import event_id, record
from api.console.done_already import item_of, lock_of
from api.console.errors import status_of
from api.console.event_form import (
    decimal_values,
    form_fields,
    instant_text,
    typed_data,
    words_to_remember,
)
from api.console.outcomes import confirmation, done_already, is_for_item
from api.console.participants import chosen_contacts, matches, participants_of
from api.console.prefilling import (
    choices_of_ids,
    type_names,
    usual_currency,
    usual_values,
    values_for_item,
)
from api.console.sent_fields import STALE, field_values, told_at_fields
from api.console.visit import Page
from api.console.vocabulary import HINTS, QUICK_ACTS, act_named, types_by_name
from domain.errors import Conflict, Invalid, LedgerError, NotFound, Unavailable
from domain.events import CATALOGUE
from ledger.access.scopes import APPEND, READ

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from api.console.visit import Visit
    from api.service.answers.agenda import AgendaItem
    from domain.events import Event
    from ledger.drafts import AppendResult


def show(visit: Visit) -> Response:
    """The choice of an act, or the form of one, perhaps for an item of the agenda.

    Raises:
        Invalid: a contact is neither a UUID nor source:ref.
        NotFound: there is no such type of event, or no such item any more.
    """
    type_name, names = visit.parameter("type"), visit.request.query_params.getlist("contact")
    item, key = None, visit.parameter("item")
    if is_for_item(visit, names, key):
        contact = visit.contact_named(names[0])
        item = item_of(visit, contact, key or "")
        if item is None:
            return done_already(visit, contact, key or "", 200)
    if type_name is None and item is not None:
        type_name = type_names(item)[0]
    if type_name is None:
        return visit.page(
            "act_choice.html",
            quick=QUICK_ACTS,
            types=types_by_name(),
            involved=participants_of(visit, names),
        )
    cls = _class_of(type_name)
    values = _initial_values(visit, cls, names, item)
    values |= {
        name.removeprefix("data."): value
        for name, value in visit.request.query_params.items()
        if name.startswith("data.")
    }
    return _form(visit, cls, names, values, item=item)


def _initial_values(
    visit: Visit, cls: type[Event], names: list[str], item: AgendaItem | None
) -> dict[str, str]:
    """What the form of an act says before anybody types."""
    values = usual_values(cls, visit.session.remembered)
    if "currency" in values and visit.may(READ):
        values["currency"] = usual_currency(visit.served.ledger, _contacts(visit, names), values)
    if item is not None:
        values |= decimal_values(values_for_item(cls, item, visit.served.ledger))
    return values


def change_kind(visit: Visit) -> Response:
    """The form of another act for the same item, with what was typed into that of the one before.

    Raises:
        Invalid: a contact is neither a UUID nor source:ref.
        NotFound: there is no such type of event.
    """
    cls, before = _class_of(visit.field("type")), _class_of(visit.field("shown"))
    names, key = visit.fields("contact"), visit.field("item")
    if not is_for_item(visit, names, key):
        raise Invalid.at("/item", "missing", "is required")
    contact = visit.contact_named(names[0])
    item = item_of(visit, contact, key)
    if item is None:
        return done_already(visit, contact, key, 200)
    proposed = _initial_values(visit, before, names, item)
    typed = {
        name: value
        for name, value in field_values(visit).items()
        if value.strip() and value != proposed.get(name)
    }
    return _form(visit, cls, names, _initial_values(visit, cls, names, item) | typed, item=item)


def log(visit: Visit) -> Response:
    """Record the act for each of its contacts, all or none."""
    cls, names = _class_of(visit.field("type")), visit.fields("contact")
    if who := visit.field("who"):
        named, found = chosen_contacts(visit, who, names)
        if not named:
            return _form(visit, cls, names, field_values(visit), who=who, found=found, status=422)
        names = [*names, *(one for one in named if one not in names)]
    key = visit.field("item")
    if not is_for_item(visit, names, key):
        return _log(visit, cls, names)
    contact = visit.contact_named(names[0])
    with lock_of(contact):  # of two who send it at once, the second sees what the first did
        item = item_of(visit, contact, key)
        if item is None and not _is_recorded(visit, contact):
            return done_already(visit, contact, key, 409)
        return _log(visit, cls, names, item)


def _log(
    visit: Visit, cls: type[Event], names: list[str], item: AgendaItem | None = None
) -> Response:
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
    return confirmation(visit, _what_was_recorded(visit, cls), names, result)


def _what_was_recorded(visit: Visit, cls: type[Event]) -> str:
    """The act in words, with what it means that a field was left empty."""
    typed = field_values(visit)
    is_all = (cls.TYPE, "amount_minor") in HINTS and not typed.get("amount_minor", "").strip()
    if not is_all or typed.get("in_kind", "").strip():
        return act_named(cls.TYPE)
    return f"{act_named(cls.TYPE)}, without an amount: it stands for all of it"


def suggest(visit: Visit) -> Response:
    """The contacts that are called so, to be ticked in a form."""
    typed = visit.parameter("who") or ""
    found = matches(visit, typed) if len(typed) > 1 else []
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
    choices = {}
    if visit.may(READ):
        choices = choices_of_ids(cls, visit.served.ledger, _contacts(visit, names), visit.words)
    fields = form_fields(cls, values, errors or {}, choices)
    types = [cls.TYPE] if item is None else type_names(item)
    act_id = visit.field("act_id")
    if not event_id(act_id, ""):
        act_id = str(uuid4())
    is_row = visit.is_fragment and status != 200
    headers = {} if not is_row else {"HX-Retarget": f"#act-{act_id}"}  # its row stays
    return visit.page(
        "act_form.html" if not visit.is_fragment else "act_form_only.html",
        status=status,
        headers=headers,
        type=cls.TYPE,
        types=[(one, act_named(one)) for one in types],
        carried=_other_values(cls, values),
        title=act_named(cls.TYPE),
        first=[one for one in fields if one.is_first],
        more=[one for one in fields if not one.is_first],
        item=item,
        involved=participants_of(visit, names),
        act_id=act_id,
        occurred_at=visit.field("occurred_at"),
        actor=visit.field("actor") or visit.session.remembered.get("actor", ""),
        when_error=(errors or {}).get("occurred_at", ""),
        problem=problem,
        who=who,
        found=[one for one in found or () if str(one.contact_id) not in names],
        new_name=(names or [f"console:{uuid4().hex[:8]}"])[0],
    )


def _other_values(cls: type[Event], values: Mapping[str, str]) -> dict[str, str]:
    """What was typed for another kind of act, which this one has no field for."""
    own = {field.name for field in cls.FIELDS}
    return {name: value for name, value in values.items() if name not in own and value}


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


def _class_of(type_name: str) -> type[Event]:
    cls = CATALOGUE.get(type_name)
    if cls is None or not cls.FROM_PRODUCERS:
        raise NotFound(f"no act of the type {type_name or '(none)'} can be recorded by hand")
    return cls


def _is_recorded(visit: Visit, contact: UUID) -> bool:
    """Whether this very form was recorded before, and is sent once more."""
    given = event_id(visit.field("act_id"), str(contact))
    return given is not None and visit.served.ledger.knows_id(UUID(given))


def _contacts(visit: Visit, names: list[str]) -> list[UUID]:
    """The contacts of these names, without those that are none."""
    found = []
    for name in names:
        with suppress(Invalid):
            found.append(visit.contact_named(name))
    return found


PAGES = (
    Page("/ledgers/{ledger}/act", show, (APPEND,)),
    Page("/ledgers/{ledger}/act", log, (APPEND,), method="POST", asks_again=True),
    Page("/ledgers/{ledger}/act/kind", change_kind, (APPEND,), method="POST", asks_again=True),
    Page("/ledgers/{ledger}/suggestions", suggest, (READ,)),
)
