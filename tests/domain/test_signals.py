"""Each signal on its own: when it is on, when it goes off, what it rests on. Section 4."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.history import Fact
from domain.instants import DAY
from domain.presets import PRESETS
from domain.signals.allegiance import allocated_percent
from domain.signals.base import Evaluation
from domain.signals.referral import ReferralSignal
from tests.domain.folding import bought, changed, relate, versions
from tests.domain.scenario import ANN, BEN, Scenario, fact, on_day, registered

if TYPE_CHECKING:
    from domain.evidence import SignalReading

YEAR = 365


def read(scenario: Scenario, name: str, at: int, preset: str = "retail") -> SignalReading:
    relationship = relate(scenario, at, versions((0, PRESETS[preset])))
    return next(signal for signal in relationship.signals() if signal.name == name)


@pytest.mark.parametrize(
    ("name", "type_name", "window_days"),
    [
        ("advice", "advice-accepted", YEAR),
        ("self_directed", "detail-updated", YEAR),
        ("testimonial", "testimonial-given", YEAR),
        ("two_way", "touch-made", YEAR),
        ("wallet", "wallet-share-reported", YEAR),
        ("referral", "referral-made", YEAR),
    ],
)
def test_a_window_is_half_open(name: str, type_name: str, window_days: int) -> None:
    """On from the event, off from exactly the window's days of 24 hours later."""
    scenario = registered().given(type_name, at=on_day(0))
    assert read(scenario, name, on_day(0)).on
    end = on_day(0) + window_days * DAY
    assert read(scenario, name, end - 1).on
    assert not read(scenario, name, end).on
    assert read(scenario, name, on_day(1)).events == (scenario.events[-1].id,)


def test_a_promise_broken_costs_points_for_ninety_days_if_it_was_made() -> None:
    scenario = registered().given("promise-broken", at=on_day(0))
    assert not read(scenario, "promise", on_day(0)).on
    scenario.given("promise-made", at=on_day(0))
    scenario.given("promise-broken", at=on_day(1))
    assert read(scenario, "promise", on_day(90)).points == -15
    assert not read(scenario, "promise", on_day(91)).on
    excluded = relate(scenario, on_day(1)).exclusions()
    assert [(e.event_id, e.reason) for e in excluded] == [
        (scenario.events[2].id, "opening-not-before")
    ]


def test_advice_must_be_accepted_at_least_as_often_as_declined() -> None:
    scenario = registered().given("advice-accepted", "advice-declined", at=on_day(0))
    assert read(scenario, "advice", on_day(0)).on
    scenario.given("advice-declined", at=on_day(5))
    assert not read(scenario, "advice", on_day(5)).on
    assert not read(scenario, "advice", on_day(YEAR) - 1).on
    scenario.given("advice-accepted", at=on_day(10))
    assert read(scenario, "advice", on_day(YEAR)).on


def test_an_upgrade_shows_initiative_only_if_it_was_theirs() -> None:
    scenario = registered().given("subscription-started", at=on_day(0))
    scenario.record(fact("subscription-upgraded", initiated_by="business"), on_day(1))
    assert not read(scenario, "self_directed", on_day(1)).on
    scenario.record(fact("subscription-upgraded"), on_day(2))
    assert read(scenario, "self_directed", on_day(2)).points == 10


def test_guests_count_when_two_visits_in_ninety_days_brought_somebody() -> None:
    scenario = registered().given("visit-made", at=on_day(0))
    scenario.record(fact("visit-made", guests=0), on_day(1))
    assert not read(scenario, "guests", on_day(1)).on
    scenario.given("visit-made", at=on_day(2))
    assert read(scenario, "guests", on_day(2)).points == 10
    assert not read(scenario, "guests", on_day(90)).on
    assert read(scenario, "guests", on_day(2), "cafe").points == 25


def test_to_be_known_takes_a_preference_learned_and_recognition_shown() -> None:
    scenario = registered().given("recognition-given", at=on_day(0))
    assert not read(scenario, "known", on_day(0), "restaurant").on
    scenario.given("preference-learned", at=on_day(1))
    reading = read(scenario, "known", on_day(1), "restaurant")
    assert (reading.points, len(reading.events)) == (25, 2)
    assert read(scenario, "known", on_day(1)).points == 0


def test_a_quarter_of_all_touches_must_come_from_them() -> None:
    scenario = registered().given("touch-made", at=on_day(0))
    for day in (1, 2, 3):
        scenario.record(fact("touch-made", direction="outbound"), on_day(day))
    assert read(scenario, "two_way", on_day(3)).on
    scenario.record(fact("touch-made", direction="outbound"), on_day(4))
    assert not read(scenario, "two_way", on_day(4)).on


@pytest.mark.parametrize(
    ("rank", "brands", "percent"), [(1, 1, 100), (1, 2, 66), (2, 2, 33), (1, 3, 50), (3, 3, 16)]
)
def test_a_rank_stands_for_a_share_by_the_wallet_allocation_rule(
    rank: int, brands: int, percent: int
) -> None:
    assert allocated_percent(rank, brands) == percent


