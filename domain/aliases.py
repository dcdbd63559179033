"""Which contacts are one person: who stands for whom once some merges are known.

A merge is an alias: no stream is rewritten, and both streams continue to take events. Merges count
in the order of their positions, whatever their ``occurred_at``. Source: the domain document,
sections 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.events.contacts import ContactMerged, MergeReversed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from domain.recorded import RecordedEvent

MERGE_TYPES = (ContactMerged.TYPE, MergeReversed.TYPE)


@dataclass(frozen=True)
class Merge:
    """From ``position`` on ``contact`` is an alias of ``into``, or of nobody where that is None."""

    position: int
    contact: UUID
    into: UUID | None


def merge_of(recorded: RecordedEvent) -> Merge | None:
    """What the event says about aliases, if anything."""
    if isinstance(recorded.event, ContactMerged):
        return Merge(recorded.position, recorded.contact_id, recorded.event.into)
    if isinstance(recorded.event, MergeReversed):
        return Merge(recorded.position, recorded.contact_id, None)
    return None


class Aliases:
    """Who stands for whom once some merges are known; chains end at the final survivor."""

    def __init__(self, merges: Iterable[Merge] = ()) -> None:
        self._parents: dict[UUID, UUID] = {}
        self._children: dict[UUID, set[UUID]] = {}
        for merge in merges:
            self.apply(merge)

    def apply(self, merge: Merge) -> bool:
        """Take in the next merge; False, and nothing changes, where it would close a circle."""
        if merge.into is not None and merge.contact in self._chain(merge.into):
            return False
        former = self._parents.pop(merge.contact, None)
        if former is not None:
            self._children[former].discard(merge.contact)
        if merge.into is not None:
            self._parents[merge.contact] = merge.into
            self._children.setdefault(merge.into, set()).add(merge.contact)
        return True

    def survivor_of(self, contact: UUID) -> UUID:
        """The contact that stands for this one; itself where it is not an alias."""
        while self._parents and (parent := self._parents.get(contact)) is not None:
            contact = parent
        return contact

    def target_of(self, contact: UUID) -> UUID | None:
        """The contact that this one was merged into last, None where it is not an alias."""
        return self._parents.get(contact)

    def survivors_of(self, contacts: Iterable[UUID]) -> dict[UUID, UUID]:
        """Those of the contacts that are aliases, with the contacts that stand for them."""
        if not self._parents:
            return {}
        aliases = {contact for contact in contacts if contact in self._parents}
        return {contact: self.survivor_of(contact) for contact in aliases}

    def _chain(self, contact: UUID | None) -> Iterator[UUID]:
        while contact is not None:
            yield contact
            contact = self._parents.get(contact)

    def members(self, survivor: UUID) -> tuple[UUID, ...]:
        """The survivor, then every contact that it stands for, ordered by id."""
        found: set[UUID] = set()
        waiting = [survivor]
        while waiting:
            for child in self._children.get(waiting.pop(), ()):
                found.add(child)
                waiting.append(child)
        return (survivor, *sorted(found))

    def copy(self) -> Aliases:
        """The same aliases, to be changed without changing these."""
        twin = Aliases()
        twin._parents = dict(self._parents)
        twin._children = {parent: set(children) for parent, children in self._children.items()}
        return twin


def aliases_in(events: Iterable[RecordedEvent]) -> Aliases:
    """Who stands for whom by these events, which are in order of their positions."""
    return Aliases(merge for one in events if (merge := merge_of(one)) is not None)
