"""One generation of a projection on its way forward through the log and through time.

The live follower and a rebuild that catches up take the same steps; there is no second way.
"""

from __future__ import annotations

from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from domain.aliases import Aliases, Merge, merge_of
from domain.errors import LedgerError, Unavailable
from domain.events.governance import PolicyPublished
from domain.recorded import POLICY_STREAM
from projections.fates import Fates
from projections.folding import MERGES, CachedHistory, Histories, Moment, Touch, write_merge
from projections.generations import Tables, save
from projections.groups import FATE_TYPES
from projections.reporting import Step
from projections.source import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from domain.recorded import RecordedEvent
    from projections.folding import Projection
    from projections.generations import Generation
    from projections.limits import Limits
    from projections.outbox import Outbox
    from projections.source import EventSource
    from projections.tables import TableStore

_LONG_EVENTS = 2000
_PAGE = 500

BY_ID = attrgetter("int")
"""Orders contacts as UUIDs order themselves, without asking each pair."""


class Stumbled(LedgerError):
    """A projection cannot take in what is in the log. Its text names no person."""

    def __init__(self, contact: UUID, position: int, cause: BaseException) -> None:
        super().__init__(
            f"{type(cause).__name__} at contact {contact}, towards position {position}"
        )

    def __reduce__(self) -> tuple[Callable[[str], Stumbled], tuple[str]]:
        """It is raised in one process and sent to another."""
        return _stumbled_elsewhere, (str(self),)


def _stumbled_elsewhere(text: str) -> Stumbled:
    error = Stumbled.__new__(Stumbled, text)
    LedgerError.__init__(error, text)
    return error


class _Change(NamedTuple):
    """Whether a contact's own rows are others now, and whether what rests on them may be."""

    changed: bool
    spreads: bool


_AS_BEFORE = _Change(changed=False, spreads=False)
_FORGOTTEN = _Change(changed=True, spreads=True)


