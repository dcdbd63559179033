"""Restatements of a whole log, contact by contact: what a pass over the contacts finds of them.

The rules are those of ``RestatedMinutes``, which is given the events of one contact instead of the
log. Contacts that a merge ever joined are gone through together, in the order of the log.
"""

from __future__ import annotations

from bisect import bisect_right
from heapq import merge as merged
from operator import attrgetter
from typing import TYPE_CHECKING

from domain.aliases import Aliases
from domain.events.governance import PolicyPublished
from domain.recorded import POLICY_STREAM
from projections.beliefs import Beliefs
from projections.fates import Fates
from projections.filling import index_tables
from projections.folding import write_merge
from projections.generations import Tables
from projections.groups import FATE_TYPES, read_group, read_merges
from projections.minutes import Intake, is_for_the_past, minute_of, minute_rows
from projections.restated_minutes import RestatedMinutes, restated_by_policy
from projections.restatement_tables import MINUTES, ROWS
from projections.restating import Restating
from projections.row_writing import NewRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from domain.history import History
    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline
    from projections.contact_walk import KnownLedger
    from projections.generations import Generation, Table
    from projections.limits import Limits
    from projections.operations import Work
    from projections.source import BeliefSource, EventSource
    from projections.tables import TableStore, Transaction

_POSITION = attrgetter("position")
_PAGE = 1000


class RestatementFilling:
    """An empty generation of the restatements, filled in a pass over the contacts."""

    def __init__(
        self,
        tables: Sequence[Table],
        generation: Generation,
        known: KnownLedger,
        limits: Limits,
    ) -> None:
        self.generation = generation
        self._tables = tables
        self._known = known
        self._limits = limits
        self._log = _WholeLog(known)
        self.rows = NewRows(tables)

    def begin(self, connection: Transaction) -> None:
        """Write the merges."""
        tables = Tables(connection, self.generation)
        for merge in self._known.merges:
            write_merge(tables, merge)

    def take(self, contact: UUID, events: Sequence[RecordedEvent], history: History) -> None:
        """Find what the contact's events restate, unless it is one that was ever merged."""
        log = self._log
        if contact in log.groups:
            return
        stream = events[0].contact_id  # mostly one object, and comparing two takes long
        own = [one for one in events if one.contact_id is stream or one.contact_id == contact]
        if log.is_about_one_minute(contact, own):
            return
        self._take({contact: own}, events)

    def finish(self, store: TableStore, work: Work) -> Restating:
        """Those who were ever merged, and the indexes; ready to be brought forward.

        Raises:
            Cancelled: the work was; what was written stays.
            Stumbled: the log holds a history that cannot be dealt with.
        """
        source, position = self._known.source, self._known.position
        unwritten = 0
        for group in self._log.whole_groups():
            streams = {one: source.stream(one, upto=position) for one in group}
            self._take(streams, ())
            unwritten += sum(map(len, streams.values()))
            if unwritten >= self._limits.filled_events:
                self._write(store)
                unwritten = 0
            work.check()
        self._write(store)
        index_tables(self._tables, self.generation, store, work)
        return Restating(self.generation, store, source, self._limits)

    def _write(self, store: TableStore) -> None:
        """Write what was found: with an address for each contact there are as many groups."""
        with store.write() as connection:
            self.rows.write(Tables(connection, self.generation), self.rows.take())

    def _take(
        self, streams: Mapping[UUID, Sequence[RecordedEvent]], beside: Sequence[RecordedEvent]
    ) -> None:
        """What the events of contacts restate that have nothing to do with others.

        ``beside`` are events that are needed for their histories, where they are read already.
        """
        log = self._log
        source = _ReadStreams(self._known.source, streams, beside)
        group = _GroupMinutes(source, log, streams, self._limits)
        taken = group.take(log.events_about(streams))
        gone = set(taken.replaced)
        self.rows.extend(ROWS, [row for row in taken.rows if row[:2] not in gone])
        if group.minutes.minute == log.newest_minute:
            self.rows.extend(MINUTES, minute_rows(group.minutes.minutes.items()))


class _WholeLog:
    """What concerns more contacts than those on whose streams it stands, up to a position."""

    def __init__(self, known: KnownLedger) -> None:
        source, position = known.source, known.position
        self._fates = Fates(source)
        self.groups = _groups(source, position)
        self.referred = self._read_referred(source, position)
        policies = _read(source, (PolicyPublished.TYPE,), position)
        self._policies = [one for one in policies if is_for_the_past(one)]
        tip = source.log(after=position - 1, limit=1, upto=position, decrypt=False)
        self.newest_minute = minute_of(tip[0]) if position and tip else None

    def _read_referred(self, source: EventSource, position: int) -> dict[UUID, list[RecordedEvent]]:
        """The retractions and corrections of referrals, by the contact that was referred."""
        found: dict[UUID, list[RecordedEvent]] = {}
        for recorded in _read(source, FATE_TYPES, position):
            referred = self._fates.referred_contact(recorded)
            if referred is not None:
                found.setdefault(referred, []).append(recorded)
        return found

    def referred_contact(self, recorded: RecordedEvent) -> UUID | None:
        """Who was referred by what an event retracts or corrects."""
        return self._fates.referred_contact(recorded)

    def whole_groups(self) -> list[list[UUID]]:
        """The contacts that merges ever joined, those together that belong together."""
        seen: dict[int, list[UUID]] = {id(group): group for group in self.groups.values()}
        return list(seen.values())

    def is_about_one_minute(self, contact: UUID, own: Sequence[RecordedEvent]) -> bool:
        """Whether nothing can have been restated, and nothing can be by what comes next.

        All that is known of the contact was recorded in one minute, which is over: nothing was
        believed before. So it is with nearly every contact of a file that was imported.
        """
        if not own or own[0].version != 1 or contact in self.referred:
            return False
        minute = minute_of(own[0])
        is_over = minute == minute_of(own[-1]) != self.newest_minute
        return is_over and not self._policies_after(own[0].position)

    def _policies_after(self, position: int) -> Sequence[RecordedEvent]:
        """The policies for the past that were published after a position."""
        return self._policies[bisect_right(self._policies, position, key=_POSITION) :]

    def events_about(
        self, streams: Mapping[UUID, Sequence[RecordedEvent]]
    ) -> Iterator[RecordedEvent]:
        """What concerns these contacts, in the order of the log, policies for the past included."""
        others = [
            one
            for contact in streams
            for one in self.referred.get(contact, ())
            if one.contact_id not in streams
        ]
        since = min((events[0].position for events in streams.values() if events), default=0)
        policies = self._policies_after(since)
        return merged(*streams.values(), sorted(others, key=_POSITION), policies, key=_POSITION)


