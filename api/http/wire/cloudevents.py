"""CloudEvents as our own events. Source: CloudEvents 1.0.2, its JSON format and batch format."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from api.service.envelope import MOST_EVENTS, read_one
from api.service.strict_parsing import escape_pointer
from domain.errors import FieldError, Invalid
from domain.kinds import EventId, read_text
from domain.text import IDENTIFIER, INVALID_TEXT, NAME

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from ledger.drafts import Draft

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

NAMES = {"occurred_at": "time", "contact": "subject"}
"""What our fields are called there, where it is something else."""

_ATTRIBUTE = re.compile("[a-z0-9]{1,100}")
_JSON = re.compile(r"[a-z]+/([a-z0-9.-]+\+)?json *(;.*)?", re.IGNORECASE)
_RENAMED = re.compile(r"(/\d+)?/(occurred_at|contact)")


def none_known(_: UUID) -> bool:
    """What is known where nothing is recorded."""
    return False


def read_batch(
    sent: object,
    named: Callable[[str], UUID],
    names: Callable[[str], UUID],
    knows: Callable[[UUID], bool] = none_known,
) -> tuple[Draft, ...]:
    """The drafts of a batch of 1 to 500 events; ``knows`` as in ``read_cloud_event``.

    Raises:
        Invalid: it is none, or one of its events is no CloudEvent.
    """
    if not isinstance(sent, list):
        raise Invalid.at("", "wrong-type", "a batch must be an array")
    if not 1 <= len(sent) <= MOST_EVENTS:
        raise Invalid.at("", "out-of-range", f"a batch must hold 1 to {MOST_EVENTS} events")
    return tuple(
        read_cloud_event(one, f"/{place}", named, names, knows) for place, one in enumerate(sent)
    )


def read_cloud_event(
    sent: object,
    pointer: str,
    named: Callable[[str], UUID],
    names: Callable[[str], UUID],
    knows: Callable[[UUID], bool] = none_known,
) -> Draft:
    """The draft of one event; ``pointer`` is its place in the request.

    ``subject`` is the contact and ``time`` when it occurred. An ``id`` that is no UUID is made one,
    the same for the same ``source`` and ``id``, by ``named``, each in the form in which its rule
    keeps it. An id that the ledger ``knows`` of the bytes as they were sent, from before there was
    a rule, stays. Extension attributes are ignored.

    What else is wrong is carried in the draft, because known ids come first.

    Raises:
        Invalid: it is no object, or has no id that can be read.
    """
    if not isinstance(sent, dict):
        raise Invalid.at(pointer, "wrong-type", "an event must be an object")
    errors = _found_wrong(sent)
    if any(one.pointer in ("/id", "/source") and one.code != INVALID_TEXT for one in errors):
        raise Invalid(errors).within(pointer)
    given = {
        "contact": sent.get("subject"),
        "id": _id(sent["id"], sent["source"], named, knows),
        "type": sent.get("type"),
        "source": sent["source"],
        "occurred_at": sent.get("time"),
        "data": sent.get("data"),
    }
    draft = read_one(given, pointer, None, names)
    if not errors:
        return draft
    found = Invalid(errors).within(pointer).errors
    if any(one.code != INVALID_TEXT for one in errors):
        return draft._replace(event=None, problem=Invalid(found))
    more = () if draft.problem is None else draft.problem.errors
    return draft._replace(problem=Invalid(dict.fromkeys((*found, *more))))


def with_cloudevents_names(error: Invalid) -> Invalid:
    """The error with the names that a sender of CloudEvents knows."""
    return Invalid(FieldError(_rename(one.pointer), one.code, one.detail) for one in error.errors)


def _rename(pointer: str) -> str:
    found = _RENAMED.fullmatch(pointer)
    return pointer if found is None else f"{found[1] or ''}/{NAMES[found[2]]}"


def _found_wrong(sent: dict[str, Any]) -> list[FieldError]:
    errors: list[FieldError] = []
    for name, rule in (("id", IDENTIFIER), ("source", NAME), ("type", IDENTIFIER)):
        try:
            read_text(sent.get(name), 2000, rule)
        except Invalid as error:
            missing = sent.get(name) is None
            errors.extend(
                [FieldError(f"/{name}", "missing", "is required")]
                if missing
                else error.within(f"/{name}").errors
            )
    if sent.get("specversion") != "1.0":
        errors.append(FieldError("/specversion", "not-a-choice", 'must be "1.0"'))
    if sent.get("subject") is None:
        errors.append(FieldError("/subject", "missing", "is required: it names the contact"))
    content = sent.get("datacontenttype")
    if content is not None and not (isinstance(content, str) and _JSON.fullmatch(content)):
        errors.append(FieldError("/datacontenttype", "not-a-choice", "must be JSON, or absent"))
    if sent.get("data_base64") is not None:
        errors.append(FieldError("/data_base64", "unknown-field", "data must be JSON, in data"))
    errors.extend(
        FieldError(f"/{escape_pointer(name)}", "unknown-field", "is no name of an attribute")
        for name in sent
        if not _ATTRIBUTE.fullmatch(name) and name != "data_base64"
    )
    return errors


def _id(
    event_id: str, source: str, named: Callable[[str], UUID], knows: Callable[[UUID], bool]
) -> str:
    with suppress(Invalid):
        return str(EventId().read(event_id))
    as_sent = named(f"{source}\n{event_id}")
    try:
        kept = named(f"{NAME.apply(source)}\n{IDENTIFIER.apply(event_id)}")
    except Invalid:
        return str(as_sent)  # refused, unless it is known from before
    return str(as_sent if as_sent != kept and knows(as_sent) else kept)
