"""Restatements: what was believed of the past, and is known otherwise since events came.

Events of one contact that are recorded in one minute of UTC are one restatement: what was believed
just before the first of them against what is known with the last. They restate where they change
the stage at instants that had already passed when the last was recorded: late ones, corrections, a
merge, a policy published for the past. Source: the audit document, "Time".
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
    from domain.timeline import PolicyTimeline

MINUTE = 60 * SECOND
"""What is recorded of a contact in one of these, counted from 1970, is one restatement."""

GRACE = 60 * SECOND
"""Shorter stretches are left out: a till's clock and the way to the server restate nothing."""


class RestatedInterval(NamedTuple):
    """From an instant up to, not including, another: the stage believed, and the one known."""

    from_at: int
    to_at: int
    believed: str
    known: str


class Belief:
    """What is believed of one contact, from one restatement to the next.

    A history that only grows is folded further, so that learning a whole stream in order of its
    occurrences costs one fold of it; what comes late costs a fold of its own. ``folded_count``
    counts the facts that were folded.
    """

    def __init__(
        self, history: History, policies: PolicyTimeline, ledger_time_zone: str | None, at: int
    ) -> None:
        """What was believed at ``at``, by a history and policies as they were known then."""
        self._ledger_time_zone = ledger_time_zone
        self._history, self._policies = history, policies
        self._folded: Relationship | None = None
        self.folded_count = 0
        self.stages_until(at)

    @property
    def history(self) -> History:
        """What is known."""
        return self._history

    def note(self, history: History, policies: PolicyTimeline | None = None) -> None:
        """Know of another history, and of other policies where they are given."""
        self._history = history
        self._policies = policies or self._policies

    def learn(
        self,
        history: History,
        policies: PolicyTimeline,
        recorded_at: int,
        since_at: int | None = None,
    ) -> tuple[RestatedInterval, ...]:
        """Believe what is known with the event recorded at ``recorded_at``; what that restates.

        ``since_at`` is an instant before which the event changes nothing, where there is one.
        """
        believed = self.stages_until(recorded_at)
        self.note(history, policies)
        return tuple(
            restated_intervals(believed, self.stages_until(recorded_at), recorded_at, since_at)
        )

    def stages_until(self, at: int) -> Sequence[Interval]:
        """The stages up to an instant by what is known."""
        earlier, zone = self._folded, self._ledger_time_zone
        begun, absorbed = (earlier.begun, earlier.absorbed) if earlier else (None, 0)
        folded = fold(self._history, self._policies, zone, at, earlier, goes_on=True)
        self.folded_count += folded.absorbed - (absorbed if folded.begun is begun else 0)
        self._folded = folded
        return folded.intervals


def restated_intervals(
    believed: Sequence[Interval],
    known: Sequence[Interval],
    until_at: int,
    since_at: int | None = None,
) -> Iterator[RestatedInterval]:
    """The stretches before ``until_at`` in which two tables of stages differ, oldest first.

    Both are in order and without gaps, as a fold gives them; before ``since_at``, if it is given,
    they are the same. Before the first interval of what was believed nothing was, so nothing is
    restated there; what is known of it now may begin later, and then the stage known is
    ``contact``. Costs as much as there are stages from ``since_at`` on.
    """
    if not believed:
        return
    begin = believed[0].from_at if since_at is None else max(since_at, believed[0].from_at)
    pending: RestatedInterval | None = None
    for from_at, to_at, then, now in _side_by_side(believed, known, begin, until_at):
        if pending is not None and (then, now) == (pending.believed, pending.known):
            pending = pending._replace(to_at=to_at)
            continue
        if pending is not None and pending.to_at - pending.from_at >= GRACE:
            yield pending
        pending = RestatedInterval(from_at, to_at, then, now) if then != now else None
    if pending is not None and pending.to_at - pending.from_at >= GRACE:
        yield pending


def _side_by_side(
    believed: Sequence[Interval], known: Sequence[Interval], begin: int, until_at: int
) -> Iterator[RestatedInterval]:
    """The stretches from one instant to another in which neither side changes, without gaps."""
    left, right = (bisect_right(side, begin, key=_FROM_AT) for side in (believed, known))
    at = begin
    while at < until_at:
        next_left = believed[left].from_at if left < len(believed) else until_at
        next_right = known[right].from_at if right < len(known) else until_at
        to_at = min(next_left, next_right, until_at)
        yield RestatedInterval(
            at, to_at, _stage_before(believed, left), _stage_before(known, right)
        )
        left += next_left == to_at
        right += next_right == to_at
        at = to_at


_FROM_AT = attrgetter("from_at")


def _stage_before(intervals: Sequence[Interval], place: int) -> str:
    """The stage before a place; nobody is more than a contact before their first interval."""
    return intervals[place - 1].stage if place else "contact"
