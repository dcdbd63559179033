"""CloudEvents as our own events. Source: CloudEvents 1.0.2, its JSON format and batch format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from api.wire.envelope import MOST_EVENTS, read_one
from api.wire.media import escaped
from domain.errors import FieldError, Invalid
from domain.kinds import EventId, read_text

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


def read_batch(
    sent: object, named: Callable[[str], UUID], names: Callable[[str], UUID]
) -> tuple[Draft, ...]:
    """The drafts of a batch of 1 to 500 events.

    Raises:
        Invalid: it is none, or one of its events is no CloudEvent.
    """
    if not isinstance(sent, list):
        raise Invalid.at("", "wrong-type", "a batch must be an array")
    if not 1 <= len(sent) <= MOST_EVENTS:
        raise Invalid.at("", "out-of-range", f"a batch must hold 1 to {MOST_EVENTS} events")
    return tuple(read_cloud_event(one, f"/{place}", named, names) for place, one in enumerate(sent))


def read_cloud_event(
    sent: object, pointer: str, named: Callable[[str], UUID], names: Callable[[str], UUID]
) -> Draft:
    """The draft of one event; ``pointer`` is where it stands in the request.

    ``subject`` is the contact and ``time`` when it occurred. An ``id`` that is no UUID is made one,
    the same for the same ``source`` and ``id``, by ``named``. Extension attributes are ignored.

    What else is wrong is carried in the draft, because known ids come first.

    Raises:
        Invalid: it is no object, or has no id that can be read.
    """
    if not isinstance(sent, dict):
        raise Invalid.at(pointer, "wrong-type", "an event must be an object")
    errors = _found_wrong(sent)
    if any(error.pointer in ("/id", "/source") for error in errors):
        raise Invalid(errors).within(pointer)
    given = {
        "contact": sent.get("subject"),
        "id": _id(sent["id"], sent["source"], named),
        "type": sent.get("type"),
        "source": sent["source"],
        "occurred_at": sent.get("time"),
        "data": sent.get("data"),
    }
    draft = read_one(given, pointer, None, names)
    if not errors:
        return draft
    return draft._replace(event=None, problem=Invalid(errors).within(pointer))


def renamed(error: Invalid) -> Invalid:
    """The error with the names that a sender of CloudEvents knows."""
    return Invalid(FieldError(_renamed(one.pointer), one.code, one.detail) for one in error.errors)


def _renamed(pointer: str) -> str:
    found = _RENAMED.fullmatch(pointer)
    return pointer if found is None else f"{found[1] or ''}/{NAMES[found[2]]}"


def _found_wrong(sent: dict[str, Any]) -> list[FieldError]:
    errors: list[FieldError] = []
    for name in ("id", "source", "type"):
        try:
            read_text(sent.get(name), 2000)
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
        FieldError(f"/{escaped(name)}", "unknown-field", "is no name of an attribute")
        for name in sent
        if not _ATTRIBUTE.fullmatch(name) and name != "data_base64"
    )
    return errors


def _id(event_id: str, source: str, named: Callable[[str], UUID]) -> str:
    try:
        return str(EventId().read(event_id))
    except Invalid:
        return str(named(f"{source}\n{event_id}"))
