"""What a decision is asked, what it may look at, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from domain.events import Event
from domain.kinds import no_names

if TYPE_CHECKING:
    from uuid import UUID

    from domain.contact import ContactState
    from domain.kinds import ContactNames
    from domain.policy import Policy

E_co = TypeVar("E_co", bound=Event, covariant=True)


class Request(NamedTuple):
    """One event that somebody wants recorded.

    ``occurred_at`` is in microseconds of UTC. ``names`` reads contact names in the data of a
    correction, which cannot be read before its target is known.
    """

    contact_id: UUID
    id: UUID
    event: Event
    occurred_at: int
    actor: str | None = None
    names: ContactNames = no_names


class World(Protocol):
    """What a decision may ask beside the state of its own contact."""

    def contact(self, contact_id: UUID) -> ContactState:
        """The state of any contact, the initial one where nothing is known of it."""

    def survivor_of(self, contact_id: UUID) -> UUID:
        """Who stands for a contact by the merges so far: itself where it is not an alias."""

    def group(self, contact_id: UUID) -> tuple[UUID, ...]:
        """Every contact that is the same person by merges, who stands for all of them first."""

    def policy_at(self, at: int) -> Policy:
        """The policy in force at that instant."""


class DecidedEvent(NamedTuple):
    """An event to record on a contact's stream."""

    contact_id: UUID
    event: Event


class Command(NamedTuple, Generic[E_co]):
    """A request as the decision about its type of event sees it."""

    contact_id: UUID
    event: E_co
    at: int
    world: World
    names: ContactNames = no_names

    @property
    def acceptance(self) -> tuple[DecidedEvent, ...]:
        """The answer that records the event as it is."""
        return (DecidedEvent(self.contact_id, self.event),)


ALREADY_SO: tuple[DecidedEvent, ...] = ()
"""The answer where the world is as the request says: no event, no error."""
