"""What is said beside a stage, held against plain counting and against letting things happen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.history import effective_history
from domain.instants import DAY, HOUR
from domain.presets import PRESETS
from domain.relationship import fold
from tests.domain.folding import versions
from tests.domain.oracle import judge
from tests.domain.random_histories import INSTANTS, OF_A_TRADE, TIMELINES, scenarios
from tests.domain.scenario import ANN, CAT, Scenario, fact, on_day
from tests.domain.seen_facts import Seen

if TYPE_CHECKING:
    from domain.events import Event
    from domain.policy import Policy
    from domain.relationship import Relationship
    from domain.timeline import PolicyTimeline
    from tests.domain.oracle import Before

ALWAYS_ONE = st.sampled_from([versions((0, one)) for one in (*PRESETS.values(), OF_A_TRADE)])
MOMENTS = st.integers(0, 900).map(lambda half_days: on_day(0) + half_days * 12 * HOUR + HOUR)
"""Between the instants at which facts occur."""


def counted(seen: Seen, before: Before) -> dict[str, dict[str, object]]:
    """The figures of every signal, each counted from the facts up to the instant."""
    rules = seen.policy.signals
    referrals: list[Any] = [
        one
        for one in seen.recent(rules.referral.window_days, "referral-made")
        if one.event.direction == "inbound"  # type: ignore[attr-defined]  # referrals have one
    ]
    worth = [_alone(seen, one).referral() for one in referrals]
    touches: list[Any] = seen.recent(rules.two_way.window_days, "touch-made")
    visits: list[Any] = seen.recent(rules.guests.window_days, "visit-made")
    figures: dict[str, dict[str, object]] = {
        "engagement": {
            "open": sum(
                one["capacity"] != "customer" and one["closed"] is None for one in seen.engagements
            )
        },
        "renewal": {
            "renewed_unprompted": sum(one["runs"] and one["good"] for one in seen.subscriptions)
        },
        "referral": {
            "strong": worth.count(rules.referral.strong_points),
            "weak": worth.count(rules.referral.weak_points),
        },
        "advice": {
            "accepted": len(seen.recent(rules.advice.window_days, "advice-accepted")),
            "declined": len(seen.recent(rules.advice.window_days, "advice-declined")),
        },
        "guests": {"visits": sum(one.event.guests > 0 for one in visits)},
        "known": {
            "preferences": len(seen.of("preference-learned")),
            "recognitions": len(seen.recent(rules.known.window_days, "recognition-given")),
        },
        "testimonial": {
            "count": len(seen.recent(rules.testimonial.window_days, "testimonial-given"))
        },
        "two_way": {
            "inbound": sum(one.event.direction == "inbound" for one in touches),
            "touches": len(touches),
        },
        "complaint": {
            "overdue": len(seen.overdue),
            "worst_overdue_severity": max(seen.overdue, default=0),
        },
    }
    if rules.regularity.purchase_days is not None:
        days = seen.regular_days(before.judged_client, before.ceased)
        figures["regularity"] = {"purchase_days": len(days)}
    if rules.wallet.share_percent is not None:
        figures["wallet"] = {"share_percent": seen.wallet()}
    return figures


def _alone(seen: Seen, referral: Any) -> Seen:
    """The same with no other referral in it."""
    own = [
        one
        for one in seen.facts
        if getattr(one.event, "referral_id", None) in (None, referral.event.referral_id)
    ]
    return Seen(own, seen.at, seen.policy, seen.zone)


@settings(max_examples=300)
@given(scenarios(), TIMELINES, INSTANTS)
def test_every_figure_of_the_evidence_is_what_counting_gives(
    scenario: Scenario, timeline: PolicyTimeline, at: int
) -> None:
    history = effective_history(scenario.events, ANN)
    relationship = fold(history, timeline, None, at)
    policy = timeline.in_force(at).policy
    facts = list(history.facts)
    before = judge(facts, timeline, "America/New_York", at).before
    figures = counted(Seen(facts, at, policy, "America/New_York"), before)
    for signal in relationship.signals():
        for name, value in figures.get(signal.name, {}).items():
            assert (signal.name, name, signal.value[name]) == (signal.name, name, value)


def happenings(relationship: Relationship, policy: Policy) -> dict[str, list[Event]]:
    """By the name of a change, what has to happen now for it, where events can bring it about."""
    value: dict[str, Any] = {one.name: one.value for one in relationship.signals()}
    advice, touch, guests = value["advice"], value["two_way"], value["guests"]
    took = max(advice["declined"] - advice["accepted"], 1)
    visits = max(policy.signals.guests.visits - guests["visits"], 0)
    called = max(-((4 * touch["inbound"] - touch["touches"]) // 3), 1)
    referral = {"referral_id": "new", "direction": "inbound", "other": str(CAT)}
    return {
        "testimonial": [fact("testimonial-given")],
        "wallet": [fact("wallet-share-reported", category="new", share_percent=100)],
        "referral_weak": [fact("referral-made", **referral, level=1)],
        "referral_strong": [fact("referral-made", **referral, level=3)],
        "advice": [fact("advice-accepted")] * took,
        "self_directed": [fact("detail-updated", initiated_by="contact")],
        "guests": [fact("visit-made", guests=1)] * visits,
        "known": [fact("preference-learned"), fact("recognition-given")],
        "two_way": [fact("touch-made", direction="inbound")] * called,
        "promise_broken": [
            fact("promise-made", promise_id="new"),
            fact("promise-broken", promise_id="new"),
        ],
    }


def with_these(scenario: Scenario, happened: list[Event], at: int, then_at: int) -> Scenario:
    """The scenario and some more events; what is yet to come left out."""
    more = Scenario()
    more.events = [one for one in scenario.events if one.occurred_at <= at]
    for event in happened:
        more.record(event, then_at)
    return more


@settings(max_examples=400)
@given(scenarios(), ALWAYS_ONE, MOMENTS)
def test_what_would_change_the_stage_does_and_nothing_else_would(
    scenario: Scenario, timeline: PolicyTimeline, at: int
) -> None:
    policy = timeline.versions[0].policy
    relationship = fold(effective_history(scenario.events, ANN), timeline, None, at)
    stage = relationship.machine.underlying
    named = {one.change: one.stage for one in relationship.would_change()}
    tried = {name: (happened, at) for name, happened in happenings(relationship, policy).items()}
    raised_at = at - policy.signals.complaint.sla_days * DAY
    for severity in (1, 2, 3):
        complaint = fact("complaint-raised", complaint_id="new", severity=severity)
        tried[f"complaint_severity_{severity}"] = [complaint], raised_at
    for name, (happened, then_at) in tried.items():
        more = effective_history(with_these(scenario, happened, at, then_at).events, ANN)
        found = fold(more, timeline, None, at).machine.underlying
        if stage == "ended":
            assert (found, named) == ("ended", {})
        elif stage == "client":
            assert named.get(name, "client") == found, name
        else:
            assert (named.get(name) == "client") == (found == "client"), name
