"""Restatements: what was believed of the past, and is known otherwise since an event came.

An event restates where it changes the stage at instants that had already passed when it was
recorded: a late one, a correction, a merge, a policy published for the past. Source: the audit
document, "Time".
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from domain.instants import SECOND
from domain.relationship import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.history import History
    from domain.relationship import Relationship
    from domain.stages import Interval
    from domain.timeline import PolicyTimeline

GRACE = 60 * SECOND
"""Shorter stretches are left out: a till's clock and the way to the server restate nothing."""


class Restated(NamedTuple):
    """From an instant up to, not including, another: the stage believed, and the one known."""

    from_at: int
    to_at: int
    believed: str
    known: str


class Belief:
    """What is believed of one contact, event by event in the order in which they were recorded.

    A history that only goes on is folded on, so that learning a whole stream in order of its
    occurrences costs one fold of it; what comes late costs a fold of its own.
    """

    def __init__(
        self, history: History, policies: PolicyTimeline, ledger_time_zone: str | None, at: int
    ) -> None:
        """What was believed at ``at``, by a history and policies as they were known then."""
        self._ledger_time_zone = ledger_time_zone
        self._history, self._policies = history, policies
        self._known: Relationship | None = None
        self._fold(at)

    def learn(
        self, history: History, policies: PolicyTimeline, recorded_at: int
    ) -> tuple[Restated, ...]:
        """Believe what is known with the event recorded at ``recorded_at``; what that restates."""
        believed = self._fold(recorded_at)
        self._history, self._policies = history, policies
        return tuple(restated(believed, self._fold(recorded_at), recorded_at))

    def _fold(self, at: int) -> Sequence[Interval]:
        """The stages up to an instant by what is known.

        Folded to the last fact only, and run on from there in a copy, so that a fact between the
        two still finds the fold where it can go on.
        """
        newest = at
        for fact in reversed(self._history.facts):
            if fact.occurred_at <= at:
                newest = fact.occurred_at
                break
        self._known = fold(
            self._history, self._policies, self._ledger_time_zone, newest, self._known
        )
        return self._known.intervals_until(at)


def restated(
    believed: Sequence[Interval], known: Sequence[Interval], until_at: int
) -> Iterator[Restated]:
    """The stretches before ``until_at`` in which two tables of stages differ, oldest first.

    Both are in order and without gaps, as a fold gives them. Before the first interval of what was
    believed nothing was, so nothing is restated there; what is known of it now may begin later, and
    then the stage known is ``contact``.
    """
    if not believed:
        return
    instants = {one.from_at for one in (*believed, *known)} | {until_at}
    starts = sorted(at for at in instants if believed[0].from_at <= at <= until_at)
    pending: Restated | None = None
    for from_at, to_at in pairwise(starts):
        then, now = _stage_at(believed, from_at), _stage_at(known, from_at)
        if pending is not None and (then, now) == pending[2:] and pending.to_at == from_at:
            pending = pending._replace(to_at=to_at)
            continue
        if pending is not None and pending.to_at - pending.from_at >= GRACE:
            yield pending
        pending = Restated(from_at, to_at, then, now) if then != now else None
    if pending is not None and pending.to_at - pending.from_at >= GRACE:
        yield pending


def _stage_at(intervals: Sequence[Interval], at: int) -> str:
    """The stage at an instant; nobody is more than a contact before their first interval."""
    stage = "contact"
    for interval in intervals:
        if interval.from_at > at:
            break
        stage = interval.stage
    return stage
