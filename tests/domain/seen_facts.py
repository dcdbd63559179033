"""The facts up to an instant, for the second reading of the rules in ``tests.domain.oracle``."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from statistics import median_high, median_low
from typing import TYPE_CHECKING, Any

from domain.instants import DAY, HOUR, day_of

if TYPE_CHECKING:
    from domain.history import Fact
    from domain.policy import Policy
    from domain.policy_kinds import CustomPoints


class Seen:
    """The facts up to an instant, asked plainly; what is asked without arguments is asked once."""

    def __init__(self, facts: list[Fact], at: int, policy: Policy, zone: str) -> None:
        self.facts = [fact for fact in facts if fact.occurred_at <= at]
        self.at, self.policy, self.zone = at, policy, zone

    @cached_property
    def by_type(self) -> dict[str, list[Fact]]:
        found: dict[str, list[Fact]] = {}
        for fact in self.facts:
            found.setdefault(fact.event.TYPE, []).append(fact)
        return found

    def of(self, *types: str) -> list[Fact]:
        if len(types) == 1:
            return self.by_type.get(types[0], [])
        return [fact for fact in self.facts if fact.event.TYPE in types]

    def recent(self, days: int, *types: str) -> list[Fact]:
        return [fact for fact in self.of(*types) if self.at < fact.occurred_at + days * DAY]

    @cached_property
    def unreversed(self) -> list[Fact]:
        kept = []
        for fact in self.of("purchase-made"):
            event: Any = fact.event
            reversals = [
                r.event.amount_minor  # type: ignore[attr-defined]  # only reversals are asked for
                for r in self.of("purchase-reversed")
                if (r.scope, r.event.purchase_id) == (fact.scope, event.purchase_id)  # type: ignore[attr-defined]  # as above
            ]
            if not reversals or sum(reversals) < event.amount_minor:
                kept.append(fact)
        return kept

    def days(self, window: int | None = None, upto: int | None = None) -> set[int]:
        return {
            day_of(fact.occurred_at, self.zone)
            for fact in self.unreversed
            if window is None or self.at < fact.occurred_at + window * DAY
            if upto is None or fact.occurred_at <= upto
        }

    def regular_days(self, client: bool, ceased: int | None) -> set[int]:
        """The days that regularity counts."""
        if client:
            return self.days()
        days = self.days(self.policy.signals.regularity.window_days)
        return {day for day in days if ceased is None or day > day_of(ceased, self.zone)}

    def rho(self, upto: int | None = None) -> int:
        days = sorted(self.days(upto=upto))
        gaps = [later - earlier for earlier, later in pairwise(days)]
        median2 = median_low(gaps) + median_high(gaps) if gaps else 0
        expected = self.policy.rhythm.expected_gap_days
        return (12 * len(gaps) * median2 + 48 * expected) // (len(gaps) + 2) * HOUR

    @cached_property
    def subscriptions(self) -> list[dict[str, Any]]:
        found: dict[tuple[int, str], dict[str, Any]] = {}
        for fact in self.facts:
            event: Any = fact.event
            key = (fact.scope, getattr(event, "subscription_id", ""))
            known = found.get(key)
            if event.TYPE == "subscription-started" and known is None:
                found[key] = {"term": event.term_days, "from": fact.occurred_at, "good": False}
                found[key]["cancelled"] = None
            elif known is not None and known["cancelled"] is None:
                if event.TYPE == "subscription-renewed":
                    known["from"] = fact.occurred_at
                    known["good"] = event.automatic or not event.reminded
                elif event.TYPE == "subscription-cancelled":
                    known["cancelled"] = fact.occurred_at
        for known in found.values():
            grace = self.policy.rhythm.subscription_grace_days
            ends = known["from"] + (known["term"] + grace) * DAY
            known["ends"] = ends if known["cancelled"] is None else min(ends, known["cancelled"])
            known["runs"] = self.at < known["ends"]
        return list(found.values())

    @cached_property
    def engagements(self) -> list[dict[str, Any]]:
        found: dict[tuple[int, str], dict[str, Any]] = {}
        for fact in self.facts:
            event: Any = fact.event
            key = (fact.scope, getattr(event, "engagement_id", ""))
            if event.TYPE == "engagement-opened":
                found.setdefault(key, {"capacity": event.capacity, "closed": None})
            elif event.TYPE == "engagement-closed" and key in found:
                found[key]["closed"] = found[key]["closed"] or fact.occurred_at
        return list(found.values())

    @cached_property
    def ends(self) -> list[int] | None:
        """The ends of what ran; None while anything runs."""
        if any(s["runs"] for s in self.subscriptions):
            return None
        if any(e["closed"] is None for e in self.engagements):
            return None
        return [s["ends"] for s in self.subscriptions] + [e["closed"] for e in self.engagements]

    @cached_property
    def is_ended(self) -> bool:
        ended, running = False, set()
        for fact in self.facts:
            event: Any = fact.event
            key = (fact.scope, getattr(event, "subscription_id", ""))
            if event.TYPE == "relationship-ended":
                ended = True
            elif event.TYPE in ("purchase-made", "engagement-opened", "subscription-started"):
                ended = False
            elif event.TYPE in ("subscription-renewed", "subscription-upgraded"):
                ended = ended and key not in running
            if event.TYPE == "subscription-started":
                running.add(key)
            elif event.TYPE == "subscription-cancelled":
                running.discard(key)
        return ended

    @cached_property
    def silence(self) -> dict[str, int] | None:
        """What silence means when; None where there is none."""
        ends, bought = self.ends, [fact.occurred_at for fact in self.unreversed]
        if ends is None or not bought + ends:
            return None
        wait, gap = self.policy.rhythm.demote_after_days, self.policy.rhythm.expected_gap_days
        due = max([at + self.rho(at) for at in bought] + [end + gap * DAY for end in ends])
        demote = due + wait * DAY
        return {
            "regular": min(max(bought + ends) + 2 * self.rho(), demote),
            "quiet": due + min(self.rho(), 12 * wait * HOUR),
            "demote": demote,
            "lapse client": due + 2 * wait * DAY,
        }

    @cached_property
    def overdue(self) -> list[int]:
        open_: dict[tuple[int, str], list[Any]] = {}
        for fact in self.facts:
            event: Any = fact.event
            key = (fact.scope, getattr(event, "complaint_id", ""))
            if event.TYPE == "complaint-raised":
                open_.setdefault(key, [event.severity, fact.occurred_at, False])
            elif event.TYPE == "complaint-resolved" and key in open_:
                open_[key][2] = True
            elif event.TYPE == "complaint-reopened" and key in open_ and open_[key][2]:
                open_[key][1:] = [fact.occurred_at, False]
        sla = self.policy.signals.complaint.sla_days * DAY
        return [s for s, since, done in open_.values() if not done and self.at >= since + sla]

    def broken(self) -> bool:
        made, found = set(), False
        for fact in self.facts:
            event: Any = fact.event
            if event.TYPE == "promise-made":
                made.add((fact.scope, event.promise_id))
            elif event.TYPE == "promise-broken" and (fact.scope, event.promise_id) in made:
                window = self.policy.signals.promise.window_days * DAY
                found |= self.at < fact.occurred_at + window
        return found

    def wallet(self) -> int | None:
        best: dict[str, tuple[int, int]] = {}
        for fact in self.recent(self.policy.signals.wallet.window_days, "wallet-rank-reported"):
            rank: Any = fact.event
            share = (rank.brands + 1 - rank.rank) * 200 // ((rank.brands + 1) * rank.brands)
            best[rank.category] = (0, share)
        for fact in self.recent(self.policy.signals.wallet.window_days, "wallet-share-reported"):
            report: Any = fact.event
            best[report.category] = (1, report.share_percent)
        return max((share for _, share in best.values()), default=None)

    def referral(self) -> int:
        rule, points = self.policy.signals.referral, 0
        for fact in self.recent(rule.window_days, "referral-made"):
            made: Any = fact.event
            if made.direction != "inbound":
                continue
            same: list[Any] = [
                f.event
                for f in self.of("referral-level-raised", "referral-closed")
                if (f.scope, f.event.referral_id) == (fact.scope, made.referral_id)  # type: ignore[attr-defined]  # both have one
            ]
            level = max([made.level] + [e.level for e in same if hasattr(e, "level")])
            after: list[Any] = self.facts[self.facts.index(fact) :]
            closings = [
                later.event.outcome
                for later in after
                if later.event.TYPE == "referral-closed" and later.scope == fact.scope
                if later.event.referral_id == made.referral_id
            ]
            if level >= rule.strong_level or closings[:1] == ["won"]:
                points = max(points, rule.strong_points)
            elif level >= rule.weak_level:
                points = max(points, rule.weak_points)
        return points

    def noted(self, kind: str, worth: CustomPoints) -> bool:
        noted: list[Any] = self.recent(worth.window_days, "custom-recorded")
        return any(fact.event.kind == kind for fact in noted)

    def initiative(self) -> bool:
        started: set[tuple[int, str]] = set()
        found = False
        for fact in self.facts:
            event: Any = fact.event
            own = False
            if event.TYPE == "subscription-started":
                started.add((fact.scope, event.subscription_id))
            elif event.TYPE == "subscription-upgraded":
                own = (fact.scope, event.subscription_id) in started
                own = own and event.initiated_by == "contact"
            elif event.TYPE == "detail-updated":
                own = event.initiated_by == "contact"
            window = self.policy.signals.self_directed.window_days * DAY
            found |= own and self.at < fact.occurred_at + window
        return found
