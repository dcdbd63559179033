"""Erasing a person: what is asked, what it came to, and the fence that holds at every start.

The order is the promise. The events are durable first; then the keys are destroyed, and in the same
transaction their contacts are listed beside the keys. Killed between the two, the ledger finds the
events at its next start and destroys the keys before anybody reads.

A backup may bring a key back. If the keys are the older part, the events name who was erased; if
the events are, the list does. So both are asked, here and nowhere else.
Source: the audit document, "Erasure".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from domain.events.governance import PersonalDataErased

if TYPE_CHECKING:
    from uuid import UUID

    from domain.contact import ContactState
    from ledger.stores.events import EventStore
    from ledger.stores.keys import DataKeyStore


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """A request to erase the person behind a contact.

    Which contacts are the same person by merges is looked up when it is decided.
    """

    contact_id: UUID
    event: PersonalDataErased


@dataclass(frozen=True, kw_only=True)
class ErasedContact:
    """Where the erasure of one contact stands in the ledger."""

    contact_id: UUID
    event_id: UUID
    position: int
    recorded_at: int


@dataclass(frozen=True, kw_only=True)
class ErasureResult:
    """What became of an erasure: every contact of the person, the one who stands for all first.

    ``fresh`` where something was recorded now. The keys are gone once this is answered.
    """

    contacts: tuple[ErasedContact, ...]
    fresh: bool

    @property
    def position(self) -> int:
        """The last position at which something of it stands."""
        return max(one.position for one in self.contacts)


def erased_contact(state: ContactState) -> ErasedContact:
    """Where the erasure of a contact that was erased stands."""
    recorded = next(
        one for one in state.events.values() if isinstance(one.event, PersonalDataErased)
    )
    return ErasedContact(
        contact_id=state.contact_id,
        event_id=recorded.id,
        position=recorded.position,
        recorded_at=recorded.recorded_at,
    )


class Fence(NamedTuple):
    """What was done at a start for the erased.

    ``destroyed`` counts the keys that were there again, or still. ``forgotten`` are the contacts
    whose keys were destroyed, and of whose erasure these events do not know.
    """

    destroyed: int
    forgotten: frozenset[UUID]


def destroy_again(recorder: EventStore, keys: DataKeyStore, at: int) -> Fence:
    """Destroy the keys of all who were erased, wherever they may have come back from.

    ``at`` is the present instant, in microseconds of UTC.

    Raises:
        Corrupt: a file is damaged.
        Unavailable: they could not be destroyed; the ledger must not be served.
    """
    recorded = frozenset(recorder.streams_with(PersonalDataErased.TYPE))
    listed = frozenset(keys.erasure_list())
    count = keys.destroy(recorded | listed, at) if recorded or listed else 0
    return Fence(count, listed - recorded)
