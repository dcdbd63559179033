"""Refs are addresses: what a registration or an amendment says leads to its contact as well.

Every name of a contact, its UUID or ``source:ref``, has a stream of its own. One that nobody
registered becomes an address of a contact by a merge into it, and there is no other kind of
address, nor an index of them. Source: the document on people, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from domain.errors import Invalid, Refused
from domain.events.base import EncryptedValue, Event
from domain.events.contacts import ContactRegistered, RegistrationAmended
from domain.text import IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from uuid import UUID

    from domain.aliases import Aliases
    from domain.history import History
    from domain.kinds import ContactNames

E = TypeVar("E", bound=Event)

Ref = tuple[str, str]
"""A producing system, and what it calls the contact."""

TELLING = (ContactRegistered, RegistrationAmended)
"""The events that tell refs of a contact."""


class Address(NamedTuple):
    """A name that an event says is its contact's too: the stream that it has of its own.

    ``pointer`` is where the event says so, seen from the event.
    """

    pointer: str
    contact_id: UUID


def contact_of_ref(ref: Ref, names: ContactNames) -> UUID | None:
    """The contact that a ref names; None where it is no name, such as ``POS:1``."""
    source, text = ref
    if ":" in source:
        return None  # the name would be read as another source's
    try:
        return names(f"{source}:{text}")
    except (Invalid, Refused, ValueError):
        return None


def addresses_of(event: Event, contact_id: UUID, names: ContactNames) -> tuple[Address, ...]:
    """The other names that an event tells of its contact, each once, in the order of its refs."""
    found: dict[UUID, Address] = {}
    for place, ref in enumerate(refs_of(event)):
        named = contact_of_ref(ref, names)
        if named is not None and named != contact_id:
            found.setdefault(named, Address(f"/data/refs/{place}", named))
    return tuple(found.values())


def with_own_ref(event: E, name: str, contact_id: UUID, names: ContactNames) -> E:
    """A registration with the ref by which its contact is named; all else as it is.

    So the ledger can tell producers their own numbers back, which it knows only by their UUIDv5.
    """
    source, colon, ref = name.partition(":")
    if not colon or not isinstance(event, ContactRegistered):
        return event
    refs = refs_of(event)
    if any(contact_of_ref(one, names) == contact_id for one in refs):
        return event
    try:
        own = (source, IDENTIFIER.apply(ref))
    except Invalid:
        return event  # named as no new contact can be: what it is called stays unknown
    return _with_refs(event, (*refs, own))


def without_own_ref(event: E, contact_id: UUID, names: ContactNames) -> E:
    """An event without the refs that name its contact: what two of them are compared by.

    Who sends a registration again may name the contact by its UUID, and one that was stored before
    the ledger kept such refs lacks its own.
    """
    if not isinstance(event, TELLING) or isinstance(event.refs, EncryptedValue):
        return event
    others = tuple(one for one in refs_of(event) if contact_of_ref(one, names) != contact_id)
    return _with_refs(event, others or None)


def claims_of(history: History, contact_id: UUID, names: ContactNames) -> set[UUID]:
    """Whom the refs name that a contact is known by, itself left out. The history is decrypted."""
    return {
        one.contact_id
        for fact in history.facts
        for one in addresses_of(fact.event, contact_id, names)
    }


def unaddressed_pairs(
    claims: Mapping[UUID, Iterable[UUID]],
    aliases: Aliases,
    is_known: Callable[[UUID], bool],
    erased: Collection[UUID] = (),
) -> Iterator[tuple[UUID, UUID]]:
    """The survivors that one ref names both: possible duplicates, each pair once, smaller id first.

    ``claims`` are those of ``claims_of``, by contact. A name that ``is_known``, because it is
    registered, or that is an alias, belongs to whom it counts for. Where that is another than who
    claims it, the ref did not become an address, or is one no more. Survivors in ``erased`` are
    left out.
    """
    seen: set[tuple[UUID, UUID]] = set()
    for contact_id, named in claims.items():
        survivor = aliases.survivor_of(contact_id)
        for one in named:
            other = aliases.survivor_of(one)
            if other == survivor or not (other != one or is_known(one)):
                continue
            pair = (survivor, other) if survivor.int < other.int else (other, survivor)
            if pair not in seen and not (survivor in erased or other in erased):
                seen.add(pair)
                yield pair


def refs_of(event: Event) -> tuple[Ref, ...]:
    """The refs that an event tells of its contact, where they can be read."""
    if not isinstance(event, TELLING) or isinstance(event.refs, EncryptedValue):
        return ()
    return event.refs or ()


def _with_refs(event: E, refs: tuple[Ref, ...] | None) -> E:
    made = object.__new__(type(event))
    object.__setattr__(made, "__dict__", {**event.__dict__, "refs": refs})
    return made
