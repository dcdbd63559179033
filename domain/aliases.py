"""Which contacts are one person: who stands for whom once some merges are known.

A merge is an alias: no stream is rewritten, and both streams continue to take events. Merges count
in the order of their positions, whatever their ``occurred_at``. Source: the domain document,
sections 1 and 2.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from operator import attrgetter
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


class _MergeRecord:
    """Merges in the order in which they were applied, shared by all who know a beginning of them.

    Only ever added to, so that any thread may read what was there before.
    """

    def __init__(self) -> None:
        self.merges: list[Merge] = []
        self.targets: dict[UUID, list[tuple[int, UUID | None]]] = {}
        """By contact, into whom it was merged, or None, each with the number of the merge."""
        self.merged: dict[UUID, list[UUID]] = {}
        """By contact, those that were ever merged into it."""

    def add(self, merge: Merge) -> None:
        """Add a merge at the end."""
        number = len(self.merges)
        self.targets.setdefault(merge.contact, []).append((number, merge.into))
        if merge.into is not None:
            self.merged.setdefault(merge.into, []).append(merge.contact)
        self.merges.append(merge)


class Aliases:
    """Who stands for whom once some merges are known; chains end at the final survivor.

    Whom it stood for at an earlier position, and a copy to be gone on with, cost nothing: all share
    what is recorded. Only one that goes another way than what was recorded since takes its own.
    """

    def __init__(self, merges: Iterable[Merge] = ()) -> None:
        self._recorded = _MergeRecord()
        self._known = 0
        for merge in merges:
            self.apply(merge)

    @property
    def newest_position(self) -> int:
        """Where the newest merge stands that is known; 0 where none is."""
        return self._recorded.merges[self._known - 1].position if self._known else 0

    def apply(self, merge: Merge) -> bool:
        """Take in the next merge; False, and nothing changes, where it would close a circle."""
        if merge.into is not None and merge.contact in self._chain(merge.into):
            return False
        if self._known < len(self._recorded.merges):
            known = self._recorded.merges[: self._known]
            self._recorded = _MergeRecord()
            for one in known:
                self._recorded.add(one)
        self._recorded.add(merge)
        self._known += 1
        return True

    def survivor_of(self, contact: UUID) -> UUID:
        """The contact that stands for this one; itself where it is not an alias."""
        if not self._known:
            return contact
        targets = self._recorded.targets  # read here, because most contacts were never merged
        while contact in targets and (target := self.target_of(contact)) is not None:
            contact = target
        return contact

    def target_of(self, contact: UUID) -> UUID | None:
        """The contact that this one was merged into last, None where it is not an alias."""
        targets = self._recorded.targets.get(contact)
        if targets is not None:
            for number, into in reversed(targets):
                if number < self._known:
                    return into
        return None

    def merged_at(self, contact: UUID) -> int:
        """The position of the last merge of the contact, 0 where it never was merged."""
        for number, into in reversed(self._recorded.targets.get(contact, ())):
            if number < self._known and into is not None:
                return self._recorded.merges[number].position
        return 0

    def survivors_of(self, contacts: Iterable[UUID]) -> dict[UUID, UUID]:
        """Those of the contacts that are aliases, with the contacts that stand for them."""
        if not self._known:
            return {}
        targets = self._recorded.targets
        aliases = {one for one in contacts if one in targets and self.target_of(one) is not None}
        return {contact: self.survivor_of(contact) for contact in aliases}

    def _chain(self, contact: UUID | None) -> Iterator[UUID]:
        while contact is not None:
            yield contact
            contact = self.target_of(contact)

    def members(self, survivor: UUID) -> tuple[UUID, ...]:
        """The survivor, then every contact that it stands for, ordered by id."""
        found: set[UUID] = set()
        waiting = [survivor]
        merged = self._recorded.merged
        while waiting:
            into = waiting.pop()
            for one in merged.get(into, ()):
                if one not in found and self.target_of(one) == into:
                    found.add(one)
                    waiting.append(one)
        return (survivor, *sorted(found)) if found else (survivor,)

    def at(self, position: int) -> Aliases:
        """Those that were known at a position: itself where nothing was recorded since."""
        if self.newest_position <= position:
            return self
        then = self.copy()
        merges = self._recorded.merges
        then._known = bisect_right(merges, position, hi=self._known, key=_POSITION)
        return then

    def copy(self) -> Aliases:
        """The same aliases, to be changed without changing these."""
        twin = Aliases()
        twin._recorded, twin._known = self._recorded, self._known
        return twin


_POSITION = attrgetter("position")


def aliases_in(events: Iterable[RecordedEvent]) -> Aliases:
    """Who stands for whom by these events, which are in order of their positions."""
    return Aliases(merge for one in events if (merge := merge_of(one)) is not None)