def test_a_reported_share_outranks_any_rank_and_the_newest_share_counts() -> None:
    scenario = registered()
    scenario.record(fact("wallet-share-reported", share_percent=90), on_day(0))
    scenario.record(fact("wallet-share-reported", share_percent=40), on_day(1))
    scenario.record(fact("wallet-rank-reported", rank=1, brands=1), on_day(2))
    assert read(scenario, "wallet", on_day(2)).value["share_percent"] == 40
    assert read(scenario, "wallet", on_day(YEAR + 1)).value["share_percent"] == 100


def test_the_best_category_counts_and_no_report_is_unknown_not_nought() -> None:
    scenario = registered()
    assert read(scenario, "wallet", on_day(0)).value["share_percent"] is None
    scenario.record(fact("wallet-share-reported", category="cheese", share_percent=85), on_day(0))
    scenario.record(fact("wallet-share-reported", category="bread", share_percent=10), on_day(1))
    reading = read(scenario, "wallet", on_day(1))
    assert (reading.points, reading.events) == (25, (scenario.events[-2].id,))


@pytest.mark.parametrize(("level", "points"), [(0, 0), (1, 8), (2, 8), (3, 20), (5, 20)])
def test_a_referral_counts_by_its_level(level: int, points: int) -> None:
    scenario = registered()
    scenario.record(fact("referral-made", level=level), on_day(0))
    assert read(scenario, "referral", on_day(0)).points == points


def test_a_referral_grows_with_its_level_in_any_order_and_with_being_won() -> None:
    scenario = registered()
    scenario.record(fact("referral-made", level=1), on_day(5))
    scenario.record(fact("referral-level-raised", level=3), on_day(1))
    assert read(scenario, "referral", on_day(5)).points == 20
    other = registered()
    other.record(fact("referral-made", level=0), on_day(0))
    other.given("referral-closed", at=on_day(1))
    assert read(other, "referral", on_day(1)).points == 20
    assert "advocate" in relate(other, on_day(1)).flags


def _told(signal: ReferralSignal, at: int, type_name: str, referral: int, **more: object) -> None:
    event = fact(type_name, referral_id=str(referral), **more)
    signal.absorb(Fact(at, 0, UUID(int=1), event, ANN, 0))


def _judged(at: int) -> Evaluation:
    return Evaluation(at, PRESETS["retail"], is_client=False, ceased_at=None)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 150),
            st.sampled_from(["inbound", "outbound", "raised", "won", "lost"]),
            st.integers(0, 4),
            st.integers(0, 5),
        ),
        max_size=25,
    )
)
def test_referrals_are_counted_as_if_each_were_looked_at(
    told: list[tuple[int, str, int, int]],
) -> None:
    signal, at = ReferralSignal(), 0
    made: dict[int, int] = {}
    levels: dict[int, int] = {}
    known: set[int] = set()
    outcomes: dict[int, str] = {}
    for days, what, referral, level in told:
        at += days * DAY
        if what in ("won", "lost"):
            _told(signal, at, "referral-closed", referral, outcome=what)
            if referral in known:
                outcomes.setdefault(referral, what)
            continue
        levels[referral] = max(level, levels.get(referral, 0))
        if what == "raised":
            _told(signal, at, "referral-level-raised", referral, level=level)
            continue
        _told(signal, at, "referral-made", referral, level=level, direction=what)
        known.add(referral)
        if what == "inbound":
            made.setdefault(referral, at)
    rule = PRESETS["retail"].signals.referral
    recent = [one for one in made if made[one] > at - rule.window_days * DAY]
    strong = {
        one for one in recent if outcomes.get(one) == "won" or levels[one] >= rule.strong_level
    }
    weak = {one for one in recent if levels[one] >= rule.weak_level} - strong
    leaving = [made[one] + rule.window_days * DAY for one in recent]
    reading = signal.read(_judged(at))
    assert reading.value == {"strong": len(strong), "weak": len(weak)}
    assert reading.until_at == min(leaving, default=None)


class _Instant(int):
    """An instant that counts how often one is compared."""

    compared = 0

    def __lt__(self, other: int) -> bool:
        _Instant.compared += 1
        return int(self) < int(other)

    def __gt__(self, other: int) -> bool:
        _Instant.compared += 1
        return int(self) > int(other)


