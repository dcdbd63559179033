"""Restatements on their way forward through the log: what each minute's events changed."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING
from uuid import UUID

from projections.beliefs import Beliefs
from projections.build import read_aliases
from projections.contact_walk import Walk
from projections.fates import Fates
from projections.folding import write_merge
from projections.generations import Tables, save
from projections.minutes import Intake, is_for_the_past, minute_of, read_minutes, write_minutes
from projections.restated_minutes import RestatedMinutes, restated_by_policy
from projections.restatement_tables import ROWS, WALKS
from projections.row_writing import insertion
from projections.source import Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.recorded import RecordedEvent
    from projections.generations import Generation
    from projections.limits import Limits
    from projections.outbox import Outbox
    from projections.source import EventSource
    from projections.tables import TableStore


class Restating:
    """A generation of the restatements, and how to bring it forward. Not for two threads at once.

    It gives way to the others, who are asked more often and wait for less. ``is_dear`` says that
    its last round folded far more than it took in, so that the next had better take in more.
    """

    gives_way = True
    next_breakpoint: int | None = None

    def __init__(
        self, generation: Generation, store: TableStore, source: EventSource, limits: Limits
    ) -> None:
        self.generation = generation
        self.outbox: Outbox | None = None  # its rows are not told, but a failure is
        self.is_dear = False
        self._store = store
        self._source = source
        self._limits = limits
        self._beliefs = Beliefs(source, limits.kept_belief_facts)
        self._walk: Iterator[tuple[UUID, list[RecordedEvent]]] | None = None
        self._round: Iterator[None] | None = None
        self._round_upto = 0
        self._at = generation.as_of
        self._rested_count = 0
        self._minutes = RestatedMinutes(
            source,
            self._beliefs,
            Fates(source).referred_contact,
            limits.long_events,
        )
        with store.read() as connection:
            self.aliases = read_aliases(Tables(connection, generation))
        self._recall()

    @property
    def position(self) -> int:
        """Everything up to this position is taken in."""
        return self.generation.position

    def step(self, upto: int, at: int, page: Page | None = None) -> bool:
        """Take in a few events up to position ``upto``, or continue a round or a walk.

        A round is written in one transaction at its end; before that, ``position`` stays where it
        is. ``page`` may hold what others have read. False if there was nothing to do, and then
        nothing was written.

        Raises:
            Stumbled: a history that cannot be dealt with; nothing was written.
        """
        if upto <= self.position:
            return False
        self._at = max(at, self.generation.as_of)
        try:
            if self._round is not None and self._round_upto > upto:
                self._begin_anew()
            if self._round is None:
                page = page or Page(self._source)
                events = page.read(self.position, upto, self._limits.restated_events)
                if not events:
                    return False
                if is_for_the_past(events[0]):
                    self._walk_on(events[0])
                    return True
                self._round, self._round_upto = self._take_in(events, upto, page), upto
            if next(self._round, self) is self:
                self._round = None
        except BaseException:
            self._begin_anew()
            raise
        return True

    def _begin_anew(self) -> None:
        """Forget all that is not written."""
        self._beliefs.clear()
        self._walk = self._round = None
        self._recall()

    def _recall(self) -> None:
        """Know again of which minute the log is at the position that was reached."""
        with self._store.read() as connection:
            tables = Tables(connection, self.generation)
            self._minutes.minutes = dict(read_minutes(tables))
        position = self.position
        tip = self._source.log(after=position - 1, limit=1, decrypt=False) if position else ()
        self._minutes.minute = minute_of(tip[0]) if tip else None

    def _take_in(self, events: Sequence[RecordedEvent], upto: int, page: Page) -> Iterator[None]:
        """A round: read, fold and write. Stops now and then, so that others get their turn."""
        self._beliefs.begin_round()
        taken, most = Intake(self.aliases), self._limits.restated_events
        while True:
            part = tuple(takewhile(lambda one: not is_for_the_past(one), events[:most]))
            for recorded in part:
                if self._minutes.is_another(recorded):
                    yield from self._settle(taken)
                    self._minutes.pass_to(minute_of(recorded), taken)
                self._minutes.note(recorded, taken)
                taken.tip = recorded
            taken.event_count += len(part)
            if len(part) < min(len(events), most) or not self._takes_more(taken, upto):
                break
            yield
            assert taken.tip is not None
            events = events[most:] or page.read(taken.tip.position, upto, most)
            if not events or is_for_the_past(events[0]):
                break
        yield from self._settle(taken)
        self._write(taken)

    def _takes_more(self, taken: Intake, upto: int) -> bool:
        """Whether the long streams that were touched are worth taking in more before folding them.

        Else a stream of thousands would be folded once for each few hundred of its events.
        """
        assert taken.tip is not None
        most_events = min(taken.long_count, self._limits.round_events)
        return taken.event_count < most_events and taken.tip.position < upto

    def _settle(self, taken: Intake) -> Iterator[None]:
        """Fold whatever was touched, and find what that restates."""
        for contact in list(taken.news):
            self._minutes.settle(contact, taken)
            if self._beliefs.folded_count - self._rested_count >= self._limits.step_facts:
                self._rested_count = self._beliefs.folded_count
                yield
        taken.long_count = 0

    def _write(self, taken: Intake) -> None:
        """Keep what a round found, and that it came so far."""
        assert taken.tip is not None
        advanced = replace(
            self.generation, position=taken.tip.position, as_of=self._at, tip=taken.tip.id
        )
        with self._store.write() as connection:
            tables = Tables(connection, self.generation)
            for merge in taken.merges:
                write_merge(tables, merge)
            rows, minutes = tables["rows"], tables["minutes"]
            tables.executemany(
                f"DELETE FROM {rows} WHERE position = ? AND contact = ?", taken.replaced
            )
            tables.executemany(insertion(rows, ROWS), taken.rows)
            if taken.passed:
                tables.execute(f"DELETE FROM {minutes}")
            known = self._minutes.minutes
            gone = [(one.bytes,) for one in taken.minutes if one not in known]
            tables.executemany(f"DELETE FROM {minutes} WHERE contact = ?", gone)
            open_ones = [one for one in taken.minutes if one in known]
            write_minutes(tables, ((one, known[one]) for one in open_ones))
            save(connection, advanced)
        self.generation, self.aliases = advanced, taken.aliases
        self.is_dear = self._beliefs.folded_count > _DEAR * taken.event_count
        self._beliefs.folded_count = self._rested_count = 0

    def _walk_on(self, published: RecordedEvent) -> None:
        """A part of the walk over all contacts that a policy for the past takes.

        The position is written with what was found, so that it continues from there after any end.
        """
        self._beliefs.clear()
        position = published.position
        if self._walk is None:
            after = self._walked_to(position)
            self._walk = iter(Walk(self._source, self.aliases, position, after=after))
        taken = Intake(self.aliases)
        passed, last = 0, None
        for contact, events in self._walk:
            found = restated_by_policy(contact, events, published, self._source)
            taken.add(contact, position, published.id, found)
            passed, last = passed + len(events), contact
            if passed >= self._limits.walk_events:
                break
        else:
            last = None
        advanced = self.generation
        if last is None:
            advanced = replace(advanced, position=position, as_of=self._at, tip=published.id)
        with self._store.write() as connection:
            tables = Tables(connection, self.generation)
            tables.executemany(insertion(tables["rows"], ROWS), taken.rows)
            tables.execute(f"DELETE FROM {tables['walks']}")
            if last is not None:
                tables.execute(insertion(tables["walks"], WALKS), (position, last.bytes))
            elif self._minutes.is_another(published):
                tables.execute(f"DELETE FROM {tables['minutes']}")
            save(connection, advanced)
        self.generation = advanced
        if last is None:
            self._walk = None
            if self._minutes.is_another(published):
                self._minutes.pass_to(minute_of(published), taken)

    def _walked_to(self, position: int) -> UUID | None:
        """The last contact that was written of a walk, where one was begun."""
        with self._store.read() as connection:
            tables = Tables(connection, self.generation)
            row = tables.execute(
                f"SELECT after FROM {tables['walks']} WHERE position = ?", (position,)
            ).fetchone()
        return UUID(bytes=row[0]) if row else None


_DEAR = 8
"""How many facts folded for each event taken in are dear."""
