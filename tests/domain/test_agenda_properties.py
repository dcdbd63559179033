"""The agenda over random histories, held against a second reading of its table."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.aliases import aliases_in
from domain.errors import Invalid, Refused
from domain.instants import DAY, format_instant
from domain.presets import PRESETS
from domain.relationship import fold
from domain.rewards import rewards
from tests.domain.agenda_oracle import Reading
from tests.domain.agendas import agenda_of, history_in, referrals_in
from tests.domain.folding import versions
from tests.domain.referred_oracle import Referrals
from tests.domain.scenario import ANN, BEN, CAT, Scenario, fact, on_day, registered

if TYPE_CHECKING:
    from domain.agenda.agenda import Agenda
    from domain.rewards import Reward
    from tests.domain.agenda_oracle import WithState

ID = st.sampled_from(["1", "2"])
OTHERS = {"thanks-won", "reward", "reciprocity", "report-back"}
DATA: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "purchase-made": {"purchase_id": st.integers(1, 40).map(str)},
    "purchase-reversed": {"purchase_id": st.integers(1, 40).map(str)},
    "wallet-share-reported": {},
    "complaint-raised": {"complaint_id": ID, "severity": st.integers(1, 3)},
    "complaint-resolved": {"complaint_id": ID, "satisfied": st.none()},
    "complaint-reopened": {"complaint_id": ID},
    "promise-made": {"promise_id": ID, "due_on": st.sampled_from([None, "2026-02-28"])},
    "promise-kept": {"promise_id": ID},
    "testimonial-given": {},
    "thanks-given": {},
    "gesture-made": {},
    "touch-made": {
        "direction": st.sampled_from(["inbound", "outbound"]),
        "purpose": st.sampled_from(["renewal", "news"]),
        "about": st.sampled_from([None, "1"]),
    },
    "subscription-started": {"subscription_id": ID, "term_days": st.sampled_from([5, 60])},
    "subscription-renewed": {"subscription_id": ID, "automatic": st.booleans()},
    "subscription-cancelled": {"subscription_id": ID},
    "subscription-upgraded": {"subscription_id": ID},
    "engagement-opened": {"engagement_id": ID},
    "engagement-closed": {"engagement_id": ID},
    "disclosure-acknowledged": {"engagement_id": ID},
    "need-discovered": {"need_id": ID},
    "need-met": {"need_id": ID},
    "advice-given": {"advice_id": st.integers(1, 9).map(str), "need_id": st.none() | ID},
    "occasion-learned": {"occasion_id": ID, "month": st.integers(1, 3), "day": st.integers(1, 28)},
    "greeting-sent": {"occasion_id": ID},
    "competitor-noted": {},
    "survey-answered": {"score": st.integers(0, 10)},
    "referral-asked": {},
    "referral-made": {
        "referral_id": ID,
        "direction": st.sampled_from(["inbound", "outbound"]),
        "other": st.sampled_from([str(BEN), str(CAT)]),
        "level": st.integers(0, 3),
    },
    "referral-closed": {
        "referral_id": ID,
        "outcome": st.sampled_from(["won", "lost", "duplicate"]),
    },
    "referral-level-raised": {"referral_id": ID, "level": st.integers(1, 4)},
    "preference-learned": {"key": st.integers(1, 6).map(str)},
    "relationship-ended": {},
    "reward-paid": {"referral_id": ID, "in_kind": st.sampled_from([None, None, "a cake"])},
    "reward-declined": {"referral_id": ID},
    "reward-approved": {"referral_id": ID},
    "consent-changed": {
        "purpose": st.sampled_from(["marketing", "marketing", "greetings", "service"]),
        "channel": st.sampled_from(["email", "phone"]),
        "granted": st.sampled_from([False, False, True]),
    },
    "action-deferred": {
        "item": st.sampled_from(["touch", "ask", "learn"]),
        "until": st.integers(0, 300).map(lambda number: format_instant(on_day(number))),
    },
}
WEIGHTED = [
    *(name for name in DATA if not name.startswith("reward")),
    *["purchase-made"] * 25,
    *["consent-changed"] * 3,
    *["wallet-share-reported"] * 3,
]
days = st.integers(-30, 300).map(lambda number: number / 2)


@st.composite
def histories(draw: st.DrawFn) -> Scenario:
    """A client or nearly one, in one of several trades, in whatever order things were told."""
    policy = PRESETS[draw(st.sampled_from(["retail", "real-estate", "cafe", "subscription"]))]
    scenario = registered(ANN, BEN, CAT, policy=policy)
    zone = draw(st.sampled_from(["UTC", "Pacific/Auckland", "America/Havana"]))
    scenario.append(fact("registration-amended", time_zone=zone), on_day(-40))
    if draw(st.booleans()):
        scenario.append(fact("wallet-share-reported", share_percent=100), on_day(-20))
        for number in range(8):
            scenario.append(fact("purchase-made", purchase_id=f"w{number}"), on_day(7 * number))
    for _ in range(draw(st.integers(0, 14))):
        type_name = draw(st.sampled_from(WEIGHTED))
        data = {name: draw(values) for name, values in DATA[type_name].items()}
        at = on_day(draw(days))
        try:
            recorded = scenario.append(
                fact(type_name, **data), at, draw(st.sampled_from([ANN, ANN, ANN, ANN, BEN, CAT]))
            )
            if recorded and draw(st.integers(0, 9)) == 0:
                moved = fact(
                    "event-corrected",
                    target=str(recorded[0].id),
                    occurred_at=format_instant(on_day(draw(days))),
                )
                scenario.append(moved, contact_id=recorded[0].contact_id)
            elif recorded and draw(st.integers(0, 9)) == 0:
                gone = fact("event-retracted", target=str(recorded[0].id))
                scenario.append(gone, contact_id=recorded[0].contact_id)
        except (Refused, Invalid):
            continue
    if draw(st.integers(0, 4)) == 0:
        scenario.append(fact("contact-merged", into=str(ANN)), contact_id=BEN)
    if draw(st.integers(0, 2)) == 0:
        refused = {"purpose": draw(st.sampled_from(["marketing", "greetings"])), "granted": False}
        scenario.append(fact("consent-changed", channel="email", **refused), on_day(draw(days)))
    for _ in range(draw(st.integers(0, 3))):
        put_off(draw, scenario)
    return scenario


@st.composite
def seen(draw: st.DrawFn) -> tuple[Scenario, int]:
    """A history, and an instant soon after something happened in it."""
    scenario = draw(histories())
    happened = draw(st.sampled_from([one.occurred_at for one in scenario.events[3:]]))
    return scenario, happened + draw(st.integers(0, 90)) * DAY // 2 + 1234


def put_off(draw: st.DrawFn, scenario: Scenario) -> None:
    """Somebody says "not now" to an item, about when it was on the agenda."""
    happened = [one.occurred_at for one in scenario.events[4:]] or [on_day(0)]
    at = draw(st.sampled_from(happened)) + draw(st.integers(0, 20)) * DAY
    items = agenda_of(scenario, at).items
    if items:
        until = format_instant(at + draw(st.integers(-5, 60)) * DAY)
        said = fact("action-deferred", item=draw(st.sampled_from(items)).key, until=until)
        scenario.append(said, at + draw(st.integers(-3, 3)) * DAY)


def own_rows(found: Agenda) -> set[WithState]:
    """The items that rest on the contact's own history."""
    return {
        (one.kind, one.subject, one.opens_at, one.due_at, one.muted, one.deferred_until)
        for one in found.items
        if one.kind not in OTHERS
    }


