"""The names that events of an append tell of their contacts, made addresses where they are free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.decisions.addressing import make_address
from domain.recorded import RecordedEvent
from ledger.drafts import LeftOut
from ledger.identifiers import address_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from domain.contact import ContactState
    from domain.events import Event
    from ledger.clock import Stamp
    from ledger.drafts import Draft
    from ledger.identifiers import EventIds
    from ledger.working import Working


class Addressing:
    """What became of the refs of one append, each right after its event, with its envelope.

    ``last_position`` is that of the last merge, made now or by an earlier append with the same ids;
    ``standing_position`` that of the last one by which a ref was an address already.
    """

    def __init__(
        self,
        working: Working,
        first_position: int,
        ids: EventIds,
        namespace: UUID | None,
        find_event: Callable[[UUID], RecordedEvent | None],
    ) -> None:
        """``first_position`` is that of the append's first event."""
        assert namespace is not None, "a ledger without its namespace takes no events"
        self.last_position = self.standing_position = 0
        self.is_new = False
        self.left_out: list[LeftOut] = []
        self._working = working
        self._first_position = first_position
        self._ids = ids
        self._namespace = namespace
        self._find_event = find_event

    def take(self, draft: Draft, index: int, pointer: str, stamp: Stamp) -> None:
        """Make the addresses of one event; ``pointer`` is its place in the request.

        Also of an event that was known or already so: sent again, it tells its refs again.
        """
        for address in draft.addresses:
            contact_id, event_id = address.contact_id, None
            if draft.id is not None:
                event_id = address_id(self._namespace, draft.id, contact_id)
                if (known := self._find_event(event_id)) is not None:
                    self.last_position = max(self.last_position, known.position)
                    continue
            state = self._working.contact(contact_id)
            decided = make_address(state, draft.contact_id, self._working)
            if decided is None:
                self.left_out.append(LeftOut(index, pointer + address.pointer, contact_id))
            elif not decided:
                merged_at = self._working.merged_at(contact_id)
                self.standing_position = max(self.standing_position, merged_at)
            for one in decided or ():
                self._add(draft, one.event, state, event_id or self._ids.next(), stamp)

    def _add(
        self, draft: Draft, event: Event, state: ContactState, event_id: UUID, stamp: Stamp
    ) -> None:
        position = self._first_position + len(self._working.made)
        made = RecordedEvent(
            contact_id=state.contact_id,
            version=state.version + 1,
            position=position,
            id=event_id,
            occurred_at=stamp.now if draft.occurred_at is None else draft.occurred_at,
            recorded_at=stamp.recorded_at,
            source=draft.source,
            actor=draft.actor,
            causation_id=draft.causation_id,
            event=event,
            is_dated_behind=stamp.is_behind and draft.occurred_at is None,
        )
        self._working.add([made])
        self.last_position, self.is_new = position, True
