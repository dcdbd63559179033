"""One generation of a projection on its way forward through the log and through time.

The live follower and a rebuild that catches up take the same steps; there is no second way.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import LedgerError
from domain.events.governance import PolicyPublished
from domain.events.referrals import ReferralMade
from domain.recorded import POLICY_STREAM
from projections.folding import MERGES, Histories, Moment, write_merge
from projections.generations import Tables, save
from projections.groups import FATE_TYPES, Aliases, Merge, merge_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.history import History
    from domain.recorded import Recorded
    from projections.folding import Projection
    from projections.generations import Generation
    from projections.source import EventSource
    from projections.store import Store

BATCH = 2000
"""How many events a step takes in at most."""

_PAGE = 500


class Stumbled(LedgerError):
    """A projection cannot take in what is in the log. Its text names no person."""

    def __init__(self, contact: UUID, position: int, cause: BaseException) -> None:
        super().__init__(
            f"{type(cause).__name__} at contact {contact}, towards position {position}"
        )


class Build:
    """A generation, and how to bring it forward. Not for two threads at once."""

    def __init__(
        self,
        projection: Projection,
        generation: Generation,
        store: Store,
        source: EventSource,
    ) -> None:
        self.projection = projection
        self.generation = generation
        self._store = store
        self._source = source
        with store.read() as connection:
            tables = Tables(connection, generation)
            self.aliases = read_aliases(tables)
            self.next_breakpoint = projection.next_breakpoint(tables)

    @property
    def position(self) -> int:
        """Everything up to this position is taken in."""
        return self.generation.position

    def step(self, upto: int, at: int, histories: Histories | None = None) -> bool:
        """Take in at most ``BATCH`` events up to position ``upto``, and time up to ``at``.

        All of it in one transaction. False if there was nothing to do, and then nothing was
        written; the rows hold at ``at`` either way, and time never goes back.

        Raises:
            Stumbled: a history or row that the projection cannot deal with; nothing was written.
        """
        at = max(at, self.generation.as_of)
        events = self._events(upto)
        due = self.next_breakpoint is not None and self.next_breakpoint <= at
        if not events and not due:
            return False
        histories = histories or Histories(self._source)
        position = events[-1].position if events else self.position
        aliases, merges, touched = self._touched(events, position)
        moment = Moment(
            position, at, self._source.policies(position), self._source.time_zone, aliases
        )
        with self._store.write() as connection:
            tables = Tables(connection, self.generation)
            for merge in merges:
                write_merge(tables, merge)
            self._refold(tables, touched, bool(merges), moment, histories)
            if any(isinstance(recorded.event, PolicyPublished) for recorded in events):
                self.projection.expire(tables, at)
            self._refresh_due(tables, moment, histories)
            tip = events[-1].id if events else self.generation.tip
            advanced = replace(self.generation, position=position, as_of=at, tip=tip)
            save(connection, advanced)
            next_breakpoint = self.projection.next_breakpoint(tables)
        self.generation, self.aliases, self.next_breakpoint = advanced, aliases, next_breakpoint
        return True

    def _events(self, upto: int) -> list[Recorded]:
        if upto <= self.position:
            return []
        return self._source.log(after=self.position, limit=BATCH, upto=upto, unseal=False)

    def _touched(
        self, events: Sequence[Recorded], position: int
    ) -> tuple[Aliases, list[Merge], set[UUID]]:
        """The aliases after these events, the merges among them, and whom to fold again."""
        aliases = self.aliases
        merges: list[Merge] = []
        contacts: set[UUID] = set()
        for recorded in events:
            if recorded.contact_id == POLICY_STREAM:
                continue
            contacts.add(recorded.contact_id)
            merge = merge_of(recorded)
            if merge is not None:
                if not merges:
                    aliases = aliases.copy()
                before = _both(aliases, merge)
                if aliases.apply(merge):
                    merges.append(merge)
                    contacts |= before | _both(aliases, merge)
            elif recorded.type in FATE_TYPES:
                contacts |= self._referred_by(recorded.contact_id, position)
        return aliases, merges, contacts | {aliases.survivor_of(one) for one in contacts}

    def _referred_by(self, referrer: UUID, position: int) -> set[UUID]:
        """Whoever has a ``referral-received`` whose fate is decided on the referrer's stream."""
        made = self._source.stream(referrer, types=(ReferralMade.TYPE,), upto=position)
        return {one.event.other for one in made if isinstance(one.event, ReferralMade)}

    def _refold(
        self,
        tables: Tables,
        touched: set[UUID],
        merged: bool,
        moment: Moment,
        histories: Histories,
    ) -> None:
        projection = self.projection
        partners = projection.dependants(tables, touched)
        # A merge changes the far ends of edges too, so those who hold the edges are measured again.
        for contact in sorted(touched | partners if merged else touched):
            if moment.aliases.survivor_of(contact) != contact:
                projection.forget(tables, contact)
            else:
                with naming(contact, moment):
                    history = histories.of(contact, moment.aliases, moment.position)
                refold(projection, tables, contact, history, moment)
        for contact in sorted(partners | touched | projection.dependants(tables, touched)):
            with naming(contact, moment):
                projection.reduce(tables, contact, moment)

    def _refresh_due(self, tables: Tables, moment: Moment, histories: Histories) -> None:
        def history_of(contact: UUID) -> History:
            return histories.of(contact, moment.aliases, moment.position)

        while due := self.projection.due(tables, moment.at, _PAGE):
            for contact in due:
                with naming(contact, moment):
                    self.projection.refresh(tables, contact, history_of, moment)


def refold(
    projection: Projection, tables: Tables, contact: UUID, history: History, moment: Moment
) -> None:
    """Write a survivor's own rows, or take them away where nothing is known of the contact."""
    with naming(contact, moment):
        if history.facts or history.excluded:
            projection.write(tables, contact, projection.measure(contact, history, moment))
        else:
            projection.forget(tables, contact)


@contextmanager
def naming(contact: UUID, moment: Moment) -> Iterator[None]:
    """Say at which contact something went wrong. Trouble with the file is not the contact's."""
    try:
        yield
    except sqlite3.DatabaseError:
        raise
    except Exception as error:
        raise Stumbled(contact, moment.position, error) from error


def read_aliases(tables: Tables, upto: int | None = None) -> Aliases:
    """The aliases that a generation knows of, at an earlier position if one is given."""
    rows = tables.execute(
        f"SELECT position, contact, target FROM {tables[MERGES]}"
        " WHERE position <= coalesce(?, position) ORDER BY position",
        (upto,),
    )
    return Aliases(
        Merge(position, UUID(bytes=contact), UUID(bytes=target) if target else None)
        for position, contact, target in rows
    )


def _both(aliases: Aliases, merge: Merge) -> set[UUID]:
    """Who stands for either side of a merge."""
    sides = {merge.contact} if merge.into is None else {merge.contact, merge.into}
    return {aliases.survivor_of(side) for side in sides}
