"""Contacts as they are known at one position: histories, stages, referrals, each read once."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING

from domain.agenda.referred import Referrals
from domain.errors import Invalid
from domain.events.contacts import ContactRegistered
from domain.events.referrals import ReferralMade, ReferralReceived
from domain.first_purchases import commerce_of
from domain.history import effective_history
from domain.referrals import edges_of
from domain.relationship import fold
from domain.standing import standing
from projections.build import naming
from projections.contact_walk import Walk
from projections.groups import read_group

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from domain.first_purchases import Commerce
    from domain.history import History
    from domain.policy import Policy
    from domain.recorded import RecordedEvent
    from domain.referrals import Edge
    from domain.relationship import Relationship
    from domain.standing import Standing
    from projections.folding import Moment
    from projections.source import EventSource, StreamSource

_PAGE = 1000
_occurred_at = attrgetter("occurred_at")


class KnownContacts:
    """Contacts by all that is known at the moment's position. Nothing of them is decrypted.

    ``events_read`` is how many events were read so far. It may not exceed ``most_events``, where
    that is given.
    """

    def __init__(
        self, source: StreamSource, moment: Moment, most_events: int | None = None
    ) -> None:
        self.moment = moment
        self.events_read = 0
        self._source = source
        self._most_events = most_events
        self._histories: dict[UUID, History] = {}
        self._edges: dict[UUID, tuple[Edge, ...]] = {}
        self._commerce: dict[UUID, Commerce] = {}
        self._relationships: dict[tuple[UUID, int], Relationship] = {}

    def history(self, contact: UUID, events: Sequence[RecordedEvent] | None = None) -> History:
        """The history of a survivor; ``events`` are those of its group, where they were read.

        Raises:
            Invalid: there is more to read than one answer may.
        """
        known = self._histories.get(contact)
        if known is not None:
            return known
        read = self._read(contact) if events is None else self._decrypt_some(contact, events)
        self.events_read += len(read)
        require_at_most(self.events_read, self._most_events)
        with naming(contact, self.moment):
            found = self._histories[contact] = effective_history(read, contact)
        return found

    def _read(self, contact: UUID) -> Sequence[RecordedEvent]:
        """The events of a survivor's group."""
        return read_group(self._source, contact, self.moment.aliases, self.moment.position)

    def _decrypt_some(
        self, contact: UUID, events: Sequence[RecordedEvent]
    ) -> Sequence[RecordedEvent]:
        """The events of a group that were read elsewhere, with all that is read of them here."""
        del contact
        return events

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
        """Fold this history of a survivor, of which more was decrypted than is read here."""
        self._histories[contact] = history

    def is_known(self, contact: UUID) -> bool:
        """Whether a survivor was registered."""
        return any(isinstance(one.event, ContactRegistered) for one in self.history(contact).facts)

    def relationship(self, contact: UUID, at: int | None = None) -> Relationship:
        """The relationship with a contact at an instant, or at that of the moment."""
        moment = self.moment
        instant = moment.at if at is None else at
        known = self._relationships.get((contact, instant))
        if known is None:
            history = self.history(contact)
            with naming(contact, moment):
                known = fold(history, moment.policies, moment.time_zone, instant)
            self._relationships = {(contact, instant): known}
        return known

    def referrals(self, contact: UUID) -> Referrals:
        """The referrals of a contact, and what others' histories say of them."""
        edges = self.edges(contact)
        return Referrals(
            edges=edges,
            edges_to=self.edges_to,
            commerce={edge.other: self.commerce(edge.other) for edge in edges},
        )

    def edges(self, contact: UUID) -> tuple[Edge, ...]:
        """A contact's own referrals."""
        known = self._edges.get(contact)
        if known is None:
            survivor_of = self.moment.aliases.survivor_of
            known = self._edges[contact] = edges_of(self.history(contact), contact, survivor_of)
        return known

    def referral_streams(self, contact: UUID) -> dict[UUID, UUID]:
        """The stream on which each of a contact's referrals stands, by the event's id."""
        facts = self.history(contact).facts
        return {one.id: one.contact_id for one in facts if isinstance(one.event, ReferralMade)}

    def edges_to(self, contact: UUID) -> list[Edge]:
        """The inbound referrals of a contact by whomever, which stand on its own stream too."""
        survivor_of = self.moment.aliases.survivor_of
        referrers = {
            survivor_of(fact.event.by)
            for fact in self.history(contact).facts
            if isinstance(fact.event, ReferralReceived)
        }
        found = [edge for one in sorted(referrers) for edge in self.edges(one)]
        return [edge for edge in found if edge.other == contact]

    def commerce(self, contact: UUID) -> Commerce:
        """What a contact bought first."""
        known = self._commerce.get(contact)
        if known is None:
            known = self._commerce[contact] = commerce_of(self.history(contact))
        return known

    def policy_at(self, at: int) -> Policy:
        """The policy in force at an instant."""
        return self.moment.policies.in_force(at).policy

    def standing(self, contact: UUID) -> Standing:
        """Where a contact stands as a referral partner at the moment."""
        found, at = self.referrals(contact), self.moment.at
        return standing(contact, found.edges, found.commerce, self.policy_at(at), at)


def require_at_most(events: int, most_events: int | None) -> None:
    """Let pass what one answer may read; anything where there is no bound.

    Raises:
        Invalid: it is more.
    """
    if most_events is not None and events > most_events:
        detail = (
            f"this takes more than {most_events:,} events: ask the command line, on a copy of the"
            " data folder"
        )
        raise Invalid.at("", "takes-a-replay", detail)


def contacts_with(source: EventSource, moment: Moment, *types: str) -> list[UUID]:
    """The survivors on whose streams an event of these types stands, in the order of their ids."""
    found: set[UUID] = set()
    after = 0
    while after < moment.position:
        page = source.log(
            after=after, limit=_PAGE, types=types, decrypt=False, upto=moment.position
        )
        found |= {moment.aliases.survivor_of(one.contact_id) for one in page}
        if len(page) < _PAGE:
            break
        after = page[-1].position
    return sorted(found)


def every_contact(
    source: EventSource, contacts: KnownContacts, most_events: int | None
) -> Iterator[UUID]:
    """Every contact of the ledger in the order of their ids, with its history read.

    Raises:
        Invalid: there is more to fold than one answer may.
    """
    moment = contacts.moment
    require_at_most(moment.position, most_events)
    for contact, events in Walk(source, moment.aliases, moment.position):
        contacts.history(contact, events)
        yield contact
