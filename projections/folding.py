"""What a projection is: pure steps from histories to rows, and the rows' tables."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from domain.history import effective_history, extended
from projections.groups import read_group

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from uuid import UUID

    from domain.history import History
    from domain.recorded import Recorded
    from domain.timeline import PolicyTimeline
    from projections.generations import Table, Tables
    from projections.groups import Aliases, Merge
    from projections.source import EventSource

MERGES = "merges"

KEPT_FACTS = 100_000
"""How many facts the kept histories of one build may have, which bounds their memory."""

T = TypeVar("T")


@dataclass(frozen=True)
class Moment:
    """The point that rows are made for: what was known at ``position``, evaluated at ``at``."""

    position: int
    at: int
    policies: PolicyTimeline
    time_zone: str | None
    aliases: Aliases


class Projection(Protocol):
    """One read model. Every method is a function of its arguments and of the tables alone.

    A contact's own rows come from its history by ``measure``; what depends on other contacts' rows
    too comes from them by ``reduce``. Contacts are survivors throughout.
    """

    @property
    def name(self) -> str:
        """What it is called in URLs and in table names."""

    @property
    def version(self) -> int:
        """Changes whenever the same log would give other rows."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """Its tables, in the order in which they are digested."""

    def measure(self, contact: UUID, history: History, moment: Moment, before: Any = None) -> Any:
        """What a contact's own rows will say. ``before`` is what was measured last, used up."""

    def write(self, tables: Tables, contact: UUID, measured: Any) -> None:
        """Make the contact's own rows say so."""

    def forget(self, tables: Tables, contact: UUID) -> None:
        """Take away all rows of a contact that is an alias now, or has no events."""

    def dependants(self, tables: Tables, contacts: Collection[UUID]) -> set[UUID]:
        """The contacts whose ``reduce`` reads rows of these."""

    def reduce(self, tables: Tables, contact: UUID, moment: Moment) -> None:
        """Write the contact's rows that depend on others'."""

    def reducible(self, tables: Tables, after: UUID | None, limit: int) -> list[UUID]:
        """The next contacts after ``after`` that ``reduce`` is for, in order of their ids."""

    def due(self, tables: Tables, at: int, limit: int) -> list[UUID]:
        """Contacts with rows that are no longer right at ``at``."""

    @property
    def measures_when_due(self) -> bool:
        """Whether time changes what ``measure`` finds, or what ``reduce`` makes of it."""

    def expire(self, tables: Tables, at: int) -> None:
        """Make every row due at ``at``: the rules themselves changed."""

    def next_breakpoint(self, tables: Tables) -> int | None:
        """The next instant at which a row changes without an event."""


class Kept(Generic[T]):
    """Something by contact, the least recently used let go of when all weigh too much."""

    def __init__(self, most_weight: int) -> None:
        self._most_weight = most_weight
        self._weight = 0
        self._kept: OrderedDict[UUID, tuple[T, int]] = OrderedDict()

    def get(self, contact: UUID) -> T | None:
        """What is kept of the contact, if anything."""
        found = self._kept.get(contact)
        if found is None:
            return None
        self._kept.move_to_end(contact)
        return found[0]

    def put(self, contact: UUID, value: T, weight: int) -> None:
        """Keep this of the contact, unless it weighs too much by itself."""
        self.drop(contact)
        self._kept[contact] = value, weight
        self._weight += weight
        while self._weight > self._most_weight:
            _, (_, lost) = self._kept.popitem(last=False)
            self._weight -= lost

    def drop(self, contact: UUID) -> None:
        """Keep nothing of the contact."""
        _, weight = self._kept.pop(contact, (None, 0))
        self._weight -= weight

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()
        self._weight = 0


class Histories:
    """Effective histories as known at one position, kept and extended as that goes on."""

    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._kept: Kept[History] = Kept(KEPT_FACTS)

    def of(self, survivor: UUID, aliases: Aliases, position: int) -> History:
        """The history of a survivor as known at the position that was followed to."""
        history = self._kept.get(survivor)
        if history is None:
            events = read_group(self._source, survivor, aliases, position)
            history = effective_history(events, survivor)
            self._kept.put(survivor, history, 1 + len(history.facts))
        return history

    def follow(self, events: Iterable[Recorded], anew: Iterable[UUID], aliases: Aliases) -> None:
        """Go on with what the log holds next. ``anew`` are those whose past it changes too."""
        for contact in anew:
            self._kept.drop(contact)
        added: dict[UUID, list[Recorded]] = {}
        for recorded in events:
            added.setdefault(recorded.contact_id, []).append(recorded)
        for contact, own in added.items():
            survivor = aliases.survivor_of(contact)
            kept = self._kept.get(survivor)
            alone = len(aliases.members(survivor)) == 1
            longer = extended(kept, own) if kept is not None and alone else None
            if longer is None:
                self._kept.drop(survivor)
            else:
                self._kept.put(survivor, longer, 1 + len(longer.facts))

    def clear(self) -> None:
        """Let all go: what was followed did not come to be."""
        self._kept.clear()


def write_merge(tables: Tables, merge: Merge) -> None:
    """Keep a merge in a projection's own table of them."""
    into = merge.into.bytes if merge.into else None
    tables.execute(
        f"INSERT INTO {tables[MERGES]} VALUES (?, ?, ?)",
        (merge.position, merge.contact.bytes, into),
    )