def test_reading_many_referrals_does_not_go_through_them() -> None:
    signal = ReferralSignal()
    for number in range(1000):
        _told(signal, _Instant(number * DAY // 10), "referral-made", number, level=number % 6)
    _Instant.compared = 0
    signal.read(_judged(_Instant(100 * DAY)))
    assert _Instant.compared < 200


def test_an_outbound_referral_is_not_theirs() -> None:
    scenario = registered()
    scenario.record(fact("referral-made", direction="outbound", level=5), on_day(0))
    assert not read(scenario, "referral", on_day(0)).on


def test_a_weak_referral_leaves_a_stronger_one_to_hope_for() -> None:
    scenario = bought(0, 7, 14, 21, 28, 35)
    scenario.record(fact("referral-made", level=1), on_day(35))
    scenario.given("testimonial-given", at=on_day(35))
    changes = {w.change: w.points for w in relate(scenario, on_day(35)).would_change()}
    assert changes["referral_strong"] == 12
    assert set(changes) == {"engagement", "renewal", "wallet", "referral_strong", "advice"}


def test_each_complaint_past_its_deadline_costs_its_own_points() -> None:
    scenario = bought(0)
    for number, severity in enumerate((1, 2, 2), start=1):
        raised = fact("complaint-raised", complaint_id=str(number), severity=severity)
        scenario.record(raised, on_day(number))
    assert read(scenario, "complaint", on_day(2)).points == 0
    assert read(scenario, "complaint", on_day(3)).points == -10
    assert read(scenario, "complaint", on_day(5)).points == -70
    assert relate(scenario, on_day(5)).score == 0
    scenario.given("complaint-acknowledged", at=on_day(5))
    assert read(scenario, "complaint", on_day(6)).points == -70


@pytest.mark.parametrize(
    ("automatic", "reminded", "on"),
    [(True, True, True), (True, False, True), (False, False, True), (False, True, False)],
)
def test_a_renewal_anchors_if_it_came_by_itself(automatic: bool, reminded: bool, on: bool) -> None:
    scenario = registered().given("subscription-started", at=on_day(0))
    scenario.record(
        fact("subscription-renewed", automatic=automatic, reminded=reminded), on_day(20)
    )
    assert read(scenario, "renewal", on_day(20)).on == on
    assert not read(scenario, "renewal", on_day(60)).on


def test_an_engagement_of_a_customers_capacity_is_no_anchor() -> None:
    scenario = registered()
    scenario.record(fact("engagement-opened", capacity="customer"), on_day(0))
    relationship = relate(scenario, on_day(0))
    assert (relationship.stage, relationship.score) == ("customer", 0)


def test_a_closed_engagement_goes_on_counting_for_a_client_only() -> None:
    scenario = registered().given("engagement-opened", at=on_day(0))
    scenario.given("engagement-closed", at=on_day(40))
    assert relate(scenario, on_day(40)).stage == "client"
    assert relate(scenario, on_day(40 + 180) - 1).stage == "client"
    assert relate(scenario, on_day(40 + 180)).stage == "customer"
    never = registered()
    never.record(fact("engagement-opened"), on_day(0))
    never.record(fact("engagement-closed"), on_day(0))
    assert relate(never, on_day(0)).stage == "customer"


def test_custom_events_score_as_their_policy_says() -> None:
    policy = changed("retail", signals={"custom": {"tasting": {"points": 30, "window_days": 10}}})
    scenario = bought(0, 7, 14, 21, 28, 35).given("custom-recorded", at=on_day(36))
    timeline = versions((0, policy))
    assert relate(scenario, on_day(36), timeline).stage == "client"
    assert relate(scenario, on_day(46), timeline).score == 35
    assert relate(scenario, on_day(36)).score == 35


def test_events_of_contacts_merged_into_one_count_together() -> None:
    scenario = bought(0, 7, 14)
    for number, day in enumerate((21, 28, 35)):
        purchase = fact("purchase-made", purchase_id=f"p{number}")
        scenario.record(purchase, on_day(day), BEN)
    merged = relate(scenario, on_day(35), members=(ANN, BEN))
    assert next(s for s in merged.signals() if s.name == "regularity").on
    assert not next(s for s in relate(scenario, on_day(35)).signals() if s.name == "regularity").on


def test_what_would_take_a_trouble_away_makes_nobody_rising() -> None:
    """A kind of the trade's own that tells against them is no signal that is still to come."""
    silent = {"points": 0}
    signals = {
        "custom": {"late": {"points": -30}},
        "engagement": silent,
        "regularity": {"points": 60, "purchase_days": 1},
        "renewal": silent,
        "wallet": {"share_percent": None},
        "referral": {"strong_points": 0, "weak_points": 0},
        **dict.fromkeys(("advice", "self_directed", "guests", "testimonial", "two_way"), silent),
    }
    scenario = bought(1).given("custom-recorded", at=on_day(0))
    scenario.record(fact("custom-recorded", kind="late"), on_day(1))
    relationship = relate(scenario, on_day(2), versions((0, changed("retail", signals=signals))))
    assert [one.change for one in relationship.would_change()] == ["custom_lost:late"]
    assert (relationship.stage, relationship.flags) == ("customer", ())


def test_who_is_shown_as_more_than_a_customer_is_not_rising() -> None:
    scenario = bought(0, 7, 14, 21, 28, 35)
    assert relate(scenario, on_day(36)).flags == ("rising",)
    scenario.record(fact("stage-overridden", stage="client"), on_day(36))
    assert relate(scenario, on_day(37)).flags == ()


def test_they_are_quiet_from_the_very_instant_of_two_rhythms_on() -> None:
    """One purchase: the rhythm is half of 48 x 7 hours, a week."""
    scenario = bought(0)
    assert "quiet" not in relate(scenario, on_day(14) - 1).flags
    assert "quiet" in relate(scenario, on_day(14)).flags
