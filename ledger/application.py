"""The library's application, wired with our mapper and recorder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.utils import Environment

from domain.contact import ContactState
from ledger.entropy import Entropy
from ledger.mapper import COMPARED, LedgerMapper

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from eventsourcing.persistence import InfrastructureFactory, Mapper
    from eventsourcing.utils import EnvType

    from domain.recorded import RecordedEvent
    from ledger.stores.events import EventStore
    from ledger.stores.keys import DataKeyStore


_READ_TOGETHER = 64
"""How many streams are read with one question, which bounds what it answers."""


class LedgerApplication(Application[UUID]):
    """One ledger's events, in the store that a factory opens."""

    name = "ledger"
    mapper: LedgerMapper

    def __init__(self, factory: InfrastructureFactory[Any], keys: DataKeyStore) -> None:
        """``factory`` is that of ``ledger.stores.store.LedgerStore``, closed with this."""
        self._store_factory = factory
        self._keys = keys
        super().__init__()
        self.forgotten: Container[UUID] = ()
        """Contacts whose keys were destroyed, and of whose erasure these events do not know."""
        # What a ledger's factory makes is an event store; the library's types cannot say so.
        self.stored = cast("EventStore", self.recorder)

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Nothing: the process's environment is not read."""
        return Environment(name, {})

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        """The store's factory, without looking a topic up."""
        return self._store_factory

    def construct_mapper(self) -> Mapper[UUID]:
        """Our mapper, which knows the contacts' keys."""
        return LedgerMapper(self._keys, entropy=Entropy())

    def contact(self, contact_id: UUID) -> ContactState:
        """What decisions must know of a contact, folded from its whole stream."""
        get: Any = self.repository.get  # typed for aggregates of the library's own protocol
        try:
            state = get(contact_id, projector_func=_fold)
        except AggregateNotFoundError:
            return self._with_key(ContactState.initial(contact_id))
        assert isinstance(state, ContactState)
        return self._with_key(state)

    def contacts(self, contact_ids: Sequence[UUID]) -> Iterator[ContactState]:
        """As ``contact``, for many: their streams are read some dozens at a time."""
        for start in range(0, len(contact_ids), _READ_TOGETHER):
            some = contact_ids[start : start + _READ_TOGETHER]
            states = {contact_id.bytes: ContactState.initial(contact_id) for contact_id in some}
            rows = self.stored.rows_of_streams(some)
            begun = [row.stream for row in rows if row.version == 1]
            self._keys.read_together([one for one in begun if isinstance(one, UUID)])
            for row in rows:
                recorded = self.mapper.to_event(*row, decrypt=COMPARED)
                states[recorded.contact_id.bytes].evolve(recorded)
            yield from map(self._with_key, states.values())

    def _with_key(self, state: ContactState) -> ContactState:
        """The state of a name that nobody registered, with whether its key is lost.

        Of a registered contact the name says so, which is decrypted for decisions. This one may
        have other personal data, or none and no key yet. Where its key was destroyed and these
        events are from before that, it gets no other one.
        """
        if state.contact_id in self.forgotten:
            state.key_lost = True
        elif state.registration is None and state.version and not state.erased:
            has_personal = any(
                one.actor is not None or any(one.event.personal_fields())
                for one in state.events.values()
            )
            state.key_lost = has_personal and self._keys.key(state.contact_id) is None
        return state


def _fold(initial: ContactState | None, events: Iterable[RecordedEvent]) -> ContactState | None:
    """The library's projector interface over our fold; None is its word for "no events"."""
    state = initial
    for recorded in events:
        if state is None:
            state = ContactState.initial(recorded.contact_id)
        state.evolve(recorded)
    return state