def read_again(scenario: Scenario, at: int) -> set[WithState]:
    """The same by the second reading."""
    return second_reading(scenario, at).rows_with_state()


def second_reading(scenario: Scenario, at: int) -> Reading:
    """The slow reader of what happened."""
    history = history_in(scenario, ANN)
    policies = versions((0, scenario.policy))
    reading = Reading(
        list(history.facts),
        at,
        lambda instant: fold(history, policies, None, instant),
        history.time_zone or "UTC",
    )
    reading.group = aliases_in(scenario.events).members(ANN)
    return reading


@settings(max_examples=60, deadline=None)
@given(seen())
def test_the_agenda_is_what_a_second_reading_says(found: tuple[Scenario, int]) -> None:
    scenario, at = found
    assert own_rows(agenda_of(scenario, at)) == read_again(scenario, at)


@st.composite
def clients(draw: st.DrawFn) -> Scenario:
    """A client who allowed and refused this and that, and of whose items some were put off."""
    scenario = registered(ANN, BEN, CAT, policy=PRESETS["retail"])
    scenario.append(fact("wallet-share-reported", share_percent=100), on_day(-20))
    for number in range(8):
        scenario.append(fact("purchase-made", purchase_id=f"w{number}"), on_day(7 * number))
    scenario.append(fact("occasion-learned", month=5, day=draw(st.integers(1, 28))), on_day(3))
    for _ in range(draw(st.integers(1, 8))):
        type_name = draw(st.sampled_from(["consent-changed", "action-deferred"]))
        data = {name: draw(values) for name, values in DATA[type_name].items()}
        at = on_day(draw(st.integers(20, 130)))
        with suppress(Refused, Invalid):
            scenario.append(fact(type_name, **data), at)
    return scenario


