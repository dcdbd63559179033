"""The stage machine: which stage a contact is in at each instant, and when that changes by itself.

It is evaluated once at each instant at which facts occur, after all of them, and at each
breakpoint, an instant at which something changes without a fact. Source: the domain document,
section 5.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

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
from domain.intervals import Cause, Interval
from domain.signals import (
    OFF,
    READERS,
    SIGNALS,
    Evaluation,
    Reading,
    Signal,
    blank_readings,
)
from domain.unchanged_bounds import Bounds, bounds_of, stands_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.commerce import Silence
    from domain.events import Event
    from domain.history import Fact
    from domain.policy import Policy
    from domain.signals.base import SignalExclusion
    from domain.timeline import PolicyTimeline, PolicyVersion

    SignalRead = tuple[Signal | None, Reading, Evaluation]
    """A signal, None if it absorbed nothing, how it reads, and the instant judged."""


_RESTARTS = frozenset({PurchaseMade, SubscriptionStarted, EngagementOpened})
_GOES_ON = (SubscriptionRenewed, SubscriptionUpgraded)
_COURTS = (NeedDiscovered, ReferralReceived)
_TURNING = _RESTARTS | {*_GOES_ON, *_COURTS, RelationshipEnded, StageOverridden, TouchMade}
"""What may bear on the stage by itself, without any signal."""

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
        self.judged: Evaluation | None = None
        self.silence: Silence | None = None
        self.time_zone = time_zone
        self._policies = policies
        self._version: PolicyVersion | None = None
        # Only the signals that absorbed something, by place: the others are off.
        self._signals: dict[int, Signal] = {}
        self._readings: dict[int, Reading] = {}
        self._stale: set[int] = set()
        self._points = 0
        self._bounds: Bounds | None = None
        # The next instants: of another version of the policy, of another reading, of anything.
        self._changes_at = -NEVER
        self._runs_out_at = NEVER
        self._soonest = (NEVER, "")
        self._unsettled = False
        self._was_ever_client = False
        self._client_since_at = 0
        self._ended = False
        self._begins_anew = False
        self._courted = False
        self._overrides: list[tuple[int, str]] = []
        # The last fact absorbed, until its instant is evaluated.
        self._waiting: Fact | None = None

    def absorb(self, fact: Fact) -> None:
        """Take in a fact that occurs at the instant to be evaluated next."""
        event, event_class = fact.event, type(fact.event)
        if event_class in _BOUGHT:
            self.commerce.absorb(fact)
        for place in READERS.get(event_class, ()):
            signal = self._signals.get(place)
            if signal is None:
                signal = self._signals[place] = SIGNALS[place].of(self.commerce)
                self._bounds = None
            signal.absorb(fact)
            self._stale.add(place)
        if event_class in _TURNING:
            self._turn_by(fact, event)

    def _turn_by(self, fact: Fact, event: Event) -> None:
        """Take in what may bear on the stage by itself."""
        if type(event) in _RESTARTS:
            self._ended = False
        elif isinstance(event, TouchMade):
            self._courted |= event.direction == "inbound"
        elif isinstance(event, _GOES_ON):
            if (fact.scope, event.subscription_id) in self.commerce.subscriptions:
                self._ended = False
        elif isinstance(event, RelationshipEnded):
            self._ended = self._begins_anew = True
        elif isinstance(event, StageOverridden):
            # Those that have expired for good are dropped; a copy of the machine keeps its list.
            kept = [one for one in self._overrides if one[0] > fact.occurred_at]
            self._overrides = [*kept, (event.expires_at, event.stage)]
        elif isinstance(event, _COURTS):
            self._courted = True

    def evaluate(self, at: int, cause: Cause | Fact) -> None:
        """Judge the instant by the policy in force, and note a change of stage with its cause."""
        if at >= self._changes_at:
            self._judge_by_the_policy_at(at)
        assert self._version is not None
        policy = self._version.policy
        judged = Evaluation(at, policy, self.underlying == "client", self._was_ever_client)
        self.judged = judged
        self._refresh(judged)
        self.score = max(0, self._points)
        self.silence = self.commerce.silence(at, policy.rhythm)
        self._move(self._rule(policy, at), at)
        stage = self.overriding(at) or self.underlying
        if stage != self.stage or not self.intervals:
            self._turn(stage, at, self._version.version, cause)
        self._soonest = self._look_ahead(judged)

    def _judge_by_the_policy_at(self, at: int) -> None:
        """Take the version in force, and read every signal again where it is another one."""
        version, changes_at = self._policies.in_force(at), self._policies.next_change(at)
        self._changes_at = NEVER if changes_at is None else changes_at
        if version is not self._version:
            self._version, self._bounds = version, None
            self._stale.update(self._signals)

    def _refresh(self, judged: Evaluation) -> None:
        """Read again the signals that may read differently at this instant."""
        if judged.at >= self._runs_out_at:
            for place, reading in self._readings.items():
                if reading.until_at is not None and reading.until_at <= judged.at:
                    self._stale.add(place)
        for place in self._stale:
            before = self._readings.get(place, OFF)
            reading = self._readings[place] = self._signals[place].read(judged)
            self._points += reading.points - before.points
        self._stale.clear()

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
        return (
            self.score >= policy.stage.promotion_score
            and self.is_anchored()
            and self.worst_complaint() < policy.signals.complaint.hold_severity
        )

    def resting_stage(self, at: int) -> str:
        """The stage of a contact who is neither client nor ended, by rules 5 to 7."""
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
        found = [one for place, one in self._readings.items() if SIGNALS[place].name == name]
        return found[0] if found else None

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
        judged = Evaluation(at, self._version.policy, underlying == "client", self._was_ever_client)
        for place, signal in self._signals.items():
            if signal.depends_on_stage:
                reading, earlier = signal.read(judged), self._readings[place]
                self._unsettled |= reading.points != earlier.points
                self._points += reading.points - earlier.points
                self._readings[place] = reading

    def overriding(self, at: int) -> str | None:
        """The stage of the newest override in force, if any; an ending outranks them all."""
        if not self._overrides or self.underlying == "ended":
            return None
        for expires_at, stage in reversed(self._overrides):
            if at < expires_at:
                return stage
        return None

    def _turn(self, stage: str, at: int, policy_version: int, cause: Cause | Fact) -> None:
        if not isinstance(cause, Cause):
            cause = Cause("event", cause.event.TYPE, cause.id)
        if self.intervals:
            last = self.intervals[-1]
            self.intervals[-1] = Interval(
                last.from_at, at, last.stage, last.score, last.policy_version, last.cause
            )
        self.intervals.append(Interval(at, None, stage, self.score, policy_version, cause))
        self.stage = stage

    def next_breakpoint(self) -> tuple[int, Cause] | None:
        """The next instant at which something may change without a fact, and why."""
        at, name = self._soonest
        return None if at == NEVER else (at, self._cause(at, name))

    def _cause(self, at: int, name: str) -> Cause:
        """The cause of what happens at a breakpoint of that name."""
        if name == "policy":
            version = self._policies.in_force(at)
            return Cause("policy", f"version {version.version}", version.event_id)
        return Cause("breakpoint", name)

    def _look_ahead(self, judged: Evaluation) -> tuple[int, str]:
        """The next instant to look at again, and what is then; of equal ones the first named."""
        at, policy = judged.at, judged.policy
        is_client = self.underlying == "client"
        soonest, name = self._changes_at, "policy"
        if self.silence is not None:
            silent_at = self.silence.demote_at if is_client else self.silence.lapse_at
            if at < silent_at < soonest:
                soonest, name = silent_at, "demote_at" if is_client else "lapse_at"
        else:
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
        self._runs_out_at, place = self._next_to_run_out()
        if self._runs_out_at < soonest:
            soonest, name = self._runs_out_at, SIGNALS[place].name
        if self._unsettled and at + 1 < soonest:
            soonest, name = at + 1, "client"
        return soonest, name

    def _next_to_run_out(self) -> tuple[int, int]:
        """When a signal may read differently next, and its place; the first of several."""
        soonest, first = NEVER, 0
        for place, reading in self._readings.items():
            until_at = reading.until_at
            if until_at is not None and until_at <= soonest:
                first = place if until_at < soonest else min(place, first)
                soonest = until_at
        return soonest, first

    def readings_at(self, at: int) -> list[SignalRead]:
        """Every signal read afresh, from the last evaluation up to the next breakpoint."""
        if self.judged is None:
            return []
        judged = self._judged_at(at)
        readings: list[SignalRead] = []
        for place, blank in enumerate(blank_readings(judged.policy, judged.was_ever_client)):
            signal = self._signals.get(place)
            readings.append((signal, signal.read(judged) if signal else blank, judged))
        return readings

    def _judged_at(self, at: int) -> Evaluation:
        """How the instant is judged, which lies between the last evaluation and the next."""
        assert self.judged is not None
        if at <= self.judged.at:
            return self.judged
        is_client = self.underlying == "client"
        return Evaluation(at, self.judged.policy, is_client, self._was_ever_client)

    def exclusions(self) -> Iterator[SignalExclusion]:
        """The events absorbed that do not count, and why."""
        for signal in self._signals.values():
            yield from signal.exclusions()

    def run(self, facts: Sequence[Fact], until_at: int) -> int:
        """Take the facts and settle everything up to and including an instant."""
        absorbed = self.take(facts, until_at)
        self.settle(until_at)
        return absorbed

    def take(self, facts: Sequence[Fact], until_at: int) -> int:
        """Absorb the facts up to and including an instant, and evaluate all before the newest.

        The newest instant waits to be evaluated, so that more facts of it may still be absorbed.
        Returns how many of the facts, which must be in order, were absorbed.
        """
        absorbed = 0
        for fact in facts:
            at, waiting = fact.occurred_at, self._waiting
            if at > until_at:
                break
            if waiting is None or (at != waiting.occurred_at and not self._stands_until(at)):
                self.settle(at - 1)
            self.absorb(fact)
            self._waiting = fact
            absorbed += 1
        return absorbed

    def settle(self, until_at: int) -> None:
        """Evaluate what waits for it, and every breakpoint up to and including an instant."""
        waiting = self._waiting
        if waiting is not None:
            self._waiting = None
            self.evaluate(waiting.occurred_at, waiting)
        while self._soonest[0] <= until_at:
            at, name = self._soonest
            self.evaluate(at, self._cause(at, name))

    def _stands_until(self, at: int) -> bool:
        """Whether nothing need be judged before an instant, up to which no further fact occurs."""
        version = self._version
        if version is None or at > self._changes_at or self._overrides:
            return False
        if self._ended or self._begins_anew:
            return False
        if self._bounds is None:
            self._bounds = bounds_of(self._signals.values(), version.policy)
        ever = self._was_ever_client
        return stands_until(
            at, self.underlying, self.commerce, version.policy, self._bounds, was_ever_client=ever
        )

    def ahead(self) -> StageMachine:
        """A copy to be run into the future without facts; void once this one absorbs more."""
        machine = copy(self)
        machine.intervals = list(self.intervals)
        machine.silence_demoted_at = list(self.silence_demoted_at)
        machine._readings = dict(self._readings)
        machine._stale = set(self._stale)
        return machine
