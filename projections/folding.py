"""What a projection is: pure steps from histories to rows, and the rows' tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from domain.history import effective_history
from projections.groups import read_group

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from uuid import UUID

    from domain.history import History
    from domain.timeline import PolicyTimeline
    from projections.generations import Table, Tables
    from projections.groups import Aliases, Merge
    from projections.source import EventSource

MERGES = "merges"

_HELD_FACTS = 100_000


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

    def measure(self, contact: UUID, history: History, moment: Moment) -> Any:
        """What a contact's own rows will say."""

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

    def refresh(
        self,
        tables: Tables,
        contact: UUID,
        history_of: Callable[[UUID], History],
        moment: Moment,
    ) -> None:
        """Make the rows of a contact right at the moment, without a new event."""

    def expire(self, tables: Tables, at: int) -> None:
        """Make every row due at ``at``: the rules themselves changed."""

    def next_breakpoint(self, tables: Tables) -> int | None:
        """The next instant at which a row changes without an event."""


class Histories:
    """Effective histories, each read once for all projections that stand at the same position."""

    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._held: dict[tuple[UUID, int], History] = {}
        self._held_facts = 0

    def of(self, survivor: UUID, aliases: Aliases, position: int) -> History:
        """The history of a survivor as known at the position."""
        key = (survivor, position)
        if (history := self._held.get(key)) is None:
            events = read_group(self._source, survivor, aliases, position)
            history = effective_history(events, survivor)
            # What is held is bounded by facts, since a stream may have any length.
            if self._held_facts + len(history.facts) <= _HELD_FACTS:
                self._held[key] = history
                self._held_facts += len(history.facts)
        return history


def write_merge(tables: Tables, merge: Merge) -> None:
    """Keep a merge in a projection's own table of them."""
    into = merge.into.bytes if merge.into else None
    tables.execute(
        f"INSERT INTO {tables[MERGES]} VALUES (?, ?, ?)",
        (merge.position, merge.contact.bytes, into),
    )
