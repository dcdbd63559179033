"""Who a contact is, as they were registered and amended since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.events.base import EncryptedValue
from domain.events.contacts import ContactLinked, ContactRegistered, RegistrationAmended

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from domain.history import History


@dataclass(frozen=True, slots=True)
class Link:
    """What a contact is to another one: member-of, agent-of, household-of or works-for."""

    other: UUID
    relation: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A contact's registration as it stands; ``name`` is null if it is encrypted or erased.

    ``refs`` are (source, ref) in the order they were learned, those of merged contacts included.
    """

    kind: str | None
    name: str | None
    time_zone: str | None
    refs: tuple[tuple[str, str], ...]
    links: tuple[Link, ...]
    registered_at: int | None


def profile_of(history: History, contact_id: UUID, survivor_of: Callable[[UUID], UUID]) -> Profile:
    """The profile of the contact that the history belongs to.

    The newest of its own registration and amendments gives each field; refs and links add up. What
    was merged into it adds refs and links, and never renames it: the survivor is the one we chose.
    """
    kind: str | None = None
    name: str | None = None
    registered_at: int | None = None
    refs: dict[tuple[str, str], None] = {}
    links: dict[Link, None] = {}
    for fact in history.facts:
        event = fact.event
        own = fact.scope == 0
        if isinstance(event, ContactRegistered | RegistrationAmended):
            if event.refs is not None and not isinstance(event.refs, EncryptedValue):
                refs.update(dict.fromkeys(event.refs))
            if own and event.name is not None:
                name = None if isinstance(event.name, EncryptedValue) else event.name
            if own and isinstance(event, ContactRegistered):
                kind, registered_at = event.kind, fact.occurred_at
        elif isinstance(event, ContactLinked):
            other = survivor_of(event.other)
            if other != contact_id:
                links[Link(other, event.relation)] = None
    return Profile(kind, name, history.time_zone, tuple(refs), tuple(links), registered_at)
