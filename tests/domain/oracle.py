"""A second, slow reading of the domain document's sections 3 to 5, to hold the fold against.

Everything is worked out afresh from the facts up to an instant, with no state but the stage before.
It shares the history, the day arithmetic and the policy with the product, and none of its rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from domain.instants import DAY
from tests.domain.seen_facts import Seen

if TYPE_CHECKING:
    from domain.history import Fact
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
