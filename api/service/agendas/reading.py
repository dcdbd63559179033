"""What agendas are folded from: the history of contacts with what the rules read decrypted."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING

from domain.agenda.agenda import Agenda, agenda
from domain.agenda.referred import Referrals
from domain.events.care import StewardAssigned, TouchMade
from domain.events.contacts import OccasionLearned, PreferenceLearned, ProfileFactLearned
from domain.events.governance import EventCorrected
from domain.events.referrals import ReferralReceived
from domain.first_purchases import commerce_of
from domain.history import effective_history
from domain.referrals import edges_of
from domain.relationship import fold
from projections.groups import read_group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.first_purchases import Commerce
    from domain.history import History
    from domain.recorded import RecordedEvent
    from domain.referrals import Edge
    from domain.relationship import Relationship
    from ledger.ledger import Ledger
    from projections.folding import Moment

_occurred_at = attrgetter("occurred_at")

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


class Agendas:
    """Agendas by all that is known at one position; each contact is read once.

    ``events_read`` is how many events that took so far.
    """

    def __init__(self, ledger: Ledger, moment: Moment) -> None:
        self._ledger = ledger
        self.moment = moment
        self.events_read = 0
        self._histories: dict[UUID, History] = {}
        self._edges: dict[UUID, tuple[Edge, ...]] = {}
        self._relationships: dict[tuple[UUID, int], Relationship] = {}
        self._agendas: dict[tuple[UUID, int], Agenda] = {}

    def history(self, contact: UUID, events: Sequence[RecordedEvent] | None = None) -> History:
        """The history of a survivor; ``events`` are those of its group, where they were read."""
        known = self._histories.get(contact)
        if known is not None:
            return known
        moment = self.moment
        if events is None:
            source = Decrypting(self._ledger, _READ)
            read = read_group(source, contact, moment.aliases, moment.position)
        else:
            read = self._with_decrypted(contact, events)
        self.events_read += len(read)
        found = self._histories[contact] = effective_history(read, contact)
        return found

    def _with_decrypted(
        self, contact: UUID, events: Sequence[RecordedEvent]
    ) -> list[RecordedEvent]:
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

    @property
    def read(self) -> set[UUID]:
        """The contacts whose histories were read, all of which stand for themselves."""
        return set(self._histories)

    def next_fact_at(self, at: int) -> int | None:
        """The first instant after ``at`` at which a fact of any history that was read occurs.

        Whatever was recorded ahead of its time counts from then on.
        """
        found = [
            facts[place].occurred_at
            for facts in (history.facts for history in self._histories.values())
            if (place := bisect_right(facts, at, key=_occurred_at)) < len(facts)
        ]
        return min(found, default=None)

    def keep(self, contact: UUID, history: History) -> None:
        """Fold this history of a survivor, of which more was decrypted than agendas need."""
        self._histories[contact] = history

    def relationship(self, contact: UUID, at: int) -> Relationship:
        """The relationship with a contact at an instant."""
        known = self._relationships.get((contact, at))
        if known is None:
            moment = self.moment
            known = fold(self.history(contact), moment.policies, moment.time_zone, at)
            self._relationships = {(contact, at): known}
        return known

    def agenda(self, contact: UUID, at: int) -> Agenda:
        """The agenda of a contact at an instant."""
        known = self._agendas.get((contact, at))
        if known is None:
            relationship, referrals = self.relationship(contact, at), self.referrals(contact)
            known = agenda(contact, relationship, referrals, self.moment.policies)
            self._agendas = {(contact, at): known}
        return known

    def referrals(self, contact: UUID) -> Referrals:
        """The referrals of a contact, and what others' histories say of them."""
        edges = self.edges(contact)
        return Referrals(
            edges=edges,
            edges_to=self._edges_to,
            commerce={edge.other: self._commerce(edge.other) for edge in edges},
        )

    def edges(self, contact: UUID) -> tuple[Edge, ...]:
        """A contact's own referrals."""
        known = self._edges.get(contact)
        if known is None:
            survivor_of = self.moment.aliases.survivor_of
            known = self._edges[contact] = edges_of(self.history(contact), contact, survivor_of)
        return known

    def _edges_to(self, contact: UUID) -> list[Edge]:
        """The inbound referrals of a contact by whomever, which stand on its own stream too."""
        survivor_of = self.moment.aliases.survivor_of
        referrers = {
            survivor_of(fact.event.by)
            for fact in self.history(contact).facts
            if isinstance(fact.event, ReferralReceived)
        }
        found = [edge for one in sorted(referrers) for edge in self.edges(one)]
        return [edge for edge in found if edge.other == contact]

    def _commerce(self, contact: UUID) -> Commerce:
        return commerce_of(self.history(contact))

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
