"""The referral signal: they send us people, and go far in doing so.

Source: the domain document, section 4.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from domain.events.referrals import ReferralClosed, ReferralLevelRaised, ReferralMade
from domain.instants import DAY
from domain.signals.base import OPENING_NOT_BEFORE, Change, Evaluation, Reading, Signal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from domain.history import Fact
    from domain.policy import Policy
    from domain.signals.base import SignalExclusion

    Key = tuple[int, str]

_WON = 2**31
"""Higher than every level: a referral that was won is strong whatever its level."""


@dataclass(frozen=True, slots=True)
class _Inbound:
    made_id: UUID
    made_at: int


class ReferralSignal(Signal):
    """An inbound referral in the window: strong if won or of a high level, else weak."""

    name = "referral"
    reads = (ReferralMade, ReferralLevelRaised, ReferralClosed)

    def __init__(self) -> None:
        self._inbound: dict[Key, _Inbound] = {}
        self._made_at: list[int] = []
        # The same instants, apart by the level that each has now, so that they can be counted.
        self._made_at_by_level: dict[int, list[int]] = {}
        self._levels: dict[Key, int] = {}
        self._outcomes: dict[Key, str] = {}
        self._made: set[Key] = set()
        self._excluded_ids: list[UUID] = []

    def exclusions(self) -> Iterable[SignalExclusion]:
        return [(one, OPENING_NOT_BEFORE) for one in self._excluded_ids]

    def absorb(self, fact: Fact) -> None:
        event = fact.event
        if isinstance(event, ReferralMade):
            key = (fact.scope, event.referral_id)
            self._made.add(key)
            before = self._height(key)
            if event.direction == "inbound" and key not in self._inbound:
                self._inbound[key] = _Inbound(fact.id, fact.occurred_at)
                self._made_at.append(fact.occurred_at)
            self._levels[key] = max(event.level, self._levels.get(key, 0))
        elif isinstance(event, ReferralLevelRaised):
            key = (fact.scope, event.referral_id)
            before = self._height(key)
            self._levels[key] = max(event.level, self._levels.get(key, 0))
        elif isinstance(event, ReferralClosed):
            key = (fact.scope, event.referral_id)
            before = self._height(key)
            if key in self._made:
                self._outcomes.setdefault(key, event.outcome)
            else:
                self._excluded_ids.append(fact.id)
        else:
            return
        self._move(key, before)

    def _height(self, key: Key) -> int | None:
        """The level of an inbound referral, or the height of one that was won; None of no other."""
        if key not in self._inbound:
            return None
        return _WON if self._outcomes.get(key) == "won" else self._levels[key]

    def _move(self, key: Key, before: int | None) -> None:
        """Count a referral at the height that it has now, and no more at the one before."""
        now = self._height(key)
        if now == before:
            return
        made_at = self._inbound[key].made_at
        if before is not None:
            instants = self._made_at_by_level[before]
            instants.pop(bisect_left(instants, made_at))
        assert now is not None, "an inbound referral stays one"
        insort(self._made_at_by_level.setdefault(now, []), made_at)

    def read(self, judged: Evaluation) -> Reading:
        rule = judged.policy.signals.referral
        since = judged.at - rule.window_days * DAY
        strong, weak, until_at = 0, 0, None
        for level, instants in self._made_at_by_level.items():
            count = len(instants) - bisect_right(instants, since)
            if level >= rule.strong_level:
                strong += count
            elif level >= rule.weak_level:
                weak += count
        oldest = bisect_right(self._made_at, since)
        if oldest < len(self._made_at):
            until_at = self._made_at[oldest] + rule.window_days * DAY
        points = rule.strong_points if strong else rule.weak_points if weak else 0
        value = {"strong": strong, "weak": weak}
        threshold = {"strong_level": rule.strong_level, "window_days": rule.window_days}
        return Reading(bool(strong or weak), points, until_at, value, threshold)

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        for key, referral in self._in_window(judged):
            rule = judged.policy.signals.referral
            if self._is_strong(key, judged.policy) or self._levels[key] >= rule.weak_level:
                yield referral.made_id

    def changes(self, reading: Reading, judged: Evaluation) -> Iterator[Change]:
        rule = judged.policy.signals.referral
        if reading.on:
            yield Change("referral_lost", -reading.points)
        elif rule.weak_points:
            yield Change("referral_weak", rule.weak_points)
        if not reading.value["strong"] and rule.strong_points:
            yield Change("referral_strong", rule.strong_points - reading.points)

    def most_points(self, policy: Policy) -> int:
        rule = policy.signals.referral
        return max(rule.strong_points, rule.weak_points)

    def _is_strong(self, key: Key, policy: Policy) -> bool:
        level = policy.signals.referral.strong_level
        return self._outcomes.get(key) == "won" or self._levels[key] >= level

    def _in_window(self, judged: Evaluation) -> Iterator[tuple[Key, _Inbound]]:
        since = judged.at - judged.policy.signals.referral.window_days * DAY
        recent = takewhile(lambda one: one[1].made_at > since, reversed(self._inbound.items()))
        yield from reversed(list(recent))
