"""Who a contact is, as they were registered and amended since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.details import compared_detail
from domain.events.base import EncryptedValue
from domain.events.contacts import (
    ContactDetailLearned,
    ContactDetailRemoved,
    ContactLinked,
    ContactRegistered,
    RegistrationAmended,
)

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
class Detail:
    """How a contact can be reached: email, phone, postal or handle; ``value`` is as it is kept."""

    kind: str
    value: str
    label: str | None
    postal_code: str | None


@dataclass(frozen=True, slots=True)
class Profile:
    """A contact's registration as it stands; ``name`` is null if it is encrypted or erased.

    ``refs`` are (source, ref), and ``details`` those that were not removed, in the order they were
    learned, those of merged contacts included; what is encrypted or erased is in neither.
    """

    kind: str | None
    name: str | None
    time_zone: str | None
    refs: tuple[tuple[str, str], ...]
    links: tuple[Link, ...]
    details: tuple[Detail, ...]
    registered_at: int | None


def profile_of(history: History, contact_id: UUID, survivor_of: Callable[[UUID], UUID]) -> Profile:
    """The profile of the contact that the history belongs to.

    The newest of its own registration and amendments gives each field; refs, links and details add
    up. What was merged into it adds to these, and never renames it: the survivor is the one we
    chose. A detail that is learned again has its newest spelling and label.
    """
    kind: str | None = None
    name: str | None = None
    registered_at: int | None = None
    refs: dict[tuple[str, str], None] = {}
    links: dict[Link, None] = {}
    details: dict[tuple[str, str], Detail] = {}
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
        elif isinstance(event, ContactDetailLearned | ContactDetailRemoved):
            _apply_detail(details, event)
    return Profile(
        kind=kind,
        name=name,
        time_zone=history.time_zone,
        refs=tuple(refs),
        links=tuple(links),
        details=tuple(details.values()),
        registered_at=registered_at,
    )


def _apply_detail(
    details: dict[tuple[str, str], Detail], event: ContactDetailLearned | ContactDetailRemoved
) -> None:
    value = event.value
    if isinstance(value, EncryptedValue):
        return
    key = event.kind, compared_detail(event.kind, value)
    if isinstance(event, ContactDetailRemoved):
        details.pop(key, None)
        return
    code = None if isinstance(event.postal_code, EncryptedValue) else event.postal_code
    details[key] = Detail(event.kind, value, event.label, code)
