"""What shows that a contact is with us: wallet, referrals, advice, initiative, guests, warmth.

Source: the domain document, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from domain.events.care import DetailUpdated, RecognitionGiven, TestimonialGiven, TouchMade
from domain.events.commerce import (
    SubscriptionStarted,
    SubscriptionUpgraded,
    VisitMade,
    WalletRankReported,
    WalletShareReported,
)
from domain.events.contacts import PreferenceLearned
from domain.events.governance import CustomRecorded
from domain.events.service import AdviceAccepted, AdviceDeclined
from domain.instants import DAY
from domain.signals.base import (
    OPENING_NOT_BEFORE,
    Change,
    Evaluation,
    Reading,
    Recent,
    Signal,
    earliest,
    first_to_leave,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from domain.events import Event
    from domain.history import Fact
    from domain.policy import Policy
    from domain.signals.base import SignalExclusion


def allocated_percent(rank: int, brands: int) -> int:
    """The share of wallet that a rank among a number of brands stands for.

    Source: the wallet allocation rule, domain document, section 4.

    >>> allocated_percent(1, 2)
    66
    """
    return (brands + 1 - rank) * 200 // ((brands + 1) * brands)


class WalletSignal(Signal):
    """Enough of what they spend on something goes to us."""

    name = "wallet"
    reads = (WalletShareReported, WalletRankReported)

    def __init__(self) -> None:
        self._shares: dict[str, tuple[int, int, UUID]] = {}
        self._ranks: dict[str, tuple[int, int, UUID]] = {}

    def absorb(self, fact: Fact) -> None:
        event = fact.event
        if isinstance(event, WalletShareReported):
            self._shares[event.category] = (event.share_percent, fact.occurred_at, fact.id)
        elif isinstance(event, WalletRankReported):
            percent = allocated_percent(event.rank, event.brands)
            self._ranks[event.category] = (percent, fact.occurred_at, fact.id)

    def read(self, judged: Evaluation) -> Reading:
        rule = judged.policy.signals.wallet
        if rule.share_percent is None:
            return Reading(False, 0, None, {}, {})
        reports = self._newest(judged)
        best = max((percent for percent, _, _ in reports), default=None)
        until_at = min((at + rule.window_days * DAY for _, at, _ in reports), default=None)
        on = best is not None and best >= rule.share_percent
        value = {"share_percent": best}
        threshold = {"share_percent": rule.share_percent}
        return Reading(on, rule.points if on else 0, until_at, value, threshold)

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        reports = self._newest(judged)
        best = max((percent for percent, _, _ in reports), default=None)
        return [event_id for percent, _, event_id in reports if percent == best]

    def moves_at(self, judged: Evaluation) -> int | None:
        window = judged.policy.signals.wallet.window_days * DAY
        return earliest(*[at + window for _, at, _ in self._newest(judged)])

    def worth(self, policy: Policy) -> int:
        rule = policy.signals.wallet
        return 0 if rule.share_percent is None else rule.points

    def _newest(self, judged: Evaluation) -> list[tuple[int, int, UUID]]:
        """Of each category the newest share in the window, else the newest rank in it."""
        since = judged.at - judged.policy.signals.wallet.window_days * DAY
        newest = []
        for category in self._shares.keys() | self._ranks.keys():
            for reports in (self._shares, self._ranks):
                report = reports.get(category)
                if report is not None and report[1] > since:
                    newest.append(report)
                    break
        return sorted(newest, key=lambda report: report[1:])


class AdviceSignal(Signal):
    """They take our advice, at least as often as not."""

    name = "advice"
    reads = (AdviceAccepted, AdviceDeclined)

    def __init__(self) -> None:
        self._accepted = Recent()
        self._declined = Recent()

    def absorb(self, fact: Fact) -> None:
        accepted = isinstance(fact.event, AdviceAccepted)
        (self._accepted if accepted else self._declined).add(fact)

    def read(self, judged: Evaluation) -> Reading:
        rule = judged.policy.signals.advice
        accepted = self._accepted.count(judged.at, rule.window_days)
        declined = self._declined.count(judged.at, rule.window_days)
        on = accepted >= max(declined, 1)
        # Time alone takes the oldest away: accepted ones can turn it off, declined ones on.
        leaving = self._accepted if on else self._declined
        until_at = leaving.leaves_at(judged.at, rule.window_days, nth=0) if accepted else None
        value = {"accepted": accepted, "declined": declined}
        threshold = {"accepted": max(declined, 1), "window_days": rule.window_days}
        return Reading(on, rule.points if on else 0, until_at, value, threshold)

    def moves_at(self, judged: Evaluation) -> int | None:
        window_days = judged.policy.signals.advice.window_days
        return first_to_leave(judged.at, window_days, self._accepted, self._declined)

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        window_days = judged.policy.signals.advice.window_days
        yield from self._accepted.ids(judged.at, window_days)
        yield from self._declined.ids(judged.at, window_days)


class _OnceRecently(Signal):
    """On while at least one event lies in the window."""

    def __init__(self) -> None:
        self._recent = Recent()

    def read(self, judged: Evaluation) -> Reading:
        rule = getattr(judged.policy.signals, self.name)
        count = self._recent.count(judged.at, rule.window_days)
        on = self._holds(count)
        until_at = self._recent.leaves_at(judged.at, rule.window_days)
        threshold = {"count": 1, "window_days": rule.window_days}
        points = rule.points if on else 0
        return Reading(on, points, until_at if on else None, self._value(count), threshold)

    def moves_at(self, judged: Evaluation) -> int | None:
        rule = getattr(judged.policy.signals, self.name)
        return first_to_leave(judged.at, rule.window_days, self._recent)

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        rule = getattr(judged.policy.signals, self.name)
        return self._recent.ids(judged.at, rule.window_days)

    def _holds(self, count: int) -> bool:
        return count > 0

    def _value(self, count: int) -> dict[str, object]:
        return {"count": count}


class SelfDirectedSignal(_OnceRecently):
    """They upgrade, or tell us what changed, of their own accord."""

    name = "self_directed"
    reads = (SubscriptionStarted, SubscriptionUpgraded, DetailUpdated)

    def __init__(self) -> None:
        super().__init__()
        self._started: set[tuple[int, str]] = set()
        self._excluded_ids: list[UUID] = []

    def exclusions(self) -> Iterable[SignalExclusion]:
        return [(one, OPENING_NOT_BEFORE) for one in self._excluded_ids]

    def absorb(self, fact: Fact) -> None:
        event = fact.event
        if isinstance(event, SubscriptionStarted):
            self._started.add((fact.scope, event.subscription_id))
        elif isinstance(event, SubscriptionUpgraded):
            if (fact.scope, event.subscription_id) not in self._started:
                self._excluded_ids.append(fact.id)
            elif event.initiated_by == "contact":
                self._recent.add(fact)
        elif isinstance(event, DetailUpdated) and event.initiated_by == "contact":
            self._recent.add(fact)


class KnownSignal(_OnceRecently):
    """We know what they like, and have lately shown it."""

    name = "known"
    reads = (PreferenceLearned, RecognitionGiven)

    def __init__(self) -> None:
        super().__init__()
        self._preferences: list[UUID] = []

    def absorb(self, fact: Fact) -> None:
        if isinstance(fact.event, PreferenceLearned):
            self._preferences.append(fact.id)
        else:
            self._recent.add(fact)

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        yield from self._preferences
        yield from super().evidence(judged)

    def _holds(self, count: int) -> bool:
        return count > 0 and bool(self._preferences)

    def _value(self, count: int) -> dict[str, object]:
        return {"preferences": len(self._preferences), "recognitions": count}


class TestimonialSignal(_OnceRecently):
    """They spoke well of us."""

    __test__: ClassVar = False  # a domain word, not a test class

    name = "testimonial"
    reads = (TestimonialGiven,)

    def absorb(self, fact: Fact) -> None:
        self._recent.add(fact)


class GuestsSignal(Signal):
    """They bring others along."""

    name = "guests"
    reads = (VisitMade,)

    def __init__(self) -> None:
        self._visits = Recent()

    def absorb(self, fact: Fact) -> None:
        if isinstance(fact.event, VisitMade) and fact.event.guests > 0:
            self._visits.add(fact)

    def read(self, judged: Evaluation) -> Reading:
        rule = judged.policy.signals.guests
        count = self._visits.count(judged.at, rule.window_days)
        on = count >= rule.visits
        until_at = self._visits.leaves_at(judged.at, rule.window_days, rule.visits) if on else None
        threshold = {"visits": rule.visits, "window_days": rule.window_days}
        return Reading(on, rule.points if on else 0, until_at, {"visits": count}, threshold)

    def moves_at(self, judged: Evaluation) -> int | None:
        return first_to_leave(judged.at, judged.policy.signals.guests.window_days, self._visits)

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        return self._visits.ids(judged.at, judged.policy.signals.guests.window_days)


class TwoWaySignal(Signal):
    """They contact us too, not only we them."""

    name = "two_way"
    reads = (TouchMade,)

    def __init__(self) -> None:
        self._inbound = Recent()
        self._outbound = Recent()

    def absorb(self, fact: Fact) -> None:
        event = fact.event
        inbound = isinstance(event, TouchMade) and event.direction == "inbound"
        (self._inbound if inbound else self._outbound).add(fact)

    def read(self, judged: Evaluation) -> Reading:
        rule = judged.policy.signals.two_way
        inbound = self._inbound.count(judged.at, rule.window_days)
        touches = inbound + self._outbound.count(judged.at, rule.window_days)
        on = inbound >= rule.inbound and inbound * 100 >= touches * rule.inbound_percent
        # Time alone takes the oldest away: inbound ones can turn it off, outbound ones on.
        leaving = self._inbound if on else self._outbound
        until_at = leaving.leaves_at(judged.at, rule.window_days, nth=0) if inbound else None
        value = {"inbound": inbound, "touches": touches}
        threshold = {"inbound": rule.inbound, "inbound_percent": rule.inbound_percent}
        return Reading(on, rule.points if on else 0, until_at, value, threshold)

    def moves_at(self, judged: Evaluation) -> int | None:
        window_days = judged.policy.signals.two_way.window_days
        return first_to_leave(judged.at, window_days, self._inbound, self._outbound)

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        window_days = judged.policy.signals.two_way.window_days
        yield from self._inbound.ids(judged.at, window_days)
        yield from self._outbound.ids(judged.at, window_days)


class CustomSignal(Signal):
    """What a trade records and its policy gives points for, each kind once while in its window."""

    name = "custom"
    takes_points = True
    reads: ClassVar[tuple[type[Event], ...]] = (CustomRecorded,)

    def __init__(self) -> None:
        self._recent: dict[str, Recent] = {}

    def absorb(self, fact: Fact) -> None:
        if isinstance(fact.event, CustomRecorded):
            self._recent.setdefault(fact.event.kind, Recent()).add(fact)

    def read(self, judged: Evaluation) -> Reading:
        points, until_at = 0, None
        value: dict[str, object] = {}
        for kind, recent in self._recent_of_policy(judged):
            worth = judged.policy.signals.custom[kind]
            count = recent.count(judged.at, worth.window_days)
            value[kind] = count
            if count:
                points += worth.points
                until_at = earliest(until_at, recent.leaves_at(judged.at, worth.window_days))
        return Reading(any(value.values()), points, until_at, value, {})

    def moves_at(self, judged: Evaluation) -> int | None:
        worths = judged.policy.signals.custom
        leaving = [
            recent.leaves_at(judged.at, worths[kind].window_days, nth=0)
            for kind, recent in self._recent_of_policy(judged)
        ]
        return earliest(*leaving)

    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        for kind, recent in self._recent_of_policy(judged):
            yield from recent.ids(judged.at, judged.policy.signals.custom[kind].window_days)

    def changes(self, reading: Reading, judged: Evaluation) -> Iterator[Change]:
        for kind, worth in judged.policy.signals.custom.items():
            if reading.value.get(kind):
                yield Change(f"custom_lost:{kind}", -worth.points)
            elif worth.points:
                yield Change(f"custom:{kind}", worth.points)

    def most_points(self, policy: Policy) -> int:
        return sum(max(0, worth.points) for worth in policy.signals.custom.values())

    def _recent_of_policy(self, judged: Evaluation) -> Iterator[tuple[str, Recent]]:
        for kind in judged.policy.signals.custom:
            if kind in self._recent:
                yield kind, self._recent[kind]
