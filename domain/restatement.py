"""Restatements: what was believed of the past, and is known otherwise since an event came.

An event restates where it changes the stage at instants that had already passed when it was
recorded: a late one, a correction, a merge, a policy published for the past. Source: the audit
document, "Time".
"""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from domain.instants import SECOND
from domain.relationship import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.history import History
    from domain.intervals import Interval
    from domain.relationship import Relationship
    from domain.stages import StageMachine
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
        self._ahead: StageMachine | None = None
        self._ahead_at = 0
        self._stages_until(at)

    @property
    def history(self) -> History:
        """What is known."""
        return self._history

    def note(self, history: History) -> None:
        """Know of more that restates nothing."""
        self._history, self._ahead = history, None

    def learn(
        self,
        history: History,
        policies: PolicyTimeline,
        recorded_at: int,
        since_at: int | None = None,
    ) -> tuple[Restated, ...]:
        """Believe what is known with the event recorded at ``recorded_at``; what that restates.

        ``since_at`` is an instant before which the event changes nothing, where there is one.
        """
        believed = self._stages_until(recorded_at)
        self.note(history)
        self._policies = policies
        return tuple(restated(believed, self._stages_until(recorded_at), recorded_at, since_at))

    def _stages_until(self, at: int) -> Sequence[Interval]:
        """The stages up to an instant by what is known.

        Folded to the last fact only, and run on from there in a copy, so that a fact between the
        two still finds the fold where it can go on. The copy goes on until there is one.
        """
        if self._ahead is None or not self._is_without_facts_until(at):
            self._ahead, self._ahead_at = self._fold(at).machine.ahead(), at
        self._ahead.run((), at)
        self._ahead_at = at
        return tuple(self._ahead.intervals)

    def _is_without_facts_until(self, at: int) -> bool:
        """Whether the copy that ran ahead may run on to an instant."""
        assert self._known is not None
        facts, absorbed = self._history.facts, self._known.absorbed
        return at >= self._ahead_at and (absorbed == len(facts) or facts[absorbed].occurred_at > at)

    def _fold(self, at: int) -> Relationship:
        newest = at
        for fact in reversed(self._history.facts):
            if fact.occurred_at <= at:
                newest = fact.occurred_at
                break
        self._known = fold(
            self._history, self._policies, self._ledger_time_zone, newest, self._known
        )
        return self._known


def restated(
    believed: Sequence[Interval],
    known: Sequence[Interval],
    until_at: int,
    since_at: int | None = None,
) -> Iterator[Restated]:
    """The stretches before ``until_at`` in which two tables of stages differ, oldest first.

    Both are in order and without gaps, as a fold gives them; before ``since_at``, if it is given,
    they are the same. Before the first interval of what was believed nothing was, so nothing is
    restated there; what is known of it now may begin later, and then the stage known is
    ``contact``. Costs as much as there are stages from ``since_at`` on.
    """
    if not believed:
        return
    begin = believed[0].from_at if since_at is None else max(since_at, believed[0].from_at)
    pending: Restated | None = None
    for from_at, to_at, then, now in _side_by_side(believed, known, begin, until_at):
        if pending is not None and (then, now) == (pending.believed, pending.known):
            pending = pending._replace(to_at=to_at)
            continue
        if pending is not None and pending.to_at - pending.from_at >= GRACE:
            yield pending
        pending = Restated(from_at, to_at, then, now) if then != now else None
    if pending is not None and pending.to_at - pending.from_at >= GRACE:
        yield pending


def _side_by_side(
    believed: Sequence[Interval], known: Sequence[Interval], begin: int, until_at: int
) -> Iterator[Restated]:
    """The stretches from one instant to another in which neither side changes, without gaps."""
    left, right = (bisect_right(side, begin, key=_FROM_AT) for side in (believed, known))
    at = begin
    while at < until_at:
        next_left = believed[left].from_at if left < len(believed) else until_at
        next_right = known[right].from_at if right < len(known) else until_at
        to_at = min(next_left, next_right, until_at)
        yield Restated(at, to_at, _stage_before(believed, left), _stage_before(known, right))
        left += next_left == to_at
        right += next_right == to_at
        at = to_at


_FROM_AT = attrgetter("from_at")


def _stage_before(intervals: Sequence[Interval], place: int) -> str:
    """The stage before a place; nobody is more than a contact before their first interval."""
    return intervals[place - 1].stage if place else "contact"
