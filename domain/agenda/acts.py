"""What we did for a contact, as far as items of the agenda ask: when, and what it was about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from domain.encounters import is_ours
from domain.events.care import ActionDeferred, GestureMade, ThanksGiven

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from domain.history import Fact


class Act(NamedTuple):
    """An act of ours. ``kind`` is thanks, gesture or other; ``for_event`` what thanks are for."""

    at: int
    position: int
    kind: str
    for_event: UUID | None

    def comes_after(self, at: int, position: int) -> bool:
        """Whether it comes after that place in the history."""
        return (self.at, self.position) > (at, position)

    def thanks_for(self, event_id: UUID, named_from_at: int | None, at: int, position: int) -> bool:
        """Whether it thanks for an event: by name, or for no event after the item opened.

        By name whenever it occurred, or from ``named_from_at`` on.
        """
        if self.kind != "thanks":
            return False
        if self.for_event is None:
            return self.comes_after(at, position)
        return self.for_event == event_id and (named_from_at is None or self.at >= named_from_at)


class Deferral(NamedTuple):
    """Somebody put an item off."""

    at: int
    position: int
    key: str
    until: int


def acts_of(facts: Iterable[Fact]) -> tuple[Act, ...]:
    """Our acts among the facts, in their order."""
    found = []
    for fact in facts:
        event = fact.event
        if is_ours(event):
            kind, for_event = "other", None
            if isinstance(event, ThanksGiven):
                kind, for_event = "thanks", event.for_event
            elif isinstance(event, GestureMade):
                kind = "gesture"
            found.append(Act(fact.occurred_at, fact.position, kind, for_event))
    return tuple(found)


def deferrals_of(facts: Iterable[Fact]) -> tuple[Deferral, ...]:
    """The deferrals among the facts, in their order."""
    return tuple(
        Deferral(fact.occurred_at, fact.position, fact.event.item, fact.event.until)
        for fact in facts
        if isinstance(fact.event, ActionDeferred)
    )


def deferred_until(deferrals: Sequence[Deferral], key: str, opens_at: int) -> int | None:
    """Until when an item is put off by the last deferral since it opened; None without one."""
    for deferral in reversed(deferrals):
        if deferral.key == key and deferral.at >= opens_at:
            return deferral.until
    return None


def pack_acts(acts: Iterable[Act]) -> list[list[Any]]:
    """The acts in msgpack's own types."""
    return [[one.at, one.position, one.kind, one.for_event and one.for_event.bytes] for one in acts]


def unpack_acts(packed: Iterable[Sequence[Any]]) -> tuple[Act, ...]:
    """The acts that were packed."""
    return tuple(
        Act(at, position, kind, UUID(bytes=event) if event else None)
        for at, position, kind, event in packed
    )
