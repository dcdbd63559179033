"""What speaks against us: complaints left lying, promises broken.

Source: the domain document, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.events.service import (
    ComplaintRaised,
    ComplaintReopened,
    ComplaintResolved,
    PromiseBroken,
    PromiseMade,
)
from domain.instants import DAY
from domain.signals.base import (
    OPENING_NOT_BEFORE,
    Change,
    Evaluation,
    Reading,
    Recent,
    Signal,
    first_to_leave,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from domain.history import Fact
    from domain.policy import Policy
    from domain.signals.base import SignalExclusion


@dataclass(slots=True)
class _Complaint:
    raised_id: UUID
    severity: int
    since_at: int
    resolved: bool = False


class ComplaintSignal(Signal):
    """Complaints past their deadline; only resolving stops the clock."""

    name = "complaint"
    takes_points = True
    reads = (ComplaintRaised, ComplaintResolved, ComplaintReopened)

    def __init__(self) -> None:
        self._complaints: dict[tuple[int, str], _Complaint] = {}
        self._excluded_ids: list[UUID] = []

    def exclusions(self) -> Iterable[SignalExclusion]:
        return [(one, OPENING_NOT_BEFORE) for one in self._excluded_ids]

    def absorb(self, fact: Fact) -> None:
        event = fact.event
        if isinstance(event, ComplaintRaised):
            raised = _Complaint(fact.id, event.severity, fact.occurred_at)
            self._complaints.setdefault((fact.scope, event.complaint_id), raised)
        elif isinstance(event, ComplaintResolved | ComplaintReopened):
            complaint = self._complaints.get((fact.scope, event.complaint_id))
            if complaint is None:
                self._excluded_ids.append(fact.id)
            elif isinstance(event, ComplaintResolved):
                complaint.resolved = True
            elif complaint.resolved:
                complaint.resolved = False
                complaint.since_at = fact.occurred_at

    def read(self, judged: Evaluation) -> Reading:
        rule = judged.policy.signals.complaint
        points, until_at, open_count, worst = 0, None, 0, 0
        overdue = 0
        for complaint in self._complaints.values():
            if complaint.resolved:
                continue
            open_count += 1
            due_at = complaint.since_at + rule.sla_days * DAY
            if judged.at < due_at:
                until_at = due_at if until_at is None else min(until_at, due_at)
            else:
                overdue += 1
                points += rule.points[complaint.severity - 1]
                worst = max(worst, complaint.severity)
        value = {"open": open_count, "overdue": overdue, "worst_overdue_severity": worst}
        return Reading(overdue > 0, points, until_at, value, {"sla_days": rule.sla_days})

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        return [complaint.raised_id for complaint in self._overdue(judged)]

    def most_points(self, policy: Policy) -> int:
        return 0

    def worst_overdue_severity(self, reading: Reading) -> int:
        """The severity of the worst complaint past its deadline; 0 if there is none."""
        worst = reading.value["worst_overdue_severity"]
        assert isinstance(worst, int)
        return worst

    def changes(self, reading: Reading, judged: Evaluation) -> Iterator[Change]:
        rule = judged.policy.signals.complaint
        overdue = self._overdue(judged)
        holding = [one for one in overdue if one.severity >= rule.hold_severity]
        for severity in sorted({complaint.severity for complaint in overdue}):
            lifts = len(holding) == 1 and holding[0].severity == severity
            points = -rule.points[severity - 1]
            yield Change(f"complaint_severity_{severity}_resolved", points, lifts_hold=lifts)
        for severity, points in enumerate(rule.points, start=1):
            ends = severity >= rule.ending_severity
            yield Change(f"complaint_severity_{severity}", points, ends=ends)

    def _overdue(self, judged: Evaluation) -> list[_Complaint]:
        since = judged.at - judged.policy.signals.complaint.sla_days * DAY
        return [
            complaint
            for complaint in self._complaints.values()
            if not complaint.resolved and complaint.since_at <= since
        ]


class PromiseSignal(Signal):
    """A promise was broken not long ago."""

    name = "promise"
    takes_points = True
    reads = (PromiseMade, PromiseBroken)

    def __init__(self) -> None:
        self._made: set[tuple[int, str]] = set()
        self._broken = Recent()
        self._excluded_ids: list[UUID] = []

    def exclusions(self) -> Iterable[SignalExclusion]:
        return [(one, OPENING_NOT_BEFORE) for one in self._excluded_ids]

    def absorb(self, fact: Fact) -> None:
        event = fact.event
        if isinstance(event, PromiseMade):
            self._made.add((fact.scope, event.promise_id))
        elif isinstance(event, PromiseBroken):
            if (fact.scope, event.promise_id) in self._made:
                self._broken.add(fact)
            else:
                self._excluded_ids.append(fact.id)

    def read(self, judged: Evaluation) -> Reading:
        rule = judged.policy.signals.promise
        count = self._broken.count(judged.at, rule.window_days)
        until_at = self._broken.leaves_at(judged.at, rule.window_days)
        value, threshold = {"broken": count}, {"broken": 1, "window_days": rule.window_days}
        return Reading(count > 0, rule.points if count else 0, until_at, value, threshold)

    def moves_at(self, judged: Evaluation) -> int | None:
        return first_to_leave(judged.at, judged.policy.signals.promise.window_days, self._broken)

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        return self._broken.ids(judged.at, judged.policy.signals.promise.window_days)

    def changes(self, reading: Reading, judged: Evaluation) -> Iterator[Change]:
        if reading.on:
            yield Change("promise_forgotten", -reading.points)
        else:
            yield Change("promise_broken", self.worth(judged.policy))

    def worth(self, policy: Policy) -> int:
        return policy.signals.promise.points
