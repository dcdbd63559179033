"""Every contact's events, a contact at a time: what rebuilds, replays and previews go through.

Contacts come in the order of their ids; of contacts that were merged only the survivor comes, with
the events of all of them. What is held at once is one contact, and its page of the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.aliases import Aliases
from projections.folding import Moment
from projections.groups import complete_group, read_group, read_merges

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from domain.aliases import Merge
    from domain.recorded import RecordedEvent
    from projections.source import EventSource


class Walk:
    """One walk through all that is known at a position, by the aliases known there.

    ``done`` is how many events it has passed, of ``total``; those of merged contacts count where
    their own streams stand.
    """

    def __init__(
        self,
        source: EventSource,
        aliases: Aliases,
        upto: int,
        *,
        after: UUID | None = None,
        last: UUID | None = None,
    ) -> None:
        """``after`` and ``last`` bound the walk, where they are given; the last belongs to it."""
        self._source = source
        self._aliases = aliases
        self._upto = upto
        self._after = after
        self._last = last
        self.done = 0
        self.total = upto - len(source.policies(upto).versions)

    def __iter__(self) -> Iterator[tuple[UUID, list[RecordedEvent]]]:
        """Each survivor with all of its known events, encrypted."""
        for contact, events in self._source.streams(after=self._after, upto=self._upto):
            if self._last is not None and contact > self._last:
                return
            self.done += len(events)
            if self._aliases.survivor_of(contact) == contact:
                group = self._group(contact, events)
                if group:  # of a name that is an address no more nothing is known
                    yield contact, group

    def _group(self, contact: UUID, events: list[RecordedEvent]) -> list[RecordedEvent]:
        """A survivor's events: the stream just read, unless others were merged into it."""
        if len(self._aliases.members(contact)) > 1:
            return read_group(self._source, contact, self._aliases, self._upto)
        return complete_group(self._source, contact, self._aliases, self._upto, events)


def aliases_at(source: EventSource, position: int) -> tuple[Aliases, list[Merge]]:
    """Who stands for whom at a position, and the merges that say so."""
    aliases = Aliases()
    merges = [merge for merge in read_merges(source, upto=position) if aliases.apply(merge)]
    return aliases, merges


@dataclass(frozen=True)
class KnownLedger:
    """What a pass knows of the ledger as a whole, at the position up to which it fills."""

    source: EventSource
    position: int
    aliases: Aliases
    merges: Sequence[Merge]

    @classmethod
    def at(cls, source: EventSource, position: int) -> KnownLedger:
        """What is known at a position."""
        return cls(source, position, *aliases_at(source, position))

    @property
    def contact_events(self) -> int:
        """How many events of contacts there are."""
        return self.position - len(self.source.policies(self.position).versions)

    def moment(self, at: int) -> Moment:
        """The point that rows are made for."""
        policies = self.source.policies(self.position)
        return Moment(self.position, at, policies, self.source.time_zone, self.aliases)
