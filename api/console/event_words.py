"""Events in words, for timelines: what happened, and the few things that it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from api.console.rendering import Words
from api.console.vocabulary import act_named, said_as
from domain.events import CATALOGUE
from domain.kinds import ContactId, EventId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from api.service.answers.events import Event

_LEFT_OUT = frozenset(
    {"currency", "target", "data", "policy", "sha256", "for_event", "item", "initiated_by"}
)


@dataclass(frozen=True)
class Statement:
    """One thing that an event says; ``contact_id`` where it names another contact."""

    label: str
    text: str
    contact_id: UUID | None = None


def statements(event: Event, name_of: Callable[[UUID], str | None]) -> Iterator[Statement]:
    """What an event says, without ids of other systems and of other events."""
    cls = CATALOGUE.get(event.type)
    kinds = {} if cls is None else {field.name: field.kind for field in cls.FIELDS}
    for name, value in event.data.items():
        kind = kinds.get(name)
        is_id = name.endswith("_id") or (
            isinstance(kind, EventId) and not isinstance(kind, ContactId)
        )
        if value is None or name in _LEFT_OUT or is_id:
            continue
        label = said_as(name)
        if isinstance(kind, ContactId):
            contact = UUID(str(value))
            yield Statement(label, name_of(contact) or "somebody", contact)
        elif name.endswith("_minor"):
            yield Statement("", Words.money(int(str(value)), event.data.get("currency")))
        elif isinstance(value, bool):
            yield Statement("", label if value else f"not {label}")
        else:
            yield Statement(label, _text(value))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    if isinstance(value, dict):
        if set(value) == {"source", "ref"}:
            return f"{value['source']}:{value['ref']}"
        return ", ".join(f"{name}: {content}" for name, content in value.items())
    return str(value)


def title(event: Event) -> str:
    """What happened, as a title."""
    said = act_named(event.type)
    if event.type == "custom-recorded":
        said = f"{said}: {_plain(event.data)}"
    return said[0].upper() + said[1:]


def _plain(data: Mapping[str, Any]) -> str:
    return str(data.get("kind", ""))