class Build:
    """A generation, and how to bring it forward. Not for two threads at once."""

    gives_way = False
    """Whether it waits until the other builds stand at the head of the log."""

    is_dear = False
    """Whether its last step cost far more than its events are worth, so that it had better rest."""

    def __init__(
        self,
        projection: Projection,
        generation: Generation,
        store: TableStore,
        source: EventSource,
        limits: Limits,
    ) -> None:
        self.projection = projection
        self.generation = generation
        self._store = store
        self._source = source
        self.histories = Histories(source, limits.kept_facts)
        self._limits = limits
        self._longest = 0
        self._fates = Fates(source)
        self.outbox: Outbox | None = None
        """Where the live build reports its rows."""
        self._touched: set[UUID] | None = None
        with store.read() as connection:
            tables = Tables(connection, generation)
            self.aliases = read_aliases(tables)
            self._next_breakpoint = projection.next_breakpoint(tables)

    @property
    def next_breakpoint(self) -> int | None:
        """The next instant at which a row changes without an event, or is to be reported."""
        report_at = None if self.outbox is None else self.outbox.next_at(self.projection.name)
        if report_at is None or self._next_breakpoint is None:
            return self._next_breakpoint if report_at is None else report_at
        return min(report_at, self._next_breakpoint)

    @property
    def position(self) -> int:
        """Everything up to this position is taken in."""
        return self.generation.position

    def step(self, upto: int, at: int, page: Page | None = None) -> bool:
        """Take in some events, about a batch, up to position ``upto``, and time up to ``at``.

        All of it in one transaction. Builds that go over the log together read it by one ``page``,
        and decode it once. False if there was nothing to do, and then nothing was
        written; the rows hold at ``at`` either way. Where ``at`` lies before the instant for which
        they were made, the clock was put back, and they are made for ``at`` again.

        Raises:
            Stumbled: a history or row that the projection cannot deal with; nothing was written.
        """
        events = self._events(upto, page or Page(self._source))
        due = self._next_breakpoint is not None and self._next_breakpoint <= at
        name, outbox = self.projection.name, self.outbox
        kinds = frozenset() if outbox is None else outbox.wanted_of(name)
        reports = outbox is not None and outbox.is_to_step(name, kinds, at)
        if not events and not due and not reports and at >= self.generation.as_of:
            return False
        try:
            self._take_in(events, at, kinds)
        except BaseException:
            self.histories.clear()
            raise
        return True

    def _take_in(self, events: Sequence[RecordedEvent], at: int, kinds: frozenset[str]) -> None:
        position = events[-1].position if events else self.position
        touch = self._touch_of(events)
        news = _by_survivor(events, touch.aliases)
        self.histories.follow(news, touch)
        policies = self._source.policies(position)
        moment = Moment(position, at, policies, self._source.time_zone, touch.aliases)
        newest_at = events[-1].recorded_at if events else at
        step = Step(moment, news, newest_at, self.generation.as_of)
        next_report_at = None
        with self._store.write() as connection:
            tables = Tables(connection, self.generation)
            reports = self.outbox is not None and self.outbox.begin(tables, self.generation, kinds)
            self._touched = set() if reports else None
            for merge in touch.merges:
                write_merge(tables, merge)
            self._refold(tables, touch, news, moment)
            if any(isinstance(recorded.event, PolicyPublished) for recorded in events):
                self.projection.expire(tables, at)
            elif at < self.generation.as_of:
                self.projection.go_back(tables, at)
            self._refresh_due(tables, moment)
            tip = events[-1].id if events else self.generation.tip
            advanced = replace(self.generation, position=position, as_of=at, tip=tip)
            save(connection, advanced)
            next_breakpoint = self.projection.next_breakpoint(tables)
            if self.outbox is not None and self._touched is not None:
                self.outbox.report(tables, self.generation, self._touched, step)
                next_report_at = self.outbox.earliest(tables, self.projection.name)
        self.generation, self.aliases = advanced, touch.aliases
        self._next_breakpoint = next_breakpoint
        if self.outbox is not None:
            self.outbox.note(self.projection.name, reports=reports, next_at=next_report_at)

    def _events(self, upto: int, page: Page) -> Sequence[RecordedEvent]:
        if upto <= self.position:
            return ()
        batch = self._limits.batch_events
        most = max(batch, min(self._longest, self._limits.most_batch_events))
        events = page.read(self.position, upto, most)
        longest = max((one.version for one in events), default=0)
        self._longest = longest if longest >= batch and longest >= _LONG_EVENTS else 0
        return events

    def _touch_of(self, events: Sequence[RecordedEvent]) -> Touch:
        """What these events touch."""
        aliases = self.aliases
        merges: list[Merge] = []
        contacts: set[UUID] = set()
        anew: set[UUID] = set()
        for recorded in events:
            if recorded.contact_id == POLICY_STREAM:
                continue
            contacts.add(recorded.contact_id)
            merge = merge_of(recorded)
            if merge is not None:
                if not merges:
                    aliases = aliases.copy()
                before = both_sides(aliases, merge)
                if aliases.apply(merge):
                    merges.append(merge)
                    anew |= before | both_sides(aliases, merge)
            elif recorded.type in FATE_TYPES:
                referred = self._fates.referred_contact(recorded)
                if referred is not None:
                    anew.add(referred)
        anew |= {aliases.survivor_of(one) for one in anew}
        contacts |= anew | {aliases.survivor_of(one) for one in contacts}
        return Touch(aliases, merges, contacts, anew)

    def _refold(
        self,
        tables: Tables,
        touch: Touch,
        news: Mapping[UUID, Sequence[RecordedEvent]],
        moment: Moment,
    ) -> None:
        """Write what the touched contacts' histories say now, and what others make of it."""
        projection = self.projection
        contacts = touch.contacts
        if touch.merges:
            # A merge changes the far ends of edges too: those who hold them are measured again.
            contacts = contacts | projection.dependants(tables, contacts)
            news = {}
        changed, spreading = set(), set()
        for contact in sorted(contacts, key=BY_ID):
            known = self.histories.get(contact)
            added = news.get(contact)
            # The parts of the past that the news change were dropped already.
            if known and added and projection.outlasts(known.measured, added):
                continue
            written = self._write(tables, contact, moment, known)
            if written.changed:
                changed.add(contact)
            if written.spreads:
                spreading.add(contact)
        reduced = changed | projection.dependants(tables, spreading)
        for contact in sorted(reduced, key=BY_ID):
            with naming(contact, moment):
                projection.reduce(tables, contact, moment)
        if self._touched is not None:
            self._touched |= contacts | reduced

    def _refresh_due(self, tables: Tables, moment: Moment) -> None:
        while due := self.projection.due(tables, moment.at, _PAGE):
            if self._touched is not None:
                self._touched.update(due)
            for contact in due:
                if self.projection.measures_when_due:
                    self._write(tables, contact, moment, self.histories.get(contact))
                with naming(contact, moment):
                    self.projection.reduce(tables, contact, moment)

    def _write(
        self, tables: Tables, contact: UUID, moment: Moment, known: CachedHistory[Any] | None
    ) -> _Change:
        """Make a contact's own rows right, where they are not."""
        if moment.aliases.survivor_of(contact) != contact:
            self.histories.drop(contact)
            self.projection.forget(tables, contact)
            return _FORGOTTEN
        with naming(contact, moment):
            history = known.history if known else None
            if history is None:
                history = self.histories.read(contact, moment.aliases, moment.position)
            if not (history.facts or history.retracted):
                self.projection.forget(tables, contact)
                return _FORGOTTEN
            before = known.measured if known else None
            measured = self.projection.measure(contact, history, moment, before)
            worth_keeping = history if self.projection.rereads(measured) else None
            self.histories.keep(contact, CachedHistory(worth_keeping, measured))
            if measured == before:
                return _AS_BEFORE
            self.projection.write(tables, contact, measured, before)
        return _Change(changed=True, spreads=self.projection.spreads(measured, before))


class naming:  # noqa: N801  # it is called like a function; a generator takes six times as long
    """Say at which contact something went wrong. Trouble with a file is not the contact's."""

    __slots__ = ("_contact", "_moment")

    def __init__(self, contact: UUID, moment: Moment) -> None:
        self._contact = contact
        self._moment = moment

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        """Raise ``Stumbled`` in the place of an error."""
        if isinstance(error, Exception) and not isinstance(error, OSError | Unavailable):
            raise Stumbled(self._contact, self._moment.position, error) from error


def read_aliases(tables: Tables) -> Aliases:
    """The aliases that a generation knows of."""
    rows = tables.execute(
        f"SELECT position, contact, target FROM {tables[MERGES]} ORDER BY position"
    )
    return Aliases(
        Merge(position, UUID(bytes=contact), UUID(bytes=target) if target else None)
        for position, contact, target in rows
    )


def _by_survivor(
    events: Sequence[RecordedEvent], aliases: Aliases
) -> dict[UUID, list[RecordedEvent]]:
    """The events of contacts, by the contact that stands for them now."""
    found: dict[UUID, list[RecordedEvent]] = {}
    for recorded in events:
        if recorded.contact_id != POLICY_STREAM:
            found.setdefault(aliases.survivor_of(recorded.contact_id), []).append(recorded)
    return found


def both_sides(aliases: Aliases, merge: Merge) -> set[UUID]:
    """Who stands for either side of a merge."""
    sides = {merge.contact} if merge.into is None else {merge.contact, merge.into}
    return {aliases.survivor_of(side) for side in sides}
