"""The restatements of one minute: which events of which contacts they consist of.

Events of one contact that are recorded in one minute of UTC are one restatement. An event is a
contact's where it stands on one of its streams, moves a stream to or from it, or retracts or
corrects a referral of it. Source: the audit document, "Time".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from domain.events.contacts import ContactRegistered, RegistrationAmended
from domain.events.governance import EventCorrected, EventRetracted, PolicyPublished
from domain.recorded import POLICY_STREAM
from domain.restatement import GRACE, MINUTE
from domain.signal_board import NEVER
from projections.restatement_tables import MINUTES
from projections.row_writing import upsert

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from domain.aliases import Aliases, Merge
    from domain.recorded import RecordedEvent
    from domain.restatement import RestatedInterval
    from domain.timeline import PolicyTimeline
    from projections.generations import Tables

ALWAYS = -NEVER
"""Earlier than every instant: what may change the whole past."""

Row = tuple[int, bytes, int, int, int, str, str, bytes]

NOTHING_BELIEVED = NEVER - 1
"""Stands for the instant of a restatement that restates nothing, because nothing was believed."""


@dataclass(slots=True)
class News:
    """A contact's events that are not taken in yet; ``anew``: one of them changed earlier facts.

    ``long_count`` is how long the longest stream among theirs is, if that is long.
    """

    events: list[RecordedEvent] = field(default_factory=list)
    anew: bool = False
    long_count: int = 0


@dataclass(slots=True)
class Minute:
    """A contact's events of one minute so far.

    ``first`` and ``last`` are the positions of the first and the last, ``recorded_at`` and ``id``
    are the last's, once there is one. Before ``since_at`` they change nothing. ``stands_at`` is the
    position under which the rows written stand, 0 where none were.
    """

    first: int
    since_at: int
    last: int = 0
    recorded_at: int = 0
    id: UUID = POLICY_STREAM
    stands_at: int = 0

    def add(self, recorded: RecordedEvent, since_at: int) -> None:
        """One event more, which changes nothing before ``since_at``."""
        self.last, self.recorded_at, self.id = recorded.position, recorded.recorded_at, recorded.id
        if self.since_at != NOTHING_BELIEVED:
            self.since_at = min(self.since_at, since_at)

    def changed_since(self, policies: PolicyTimeline) -> int | None:
        """The instant since when the past may have changed; None where it cannot have.

        ``policies`` are those known at the last event. A policy published between the first and the
        last is among what is known with the last.
        """
        if self.since_at == NOTHING_BELIEVED:
            return None
        since_at = min(
            (one.effective_from for one in policies.versions if one.position > self.first),
            default=self.since_at,
        )
        since_at = min(since_at, self.since_at)
        return since_at if self.recorded_at - since_at >= GRACE else None

    @property
    def ends_at(self) -> int:
        """The end of the minute: the first instant that is not in it."""
        return (self.recorded_at // MINUTE + 1) * MINUTE


@dataclass
class Intake:
    """What a round took in, to be written at its end.

    ``minutes`` are the contacts whose newest minute is another than it was; ``passed`` says that a
    new minute has begun, so that none of those before continues.
    """

    aliases: Aliases
    merges: list[Merge] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    replaced: list[tuple[int, bytes]] = field(default_factory=list)
    news: dict[UUID, News] = field(default_factory=dict)
    minutes: set[UUID] = field(default_factory=set)
    passed: bool = False
    tip: RecordedEvent | None = None
    event_count: int = 0
    long_count: int = 0

    def add(
        self, contact: UUID, position: int, event: UUID, found: Sequence[RestatedInterval]
    ) -> None:
        """What the event at a position restates of a contact."""
        for place, one in enumerate(found):
            self.rows.append((position, contact.bytes, place, *one, event.bytes))


def minute_of(recorded: RecordedEvent) -> int:
    """The minute of UTC in which an event was recorded."""
    return recorded.recorded_at // MINUTE


def reach_of(recorded: RecordedEvent) -> int:
    """The instant before which an event on a contact's own stream changes nothing.

    A time zone moves the days of all purchases, whenever it is learnt.
    """
    event = recorded.event
    if isinstance(event, EventRetracted | EventCorrected):
        return ALWAYS
    if (
        isinstance(event, ContactRegistered | RegistrationAmended)
        and event.time_zone is not None
        and recorded.version > 1
    ):
        return ALWAYS
    # What the ledger dated under a clock behind its newest event was recorded as it happened.
    return recorded.recorded_at if recorded.is_dated_behind else recorded.occurred_at


def is_for_the_past(recorded: RecordedEvent) -> bool:
    """Whether it is a policy that judges a past of which anything was believed."""
    return (
        isinstance(recorded.event, PolicyPublished)
        and recorded.position > 1
        and recorded.event.effective_from <= recorded.noted_at - GRACE
    )


def read_minutes(tables: Tables) -> Iterator[tuple[UUID, Minute]]:
    """The restatements that more events may join, by contact."""
    rows = tables.execute(f"SELECT contact, first, last, since_at FROM {tables['minutes']}")
    for contact, first, last, since_at in rows:
        yield UUID(bytes=contact), Minute(first, since_at, last, stands_at=last)


def write_minutes(tables: Tables, minutes: Iterable[tuple[UUID, Minute]]) -> None:
    """Keep restatements that more events may join."""
    tables.executemany(upsert(tables["minutes"], MINUTES), minute_rows(minutes))


def minute_rows(minutes: Iterable[tuple[UUID, Minute]]) -> list[tuple[bytes, int, int, int]]:
    """Rows of ``MINUTES``."""
    return [(contact.bytes, one.first, one.last, one.since_at) for contact, one in minutes]
