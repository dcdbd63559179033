"""The states of contacts that were decided about not long ago, kept in memory."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from domain.contact import ContactState

KEPT_EVENTS = 500_000
"""How many events the kept states may stand for, which bounds their memory."""


class ContactStates:
    """States by contact, least recently used first to go. For one thread."""

    def __init__(
        self, load: Callable[[UUID], ContactState], kept_events: int = KEPT_EVENTS
    ) -> None:
        self._load = load
        self._kept_events = kept_events
        self._states: OrderedDict[UUID, ContactState] = OrderedDict()
        self._weights: dict[UUID, int] = {}
        self._weight = 0

    def get(self, contact_id: UUID) -> ContactState:
        """The contact's state, loaded if need be; the caller may evolve it."""
        state = self._states.get(contact_id)
        if state is None:
            state = self._load(contact_id)
            self.put(contact_id, state)
        else:
            self._states.move_to_end(contact_id)
        return state

    def __contains__(self, contact_id: UUID) -> bool:
        """Whether the contact's state is kept."""
        return contact_id in self._states

    def put(self, contact_id: UUID, state: ContactState) -> None:
        """Keep this state instead of whatever was kept of the contact."""
        self._states[contact_id] = state
        self._states.move_to_end(contact_id)
        self._weigh(contact_id)

    def _weigh(self, contact_id: UUID) -> None:
        weight = 1 + self._states[contact_id].version
        self._weight += weight - self._weights.get(contact_id, 0)
        self._weights[contact_id] = weight

    def trim(self) -> None:
        """Let the least recently used go; between batches, so that none in use is lost."""
        while self._weight > self._kept_events and self._states:
            contact_id, _ = self._states.popitem(last=False)
            self._weight -= self._weights.pop(contact_id)

    def forget_all(self) -> None:
        """Let all go: what they say may not have been recorded."""
        self._states.clear()
        self._weights.clear()
        self._weight = 0
