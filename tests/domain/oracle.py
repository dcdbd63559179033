"""A second, slow reading of the domain document's sections 3 to 5, to hold the fold against.

Everything is worked out afresh from the facts up to an instant, with no state but the stage before.
It shares the history, the day arithmetic and the policy with the product, and none of its rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappop, heappush
from itertools import pairwise
from statistics import median_high, median_low
from typing import TYPE_CHECKING, Any

from domain.instants import DAY, HOUR, day_of

if TYPE_CHECKING:
    from domain.history import Fact
    from domain.policy import Policy
    from domain.policy_kinds import CustomPoints
    from domain.timeline import PolicyTimeline


@dataclass
class Before:
    """What an evaluation hands on to the next one."""

    stage: str = "contact"
    client_since: int = 0
    ceased: int | None = None
    judged_client: bool = False
    """Whether they were a client, for the signals of the last evaluation."""

    @property
    def ever_client(self) -> bool:
        return self.stage == "client" or self.ceased is not None


@dataclass
class Answer:
    """The stages with their beginnings, the score at every instant looked at, the last one's too.

    And each time as a client until it ended, and when silence ended it: after which last commerce,
    in which rhythm.
    """

    intervals: list[tuple[int, str]] = field(default_factory=list)
    score: int = 0
    scores: list[tuple[int, int]] = field(default_factory=list)
    falls: list[tuple[int, int, int]] = field(default_factory=list)
    client_times: list[tuple[int, int | None]] = field(default_factory=list)
    before: Before = field(default_factory=Before)


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


def score_of(seen: Seen, client: bool, before: Before) -> tuple[int, bool]:
    """The raw sum of the points, and whether an anchor is on."""
    rules, at = seen.policy.signals, seen.at
    floor = seen.policy.rhythm.demote_after_days * DAY if client else 0
    engaged = any(
        e["capacity"] != "customer" and (e["closed"] is None or at < e["closed"] + floor)
        for e in seen.engagements
    )
    regular = False
    if (wanted_days := rules.regularity.purchase_days) is not None:
        halved, silence = -(-wanted_days // 2), seen.silence
        wanted_days = wanted_days if before.ceased is None else max(halved, min(2, wanted_days))
        days = seen.regular_days(client, before.ceased)
        regular = len(days) >= (halved if client else wanted_days)
        if silence is not None:
            regular = regular and at < silence["demote" if client else "regular"]
    renewed = any(s["runs"] and s["good"] for s in seen.subscriptions)
    share, wanted = seen.wallet(), rules.wallet.share_percent
    accepted = len(seen.recent(rules.advice.window_days, "advice-accepted"))
    declined = len(seen.recent(rules.advice.window_days, "advice-declined"))
    visits = seen.recent(rules.guests.window_days, "visit-made")
    touches: list[Any] = seen.recent(rules.two_way.window_days, "touch-made")
    inbound = [touch for touch in touches if touch.event.direction == "inbound"]
    points = [
        engaged * rules.engagement.points,
        regular * rules.regularity.points,
        renewed * rules.renewal.points,
        (wanted is not None and share is not None and share >= wanted) * rules.wallet.points,
        seen.referral(),
        (accepted >= 1 and accepted >= declined) * rules.advice.points,
        seen.initiative() * rules.self_directed.points,
        (sum(v.event.guests > 0 for v in visits) >= rules.guests.visits) * rules.guests.points,  # type: ignore[attr-defined]  # only visits are asked for
        bool(
            seen.of("preference-learned")
            and seen.recent(rules.known.window_days, "recognition-given")
        )
        * rules.known.points,
        bool(seen.recent(rules.testimonial.window_days, "testimonial-given"))
        * rules.testimonial.points,
        (bool(inbound) and 4 * len(inbound) >= len(touches)) * rules.two_way.points,
        sum(rules.complaint.points[severity - 1] for severity in seen.overdue),
        seen.broken() * rules.promise.points,
        *[worth.points for kind, worth in rules.custom.items() if seen.noted(kind, worth)],
    ]
    return sum(points), engaged or regular or renewed


def stage_of(seen: Seen, before: Before) -> tuple[str, str, int]:
    """The stage shown, the one underneath, and the score."""
    at, policy = seen.at, seen.policy
    ended_now = any(f.occurred_at == at for f in seen.of("relationship-ended"))
    was_client = before.stage == "client"
    if was_client and ended_now and not seen.is_ended:
        was_client, before.ceased = False, at
    before.judged_client = was_client
    raw, anchored = score_of(seen, was_client, before)
    score = max(0, raw)
    if seen.is_ended:
        return "ended", "ended", score
    overdue, silence = seen.overdue, seen.silence
    worst, rule = max(overdue, default=0), policy.signals.complaint
    stage = ""
    if was_client:
        silent = silence is not None and at >= silence["demote"]
        stays = score >= policy.stage.stay_score and not silent
        dwells = at < before.client_since + policy.stage.dwell_days * DAY
        stage = "client" if (stays or dwells) and worst < rule.ending_severity else ""
    elif score >= policy.stage.promotion_score and anchored and worst < rule.hold_severity:
        stage = "client"
    if not stage:
        stage = _resting(seen, before, silence)
    shown = stage
    for fact in seen.of("stage-overridden"):
        override: Any = fact.event
        if at < override.expires_at:
            shown = override.stage
    return shown, stage, score


def _resting(seen: Seen, before: Before, silence: dict[str, int] | None) -> str:
    if seen.unreversed or seen.engagements or seen.subscriptions:
        lapse = "lapse client" if before.ever_client else "demote"
        if silence is None or seen.at < silence[lapse]:
            return "customer"
        return "lapsed_client" if before.ever_client else "lapsed_customer"
    touches: list[Any] = seen.of("touch-made")
    named = seen.of("need-discovered", "referral-received")
    inbound = [touch for touch in touches if touch.event.direction == "inbound"]
    return "prospect" if named or inbound else "contact"


def judge(facts: list[Fact], policies: PolicyTimeline, zone: str, at: int) -> Answer:
    """Evaluate every instant at which anything could change, and some at which nothing does."""
    answer = Answer()
    before = answer.before
    if not facts or facts[0].occurred_at > at:
        return answer
    windows = {1, 2, 3, 5, 21, 28, 30, 45, 60, 90, 365}
    windows |= {version.policy.rhythm.demote_after_days for version in policies.versions}
    agenda = {fact.occurred_at for fact in facts}
    agenda |= {fact.occurred_at + days * DAY for fact in facts for days in windows}
    agenda |= {version.effective_from for version in policies.versions}
    agenda |= {e.event.expires_at for e in facts if e.event.TYPE == "stage-overridden"}  # type: ignore[attr-defined]  # overrides have one
    agenda.add(at)
    waiting = sorted(one for one in agenda if facts[0].occurred_at <= one)
    now = None
    while waiting and waiting[0] <= at:
        if (following := heappop(waiting)) == now:
            continue
        now = following
        version = policies.in_force(now)
        seen = Seen(facts, now, version.policy, zone)
        shown, stage, answer.score = stage_of(seen, before)
        answer.scores.append((now, answer.score))
        ended_now = any(
            f.event.TYPE == "relationship-ended" and f.occurred_at == now for f in facts
        )
        if (stage == "client") != (before.stage == "client"):
            heappush(waiting, now + 1)
        silence = seen.silence
        fell = before.stage == "client" and stage not in ("client", "ended") and not ended_now
        if fell and silence is not None and now >= silence["demote"]:
            last = max([f.occurred_at for f in seen.unreversed] + (seen.ends or []))
            answer.falls.append((now, last, seen.rho()))
        if before.stage == "client" and (stage != "client" or ended_now):
            answer.client_times[-1] = (answer.client_times[-1][0], now)
        if before.stage == "client" and stage != "client":
            before.ceased = now
        if stage == "client" and (before.stage != "client" or ended_now):
            before.client_since = now
            answer.client_times.append((now, None))
            heappush(waiting, now + 1)
            heappush(waiting, now + version.policy.stage.dwell_days * DAY)
        before.stage = stage
        if not answer.intervals or answer.intervals[-1][1] != shown:
            answer.intervals.append((now, shown))
        for later in [*(silence or {}).values(), *(s["ends"] for s in seen.subscriptions)]:
            if later > now:
                heappush(waiting, later)
    return answer
