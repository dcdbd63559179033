"""Which contacts are one, and what must be read to know one of them.

A merge is an alias: streams stay as they are, and a contact's history is that of its survivor, made
of the survivor's stream and of those merged into it. Source: the domain document, sections 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.events.contacts import ContactMerged, MergeReversed
from domain.events.governance import EventCorrected, EventRetracted
from domain.events.referrals import ReferralReceived

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from domain.recorded import Recorded
    from projections.source import EventSource, StreamSource

MERGE_TYPES = (ContactMerged.TYPE, MergeReversed.TYPE)
FATE_TYPES = (EventRetracted.TYPE, EventCorrected.TYPE)

_PAGE = 1000


@dataclass(frozen=True)
class Merge:
    """From ``position`` on ``contact`` is an alias of ``into``, or of nobody where that is None."""

    position: int
    contact: UUID
    into: UUID | None


def merge_of(recorded: Recorded) -> Merge | None:
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
        """The contact that stands for this one; itself where it is no alias."""
        while self._parents and (parent := self._parents.get(contact)) is not None:
            contact = parent
        return contact

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


def read_merges(source: EventSource, *, after: int = 0, upto: int) -> Iterator[Merge]:
    """Every merge and un-merge with ``after`` < position <= ``upto``, in order."""
    while after < upto:
        page = source.log(after=after, limit=_PAGE, types=MERGE_TYPES, unseal=False, upto=upto)
        for recorded in page:
            if (merge := merge_of(recorded)) is not None:
                yield merge
        if len(page) < _PAGE:
            return
        after = page[-1].position


def read_group(source: StreamSource, survivor: UUID, aliases: Aliases, upto: int) -> list[Recorded]:
    """All that is known at ``upto`` of a survivor, sealed, the survivor's own stream first."""
    events: list[Recorded] = []
    for member in aliases.members(survivor):
        events += source.stream(member, upto=upto)
    return complete_group(source, survivor, aliases, upto, events)


def complete_group(
    source: StreamSource, survivor: UUID, aliases: Aliases, upto: int, streams: list[Recorded]
) -> list[Recorded]:
    """The group's streams with the retractions and corrections that stand on its referrers'.

    A ``referral-received`` shares the fate of its ``referral-made``, which stands on the stream
    that it names, whoever that contact is an alias of.
    """
    referrers = {one.event.by for one in streams if isinstance(one.event, ReferralReceived)}
    if not referrers:
        return streams
    events = list(streams)
    for referrer in sorted(referrers.difference(aliases.members(survivor))):
        events += source.stream(referrer, types=FATE_TYPES, upto=upto)
    return events