class _GroupMinutes:
    """The minutes of some contacts, which get what concerns them in the order of the log."""

    def __init__(
        self,
        source: BeliefSource,
        log: _WholeLog,
        streams: Mapping[UUID, Sequence[RecordedEvent]],
        limits: Limits,
    ) -> None:
        self._source = source
        self._log = log
        self._streams = streams
        beliefs = Beliefs(source, limits.kept_belief_facts)
        self.minutes = RestatedMinutes(source, beliefs, self._referred_contact, limits.long_events)

    def _referred_contact(self, recorded: RecordedEvent) -> UUID | None:
        """Who was referred, as far as these are concerned."""
        referred = self._log.referred_contact(recorded)
        return referred if referred in self._streams else None

    def take(self, events: Iterable[RecordedEvent]) -> Intake:
        """Note each event, and settle what was noted when its minute is over."""
        minutes, taken = self.minutes, Intake(Aliases())
        for recorded in events:
            is_policy = recorded.contact_id == POLICY_STREAM
            if is_policy or minutes.is_another(recorded):
                self._settle(taken)
            if minutes.is_another(recorded):
                minutes.pass_to(minute_of(recorded), taken)
            if is_policy:
                self._take_policy(recorded, taken)
            elif recorded.contact_id in self._streams:
                minutes.note(recorded, taken)
            else:
                minutes.note_referred(recorded, taken)
            taken.tip = recorded
        self._settle(taken)
        return taken

    def _settle(self, taken: Intake) -> None:
        for contact in list(taken.news):
            self.minutes.settle(contact, taken)

    def _take_policy(self, published: RecordedEvent, taken: Intake) -> None:
        """What a policy for the past restates of those of whom anything was known then."""
        position = published.position
        for contact, events in sorted(self._streams.items()):
            is_known = bool(events) and events[0].position <= position
            if is_known and taken.aliases.survivor_of(contact) == contact:
                group = read_group(self._source, contact, taken.aliases, position)
                found = restated_by_policy(contact, group, published, self._source)
                taken.add(contact, position, published.id, found)


class _ReadStreams:
    """A source that has some streams in memory, and reads others where they are asked for."""

    def __init__(
        self,
        source: EventSource,
        streams: Mapping[UUID, Sequence[RecordedEvent]],
        beside: Sequence[RecordedEvent],
    ) -> None:
        self.time_zone = source.time_zone
        self._source = source
        self._streams = streams
        self._fates: dict[UUID, list[RecordedEvent]] = {}
        for recorded in beside:
            if recorded.contact_id not in streams:
                self._fates.setdefault(recorded.contact_id, []).append(recorded)

    def policies(self, upto: int | None = None) -> PolicyTimeline:
        """The policies that were known at a position."""
        return self._source.policies(upto)

    def stream(
        self, contact_id: UUID, *, types: Sequence[str] = (), upto: int | None = None
    ) -> list[RecordedEvent]:
        """One contact's events up to a position, in order."""
        events = self._streams.get(contact_id)
        if events is None and types == FATE_TYPES:
            events = self._fates.get(contact_id)
        if events is None:
            return self._source.stream(contact_id, types=types, upto=upto)
        if upto is not None:
            events = events[: bisect_right(events, upto, key=_POSITION)]
        return [one for one in events if one.type in types] if types else list(events)


def _groups(source: EventSource, position: int) -> dict[UUID, list[UUID]]:
    """Each contact that a merge ever named, with all that merges joined it to, one list for all."""
    groups: dict[UUID, list[UUID]] = {}
    for merge in read_merges(source, upto=position):
        one = groups.setdefault(merge.contact, [merge.contact])
        if merge.into is None:
            continue
        other = groups.setdefault(merge.into, [merge.into])
        if one is not other:
            one.extend(other)
            groups.update(dict.fromkeys(other, one))
    return groups


def _read(source: EventSource, types: Sequence[str], position: int) -> Iterator[RecordedEvent]:
    """The events of some types up to a position, in order."""
    after = 0
    while after < position:
        page = source.log(after=after, limit=_PAGE, types=types, decrypt=False, upto=position)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].position
