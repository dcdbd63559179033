"""The referral signal: they send us people, and go far in doing so.

Source: the domain document, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from domain.events.referrals import ReferralClosed, ReferralLevelRaised, ReferralMade
from domain.instants import DAY
from domain.signals.base import OPENING_NOT_BEFORE, Change, Judged, Reading, Signal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from domain.history import Fact
    from domain.policy import Policy
    from domain.signals.base import Ignored

    Key = tuple[int, str]


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
        self._levels: dict[Key, int] = {}
        self._outcomes: dict[Key, str] = {}
        self._made: set[Key] = set()
        self._ignored: list[UUID] = []

    def ignored(self) -> Iterable[Ignored]:
        return [(one, OPENING_NOT_BEFORE) for one in self._ignored]

    def absorb(self, fact: Fact) -> None:
        event = fact.event
        if isinstance(event, ReferralMade):
            key = (fact.scope, event.referral_id)
            self._made.add(key)
            if event.direction == "inbound":
                self._inbound.setdefault(key, _Inbound(fact.id, fact.occurred_at))
            self._levels[key] = max(event.level, self._levels.get(key, 0))
        elif isinstance(event, ReferralLevelRaised):
            key = (fact.scope, event.referral_id)
            self._levels[key] = max(event.level, self._levels.get(key, 0))
        elif isinstance(event, ReferralClosed):
            key = (fact.scope, event.referral_id)
            if key in self._made:
                self._outcomes.setdefault(key, event.outcome)
            else:
                self._ignored.append(fact.id)

    def read(self, judged: Judged) -> Reading:
        rule = judged.policy.signals.referral
        strong, weak, until_at = 0, 0, None
        for key, referral in self._in_window(judged):
            if self._is_strong(key, judged.policy):
                strong += 1
            elif self._levels[key] >= rule.weak_level:
                weak += 1
            leaves_at = referral.made_at + rule.window_days * DAY
            until_at = leaves_at if until_at is None else min(until_at, leaves_at)
        points = rule.strong_points if strong else rule.weak_points if weak else 0
        value = {"strong": strong, "weak": weak}
        threshold = {"strong_level": rule.strong_level, "window_days": rule.window_days}
        return Reading(bool(strong or weak), points, until_at, value, threshold)

    def evidence(self, judged: Judged) -> Iterable[UUID]:
        for key, referral in self._in_window(judged):
            rule = judged.policy.signals.referral
            if self._is_strong(key, judged.policy) or self._levels[key] >= rule.weak_level:
                yield referral.made_id

    def changes(self, reading: Reading, judged: Judged) -> Iterator[Change]:
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

    def _in_window(self, judged: Judged) -> Iterator[tuple[Key, _Inbound]]:
        since = judged.at - judged.policy.signals.referral.window_days * DAY
        recent = takewhile(lambda one: one[1].made_at > since, reversed(self._inbound.items()))
        yield from reversed(list(recent))