@settings(max_examples=150, deadline=None)
@given(clients(), st.integers(80, 140).map(lambda number: on_day(number) + 1234))
def test_what_is_refused_and_put_off_is_what_a_second_reading_says(
    scenario: Scenario, at: int
) -> None:
    reading = second_reading(scenario, at)
    for item in agenda_of(scenario, at).items:
        assert item.muted == reading.muted(item.kind)
        assert item.deferred_until == reading.deferred_until(item.key, item.opens_at)


@settings(max_examples=25, deadline=None)
@given(histories(), st.integers(-40, 340).map(lambda number: on_day(number / 2) + 1234))
def test_nothing_changes_before_the_instant_that_says_so(scenario: Scenario, at: int) -> None:
    found = agenda_of(scenario, at)
    until = found.changes_at or at + 400 * DAY
    for instant in (at + (until - at) // 2, until - 1):
        assert agenda_of(scenario, instant).items == found.items


@st.composite
def referrers(draw: st.DrawFn) -> Scenario:
    """Ann sends us Ben and Cat, and we send her somebody, in whatever order things were told."""
    scenario = registered(ANN, BEN, CAT, policy=PRESETS["retail"])
    names = [*["referral-made"] * 3, *["purchase-made"] * 3, "referral-closed", "thanks-given"]
    names += ["touch-made", "purchase-reversed", "referral-level-raised", "gesture-made"]
    names += [*names, "relationship-ended"]
    if draw(st.booleans()):
        made = fact("referral-made", referral_id="1", other=str(BEN), level=3, direction="inbound")
        scenario.append(made, on_day(draw(days) / 10))
        scenario.append(fact("purchase-made", purchase_id="w"), on_day(35), BEN)
        names += ["reward-paid", "reward-declined", "reward-approved"] * 3
    for _ in range(draw(st.integers(2, 14))):
        type_name = draw(st.sampled_from(names))
        data = {name: draw(values) for name, values in DATA[type_name].items()}
        about = draw(st.sampled_from([None, *(str(one.id) for one in scenario.events[-4:])]))
        if type_name == "thanks-given":
            data["for_event"] = about
        to = [BEN, CAT] if type_name.startswith("purchase") else [ANN]
        try:
            scenario.append(fact(type_name, **data), on_day(draw(days)), draw(st.sampled_from(to)))
        except (Refused, Invalid):
            continue
    return scenario


@settings(max_examples=250, deadline=None)
@given(referrers(), st.integers(-40, 1000).map(lambda number: on_day(number / 2)))
def test_what_referrals_bring_is_what_a_second_reading_says(scenario: Scenario, at: int) -> None:
    facts = {one: list(history_in(scenario, one).facts) for one in (ANN, BEN, CAT)}
    policy, referrals = scenario.policy, referrals_in(scenario, ANN)

    def earned_by(instant: int) -> tuple[Reward, ...]:
        own = [edge for edge in referrals.edges if edge.inbound]
        return rewards(own, referrals.edges_to, referrals.commerce, lambda _: policy, instant)

    wanted = set(Referrals(ANN, facts, earned_by).rows(at))
    relationship = fold(history_in(scenario, ANN), versions((0, scenario.policy)), None, at)
    if relationship.stage == "ended":
        wanted = {row for row in wanted if row[0] == "reward"}
    found = {
        (one.kind, one.subject, one.opens_at, one.due_at)
        for one in agenda_of(scenario, at).items
        if one.kind in OTHERS
    }
    assert found == wanted
