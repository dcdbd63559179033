"""What is handed to a ledger to be appended, and what it answers.

Named tuples, because a frozen dataclass takes twice as long to make and every event has its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from domain.addresses import addresses_of, refs_of, with_own_ref
from domain.events.referrals import ReferralMade

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from domain.addresses import Address
    from domain.errors import Invalid
    from domain.events import Event
    from domain.kinds import ContactNames
    from domain.recorded import RecordedEvent


class Draft(NamedTuple):
    """An event as a producer sent it: one of ``event`` and ``problem`` is set.

    A draft with a problem is handed over too, because a known id is answered before validation.
    Where only its texts are refused, which an older ledger may have taken, it has both: the event
    is then for comparing with what is stored, and is never recorded.
    ``occurred_at`` is in microseconds of UTC. ``pointer`` says where the draft stands in the
    request, such as ``/3``; it stands before the pointers of what the ledger finds wrong, while
    those in ``problem`` are taken as they are. Where it is empty, a draft of several stands at its
    index. ``addresses`` are the other names that its event tells of its contact: each becomes an
    address of it, where it is nobody else's.
    """

    contact_id: UUID
    type: str
    id: UUID | None = None
    occurred_at: int | None = None
    source: str | None = None
    actor: str | None = None
    causation_id: UUID | None = None
    event: Event | None = None
    problem: Invalid | None = None
    pointer: str = ""
    addresses: tuple[Address, ...] = ()

    def told_of(self, name: str, names: ContactNames) -> Draft:
        """The draft of an event as its contact is named: with that ref, and with its addresses.

        To be called of every registration and amendment, where a request, line or row is read.
        """
        if self.event is None or self.problem is not None:
            return self
        event = with_own_ref(self.event, name, self.contact_id, names)
        if not refs_of(self.event):
            return self._replace(event=event)  # its own ref is no other name
        return self._replace(event=event, addresses=addresses_of(event, self.contact_id, names))


class Append(NamedTuple):
    """Drafts that are recorded together or not at all.

    With a precondition all drafts are of one contact. ``if_version`` asks for exactly that version
    of its stream, ``if_new`` for a contact without events; both must hold where both are given.
    """

    drafts: tuple[Draft, ...]
    if_version: int | None = None
    if_new: bool = False


class LeftOut(NamedTuple):
    """A ref that is no address of the contact whose event tells it: it is somebody else's name.

    ``event_index`` is the place of the event's draft, ``pointer`` that of the ref in the request,
    and ``contact_id`` the stream of the name.
    """

    event_index: int
    pointer: str
    contact_id: UUID


@dataclass(frozen=True, slots=True)
class AppendedEvent:
    """One draft's place in the ledger; ``replayed`` where it had it before this append."""

    index: int
    recorded: RecordedEvent
    replayed: bool

    @property
    def id(self) -> UUID:
        """The event's id."""
        return self.recorded.id

    @property
    def type(self) -> str:
        """Its stored type."""
        return self.recorded.type

    @property
    def contact_id(self) -> UUID:
        """On whose stream it stands."""
        return self.recorded.contact_id

    @property
    def version(self) -> int:
        """Where on that stream it stands."""
        return self.recorded.version

    @property
    def position(self) -> int:
        """Where in the ledger it stands."""
        return self.recorded.position

    @property
    def last_position(self) -> int:
        """Where the last event stands that was recorded because of it, its companion included."""
        event = self.recorded.event
        followed = isinstance(event, ReferralMade) and event.direction == "inbound"
        return self.recorded.position + followed

    @property
    def recorded_at(self) -> int:
        """When it was recorded."""
        return self.recorded.recorded_at


class AppendResult(NamedTuple):
    """What became of an append. Drafts that were already so are absent from ``events``.

    ``contact_id`` is the last draft's contact, and ``version`` its own after the append;
    ``position`` is the last stored of ``events``, companions included. Where ``events``
    is empty it is that contact's newest, or that of an address of its refs if this is later.
    ``survivors`` are those for whom events of this append count that stand on other streams, by
    these streams: after the append, also where an event was recorded before its contact was merged.
    ``addressed`` where a ref became an address by this append; ``left_out`` are those that did not.
    """

    events: tuple[AppendedEvent, ...]
    position: int
    contact_id: UUID
    version: int
    survivors: Mapping[UUID, UUID]
    addressed: bool = False
    left_out: tuple[LeftOut, ...] = ()

    @property
    def counts_for(self) -> UUID | None:
        """Who stands for ``contact_id``, None where that is not an alias."""
        return self.survivors.get(self.contact_id)

    @property
    def replayed(self) -> bool:
        """All events were recorded before, and there are some."""
        return bool(self.events) and all(event.replayed for event in self.events)

    @property
    def is_new(self) -> bool:
        """Whether anything was recorded by this append."""
        return self.addressed or not all(event.replayed for event in self.events)

    @property
    def not_addressed(self) -> tuple[LeftOut, ...] | None:
        """The refs that were left out, None where there are none."""
        return self.left_out or None
