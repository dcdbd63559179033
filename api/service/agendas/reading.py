"""What agendas are folded from: the history of contacts with what the rules read decrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.known_contacts import KnownContacts
from domain.agenda.agenda import Agenda, agenda
from domain.events.care import StewardAssigned, TouchMade
from domain.events.contacts import OccasionLearned, PreferenceLearned, ProfileFactLearned
from domain.events.governance import EventCorrected
from projections.groups import read_group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.history import History
    from domain.recorded import RecordedEvent
    from ledger.ledger import Ledger
    from projections.folding import Moment

_READ = (
    EventCorrected.TYPE,
    OccasionLearned.TYPE,
    PreferenceLearned.TYPE,
    ProfileFactLearned.TYPE,
    StewardAssigned.TYPE,
    TouchMade.TYPE,
)
"""The types of which a personal field is read."""


class Decrypting:
    """The streams of a ledger, with the events of some types decrypted."""

    def __init__(self, ledger: Ledger, types: Sequence[str]) -> None:
        self._ledger = ledger
        self._types = types

    def stream(
        self, contact_id: UUID, *, types: Sequence[str] = (), upto: int | None = None
    ) -> list[RecordedEvent]:
        """One contact's events up to a position; those of ``types`` alone stay encrypted."""
        if types:
            return self._ledger.stream(contact_id, types=types, upto=upto)
        return self._ledger.stream_with(contact_id, self._types, upto)


class Agendas(KnownContacts):
    """Agendas by all that is known at one position, with what the rules read decrypted."""

    def __init__(self, ledger: Ledger, moment: Moment) -> None:
        super().__init__(ledger, moment)
        self._ledger = ledger
        self._agendas: dict[tuple[UUID, int], Agenda] = {}

    def _read(self, contact: UUID) -> Sequence[RecordedEvent]:
        source = Decrypting(self._ledger, _READ)
        return read_group(source, contact, self.moment.aliases, self.moment.position)

    def _decrypt_some(
        self, contact: UUID, events: Sequence[RecordedEvent]
    ) -> Sequence[RecordedEvent]:
        """The events of a group, those of its own streams that are of a type to read decrypted."""
        members = self.moment.aliases.members(contact)
        wanted = {one.contact_id for one in events if one.type in _READ} & set(members)
        decrypted = {
            one.position: one
            for member in wanted
            for one in self._ledger.stream(
                member, types=_READ, upto=self.moment.position, decrypt=True
            )
        }
        return [decrypted.get(one.position, one) for one in events]

    def agenda(self, contact: UUID, at: int) -> Agenda:
        """The agenda of a contact at an instant."""
        known = self._agendas.get((contact, at))
        if known is None:
            relationship, referrals = self.relationship(contact, at), self.referrals(contact)
            known = agenda(contact, relationship, referrals, self.moment.policies)
            self._agendas = {(contact, at): known}
        return known

    def steward(self, contact: UUID, at: int) -> str | None:
        """Who of ours looks after a contact; None where nobody does, or it was erased."""
        return steward_in(self.history(contact), at)


def steward_in(history: History, at: int) -> str | None:
    """Who looks after the contact of a history at an instant, where that is decrypted."""
    steward: object = None
    for fact in history.facts:
        if isinstance(fact.event, StewardAssigned) and fact.occurred_at <= at:
            steward = fact.event.steward
    return steward if isinstance(steward, str) else None
