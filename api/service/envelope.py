"""Events as clients send them, read into drafts for the ledger.

What is wrong with one event is carried in its draft, because the ledger looks for known ids first:
a repeated request is answered as before even where it would not be accepted today.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from api.service.strict_parsing import escape_pointer
from domain.addresses import TELLING
from domain.errors import FieldError, Invalid
from domain.events import CATALOGUE, Event
from domain.events.base import ACTOR, SOURCE
from domain.events.governance import EventCorrected
from domain.kinds import MAX_WHOLE, ContactId, EventId, Instant, Kind
from domain.text import IDENTIFIER, INVALID_TEXT
from ledger.drafts import Draft

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_EVENTS = 500
"""How many events one request may append."""

_ENVELOPE: dict[str, Kind] = {
    "id": EventId(),
    "occurred_at": Instant(),
    "source": SOURCE,
    "actor": ACTOR,
    "causation_id": EventId(),
}
_READING = tuple((name, kind.read) for name, kind in _ENVELOPE.items())
_NAMES = frozenset({*_ENVELOPE, "type", "data"})
_NAMES_WITH_CONTACT = _NAMES | {"contact"}
_CONTACT = ContactId()

NOBODY = UUID(int=0)
"""Whose event it is where its contact cannot be read; such a draft has a problem."""


def read_one(
    sent: object,
    pointer: str,
    contact_id: UUID | None,
    names: Callable[[str], UUID],
    given_id: UUID | None = None,
    name: str = "",
) -> Draft:
    """The draft of one event; ``pointer`` is its place in the request.

    ``name`` is how the request names ``contact_id``. Without that the event itself names its
    ``contact``. ``given_id`` is its id where it brings none.

    Raises:
        Invalid: it is no object.
    """
    if not isinstance(sent, dict):
        raise Invalid.at(pointer, "wrong-type", "an event must be an object")
    known = _NAMES
    errors: list[FieldError] = []
    if contact_id is None:
        known = _NAMES_WITH_CONTACT
        try:
            contact_id = _CONTACT.read(sent.get("contact"), names)
        except Invalid as error:
            errors.extend(error.within("/contact").errors)
            contact_id = NOBODY
        else:
            name = sent["contact"]
    values: list[Any] = []
    for field, read in _READING:
        value = sent.get(field)
        if value is not None:
            try:
                value = read(value)
            except Invalid as error:
                errors.extend(error.within(f"/{field}").errors)
                value = None
        values.append(value)
    event_id, occurred_at, source, actor, causation_id = values
    if not sent.keys() <= known:
        errors.extend(
            FieldError(f"/{escape_pointer(name)}", "unknown-field", _no_such_field(known))
            for name in sent
            if name not in known
        )
    event: Event | None = None
    try:
        event = _event(sent, names)
    except Invalid as error:
        errors.extend(error.errors)
    type_name = sent.get("type")
    draft = Draft(
        contact_id=contact_id,
        type=type_name if isinstance(type_name, str) else "",
        id=given_id if event_id is None else event_id,
        occurred_at=occurred_at,
        source=source,
        actor=actor,
        causation_id=causation_id,
        event=None if errors else event,
        problem=Invalid(errors).within(pointer) if errors else None,
        pointer=pointer,
    )
    if isinstance(event, TELLING):
        draft = draft.told_of(name, names)
    if errors and all(one.code == INVALID_TEXT for one in errors):
        return _comparable(draft, sent, names)
    return draft


def _comparable(draft: Draft, sent: dict[str, object], names: Callable[[str], UUID]) -> Draft:
    """A draft whose texts alone are refused, with what it would be compared as if it is known.

    An event that was stored before texts had their rule is known again by what it says.
    """
    source, actor = sent.get("source"), sent.get("actor")
    try:
        return draft._replace(
            source=None if source is None else SOURCE.read_kept(source),
            actor=None if actor is None else ACTOR.read_kept(actor),
            event=_event(sent, names, kept=True),
        )
    except Invalid:
        return draft


def read_many(
    sent: object,
    contact_id: UUID | None,
    names: Callable[[str], UUID],
    id_of: Callable[[int], UUID | None],
    name: str = "",
) -> tuple[Draft, ...]:
    """The drafts of an array of 1 to 500 events, or of one event alone.

    ``id_of`` gives ids to the events without one, by their place; ``name`` as in ``read_one``.

    Raises:
        Invalid: there are no events or too many, or one of them cannot be read at all.
    """
    if not isinstance(sent, list):
        return (read_one(sent, "", contact_id, names, id_of(0), name),)
    if not 1 <= len(sent) <= MOST_EVENTS:
        raise Invalid.at("", "out-of-range", f"an array must hold 1 to {MOST_EVENTS} events")
    return tuple(
        read_one(one, f"/{place}", contact_id, names, id_of(place), name)
        for place, one in enumerate(sent)
    )


def ids_from_key(
    key: str | None, namespace: UUID, path: str, principal: str = ""
) -> Callable[[int], UUID | None]:
    """Ids that a request with the same ``Idempotency-Key`` gets again, by place.

    ``principal`` is who sent the request; in open mode principals are not distinguished.

    Raises:
        Invalid: the key does not have 16 to 200 characters, or is no text that an id can be.
    """
    if key is None:
        return lambda _place: None
    if not 16 <= len(key) <= 200:
        detail = "Idempotency-Key must have 16 to 200 characters"
        raise Invalid.at("", "out-of-range", detail)
    _require_text("Idempotency-Key", key)
    return lambda place: uuid5(namespace, f"{principal}\n{path}\n{key}\n{place}")


def _require_text(header: str, value: str) -> None:
    """Refuse a header's value that is no identifier; it is UTF-8 where it can be, else Latin-1.

    Raises:
        Invalid: it is none; the detail names the header, for no pointer leads there.
    """
    sent = value.encode("latin-1")
    try:
        text = sent.decode()
    except UnicodeDecodeError:
        text = value
    try:
        IDENTIFIER.apply(text)
    except Invalid as error:
        detail = f"{header} {error.errors[0].detail}"
        raise Invalid.at("", INVALID_TEXT, detail) from None


def _event(sent: dict[str, object], names: Callable[[str], UUID], *, kept: bool = False) -> Event:
    type_name = sent.get("type")
    if type_name is None:
        raise Invalid.at("/type", "missing", "is required")
    cls = CATALOGUE.get(type_name) if isinstance(type_name, str) else None
    if cls is None:
        raise Invalid.at("/type", "unknown-type", "is no event type; see /v1/event-types")
    if not cls.FROM_PRODUCERS:
        raise Invalid.at("/type", "not-from-clients", f"{cls.TYPE} is written by the ledger alone")
    if sent.get("data") is None:
        raise Invalid.at("/data", "missing", "is required")
    try:
        event = (cls.read_kept if kept else cls.read)(sent["data"], names)
        if isinstance(event, EventCorrected) and isinstance(event.data, dict):
            _require_storable(event.data, "/data")
    except Invalid as error:
        raise error.within("/data") from None
    return event


def _require_storable(value: object, pointer: str) -> None:
    """Corrected data is read by the target's type later; until then it must survive being kept."""
    if isinstance(value, dict | list):
        named = value.items() if isinstance(value, dict) else enumerate(value)
        for name, content in named:
            _require_storable(content, f"{pointer}/{escape_pointer(str(name))}")
    elif isinstance(value, float):
        raise Invalid.at(pointer, "wrong-type", "must not be a fraction")
    elif isinstance(value, int) and abs(value) > MAX_WHOLE:
        raise Invalid.at(pointer, "out-of-range", f"must be from {-MAX_WHOLE} to {MAX_WHOLE}")


def _no_such_field(known: frozenset[str]) -> str:
    return f"an event has no such field; its fields are: {', '.join(sorted(known))}"
