"""The states of contacts that were decided about not long ago, kept in memory."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from domain.contact import ContactState

CONTACT_WEIGHT = 4
"""How many events' room a contact takes besides its events, by measure."""


class ContactStates:
    """States by contact, the first to go being that which changed longest ago. For one thread.

    Kept by the number of the contact's id: a UUID hashes itself in Python, a number does not.
    """

    def __init__(
        self,
        load: Callable[[UUID], ContactState],
        load_all: Callable[[Sequence[UUID]], Iterable[ContactState]],
        most_events: Callable[[], int],
    ) -> None:
        """``load_all`` answers as ``load``, for many at once and in any order. ``most_events`` is
        how many events the kept states may stand for, which bounds their memory.
        """
        self._load = load
        self._load_all = load_all
        self._most_events = most_events
        self._states: OrderedDict[int, tuple[ContactState, int]] = OrderedDict()
        self._weight = 0

    def get(self, contact_id: UUID) -> ContactState:
        """The contact's state, loaded if needed; the caller puts it back after evolving it."""
        kept = self._states.get(contact_id.int)
        if kept is not None:
            return kept[0]
        state = self._load(contact_id)
        self.put(contact_id, state)
        return state

    def meet(self, contact_ids: Iterable[UUID]) -> list[UUID]:
        """Load those that are not kept together, which costs far less than one by one.

        Answers those of them of whom nothing was recorded.
        """
        states = self._states
        unmet = {one.int: one for one in contact_ids if one.int not in states}
        begin: list[UUID] = []
        for state in self._load_all(list(unmet.values())) if unmet else ():
            self.put(state.contact_id, state)
            if not state.version:
                begin.append(state.contact_id)
        return begin

    def put(self, contact_id: UUID, state: ContactState) -> None:
        """Keep this state instead of whatever was kept of the contact."""
        weight = CONTACT_WEIGHT + state.version
        before = self._states.pop(contact_id.int, None)
        self._weight += weight - (0 if before is None else before[1])
        self._states[contact_id.int] = (state, weight)

    def drop(self, contact_ids: Iterable[UUID]) -> None:
        """Let go of these, whatever is kept of them."""
        for contact_id in contact_ids:
            _, weight = self._states.pop(contact_id.int, (None, 0))
            self._weight -= weight

    def trim(self) -> None:
        """Let go of what is too much; between batches, so that none in use is lost."""
        most_events = self._most_events()
        while self._weight > most_events and self._states:
            _, (_, weight) = self._states.popitem(last=False)
            self._weight -= weight
