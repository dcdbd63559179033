"""The stage machine: which stage a contact is in at each instant, and when that changes by itself.

It is evaluated once at each instant at which facts occur, after all of them, and at each
breakpoint, an instant at which something changes without a fact. Source: the domain document,
section 5.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, NamedTuple

from domain.commerce import ABSORBED, Commerce
from domain.events.care import TouchMade
from domain.events.commerce import (
    PurchaseMade,
    SubscriptionRenewed,
    SubscriptionStarted,
    SubscriptionUpgraded,
)
from domain.events.governance import RelationshipEnded, StageOverridden
from domain.events.referrals import ReferralReceived
from domain.events.service import EngagementOpened, NeedDiscovered
from domain.instants import DAY
from domain.signals import (
    BLANK_SIGNALS,
    SIGNALS,
    Change,
    Judged,
    Reading,
    Signal,
    blank_changes,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from domain.commerce import Silence
    from domain.events import Event
    from domain.history import Fact
    from domain.policy import Policy
    from domain.signals.base import Ignored
    from domain.timeline import PolicyTimeline, PolicyVersion


class Cause(NamedTuple):
    """What changed a stage: an ``event``, a ``breakpoint`` or a ``policy``, by name."""

    kind: str
    name: str
    event: UUID | None = None


class Interval(NamedTuple):
    """A stage from an instant up to, not including, another; open while ``to_at`` is None."""

    from_at: int
    to_at: int | None
    stage: str
    score: int
    policy_version: int
    cause: Cause


_RESTARTS = frozenset({PurchaseMade, SubscriptionStarted, EngagementOpened})
_TURNING = _RESTARTS | {
    SubscriptionRenewed,
    SubscriptionUpgraded,
    RelationshipEnded,
    StageOverridden,
    NeedDiscovered,
    ReferralReceived,
    TouchMade,
}
"""What may bear on the stage by itself, without any signal."""


_READERS: dict[type[Event], tuple[int, ...]] = {
    event_class: tuple(place for place, signal in enumerate(SIGNALS) if event_class in signal.reads)
    for signal in SIGNALS
    for event_class in signal.reads
}
"""Which signals, by place, read each class of event."""

_BOUGHT = frozenset(ABSORBED)
NEVER = 2**63
"""Later than every instant."""

_COMPLAINT = next(place for place, signal in enumerate(SIGNALS) if signal.name == "complaint")


class StageMachine:
    """One contact's stage. Absorb facts in order, evaluate at instants that never go back."""

    def __init__(self, policies: PolicyTimeline, time_zone: str) -> None:
        self.commerce = Commerce(time_zone)
        self.intervals: list[Interval] = []
        self.silence_demoted_at: list[int] = []
        self.stage = "contact"
        self.underlying = "contact"
        self.score = 0
        self.judged: Judged | None = None
        self.silence: Silence | None = None
        self.time_zone = time_zone
        self._policies = policies
        self._version: PolicyVersion | None = None
        # Only the signals that absorbed something, by place: the others are off.
        self._signals: dict[int, Signal] = {}
        self._readings: dict[int, Reading] = {}
        self._stale: set[int] = set()
        self._unsettled = False
        self._was_ever_client = False
        self._client_since_at = 0
        self._ended = False
        self._begins_anew = False
        self._courted = False
        self._overrides: list[tuple[int, str]] = []

    def absorb(self, fact: Fact) -> None:
        """Take in a fact that occurs at the instant to be evaluated next."""
        event, event_class = fact.event, type(fact.event)
        if event_class in _BOUGHT:
            self.commerce.absorb(fact)
        for place in _READERS.get(event_class, ()):
            signal = self._signals.get(place)
            if signal is None:
                signal = self._signals[place] = SIGNALS[place].of(self.commerce)
            signal.absorb(fact)
            self._stale.add(place)
        if event_class not in _TURNING:
            return
        if event_class in _RESTARTS:
            self._ended = False
        elif isinstance(event, SubscriptionRenewed | SubscriptionUpgraded):
            if (fact.scope, event.subscription_id) in self.commerce.subscriptions:
                self._ended = False
        elif isinstance(event, RelationshipEnded):
            self._ended = self._begins_anew = True
        elif isinstance(event, StageOverridden):
            # Those that have expired for good are let go of; a machine ahead keeps the list it has.
            kept = [one for one in self._overrides if one[0] > fact.occurred_at]
            self._overrides = [*kept, (event.expires_at, event.stage)]
        elif isinstance(event, NeedDiscovered | ReferralReceived) or (
            isinstance(event, TouchMade) and event.direction == "inbound"
        ):
            self._courted = True

    def evaluate(self, at: int, cause: Cause) -> None:
        """Judge the instant by the policy in force, and note a change of stage with its cause."""
        version = self._policies.in_force(at)
        if version is not self._version:
            self._version = version
            self._stale.update(self._signals)
        policy = version.policy
        judged = Judged(at, policy, self.underlying == "client", self._was_ever_client)
        self._refresh(judged)
        self.judged = judged
        self.score = max(0, self.points())
        self.silence = self.commerce.silence(at, policy.rhythm)
        self._move(self._rule(policy, at), at)
        stage = self._overriding(at) or self.underlying
        if stage != self.stage or not self.intervals:
            self._turn(stage, at, version.version, cause)

    def _refresh(self, judged: Judged) -> None:
        """Read again the signals that may read differently at this instant."""
        for place, reading in self._readings.items():
            if reading.until_at is not None and reading.until_at <= judged.at:
                self._stale.add(place)
        for place in self._stale:
            self._readings[place] = self._signals[place].read(judged)
        self._stale.clear()

    def points(self) -> int:
        """The sum of the points of all signals, which may lie below 0."""
        return sum([reading.points for reading in self._readings.values()])

    def _rule(self, policy: Policy, at: int) -> str:
        """The stage underneath any override, by rules 1 and 3 to 7."""
        if self._ended:
            return "ended"
        if self.underlying == "client" and not self._begins_anew:
            is_client = self._stays(policy, at)
        else:
            is_client = self._is_promoted(policy)
        return "client" if is_client else self.resting_stage(at)

    def _stays(self, policy: Policy, at: int) -> bool:
        if self.worst_complaint() >= policy.signals.complaint.ending_severity:
            return False
        fell_silent = self.silence is not None and at >= self.silence.demote_at
        return (self.score >= policy.stage.stay_score and not fell_silent) or self.dwells(at)

    def _is_promoted(self, policy: Policy) -> bool:
        held = self.worst_complaint() >= policy.signals.complaint.hold_severity
        return self.score >= policy.stage.promotion_score and self.is_anchored() and not held

    def resting_stage(self, at: int) -> str:
        """The stage of whoever is neither client nor ended, by rules 5 to 7."""
        if self.commerce.has_bought:
            if self.silence is None or at < self.silence.lapse_at:
                return "customer"
            return "lapsed_client" if self._was_ever_client else "lapsed_customer"
        return "prospect" if self._courted else "contact"

    def dwells(self, at: int) -> bool:
        """Whether a client became one too lately to fall for anything but the worst complaint."""
        assert self._version is not None
        dwell_days = self._version.policy.stage.dwell_days
        return self.underlying == "client" and at < self._client_since_at + dwell_days * DAY

    def is_anchored(self) -> bool:
        """Whether an anchor is on."""
        return any(
            reading.on and SIGNALS[place].anchor for place, reading in self._readings.items()
        )

    def worst_complaint(self) -> int:
        """The severity of the worst complaint past its deadline; 0 if there is none."""
        reading = self._readings.get(_COMPLAINT)
        if reading is None:
            return 0
        worst = reading.value["worst_overdue_severity"]
        assert isinstance(worst, int)
        return worst

    def reading(self, name: str) -> Reading | None:
        """The signal of that name as last evaluated; None if it has nothing to go by."""
        for place, reading in self._readings.items():
            if SIGNALS[place].name == name:
                return reading
        return None

    def _move(self, underlying: str, at: int) -> None:
        """Enter the stage, and read again what depends on whether they are a client.

        Those signals count from the next instant on: ``client`` in their rules means the stage at
        the instant evaluated before. Where that makes a difference, that instant is a breakpoint.
        """
        before, self.underlying = self.underlying, underlying
        begins_anew, self._begins_anew = self._begins_anew, False
        self._unsettled = False
        if underlying == "client" and (before != "client" or begins_anew):
            self._client_since_at = at
            self._was_ever_client = True
        if (before == "client") == (underlying == "client"):
            return
        fell_silent = self.silence is not None and at >= self.silence.demote_at
        if before == "client" and fell_silent and underlying != "ended" and not begins_anew:
            self.silence_demoted_at.append(at)
        assert self._version is not None
        judged = Judged(at, self._version.policy, underlying == "client", self._was_ever_client)
        for place, signal in self._signals.items():
            if signal.depends_on_stage:
                reading = signal.read(judged)
                self._unsettled |= reading.points != self._readings[place].points
                self._readings[place] = reading

    def _overriding(self, at: int) -> str | None:
        """The stage of the newest override in force, if any; an ending outranks them all."""
        if self.underlying == "ended":
            return None
        for expires_at, stage in reversed(self._overrides):
            if at < expires_at:
                return stage
        return None

    def _turn(self, stage: str, at: int, policy_version: int, cause: Cause) -> None:
        if self.intervals:
            last = self.intervals[-1]
            self.intervals[-1] = Interval(
                last.from_at, at, last.stage, last.score, last.policy_version, last.cause
            )
        self.intervals.append(Interval(at, None, stage, self.score, policy_version, cause))
        self.stage = stage

    def next_breakpoint(self) -> tuple[int, Cause] | None:
        """The next instant at which something may change without a fact, and why."""
        if self.judged is None:
            return None
        at, name = self._soonest(self.judged)
        return None if at == NEVER else (at, self._cause(at, name))

    def _cause(self, at: int, name: str) -> Cause:
        """The cause of what happens at a breakpoint of that name."""
        if name == "policy":
            version = self._policies.in_force(at)
            return Cause("policy", f"version {version.version}", version.event_id)
        return Cause("breakpoint", name)

    def _soonest(self, judged: Judged) -> tuple[int, str]:
        """The next instant to look at again, and what is then; of equal ones the first named."""
        at, policy = judged.at, judged.policy
        is_client = self.underlying == "client"
        soonest, name = NEVER, ""
        change = self._policies.next_change(at)
        if change is not None and change < soonest:
            soonest, name = change, "policy"
        if self.silence is not None:
            silent_at = self.silence.demote_at if is_client else self.silence.lapse_at
            if at < silent_at < soonest:
                soonest, name = silent_at, "demote_at" if is_client else "lapse_at"
        ends_at = self.commerce.ends_after(at, policy.rhythm)
        if ends_at is not None and ends_at < soonest:
            soonest, name = ends_at, "subscription_end"
        if is_client:
            dwells_until_at = self._client_since_at + policy.stage.dwell_days * DAY
            if at < dwells_until_at < soonest:
                soonest, name = dwells_until_at, "dwell"
        for expires_at, _ in self._overrides:
            if at < expires_at < soonest:
                soonest, name = expires_at, "override"
        runs_out_at, place = self._next_to_run_out(at)
        if runs_out_at < soonest:
            soonest, name = runs_out_at, SIGNALS[place].name
        if self._unsettled and at + 1 < soonest:
            soonest, name = at + 1, "client"
        return soonest, name

    def _next_to_run_out(self, at: int) -> tuple[int, int]:
        """When a signal may read differently next, and its place; the first of several."""
        soonest, first = NEVER, 0
        for place, (_, _, until_at, _, _) in self._readings.items():
            if until_at is not None and at < until_at <= soonest:
                first = place if until_at < soonest else min(place, first)
                soonest = until_at
        return soonest, first

    def readings_at(self, at: int) -> list[tuple[Signal, Reading, Judged]]:
        """Every signal read afresh, from the last evaluation up to the next breakpoint."""
        if self.judged is None:
            return []
        judged = self._judged_at(at)
        signals = [self._signals.get(place) or blank for place, blank in enumerate(BLANK_SIGNALS)]
        return [(signal, signal.read(judged), judged) for signal in signals]

    def points_at(self, at: int) -> int:
        """The sum of the points of all signals read afresh, which may lie below 0."""
        if self.judged is None:
            return 0
        judged = self._judged_at(at)
        return sum(signal.read(judged).points for signal in self._signals.values())

    def changes_at(self, at: int) -> Iterator[Change]:
        """Every single change that could happen to a signal now."""
        if self.judged is None:
            return
        judged = self._judged_at(at)
        for place, changes in enumerate(blank_changes(judged.policy)):
            signal = self._signals.get(place)
            yield from changes if signal is None else signal.changes(signal.read(judged), judged)

    def _judged_at(self, at: int) -> Judged:
        """How the instant is judged, which lies between the last evaluation and the next."""
        assert self.judged is not None
        if at <= self.judged.at:
            return self.judged
        is_client = self.underlying == "client"
        return Judged(at, self.judged.policy, is_client, self._was_ever_client)

    def ignored(self) -> Iterator[Ignored]:
        """The events absorbed that do not count, and why."""
        for signal in self._signals.values():
            yield from signal.ignored()

    def run(self, facts: Sequence[Fact], until_at: int) -> int:
        """Absorb and evaluate everything up to and including an instant.

        Returns how many of the facts, which must be in order, were absorbed.
        """
        absorbed = 0
        while True:
            occurs_at = facts[absorbed].occurred_at if absorbed < len(facts) else NEVER
            soonest, name = self._soonest(self.judged) if self.judged else (NEVER, "")
            if soonest < occurs_at:
                if soonest > until_at:
                    return absorbed
                at, cause = soonest, self._cause(soonest, name)
            elif occurs_at <= until_at:
                at = occurs_at
                while absorbed < len(facts) and facts[absorbed].occurred_at == at:
                    fact = facts[absorbed]
                    self.absorb(fact)
                    absorbed += 1
                cause = Cause("event", fact.event.TYPE, fact.id)
            else:
                return absorbed
            self.evaluate(at, cause)

    def ahead(self) -> StageMachine:
        """A copy that can be run into the future without facts; this one stays where it is."""
        machine = copy(self)
        machine.intervals = list(self.intervals)
        machine.silence_demoted_at = []
        machine._readings = dict(self._readings)
        machine._stale = set()
        return machine
