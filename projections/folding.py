"""What a projection is: pure steps from histories to rows, and the rows' tables."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from domain.history import effective_history, extend
from projections.groups import read_group

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from uuid import UUID

    from domain.aliases import Aliases, Merge
    from domain.history import History
    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline
    from projections.generations import Table, Tables
    from projections.row_writing import NewRows
    from projections.source import EventSource

MERGES = "merges"

CONTACT_WEIGHT = 8
"""How many facts' room a contact takes besides its facts, by measure."""

T = TypeVar("T")


@dataclass(frozen=True)
class Touch:
    """What some events touch: merges among them with the aliases after them, and contacts.

    ``contacts`` are all whose rows may change, aliases included; ``anew`` those of them whose
    history did not only grow.
    """

    aliases: Aliases
    merges: list[Merge]
    contacts: set[UUID]
    anew: set[UUID]


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

    def outlasts(self, measured: Any, news: Collection[RecordedEvent]) -> bool:
        """Whether what was measured of a contact's history is right with these newer events too."""

    def rereads(self, measured: Any) -> bool:
        """Whether measuring this contact again is likely, so that its history is worth keeping."""

    def collect(self, rows: NewRows, contact: UUID, measured: Any) -> None:
        """Add the contact's own rows to those of a generation that has none of it yet."""

    def write(self, tables: Tables, contact: UUID, measured: Any, before: Any = None) -> None:
        """Make the contact's own rows say so; ``before`` is what they say now, where it is known.

        It may be used up by ``measure``, all but what is said of it there.
        """

    def forget(self, tables: Tables, contact: UUID) -> None:
        """Take away all rows of a contact that is an alias now, or has no events."""

    def spreads(self, measured: Any, before: Any) -> bool:
        """Whether the ``reduce`` of others may come to something else with this ``measured``."""

    def dependants(self, tables: Tables, contacts: Collection[UUID]) -> set[UUID]:
        """The contacts whose ``reduce`` reads rows of these."""

    def reduce(self, tables: Tables, contact: UUID, moment: Moment) -> None:
        """Write the contact's rows that depend on others'."""

    def reducible(self, tables: Tables, after: UUID | None, limit: int) -> list[UUID]:
        """The next contacts after ``after`` that ``reduce`` is for, in order of their ids."""

    def complete(self, tables: Tables) -> None:
        """Write the rows of a generation just filled that rest on all its others."""

    def due(self, tables: Tables, at: int, limit: int) -> list[UUID]:
        """Contacts with rows that are no longer right at ``at``."""

    @property
    def measures_when_due(self) -> bool:
        """Whether time changes what ``measure`` finds, or what ``reduce`` makes of it."""

    def expire(self, tables: Tables, at: int) -> None:
        """Make every row due at ``at``: the rules themselves changed."""

    def go_back(self, tables: Tables, at: int) -> None:
        """Make every row due that changed after ``at``: the clock was put back to then."""

    def next_breakpoint(self, tables: Tables) -> int | None:
        """The next instant at which a row changes without an event."""


@dataclass(slots=True)
class _Entry(Generic[T]):
    """Something kept, its weight, and the round in which it was last used."""

    value: T
    weight: int
    used_in: int


class WeightedCache(Generic[T]):
    """Something by contact, up to a weight in all.

    Whatever was used neither in this round nor in the one before gives way to what is new. Where
    all was, the new gives way: a round that goes through more than there is room for would else
    find nothing of what it left the last time.
    """

    def __init__(self, most_weight: Callable[[], int]) -> None:
        """``most_weight`` is asked each time that something is kept."""
        self._most_weight = most_weight
        self._weight = 0
        self._round = 0
        self._kept: OrderedDict[UUID, _Entry[T]] = OrderedDict()

    def begin_round(self) -> None:
        """Count what is used from now on as used in the next round."""
        self._round += 1

    def get(self, contact: UUID) -> T | None:
        """What is kept of the contact, if anything."""
        found = self._kept.get(contact)
        if found is None:
            return None
        found.used_in = self._round
        self._kept.move_to_end(contact)
        return found.value

    def put(self, contact: UUID, value: T, weight: int) -> None:
        """Keep this of the contact, if there is room or others can give way."""
        found = self._kept.get(contact)
        if found is None:
            self._kept[contact] = _Entry(value, weight, self._round)
            self._weight += weight
        else:
            self._weight += weight - found.weight
            found.value, found.weight, found.used_in = value, weight, self._round
            self._kept.move_to_end(contact)
        most_weight = self._most_weight()
        while self._weight > most_weight:
            oldest = next(iter(self._kept.values()))
            lately = weight > most_weight or oldest.used_in >= self._round - 1
            _, lost = self._kept.popitem(last=lately)
            self._weight -= lost.weight

    def drop(self, contact: UUID) -> None:
        """Keep nothing of the contact."""
        gone = self._kept.pop(contact, None)
        if gone is not None:
            self._weight -= gone.weight

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()
        self._weight = 0


@dataclass(frozen=True, slots=True)
class CachedHistory(Generic[T]):
    """What is cached of one contact: its history, unless that was dropped, and its measures."""

    history: History | None
    measured: T


class Histories:
    """Effective histories as known at one position, kept and extended as that continues.

    With each is kept what was measured of it, so that both are there or neither.
    """

    def __init__(self, source: EventSource, most_facts: Callable[[], int]) -> None:
        """``most_facts`` is how many the kept histories may have, which bounds their memory."""
        self._source = source
        self._kept: WeightedCache[CachedHistory[Any]] = WeightedCache(most_facts)

    def get(self, survivor: UUID) -> CachedHistory[Any] | None:
        """What is kept of a survivor, if anything."""
        return self._kept.get(survivor)

    def read(self, survivor: UUID, aliases: Aliases, position: int) -> History:
        """The history of a survivor as known at the position that was followed to, read again."""
        return effective_history(read_group(self._source, survivor, aliases, position), survivor)

    def keep(self, survivor: UUID, known: CachedHistory[Any]) -> None:
        """Keep this of a survivor, if there is room."""
        facts = known.history.facts if known.history else ()
        self._kept.put(survivor, known, CONTACT_WEIGHT + len(facts))

    def drop(self, contact: UUID) -> None:
        """Keep nothing of a contact."""
        self._kept.drop(contact)

    def follow(self, news: Mapping[UUID, Sequence[RecordedEvent]], touch: Touch) -> None:
        """Go on with what the log holds next, ``news`` by survivor."""
        self._kept.begin_round()
        for contact in touch.anew:
            self._kept.drop(contact)
        for survivor, added in news.items():
            known = self._kept.get(survivor)
            if known is None or known.history is None:
                continue
            longer = extend(known.history, added)
            if longer is None:
                self._kept.drop(survivor)
            else:
                self.keep(survivor, CachedHistory(longer, known.measured))

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
