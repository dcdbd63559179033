"""The outbox of a ledger: what follows from its events, for those who want to receive it.

A step of a projection writes its notices in the transaction of its rows. It compares the rows that
it made with what was reported last, so nothing is reported twice: not after a rebuild, which makes
the same rows, nor after a kill, which takes rows and notices back together.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import Corrupt
from domain.instants import DAY
from domain.notices import PROJECTION_FAILED, Notice
from projections.outbox_tables import (
    ARMED,
    REPORTED,
    add_notices,
    has_outbox,
    make_outbox,
    prune_outbox,
)
from projections.reporting import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from projections.generations import Generation, Tables
    from projections.reporting import Reporter, Step
    from projections.source import EventSource
    from projections.tables import Transaction

logger = logging.getLogger(__name__)

KEPT_DAYS = 30
"""How long a notice stays in the outbox, from where it can be sent again."""

NOTHING: frozenset[str] = frozenset()

_PAGE = 500
_PRUNE_AFTER = 1_000


class Outbox:
    """What the live builds of one ledger report. For the thread that takes their steps."""

    def __init__(
        self,
        source: EventSource,
        wanted: Callable[[], frozenset[str]],
        reporters: Mapping[str, Reporter],
    ) -> None:
        """``wanted`` reads which kinds are to be reported. A caller who reads the head of the log
        before misses nothing of a webhook that is made meanwhile. ``reporters`` are by the name of
        their projection.
        """
        self._source = source
        self._reporters = reporters
        self._wanted = wanted
        self._known = NOTHING
        self._armed: dict[str, bool] = {}
        self._next: dict[str, int | None] = {}
        self._added_count = 0

    def wanted_of(self, projection: str) -> frozenset[str]:
        """The kinds that a projection is to report, read now."""
        try:
            self._known = self._wanted()
        except Corrupt as error:
            logger.error("which webhooks there are cannot be read: %s", error)
        return self._known & self._kinds_of(projection)

    def _kinds_of(self, projection: str) -> frozenset[str]:
        reporter = self._reporters.get(projection)
        return NOTHING if reporter is None else reporter.kinds

    def is_to_step(self, projection: str, kinds: Collection[str], at: int) -> bool:
        """Whether there is a report to make without an event, or reports are to begin or end."""
        next_at = self._next.get(projection)
        if next_at is not None and next_at <= at:
            return True
        armed = self._armed.get(projection)
        return not armed if kinds else armed is True

    def next_at(self, projection: str) -> int | None:
        """When there is a report to make without an event."""
        return self._next.get(projection)

    def begin(self, tables: Tables, generation: Generation, kinds: Collection[str]) -> bool:
        """Before the rows of a step are written: whether they are to be reported afterwards.

        Where reports begin, everything in the rows until now counts as reported.
        """
        projection, transaction = generation.projection, tables.transaction
        if not kinds and self._armed.get(projection) is False:
            return False
        if not kinds and not has_outbox(transaction):
            return False
        make_outbox(transaction)
        armed, reported = transaction.name(ARMED.name), transaction.name(REPORTED.name)
        is_armed = _reported_upto(transaction, projection) is not None
        if kinds and not is_armed:
            self._reporters[projection].snapshot(tables, generation.as_of)
            transaction.execute(
                f"INSERT INTO {armed} VALUES (?, ?, ?)",
                (projection, generation.position, generation.as_of),
            )
        elif is_armed and not kinds:
            for table in (armed, reported):
                transaction.execute(f"DELETE FROM {table} WHERE projection = ?", (projection,))
        return bool(kinds)

    def report(
        self, tables: Tables, generation: Generation, touched: Collection[UUID], step: Step
    ) -> None:
        """After the rows of a step are written: report what is not as it was reported last.

        ``generation`` is as it was before the step. One that was not reported up to there, because
        it is made again from its beginning, reports nothing before it has come to where the one
        before stood; then it reports all that differs.
        """
        projection, moment = generation.projection, step.moment
        transaction = tables.transaction
        upto = _reported_upto(transaction, projection)
        assert upto is not None, "reports have begun"
        if moment.position < upto[0] or moment.at < upto[1]:
            return
        contacts = set(touched)
        if upto != (generation.position, generation.as_of):
            contacts = self._reporters[projection].differing(tables)
            step = replace(step, after=upto[0], before_at=upto[1])
        while due := _due(tables, projection, moment.at):
            self._report_each(tables, projection, contacts | due, step)
            contacts = set()
        self._report_each(tables, projection, contacts, step)
        transaction.execute(
            f"UPDATE {transaction.name(ARMED.name)} SET position = ?, at = ? WHERE projection = ?",
            (moment.position, moment.at, projection),
        )

    def switch(
        self,
        live: tuple[Tables, Generation],
        switched: tuple[Tables, Generation],
        step: Step,
    ) -> bool:
        """Other rows take the place of the live ones, which are still there: report what differs.

        Returns whether they are to be reported at all.
        """
        (before, generation), (tables, _) = live, switched
        projection = generation.projection
        kinds = self.wanted_of(projection)
        if not generation.position and self._armed.get(projection) is not True:
            # There were no rows before: that all of them are new now is no news.
            return self.begin(*switched, kinds)
        if not self.begin(before, generation, kinds):
            return False
        contacts = self._reporters[projection].differing(tables)
        step = replace(step, after=generation.position, before_at=generation.as_of)
        self.report(tables, generation, contacts, step)
        return True

    def earliest(self, tables: Tables, projection: str) -> int | None:
        """When there will be a report to make without an event, once this transaction is kept."""
        row = tables.execute(
            f"SELECT next_at FROM {tables.transaction.name(REPORTED.name)}"
            " WHERE projection = ? AND next_at IS NOT NULL ORDER BY next_at LIMIT 1",
            (projection,),
        ).fetchone()
        return row[0] if row else None

    def note(self, projection: str, *, reports: bool, next_at: int | None) -> None:
        """Remember what a transaction left that was kept."""
        self._armed[projection] = reports
        self._next[projection] = next_at

    def report_failure(
        self, transaction: Transaction, projection: str, position: int, at: int, problem: str
    ) -> None:
        """A projection has stopped. The text of the problem names no person."""
        self.wanted_of(projection)
        if PROJECTION_FAILED in self._known:
            make_outbox(transaction)
            detail = {"projection": projection, "problem": problem}
            notice = Notice(PROJECTION_FAILED, None, projection, at, position, position, detail)
            add_notices(transaction, [notice], at)

    def _report_each(
        self, tables: Tables, projection: str, contacts: Collection[UUID], step: Step
    ) -> None:
        moment = step.moment
        reporter, wanted = self._reporters[projection], self._known & self._kinds_of(projection)
        found: list[Notice] = []
        news_of = partial(step.news_of, source=self._source)
        for contact in sorted(contacts):
            change = Change(
                contact,
                moment,
                news_of(contact),
                step.newest_at,
                step.before_at,
                self._source,
                news_of,
            )
            found += reporter.report(tables, change)
        notices = [one for one in found if one.kind in wanted]
        add_notices(tables.transaction, notices, moment.at)
        self._added_count += len(notices)
        if self._added_count >= _PRUNE_AFTER:
            self._added_count = 0
            prune_outbox(tables.transaction, moment.at - KEPT_DAYS * DAY)


def _reported_upto(transaction: Transaction, projection: str) -> tuple[int, int] | None:
    """The position and the instant up to which a projection was reported; None where it is not."""
    row = transaction.execute(
        f"SELECT position, at FROM {transaction.name(ARMED.name)} WHERE projection = ?",
        (projection,),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def _due(tables: Tables, projection: str, at: int) -> set[UUID]:
    """Contacts of whom there is a report to make because of the time."""
    rows = tables.execute(
        f"SELECT DISTINCT contact FROM {tables.transaction.name(REPORTED.name)}"
        " WHERE projection = ? AND next_at <= ? LIMIT ?",
        (projection, at, _PAGE),
    )
    return {UUID(bytes=bytes(contact)) for (contact,) in rows.fetchall()}
