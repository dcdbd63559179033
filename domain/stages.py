"""The stage machine: which stage a contact is in at each instant, and when that changes by itself.

It is evaluated once at each instant at which facts occur, after all of them, and at each
breakpoint, an instant at which something changes without a fact. Source: the domain document,
section 5.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, TypeVar

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
from domain.intervals import Cause, ClientSpell, Fall, Interval
from domain.overrides import NO_OVERRIDES
from domain.signal_board import NEVER, SignalBoard
from domain.signals import Evaluation, Signal
from domain.unchanged_bounds import Bounds, bounds_of, stands_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.commerce import Silence
    from domain.events import Event
    from domain.history import Fact
    from domain.policy import Policy
    from domain.signal_board import SignalRead
    from domain.timeline import PolicyTimeline, PolicyVersion


_RESTARTS = frozenset({PurchaseMade, SubscriptionStarted, EngagementOpened})
_GOES_ON = (SubscriptionRenewed, SubscriptionUpgraded)
_COURTS = (NeedDiscovered, ReferralReceived)
_TURNING = _RESTARTS | {*_GOES_ON, *_COURTS, RelationshipEnded, StageOverridden, TouchMade}
"""What may bear on the stage by itself, without any signal."""

_BOUGHT = frozenset(ABSORBED)
S = TypeVar("S", bound=Signal)


class StageMachine:
    """One contact's stage. Absorb facts in order, evaluate at instants that never go back."""

    def __init__(self, policies: PolicyTimeline, time_zone: str) -> None:
        self.commerce = Commerce(time_zone)
        self.intervals: list[Interval] = []
        self.client_spells: list[ClientSpell] = []
        self.stage = "contact"
        self.underlying = "contact"
        self.score = 0
        self.judged: Evaluation | None = None
        self.silence: Silence | None = None
        self.time_zone = time_zone
        self._policies = policies
        self._version: PolicyVersion | None = None
        self.board = SignalBoard()
        self._bounds: Bounds | None = None
        # The next instants: of another version of the policy, of anything.
        self._changes_at = -NEVER
        self._soonest = (NEVER, "")
        self._unsettled = False
        self._ceased_at: int | None = None
        self._ended = False
        self._begins_anew = False
        self._courted = False
        self._overrides = NO_OVERRIDES
        # The last fact absorbed, until its instant is evaluated.
        self._waiting: Fact | None = None

    def absorb(self, fact: Fact) -> None:
        """Take in a fact that occurs at the instant to be evaluated next."""
        event, event_class = fact.event, type(fact.event)
        if event_class in _BOUGHT:
            self.commerce.absorb(fact)
        if self.board.absorb(fact, self.commerce):
            self._bounds = None
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
            self._overrides = self._overrides.with_one(event, fact.occurred_at)
        elif isinstance(event, _COURTS):
            self._courted = True

    def evaluate(self, at: int, cause: Cause | Fact) -> None:
        """Judge the instant by the policy in force, and note a change of stage with its cause."""
        if at >= self._changes_at:
            self._judge_by_the_policy_at(at)
        assert self._version is not None
        policy = self._version.policy
        self.judged = judged = self._judge(at, policy)
        self.board.refresh(judged)
        self.score = max(0, self.board.points)
        self.silence = self.commerce.silence(at, policy.rhythm)
        self._move(self._rule(judged), judged)
        stage = self.overriding(at) or self.underlying
        if stage != self.stage or not self.intervals:
            self._turn(stage, at, self._version.version, cause)
        self._soonest = self._look_ahead(judged)

    def _judge(self, at: int, policy: Policy) -> Evaluation:
        """What is known of them at the instant, before its stage is.

        A contact who is ended and begins again at one instant is no client in that evaluation.
        """
        is_client = self.underlying == "client"
        if is_client and self._begins_anew and not self._ended:
            self._cease(at, None)
            is_client = False
            self.board.stage_stale()
        return Evaluation(at, policy, is_client, self._ceased_at)

    def _judge_by_the_policy_at(self, at: int) -> None:
        """Take the version in force, and read every signal again where it is another one."""
        version, changes_at = self._policies.in_force(at), self._policies.next_change(at)
        self._changes_at = NEVER if changes_at is None else changes_at
        if version is not self._version:
            self._version, self._bounds = version, None
            self.board.all_stale()

    def _rule(self, judged: Evaluation) -> str:
        """The stage underneath any override, by rules 1 and 3 to 7."""
        if self._ended:
            return "ended"
        if judged.is_client:
            is_client = self._stays(judged.policy, judged.at)
        else:
            is_client = self._is_promoted(judged.policy)
        return "client" if is_client else self.resting_stage(judged.at)

    def _stays(self, policy: Policy, at: int) -> bool:
        if self.board.worst_complaint() >= policy.signals.complaint.ending_severity:
            return False
        fell_silent = self.silence is not None and at >= self.silence.demote_at
        return (self.score >= policy.stage.stay_score and not fell_silent) or self.dwells(at)

    def _is_promoted(self, policy: Policy) -> bool:
        return (
            self.score >= policy.stage.promotion_score
            and self.board.is_anchored()
            and self.board.worst_complaint() < policy.signals.complaint.hold_severity
        )

    def resting_stage(self, at: int) -> str:
        """The stage of a contact who is neither client nor ended, by rules 5 to 7."""
        if self.commerce.has_bought:
            ever = self.was_ever_client
            if self.silence is None or at < self.silence.lapse_at(was_ever_client=ever):
                return "customer"
            return "lapsed_client" if ever else "lapsed_customer"
        return "prospect" if self._courted else "contact"

    @property
    def was_ever_client(self) -> bool:
        """Whether the stage underneath any override is or ever was that of a client."""
        return self.underlying == "client" or self._ceased_at is not None

    def dwells(self, at: int) -> bool:
        """Whether a client became one too lately to fall for anything but the worst complaint."""
        assert self._version is not None
        dwell_days = self._version.policy.stage.dwell_days
        if self.underlying != "client":
            return False
        return at < self.client_spells[-1].from_at + dwell_days * DAY

    def _move(self, underlying: str, judged: Evaluation) -> None:
        """Enter the stage, and read again what depends on whether they are a client.

        Those signals count from the next instant on: ``client`` in their rules means the stage at
        the instant evaluated before. Where that makes a difference, that instant is a breakpoint.
        """
        at, is_client = judged.at, underlying == "client"
        self.underlying = underlying
        self._begins_anew = self._unsettled = False
        if is_client == judged.is_client:
            return
        if is_client:
            self.client_spells.append(ClientSpell(at))
        else:
            self._cease(at, self._fall(at))
        judged = Evaluation(at, judged.policy, is_client, self._ceased_at)
        self.board.stage_stale()
        self._unsettled = self.board.refresh(judged)

    def _fall(self, at: int) -> Fall | None:
        """The fall of a client who ceases to be one at the instant, where silence is why."""
        silence = self.silence
        if silence is None or at < silence.demote_at or self.underlying == "ended":
            return None
        return Fall(at, silence.last_at, silence.rho_hours)

    def _cease(self, at: int, fall: Fall | None) -> None:
        self._ceased_at = at
        self.client_spells[-1] = ClientSpell(self.client_spells[-1].from_at, at, fall)

    def overriding(self, at: int) -> str | None:
        """The stage of the newest override in force, if any; an ending outranks them all."""
        return None if self.underlying == "ended" else self._overrides.in_force(at)

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
            silent_at = (
                self.silence.demote_at
                if is_client
                else self.silence.lapse_at(was_ever_client=self.was_ever_client)
            )
            if at < silent_at < soonest:
                soonest, name = silent_at, "demote_at" if is_client else "lapse_at"
        else:
            ends_at = self.commerce.ends_after(at, policy.rhythm)
            if ends_at is not None and ends_at < soonest:
                soonest, name = ends_at, "subscription_end"
        if is_client:
            dwells_until_at = self.client_spells[-1].from_at + policy.stage.dwell_days * DAY
            if at < dwells_until_at < soonest:
                soonest, name = dwells_until_at, "dwell"
        expires_at = self._overrides.next_expiry(at)
        if expires_at is not None and expires_at < soonest:
            soonest, name = expires_at, "override"
        running_out = self.board.next_to_run_out()
        if self.board.runs_out_at < soonest:
            soonest, name = self.board.runs_out_at, running_out
        if self._unsettled and at + 1 < soonest:
            soonest, name = at + 1, "client"
        return soonest, name

    def readings_at(self, at: int) -> list[SignalRead]:
        """Every signal read afresh, from the last evaluation up to the next breakpoint."""
        return [] if self.judged is None else self.board.read_all(self._judged_at(at))

    def signal_at(self, kind: type[S], at: int) -> tuple[S, Evaluation] | None:
        """The signal of that kind, and how the instant is judged; None if it absorbed nothing."""
        signal = self.board.signal(kind)
        return None if signal is None or self.judged is None else (signal, self._judged_at(at))

    def _judged_at(self, at: int) -> Evaluation:
        """How the instant is judged, which lies between the last evaluation and the next."""
        assert self.judged is not None
        if at <= self.judged.at:
            return self.judged
        return Evaluation(at, self.judged.policy, self.underlying == "client", self._ceased_at)

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
            self._bounds = bounds_of(self.board.signals(), version.policy)
        ever = self.was_ever_client
        return stands_until(
            at, self.underlying, self.commerce, version.policy, self._bounds, was_ever_client=ever
        )

    def ahead(self) -> StageMachine:
        """A copy to be run into the future without facts; void once this one absorbs more."""
        machine = copy(self)
        machine.intervals = list(self.intervals)
        machine.client_spells = list(self.client_spells)
        machine.board = self.board.ahead()
        return machine
