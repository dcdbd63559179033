"""What a step of a projection reports: its events, and the reporter of each projection.

When something became so is read from what was recorded and from the rows, never from when they were
read: the same fact has the same instant and position, however the log was taken in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from projections.groups import read_group

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from uuid import UUID

    from domain.notices import Notice
    from domain.recorded import RecordedEvent
    from projections.folding import Moment
    from projections.generations import Tables
    from projections.source import EventSource


@dataclass(frozen=True)
class Step:
    """What a step of a projection took in, as far as it is reported: ``news`` are by survivor.

    ``newest_at`` is when its newest event was recorded, or the instant of the step where there was
    none. ``before_at`` is the instant for which the rows were made before. ``after`` is given where
    several steps are reported as one: the news are then all events beyond that position.
    """

    moment: Moment
    news: Mapping[UUID, Sequence[RecordedEvent]]
    newest_at: int
    before_at: int
    after: int | None = None

    def news_of(self, contact: UUID, source: EventSource) -> Sequence[RecordedEvent]:
        """The events of a contact that were taken in, in the order of the log."""
        if self.after is None:
            return self.news.get(contact, ())
        moment = self.moment
        own = read_group(source, contact, moment.aliases, moment.position)
        return sorted(
            (one for one in own if one.position > self.after), key=lambda one: one.position
        )


class Knowledge(NamedTuple):
    """When something became known, with which position of the contact, and of the log."""

    instant: int
    position: int
    known: int


@dataclass(frozen=True)
class Change:
    """A contact whose rows may be others now.

    ``news`` are its own events that the step took in, and ``others`` those of contacts on whom a
    report rests too; ``news_of`` reads such events. The rest is that of ``Step``.
    """

    contact: UUID
    moment: Moment
    news: Sequence[RecordedEvent]
    newest_at: int
    before_at: int
    source: EventSource
    news_of: Callable[[UUID], Sequence[RecordedEvent]]
    others: Sequence[RecordedEvent] = ()

    def beside(self, contacts: Collection[UUID]) -> Change:
        """The same with the events of these contacts too, whom the contact referred."""
        others = [event for one in contacts if one != self.contact for event in self.news_of(one)]
        return replace(self, others=sorted(others, key=lambda one: one.position))

    @property
    def all_news(self) -> Sequence[RecordedEvent]:
        """The events of the contact and of the others, in the order of the log."""
        if not self.others:
            return self.news
        return sorted((*self.news, *self.others), key=lambda one: one.position)

    @property
    def began_at(self) -> int:
        """When the first of the news was recorded; before that none of them was known."""
        return self.news[0].recorded_at if self.news else self.newest_at

    def is_news(self, event: UUID | None) -> bool:
        """Whether the event is one of the news."""
        return any(one.id == event for one in self.news)

    def knowledge_at(self, instant: int, events: Collection[UUID | None] = ()) -> Knowledge:
        """When it became known that something is so since ``instant``.

        ``events`` are those that it rests on, as far as that is said. With the newest of these that
        was recorded since the step before, if one was; else when the time came.
        """
        newest, all_news = self.moment.position, self.all_news
        for recorded in reversed(all_news):
            if recorded.id in events:
                position = recorded.position
                return Knowledge(max(instant, recorded.recorded_at), position, position)
        for recorded in reversed(self.news):
            if recorded.recorded_at <= instant:
                return Knowledge(instant, recorded.position, newest)
        if instant > self.before_at:
            own = read_group(self.source, self.contact, self.moment.aliases, newest)
            known = [one.position for one in own if one.recorded_at <= instant]
            return Knowledge(instant, max(known, default=newest), newest)
        if all_news:
            return Knowledge(all_news[-1].recorded_at, all_news[-1].position, newest)
        return Knowledge(self.newest_at, newest, newest)


class Reporter(Protocol):
    """Reports what of the rows of one projection is not as it was reported last."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of its notices."""

    def snapshot(self, tables: Tables, at: int) -> None:
        """Count everything in the rows at an instant as reported."""

    def differing(self, tables: Tables) -> set[UUID]:
        """The contacts whose rows may differ from what was reported."""

    def report(self, tables: Tables, change: Change) -> list[Notice]:
        """The notices about a contact, which then count as reported."""
