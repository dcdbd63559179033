"""Restatements on their way forward through the log: what each event changed of the past."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID

from domain.events.contacts import ContactRegistered, RegistrationAmended
from domain.events.governance import PolicyPublished
from domain.history import History, effective_history, extended
from domain.recorded import POLICY_STREAM
from domain.restatement import GRACE, Belief
from projections.build import both_sides, naming, read_aliases, referred_by
from projections.folding import CONTACT_WEIGHT, Kept, Moment, write_merge
from projections.generations import Tables, save
from projections.groups import FATE_TYPES, merge_of, read_group
from projections.restatements import ROWS, WALKS
from projections.source import Page
from projections.status import insertion
from projections.walking import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.recorded import Recorded
    from domain.restatement import Restated
    from projections.generations import Generation
    from projections.groups import Aliases, Merge
    from projections.restatements import RestatementProjection
    from projections.source import EventSource
    from projections.store import Store

STEP_EVENTS = 500
"""How many events a step takes in at most: few, because others wait for it."""

WALK_EVENTS = 2000
"""After how many events of contacts a step of a walk over all of them ends."""

KEPT_FACTS = 100_000
"""How many facts the beliefs that are gone on with may have, which bounds their memory."""

Row = tuple[int, bytes, int, int, int, str, str, bytes]


@dataclass
class _Taken:
    """What a step took in, to be written at its end."""

    aliases: Aliases
    merges: list[Merge]
    rows: list[Row]

    def add(self, contact: UUID, recorded: Recorded, found: Sequence[Restated]) -> None:
        """What an event restates of a contact."""
        for place, one in enumerate(found):
            self.rows.append(
                (recorded.position, contact.bytes, place, *one, recorded.id.bytes),
            )


class Restating:
    """A generation of the restatements, and how to bring it forward. Not for two threads at once.

    It gives way to the others, who are asked more often and wait for less.
    """

    gives_way = True
    next_breakpoint: int | None = None

    def __init__(
        self,
        projection: RestatementProjection,
        generation: Generation,
        store: Store,
        source: EventSource,
    ) -> None:
        self.projection = projection
        self.generation = generation
        self._store = store
        self._source = source
        self._kept: Kept[Belief] = Kept(KEPT_FACTS)
        self._walk: Iterator[tuple[UUID, list[Recorded]]] | None = None
        with store.read() as connection:
            self.aliases = read_aliases(Tables(connection, generation))

    @property
    def position(self) -> int:
        """Everything up to this position is taken in."""
        return self.generation.position

    def step(self, upto: int, at: int, page: Page | None = None) -> bool:
        """Take in a few events up to position ``upto``, or a part of the walk that one needs.

        All of it in one transaction; ``page`` may hold what others have read. False if there was
        nothing to do, and then nothing was written.

        Raises:
            Stumbled: a history that cannot be dealt with; nothing was written.
        """
        if upto <= self.position:
            return False
        page = page or Page(self._source)
        events = page.read(self.position, upto, STEP_EVENTS)[:STEP_EVENTS]
        if not events:
            return False
        at = max(at, self.generation.as_of)
        try:
            if _is_for_the_past(events[0]):
                self._walk_on(events[0], at)
            else:
                walked = (place for place, one in enumerate(events) if _is_for_the_past(one))
                self._take_in(events[: next(walked, len(events))], at)
        except BaseException:
            self._kept.clear()
            self._walk = None
            raise
        return True

    def _take_in(self, events: Sequence[Recorded], at: int) -> None:
        self._kept.begin_round()
        taken = _Taken(self.aliases, [], [])
        moment = self._moment(events[-1].position, at)
        for recorded in events:
            if recorded.contact_id == POLICY_STREAM:
                # It judges nothing of the past, but what is folded on from here on.
                self._kept.clear()
                continue
            with naming(recorded.contact_id, moment):
                self._learn(recorded, taken)
        advanced = replace(
            self.generation, position=events[-1].position, as_of=at, tip=events[-1].id
        )
        with self._store.write() as connection:
            tables = Tables(connection, self.generation)
            for merge in taken.merges:
                write_merge(tables, merge)
            tables.executemany(insertion(tables["rows"], ROWS), taken.rows)
            save(connection, advanced)
        self.generation, self.aliases = advanced, taken.aliases

    def _learn(self, recorded: Recorded, taken: _Taken) -> None:
        """What one event restates, of whomever it is about."""
        merge = merge_of(recorded)
        if merge is not None:
            self._merge(recorded, merge, taken)
            return
        contact = recorded.contact_id
        survivor = taken.aliases.survivor_of(contact)
        if recorded.type in FATE_TYPES:
            referred = referred_by(self._source, contact, recorded.position)
            for one in sorted({survivor} | {taken.aliases.survivor_of(one) for one in referred}):
                belief = self._belief(one, taken.aliases, recorded)
                history = self._read(one, taken.aliases, recorded.position)
                self._restate(one, belief, history, recorded, taken)
            return
        if _is_in_time(recorded):
            self._note(survivor, recorded)
            return
        belief = self._belief(survivor, taken.aliases, recorded)
        longer = self._extended(survivor, belief, recorded)
        if longer is not None:
            self._restate(survivor, belief, longer, recorded, taken, recorded.occurred_at)
            return
        history = self._read(survivor, taken.aliases, recorded.position, recorded)
        self._restate(survivor, belief, history, recorded, taken)

    def _merge(self, recorded: Recorded, merge: Merge, taken: _Taken) -> None:
        """What a merge or its undoing restates of whoever stood for themselves before and after.

        A contact that becomes an alias ends, and one that is none any more begins: nothing was
        believed of it while another stood for it.
        """
        before, after = taken.aliases, taken.aliases.copy()
        if after.apply(merge):
            taken.aliases = after
            taken.merges.append(merge)
        else:
            after = before
        for contact in sorted(both_sides(before, merge) | both_sides(after, merge)):
            if before.survivor_of(contact) != contact or after.survivor_of(contact) != contact:
                self._kept.drop(contact)
                continue
            belief = self._belief(contact, before, recorded)
            history = self._read(contact, after, recorded.position)
            self._restate(contact, belief, history, recorded, taken)

    def _restate(
        self,
        contact: UUID,
        belief: Belief,
        history: History,
        recorded: Recorded,
        taken: _Taken,
        since_at: int | None = None,
    ) -> None:
        policies = self._source.policies(recorded.position)
        found = belief.learn(history, policies, recorded.recorded_at, since_at)
        taken.add(contact, recorded, found)
        self._keep(contact, belief)

    def _note(self, survivor: UUID, recorded: Recorded) -> None:
        """An event that restates nothing is known too, where anything is kept of the contact."""
        belief = self._kept.get(survivor)
        if belief is None:
            return
        longer = self._extended(survivor, belief, recorded)
        if longer is None:
            self._kept.drop(survivor)
        else:
            belief.note(longer)
            self._keep(survivor, belief)

    def _belief(self, survivor: UUID, aliases: Aliases, recorded: Recorded) -> Belief:
        """What was believed of a survivor just before an event was recorded."""
        kept = self._kept.get(survivor)
        if kept is not None:
            return kept
        position = recorded.position - 1
        begins = recorded.version == 1 and aliases.members(survivor) == (recorded.contact_id,)
        history = _NOTHING if begins else self._read(survivor, aliases, position)
        policies = self._source.policies(position)
        return Belief(history, policies, self._source.time_zone, recorded.recorded_at)

    def _extended(self, survivor: UUID, belief: Belief, recorded: Recorded) -> History | None:
        """The history that goes on with an event of the survivor's own stream, where it does."""
        if recorded.contact_id != survivor:
            return None
        return extended(belief.history, (recorded,))

    def _read(
        self, survivor: UUID, aliases: Aliases, position: int, newest: Recorded | None = None
    ) -> History:
        """The history of a survivor as known at a position; ``newest`` is the event there."""
        if newest is not None and newest.version == 1 and len(aliases.members(survivor)) == 1:
            return effective_history((newest,), survivor)
        return effective_history(read_group(self._source, survivor, aliases, position), survivor)

    def _keep(self, contact: UUID, belief: Belief) -> None:
        self._kept.put(contact, belief, CONTACT_WEIGHT + len(belief.history.facts))

    def _walk_on(self, published: Recorded, at: int) -> None:
        """A part of the walk over all contacts that a policy for the past takes.

        How far it came is written with what it found, so that it goes on there whenever it ends.
        """
        self._kept.clear()
        position, moment = published.position, self._moment(published.position, at)
        if self._walk is None:
            after = self._walked_to(position)
            self._walk = iter(Walk(self._source, self.aliases, position, after=after))
        before = self._source.policies(position - 1)
        taken = _Taken(self.aliases, [], [])
        passed, last = 0, None
        for contact, events in self._walk:
            with naming(contact, moment):
                history = effective_history(events, contact)
                belief = Belief(history, before, moment.time_zone, published.recorded_at)
                found = belief.learn(history, moment.policies, published.recorded_at)
            taken.add(contact, published, found)
            passed, last = passed + len(events), contact
            if passed >= WALK_EVENTS:
                break
        else:
            last = None
        advanced = self.generation
        if last is None:
            advanced = replace(advanced, position=position, as_of=at, tip=published.id)
        with self._store.write() as connection:
            tables = Tables(connection, self.generation)
            tables.executemany(insertion(tables["rows"], ROWS), taken.rows)
            tables.execute(f"DELETE FROM {tables['walks']}")
            if last is not None:
                tables.execute(insertion(tables["walks"], WALKS), (position, last.bytes))
            save(connection, advanced)
        self.generation = advanced
        if last is None:
            self._walk = None

    def _walked_to(self, position: int) -> UUID | None:
        """The last contact that was written of a walk, where one was begun."""
        with self._store.read() as connection:
            tables = Tables(connection, self.generation)
            row = tables.execute(
                f"SELECT after FROM {tables['walks']} WHERE position = ?", (position,)
            ).fetchone()
        return UUID(bytes=row[0]) if row else None

    def _moment(self, position: int, at: int) -> Moment:
        policies = self._source.policies(position)
        return Moment(position, at, policies, self._source.time_zone, self.aliases)


_NOTHING = History((), (), None)


def _is_for_the_past(recorded: Recorded) -> bool:
    """Whether it is a policy that judges a past of which anything was believed."""
    return (
        isinstance(recorded.event, PolicyPublished)
        and recorded.position > 1
        and recorded.event.effective_from <= recorded.noted_at - GRACE
    )


def _is_in_time(recorded: Recorded) -> bool:
    """Whether an ordinary event was recorded as it happened, so that it changes no past.

    A time zone moves the days of all purchases, whenever it is learnt.
    """
    event = recorded.event
    if (
        isinstance(event, ContactRegistered | RegistrationAmended)
        and event.time_zone is not None
        and recorded.version > 1
    ):
        return False
    return recorded.noted_at - recorded.occurred_at < GRACE
