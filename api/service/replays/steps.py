"""One contact's past, event by event: what came, what each signal became, what the stage did.

It is the fold itself, stopped after every instant that it evaluates; there is no second rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from domain.events.governance import EventCorrected, EventRetracted
from domain.events.referrals import ReferralReceived
from domain.intervals import Cause
from domain.relationship import fold
from domain.signals import SIGNALS
from domain.stages import StageMachine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from domain.evidence import Exclusion
    from domain.history import Fact, History
    from domain.recorded import RecordedEvent
    from domain.signals import Reading
    from projections.folding import Moment


@dataclass(frozen=True)
class Came:
    """An event at its place in the effective history, or at the place it would have if it counted.

    ``corrected_by`` is the correction by which it stands there as it does.
    """

    recorded: RecordedEvent
    occurred_at: int
    fact: Fact | None
    exclusion: Exclusion | None
    corrected_by: UUID | None


@dataclass(frozen=True)
class Became:
    """A signal that reads otherwise than before; ``before`` is None where it was not read yet."""

    name: str
    before: Reading | None
    after: Reading


@dataclass(frozen=True)
class Step:
    """One instant: the events of it, none at a breakpoint, and what they did.

    ``cause`` is None where nothing of it counts, so that nothing was evaluated. ``stage_before`` is
    None before the first stage. ``underlying`` is the stage by the rules, under any override.
    """

    at: int
    came: tuple[Came, ...]
    cause: Cause | None
    signals: tuple[Became, ...]
    score_before: int
    score: int
    stage_before: str | None
    stage: str | None
    underlying_before: str | None
    underlying: str
    policy_version: int | None

    @property
    def changed(self) -> bool:
        """Whether a signal, the score, the stage or that under it is another than before."""
        return bool(
            self.signals
            or self.score != self.score_before
            or self.stage != self.stage_before
            or self.underlying != self.underlying_before
        )


def steps(group: Sequence[RecordedEvent], history: History, moment: Moment) -> Iterator[Step]:
    """Every instant up to the moment's at which an event stands or something changes by itself.

    ``group`` are all events known of the contact, ``history`` what follows from them.
    """
    walker = _Walker(history, moment)
    standing = sorted(_came(group, history, moment), key=_place)
    for at, came in groupby(standing, key=attrgetter("occurred_at")):
        yield from walker.breakpoints_before(at)
        yield walker.events(at, tuple(came))
    yield from walker.breakpoints_before(moment.at + 1)


class _Walker:
    """The fold of one contact, taken an instant at a time."""

    def __init__(self, history: History, moment: Moment) -> None:
        time_zone = history.time_zone or moment.time_zone or "UTC"
        self._policies = moment.policies
        self._machine = StageMachine(moment.policies, time_zone)
        self._readings: dict[str, Reading] = {}

    def breakpoints_before(self, before_at: int) -> Iterator[Step]:
        """The breakpoints before an instant at which anything changes."""
        while (soonest := self._machine.next_breakpoint()) is not None and soonest[0] < before_at:
            step = self._run((), *soonest)
            if step.changed:
                yield step

    def events(self, at: int, came: tuple[Came, ...]) -> Step:
        """An instant at which events stand, whether or not any of them counts."""
        facts = [one.fact for one in came if one.fact is not None]
        if not facts:
            return self._step(at, came, None)
        cause = Cause("event", facts[-1].event.TYPE, facts[-1].id)
        return self._run(facts, at, cause, came)

    def _run(
        self, facts: Sequence[Fact], at: int, cause: Cause, came: tuple[Came, ...] = ()
    ) -> Step:
        machine = self._machine
        before = (machine.stage, machine.underlying) if machine.intervals else (None, None)
        score = machine.score
        machine.run(facts, at)
        return self._step(at, came, cause, score, before)

    def _step(
        self,
        at: int,
        came: tuple[Came, ...],
        cause: Cause | None,
        score_before: int | None = None,
        before: tuple[str | None, str | None] = (None, None),
    ) -> Step:
        machine = self._machine
        stage = machine.stage if machine.intervals else None
        stage_before, underlying_before = before if cause else (stage, machine.underlying)
        return Step(
            at=at,
            came=came,
            cause=cause,
            signals=self._changed_signals(at) if cause else (),
            score_before=machine.score if score_before is None else score_before,
            score=machine.score,
            stage_before=stage_before,
            stage=stage,
            underlying_before=underlying_before,
            underlying=machine.underlying,
            policy_version=self._policies.in_force(at).version if cause else None,
        )

    def _changed_signals(self, at: int) -> tuple[Became, ...]:
        """The signals that read otherwise than at the step before; at first those that are on."""
        found = []
        for kind, (_, reading, _) in zip(SIGNALS, self._machine.readings_at(at), strict=False):
            before = self._readings.get(kind.name)
            self._readings[kind.name] = reading
            same = not reading.on if before is None else _shows(before) == _shows(reading)
            if not same:
                found.append(Became(kind.name, before, reading))
        return tuple(found)


def _shows(reading: Reading) -> tuple[object, ...]:
    return reading.on, reading.points, reading.value


def _place(came: Came) -> tuple[int, int]:
    return came.occurred_at, came.recorded.position


def _came(group: Sequence[RecordedEvent], history: History, moment: Moment) -> Iterator[Came]:
    """The events that stand up to the moment, with what became of each."""
    facts = {fact.id: fact for fact in history.facts}
    folded = fold(history, moment.policies, moment.time_zone, moment.at)
    excluded = {one.event_id: one for one in folded.exclusions()}
    retracted = {one.event.target for one in group if isinstance(one.event, EventRetracted)}
    corrections = {
        one.event.target: one.id
        for one in sorted(group, key=attrgetter("position"))
        if isinstance(one.event, EventCorrected) and one.id not in retracted
    }
    for recorded in group:
        fact, exclusion = facts.get(recorded.id), excluded.get(recorded.id)
        if fact is None and exclusion is None:
            continue
        shares = isinstance(recorded.event, ReferralReceived) and recorded.causation_id
        corrected_by = corrections.get(shares or recorded.id) if fact else None
        occurred_at = fact.occurred_at if fact else recorded.occurred_at
        if occurred_at <= moment.at:
            yield Came(recorded, occurred_at, fact, exclusion, corrected_by)
