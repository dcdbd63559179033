"""What decisions must know of one contact: all that stands on its stream, whenever it occurred."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from domain.dealings import Dealings, keys_of, opening_of
from domain.events import EncryptedValue, Event
from domain.events.contacts import ContactMerged, ContactRegistered, MergeReversed
from domain.events.governance import EventCorrected, EventRetracted, PersonalDataErased
from domain.imports import is_undone_by

if TYPE_CHECKING:
    from uuid import UUID

    from domain.dealings import Key
    from domain.first_purchases import Commerce
    from domain.recorded import RecordedEvent


@dataclass
class ContactState:
    """The state of one stream, folded from its events in the order of their versions.

    Decisions look at everything known, whatever its ``occurred_at``. A retracted event counts as
    never happened, a corrected one as corrected, but an opening id stays in use forever: in
    ``opened_by`` also where the event that brought it was retracted or corrected away. Only undoing
    an import frees the ids that its events used, since the same file may be imported again.

    Registering and retracting again compare personal text, so the ``contact-registered`` and the
    ``event-retracted`` events must be decrypted before they are folded. The fold reads no other
    """

    contact_id: UUID
    version: int = 0
    registration: ContactRegistered | None = None
    merged_into: UUID | None = None
    separated_from: UUID | None = None
    """Where the last merge went that was reversed; None while merged or never merged."""
    erased: bool = False
    key_lost: bool = False
    """Of a name that nobody registered: personal data was found without its key."""
    events: dict[UUID, RecordedEvent] = field(default_factory=dict)
    opened_by: dict[Key, UUID] = field(default_factory=dict)
    retractions: dict[UUID, EventRetracted] = field(default_factory=dict)
    corrections: dict[UUID, tuple[UUID, ...]] = field(default_factory=dict)
    """By the corrected event, the events that correct it, oldest first, retracted ones included."""
    derived: Dealings | None = field(default_factory=Dealings)
    """The dealings, or None after a correction, until somebody asks for them."""
    undone: set[UUID] = field(default_factory=set)
    """The events that were taken back by undoing the import that brought them."""
    by_key: dict[Key, list[UUID]] | None = field(default=None, compare=False)
    """The events that speak of something, once a correction asked for them."""
    bought: tuple[int, Commerce] | None = field(default=None, compare=False, repr=False)
    """What was bought first by this stream alone, at the version at which it was asked for."""

    @classmethod
    def initial(cls, contact_id: UUID) -> ContactState:
        """A contact of whom nothing was recorded."""
        return cls(contact_id)

    @property
    def is_registered(self) -> bool:
        """The contact was registered, and may be merged or erased since."""
        return self.registration is not None

    @property
    def is_address(self) -> bool:
        """Nobody registered the contact, yet it is merged into another: it is a name of that."""
        return self.registration is None and self.merged_into is not None

    @property
    def unreadable(self) -> bool:
        """What was personal opens no more: it was erased, or its key is lost.

        A key is lost where a backup of keys is older than the contact, or left the key out. Another
        key in its place would open nothing of before, so nothing personal is added any more.
        """
        name = self.registration and self.registration.name
        lost = self.key_lost or (isinstance(name, EncryptedValue) and name.is_erased)
        return self.erased or lost

    def evolve(self, recorded: RecordedEvent) -> None:
        """Take in the next event of the stream; total, and constant in time.

        After corrections and retractions the dealings are derived again from all events, once they
        are asked for.
        """
        self.version = recorded.version
        self.events[recorded.id] = recorded
        if self.by_key is not None:
            _index(self.by_key, recorded)
        event = recorded.event
        match event:
            case ContactRegistered():
                self.registration = self.registration or event
            case ContactMerged():
                self.merged_into, self.separated_from = event.into, None
            case MergeReversed():
                self.merged_into, self.separated_from = None, event.into
            case PersonalDataErased():
                self.erased = True
            case EventRetracted():
                self.retractions.setdefault(event.target, event)
                self._free_what_was_undone(event.target, recorded)
                self.derived = None
            case EventCorrected():
                self._note_opening(event.target, event.data)
                earlier = self.corrections.get(event.target, ())
                self.corrections[event.target] = (*earlier, recorded.id)
                self.derived = None
            case _:
                self._note_opening(recorded.id, event)
                if self.derived is not None:
                    self._apply(recorded, self.derived)

    @property
    def dealings(self) -> Dealings:
        """What was bought, promised, referred and so on, as it is known to have happened."""
        if self.derived is None:
            self.derived = Dealings()
            for recorded in self.events.values():
                self._apply(recorded, self.derived)
        return self.derived

    def copy(self) -> ContactState:
        """An independent state with the same content; the events themselves are shared."""
        return replace(
            self,
            derived=self.derived and self.derived.copy(),
            events=dict(self.events),
            opened_by=dict(self.opened_by),
            retractions=dict(self.retractions),
            corrections=dict(self.corrections),
            undone=set(self.undone),
            by_key=None,
        )

    def about(self, event: Event, *, without: UUID | None = None) -> ContactState:
        """The state as far as a decision about ``event`` looks: under the ids that it speaks of.

        As if the event ``without`` had never been known, where one is given. It costs as much as
        there are events under these ids, however long the stream is.
        """
        if self.by_key is None:
            self.by_key = {}
            for recorded in self.events.values():
                _index(self.by_key, recorded)
        keys = set(keys_of(event))
        found = {one for key in keys for one in self.by_key.get(key, ()) if one != without}
        dealings = Dealings()
        for recorded in sorted((self.events[one] for one in found), key=attrgetter("version")):
            self._apply(recorded, dealings)
        opened = ((key, self.opened_by[key]) for key in keys if key in self.opened_by)
        opened_by = {key: by for key, by in opened if by != without}
        return replace(self, derived=dealings, opened_by=opened_by, bought=None)

    def _note_opening(self, event_id: UUID, event: object) -> None:
        key = opening_of(event) if isinstance(event, Event) else None
        if key is not None and event_id not in self.undone:
            self.opened_by.setdefault(key, event_id)

    def _free_what_was_undone(self, target: UUID, retraction: RecordedEvent) -> None:
        """Free the ids that an event of an import used, where undoing that import retracts it."""
        undone = self.events.get(target)
        if undone is None or not is_undone_by(undone, retraction):
            return
        self.undone.add(target)
        corrections = (self.events[one].event for one in self.corrections.get(target, ()))
        said = [one.data for one in corrections if isinstance(one, EventCorrected)]
        for event in (undone.event, *said):
            key = opening_of(event) if isinstance(event, Event) else None
            if key is not None and self.opened_by.get(key) == target:
                del self.opened_by[key]

    def _apply(self, recorded: RecordedEvent, dealings: Dealings) -> None:
        if recorded.id in self.retractions:
            return
        event, at = recorded.event, recorded.occurred_at
        correction = self._correction(recorded.id)
        if correction is not None:
            if type(correction.data) is type(event):
                event = correction.data
            if correction.occurred_at is not None:
                at = correction.occurred_at
        dealings.apply(event, at, recorded)

    def _correction(self, event_id: UUID) -> EventCorrected | None:
        """The correction that counts: the last that is not itself retracted."""
        for correction_id in reversed(self.corrections.get(event_id, ())):
            if correction_id not in self.retractions:
                correction = self.events[correction_id].event
                assert isinstance(correction, EventCorrected)
                return correction
        return None


def _index(by_key: dict[Key, list[UUID]], recorded: RecordedEvent) -> None:
    """Note what an event speaks of; of a correction, what it makes its target speak of."""
    event, event_id = recorded.event, recorded.id
    if isinstance(event, EventCorrected):
        corrected, event_id = event.data, event.target
        if not isinstance(corrected, Event):
            return
        event = corrected
    for key in keys_of(event):
        by_key.setdefault(key, []).append(event_id)
