"""The relationship with one contact at an instant, and why it is what it is.

``fold`` is the only implementation of the stage rules: live projections, rebuilds, questions about
the past, what-if and receipts all call it. Source: the domain document, sections 3 to 5.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from domain.evidence import Exclusion, SignalReading, WillChange, WouldChange
from domain.instants import DAY
from domain.rising import is_within_reach, within_reach_until
from domain.signals import SIGNALS, blank_changes
from domain.stages import StageMachine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.agreements import Engagement
    from domain.commerce import Silence
    from domain.history import History
    from domain.intervals import Interval
    from domain.policy import Policy
    from domain.signal_board import SignalRead
    from domain.signals import Change
    from domain.timeline import PolicyTimeline


FLAGS = ("quiet", "complaint_hold", "advocate", "rising", "falling")
"""What may stand beside a stage."""


def fold(
    history: History,
    policies: PolicyTimeline,
    ledger_time_zone: str | None,
    at: int,
    earlier: Relationship | None = None,
    *,
    goes_on: bool = False,
) -> Relationship:
    """What the relationship is at ``at``, by the facts that occurred at or before it.

    ``earlier`` may be an earlier relationship of the same contact. It cannot be used afterwards: if
    the history only grew since then, the fold continues with it instead of beginning again, with
    the same result. ``goes_on`` says that this one will be continued later, also with facts that
    occurred at the instant of the last fact, or between that and ``at``. A relationship whose
    ``earlier`` could not be used is prepared in the same way, because it is likely to get such
    facts again.
    """
    time_zone = history.time_zone or ledger_time_zone or "UTC"
    facts, begun = history.facts, None
    if earlier is not None and earlier.goes_on(history, policies, time_zone, at):
        machine, begun, absorbed = earlier.machine, earlier.begun, earlier.absorbed
    else:
        machine, absorbed = StageMachine(policies, time_zone), 0
        if goes_on or earlier is not None:
            begun = machine
    if begun is None:
        absorbed += machine.run(facts[absorbed:], at)
        return Relationship(at, history, policies, machine, absorbed)
    absorbed += begun.take(facts[absorbed:], at)
    machine = begun.ahead()
    machine.settle(at)
    return Relationship(at, history, policies, machine, absorbed, begun)


class Relationship:
    """The answer to a question about one contact. Cheap parts are ready, the rest is worked out.

    ``machine`` stands at ``at``. ``begun``, where it is kept, has absorbed the same facts and
    judged none of the last one's instant yet.
    """

    def __init__(
        self,
        at: int,
        history: History,
        policies: PolicyTimeline,
        machine: StageMachine,
        absorbed: int,
        begun: StageMachine | None = None,
    ) -> None:
        self.at = at
        self.stage = machine.stage
        self.score = machine.score
        self.intervals: tuple[Interval, ...] = tuple(machine.intervals)
        self.policy_version = policies.in_force(at).version
        self.machine = machine
        self.absorbed = absorbed
        self.begun = begun
        self.settled_count = len((begun or machine).intervals)
        self.client_spells = tuple(machine.client_spells)
        self.movement_count = len(machine.commerce.movements)
        self.undone_count = machine.commerce.undone_count
        self.history = history
        self._policies = policies

    def goes_on(self, history: History, policies: PolicyTimeline, time_zone: str, at: int) -> bool:
        """Whether everything that this was folded from still holds, and only more came after it."""
        facts, place = history.facts, self.absorbed
        # A history is extended with its facts as they were, or built again with new ones: if the
        # last one absorbed is where it was, so are all before it.
        if place > len(facts) or (place and facts[place - 1] is not self.history.facts[place - 1]):
            return False
        if self.begun is not None:
            judged_at = facts[place - 1].occurred_at if place else None
            is_later = True
        else:
            judged_at = self.machine.judged.at if self.machine.judged else None
            is_later = place == len(facts) or judged_at is None or facts[place][0] > judged_at
        return (
            is_later
            and (judged_at is None or at >= judged_at)
            and self.machine.time_zone == time_zone
            and policies.is_same_as(self._policies)
        )

    def settled_since(self, before: Relationship) -> int:
        """How many of the first intervals are as they were in ``before``, as far as that is known.

        They are known where this was gone on from there.
        """
        same = self.begun or self.machine
        if same is not (before.begun or before.machine):
            return 0
        # Of the intervals there were, only the last can have been ended.
        return max(before.settled_count - 1, 0)

    def movements_settled_since(self, before: Relationship) -> int:
        """How many of the first movements of money are as they were in ``before``.

        They are known where this was gone on from there and no refund has undone a purchase since.
        """
        if (self.begun or self.machine) is not (before.begun or before.machine):
            return 0
        return before.movement_count if before.undone_count == self.undone_count else 0

    @property
    def since(self) -> int | None:
        """From when on the stage holds; None before the first fact."""
        return self.intervals[-1].from_at if self.intervals else None

    def intervals_until(self, at: int) -> tuple[Interval, ...]:
        """The stages up to a later instant, if no fact occurs until then."""
        machine = self.machine.ahead()
        machine.run((), at)
        return tuple(machine.intervals)

    @property
    def policy(self) -> Policy:
        """The policy in force at the instant that was asked about."""
        return self._policies.in_force(self.at).policy

    @property
    def rests_on(self) -> str:
        """What the policy in force can judge by: allegiance, or frequency alone."""
        return self.policy.rests_on

    @property
    def silence(self) -> Silence | None:
        """How long they have been silent and what that means when; None while there is none."""
        return self.machine.silence

    def engagements(self) -> tuple[Engagement, ...]:
        """The engagements open now: in which capacity we act is an axis apart from the stage.

        Source: New York Real Property Law section 443; the domain document, section 5.
        """
        return tuple(self.machine.commerce.engagements.open.values())

    @cached_property
    def flags(self) -> tuple[str, ...]:
        """What stands beside the stage, in alphabetical order."""
        machine = self.machine
        if machine.judged is None:
            return ()
        policy = machine.judged.policy
        flags = []
        board = machine.board
        testimonial, referral = board.reading("testimonial"), board.reading("referral")
        if (testimonial and testimonial.on) or (referral and referral.value["strong"]):
            flags.append("advocate")
        if machine.board.worst_complaint() >= policy.signals.complaint.hold_severity:
            flags.append("complaint_hold")
        if self._is_falling():
            flags.append("falling")
        if machine.silence is not None and self.at >= machine.silence.quiet_at:
            flags.append("quiet")
        if self.stage == "customer" and "quiet" not in flags and self._is_rising():
            flags.append("rising")
        return tuple(flags)

    def _is_rising(self) -> bool:
        """Whether one more signal, rather than one trouble less, would make a client."""
        return self.machine.underlying not in ("client", "ended") and any(
            is_within_reach(change, self.machine, self.policy, self.at)
            for change in self._winning()
        )

    def _is_falling(self) -> bool:
        falling_at = self.falling_at
        return falling_at is not None and self.at >= falling_at

    @property
    def falling_at(self) -> int | None:
        """From when on a client is falling; None of everybody else, who are asked as often."""
        return self._client_falling_at if self.machine.underlying == "client" else None

    @cached_property
    def _client_falling_at(self) -> int | None:
        """From when on a client is falling: some days before the stage will change."""
        will_change = self.will_change()
        if will_change is None or will_change.stage == "client":
            return None
        return will_change.at - self.policy.stage.falling_days * DAY

    @cached_property
    def next_breakpoint(self) -> int | None:
        """The next instant at which stage, score or flags may change without an event."""
        soonest, silence = self.machine.next_breakpoint(), self.machine.silence
        facts = self.history.facts
        candidates = [
            facts[self.absorbed].occurred_at if self.absorbed < len(facts) else None,
            soonest[0] if soonest else None,
            silence.quiet_at if silence else None,
            self.falling_at,
            within_reach_until(self.machine, self.at),
            # Before the first fact nothing is judged, yet the version in force is shown.
            self._policies.next_change(self.at) if self.machine.judged is None else None,
        ]
        later = [instant for instant in candidates if instant is not None and instant > self.at]
        return min(later, default=None)

    @property
    def changed_at(self) -> int | None:
        """The last instant up to ``at`` at which stage, score, flags or policy may have changed.

        None if there was none. Asked as of any instant from it up to ``at``, the same history has
        the same answer. So a cache of answers knows what a clock that is put back makes wrong.
        """
        silence = self.machine.silence
        candidates = [
            self.machine.judged.at if self.machine.judged else None,
            silence.quiet_at if silence else None,
            self.falling_at,
            within_reach_until(self.machine, self.at),
            self._policies.last_change(self.at),
        ]
        passed = [instant for instant in candidates if instant is not None and instant <= self.at]
        return max(passed, default=None)

    @property
    def holds_until(self) -> int | None:
        """The first instant at which anything said here may be otherwise; None if never.

        Up to then the same history, asked as of any instant from ``at`` on, has the same answer,
        evidence and outlook included. Policies are part of what may change.
        """
        machine, silence = self.machine, self.machine.silence
        if machine.judged is not None and machine.judged.at == self.at:
            return self.at + 1  # whether they are a client counts from the next instant on
        moving = [signal.moves_at(judged) for signal, _, judged in self._readings() if signal]
        candidates = [
            self.next_breakpoint,
            self._policies.next_change(self.at),
            silence.demote_at if silence else None,
            silence.lapse_client_at if silence else None,
            *[one.occurred_at for one in self.history.retracted],
            *moving,
        ]
        later = [instant for instant in candidates if instant is not None and instant > self.at]
        return min(later, default=None)

    def signals(self) -> tuple[SignalReading, ...]:
        """Every signal, on or off, in a fixed order; empty before the first fact."""
        return tuple(
            SignalReading(
                name=kind.name,
                on=reading.on,
                points=reading.points,
                anchor=kind.anchor,
                value=reading.value,
                threshold=reading.threshold,
                events=tuple(signal.evidence(judged)) if signal else (),
            )
            for kind, (signal, reading, judged) in zip(SIGNALS, self._readings(), strict=False)
        )

    def exclusions(self) -> tuple[Exclusion, ...]:
        """The events that do not count: retracted, reversed, or about what was not open then."""
        retracted = (
            Exclusion(one.event_id, "retracted", one.by)
            for one in self.history.retracted
            if one.occurred_at <= self.at
        )
        reversed_ = (
            Exclusion(purchase.fact_id, "reversed", purchase.reversed_by)
            for purchase in self.machine.commerce.reversed_purchases()
        )
        pairs = self.machine.board.exclusions()
        by_signals = (Exclusion(event_id, reason) for event_id, reason in pairs)
        return (*retracted, *reversed_, *by_signals)

    def would_change(self) -> tuple[WouldChange, ...]:
        """The single changes that would make a client, or end a client's stage."""
        if self.machine.judged is None or self.machine.underlying == "ended":
            return ()
        if self.machine.underlying != "client":
            return tuple([WouldChange(one.name, one.points, "client") for one in self._winning()])
        resting = self.machine.resting_stage(self.at)
        return tuple([WouldChange(one.name, one.points, resting) for one in self._losing()])

    def _winning(self) -> Iterator[Change]:
        """The changes that would make a client of somebody who is none."""
        policy, readings = self.policy, self._readings()
        held = self.machine.board.worst_complaint() >= policy.signals.complaint.hold_severity
        anchored = self.machine.board.is_anchored()
        lacking = policy.stage.promotion_score - _points(readings)
        for change in _changes(readings):
            if (
                change.points >= lacking
                and (anchored or change.anchors)
                and (not held or change.lifts_hold)
            ):
                yield change

    def _losing(self) -> Iterator[Change]:
        """The changes that would end a client's stage."""
        readings = self._readings()
        spare = _points(readings) - self.policy.stage.stay_score
        dwells = self.machine.dwells(self.at)
        for change in _changes(readings):
            if change.ends or (change.points < min(0, -spare) and not dwells):
                yield change

    def _readings(self) -> list[SignalRead]:
        """Every signal as it reads at the instant that was asked about."""
        return self.machine.readings_at(self.at)

    def will_change(self) -> WillChange | None:
        """The next breakpoint at which the stage changes if nothing happens, if there is one."""
        machine = self.machine.ahead()
        # It comes to an end: without facts every window, silence and term runs out once.
        while (soonest := machine.next_breakpoint()) is not None:
            at, cause = soonest
            machine.evaluate(at, cause)
            if machine.stage != self.stage:
                because = "policy" if cause.kind == "policy" else cause.name
                return WillChange(at, machine.stage, because)
        return None


def _points(readings: Sequence[SignalRead]) -> int:
    """The sum of the points of all signals, which may lie below 0."""
    return sum([reading.points for _, reading, _ in readings])


def _changes(readings: Sequence[SignalRead]) -> Iterator[Change]:
    """Every single change that could happen to a signal."""
    for place, (signal, reading, judged) in enumerate(readings):
        if signal is not None:
            yield from signal.changes(reading, judged)
        else:
            yield from blank_changes(judged.policy)[place]
