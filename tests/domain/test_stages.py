"""The stages, by hand: who is what, since when, and what ends it. Domain document, section 5."""

from __future__ import annotations

import sys

import pytest

from domain.instants import format_instant, parse_instant
from domain.presets import PRESETS
from tests.domain.folding import bought, changed, client_on_day_35, relate, stages, versions
from tests.domain.scenario import fact, on_day, registered


def test_before_the_first_event_there_is_a_contact_without_intervals() -> None:
    relationship = relate(registered(), on_day(-1))
    assert (relationship.stage, relationship.score, relationship.since) == ("contact", 0, None)
    assert relationship.intervals == ()
    assert relationship.next_breakpoint == on_day(0)


def test_a_first_purchase_makes_a_customer_and_an_inbound_touch_a_prospect() -> None:
    scenario = registered()
    scenario.record(fact("touch-made"), on_day(1))
    scenario.record(fact("purchase-made"), on_day(2))
    relationship = relate(scenario, on_day(3))
    assert stages(relationship) == ["contact", "prospect", "customer"]
    assert relationship.since == on_day(2)
    assert relationship.intervals[-1].cause.name == "purchase-made"


@pytest.mark.parametrize("type_name", ["need-discovered", "referral-received"])
def test_a_need_or_a_referral_received_makes_a_prospect(type_name: str) -> None:
    scenario = registered().given(type_name, at=on_day(1))
    assert relate(scenario, on_day(1)).stage == "prospect"


def test_an_outbound_touch_makes_no_prospect() -> None:
    scenario = registered()
    scenario.record(fact("touch-made", direction="outbound"), on_day(1))
    assert relate(scenario, on_day(1)).stage == "contact"


def test_regularity_and_wallet_share_make_a_client() -> None:
    relationship = relate(client_on_day_35(), on_day(35))
    assert (relationship.stage, relationship.score) == ("client", 60)
    assert relationship.since == on_day(35)


def test_regularity_alone_makes_a_client_only_under_purchases_only() -> None:
    scenario = bought(*range(0, 56, 7))
    assert relate(scenario, on_day(49)).stage == "customer"
    purchases_only = versions((0, PRESETS["purchases-only"]))
    relationship = relate(scenario, on_day(49), purchases_only)
    assert (relationship.stage, relationship.rests_on) == ("client", "frequency")


def test_points_without_an_anchor_make_no_client() -> None:
    scenario = bought(0)
    for type_name in ("wallet-share-reported", "advice-accepted", "detail-updated"):
        scenario.given(type_name, at=on_day(1))
    scenario.record(fact("referral-made", level=5), on_day(1))
    relationship = relate(scenario, on_day(1))
    assert (relationship.score, relationship.stage) == (70, "customer")


def test_a_silent_client_falls_at_demote_at_and_lapses_at_lapse_at() -> None:
    """Gaps of 7 days: they were due on day 42, and the preset waits 180 days from then on."""
    scenario = client_on_day_35()
    relationship = relate(scenario, on_day(500))
    assert stages(relationship) == ["customer", "client", "customer", "lapsed_client"]
    assert [interval.from_at for interval in relationship.intervals[-2:]] == [
        on_day(42 + 180),
        on_day(42 + 360),
    ]
    assert [interval.cause.name for interval in relationship.intervals[-2:]] == [
        "demote_at",
        "lapse_at",
    ]
    assert relate(scenario, on_day(42 + 180) - 1).stage == "client"


def test_a_client_dwells_for_thirty_days_whatever_the_score() -> None:
    scenario = registered()
    scenario.given("engagement-opened", at=on_day(0))
    scenario.record(fact("engagement-closed"), on_day(1))
    policy = changed("retail", rhythm={"demote_after_days": 2})
    relationship = relate(scenario, on_day(100), versions((0, policy)))
    assert stages(relationship)[0] == "client"
    fallen = relationship.intervals[1]
    assert (fallen.from_at, fallen.cause.name) == (on_day(30), "dwell")


def test_the_worst_complaint_past_its_deadline_ends_even_a_dwelling_client() -> None:
    scenario = registered().given("engagement-opened", at=on_day(0))
    scenario.record(fact("complaint-raised", severity=3), on_day(1))
    scenario.record(fact("complaint-resolved"), on_day(5))
    relationship = relate(scenario, on_day(6))
    assert [(i.stage, i.from_at) for i in relationship.intervals] == [
        ("client", on_day(0)),
        ("customer", on_day(3)),
        ("client", on_day(5)),
    ]
    assert relationship.intervals[1].cause.name == "complaint"


def test_a_complaint_of_severity_two_overdue_holds_a_promotion_up() -> None:
    scenario = registered()
    scenario.record(fact("complaint-raised", severity=2), on_day(0))
    scenario.record(fact("engagement-opened"), on_day(3))
    scenario.record(fact("wallet-share-reported"), on_day(3))
    scenario.record(fact("detail-updated"), on_day(3))
    relationship = relate(scenario, on_day(3))
    assert (relationship.score, relationship.stage) == (65, "customer")
    assert "complaint_hold" in relationship.flags
    resolved = next(w for w in relationship.would_change() if w.change.endswith("_resolved"))
    assert (resolved.points, resolved.stage) == (30, "client")


def test_reopening_a_resolved_complaint_starts_its_clock_again() -> None:
    scenario = bought(0)
    scenario.record(fact("complaint-raised", severity=1), on_day(0))
    scenario.record(fact("complaint-resolved"), on_day(1))
    scenario.record(fact("complaint-reopened"), on_day(10))
    assert "-10" not in str(relate(scenario, on_day(11)).signals())
    signal = next(s for s in relate(scenario, on_day(12)).signals() if s.name == "complaint")
    assert (signal.on, signal.points) == (True, -10)


def test_an_ended_relationship_starts_again_and_remembers_the_client() -> None:
    scenario = client_on_day_35()
    scenario.record(fact("relationship-ended"), on_day(40))
    scenario.record(fact("purchase-made", purchase_id="again"), on_day(50))
    relationship = relate(scenario, on_day(50))
    assert stages(relationship)[-3:] == ["client", "ended", "customer"]
    assert relate(scenario, on_day(600)).stage == "lapsed_client"
    scenario.record(fact("relationship-ended"), on_day(50))
    assert relate(scenario, on_day(600)).stage == "ended"


def test_who_ends_and_begins_again_at_one_instant_is_no_client_in_it() -> None:
    """Regular and with a share of wallet, yet what they bought before counts no more."""
    scenario = client_on_day_35()
    scenario.record(fact("relationship-ended"), on_day(40))
    scenario.record(fact("purchase-made", purchase_id="again"), on_day(40))
    relationship = relate(scenario, on_day(40))
    assert (relationship.stage, relationship.score) == ("customer", 25)
    assert relate(scenario, on_day(41)).stage == "customer"


def test_an_ending_and_a_purchase_at_one_instant_count_by_position() -> None:
    scenario = registered()
    scenario.record(fact("relationship-ended"), on_day(1))
    scenario.record(fact("purchase-made"), on_day(1))
    assert relate(scenario, on_day(1)).stage == "customer"
    scenario.record(fact("relationship-ended"), on_day(1))
    assert relate(scenario, on_day(1)).stage == "ended"


def test_an_override_covers_the_rules_until_it_expires_and_they_go_on() -> None:
    scenario = client_on_day_35()
    override = fact("stage-overridden", stage="prospect", expires_at="2027-03-01T12:00:00Z")
    scenario.record(override, on_day(36))
    assert relate(scenario, on_day(40)).stage == "prospect"
    relationship = relate(scenario, on_day(424))
    assert relationship.intervals[-1].cause.name == "override"
    assert relationship.stage == "lapsed_client"


def test_of_several_overrides_the_newest_in_force_is_shown() -> None:
    scenario = bought(0)
    long = fact("stage-overridden", stage="client", expires_at="2026-03-02T12:00:00Z")
    short = fact("stage-overridden", stage="prospect", expires_at="2026-01-11T12:00:00Z")
    scenario.record(long, on_day(1))
    scenario.record(short, on_day(5))
    relationship = relate(scenario, on_day(200))
    assert [(interval.stage, interval.from_at) for interval in relationship.intervals] == [
        ("customer", on_day(0)),
        ("client", on_day(1)),
        ("prospect", on_day(5)),
        ("client", on_day(10)),
        ("customer", on_day(60)),
        ("lapsed_customer", on_day(7 + 180)),
    ]


def test_an_override_never_covers_an_ending() -> None:
    scenario = bought(0)
    scenario.record(fact("stage-overridden", stage="client"), on_day(1))
    scenario.record(fact("relationship-ended"), on_day(2))
    assert relate(scenario, on_day(2)).stage == "ended"


def test_a_new_policy_changes_stages_from_its_instant_and_is_the_cause() -> None:
    scenario = bought(*range(0, 56, 7))
    timeline = versions((0, PRESETS["retail"]), (on_day(52), PRESETS["purchases-only"]))
    relationship = relate(scenario, on_day(60), timeline)
    last = relationship.intervals[-1]
    assert (last.stage, last.from_at, last.policy_version) == ("client", on_day(52), 2)
    assert (last.cause.kind, last.cause.event) == ("policy", timeline.versions[1].event_id)
    assert relate(scenario, on_day(52) - 1, timeline).stage == "customer"


def test_will_change_tells_when_and_why_a_client_will_fall() -> None:
    relationship = relate(client_on_day_35(), on_day(36))
    will_change = relationship.will_change()
    assert will_change is not None
    assert (will_change.at, will_change.stage) == (on_day(42 + 180), "customer")
    assert will_change.because == "demote_at"
    assert "falling" not in relationship.flags
    assert "falling" in relate(client_on_day_35(), on_day(42 + 150)).flags
    assert relate(client_on_day_35(), on_day(48)).next_breakpoint == on_day(35 + 14)


def test_falling_is_a_breakpoint_of_its_own() -> None:
    relationship = relate(client_on_day_35(), on_day(65) + 1)
    assert relationship.next_breakpoint == on_day(42 + 180 - 30)


def test_would_change_names_the_single_signals_that_would_make_a_client() -> None:
    scenario = bought(0, 7, 14, 21, 28, 35)
    relationship = relate(scenario, on_day(35))
    assert "rising" in relationship.flags
    assert {(w.change, w.points) for w in relationship.would_change()} == {
        ("engagement", 60),
        ("renewal", 25),
        ("wallet", 25),
    }


def test_a_customer_is_not_rising_whom_no_one_signal_would_promote() -> None:
    scenario = bought(0)
    scenario.record(fact("complaint-raised", severity=2), on_day(0))
    relationship = relate(scenario, on_day(2))
    assert (relationship.flags, relationship.would_change()) == (("complaint_hold",), ())


def test_who_left_while_a_new_client_was_not_demoted_by_silence() -> None:
    """Silent for too long, they were kept by the first thirty days until they went."""
    policy = changed(
        "cafe",
        rhythm={"demote_after_days": 21},
        signals={"advice": {"points": 60}, "regularity": {"purchase_days": 1}},
    )
    scenario = bought(1).given("advice-accepted", at=on_day(1))
    policies = versions((0, policy))
    assert relate(scenario, on_day(31), policies).client_spells[-1].fall is not None
    scenario.record(fact("relationship-ended"), on_day(25))
    assert relate(scenario, on_day(31), policies).client_spells[-1].fall is None


def test_who_left_and_came_back_at_once_is_a_new_client_for_thirty_days() -> None:
    scenario = registered().given("engagement-opened", at=on_day(0))
    scenario.given("relationship-ended", at=on_day(40))
    scenario.record(fact("engagement-opened", engagement_id="anew"), on_day(40))
    scenario.given("complaint-raised", at=on_day(41))
    assert stages(relate(scenario, on_day(70) - 1)) == ["client"]
    assert relate(scenario, on_day(70)).stage == "customer"


def test_signals_that_depend_on_being_a_client_count_an_instant_later() -> None:
    """A closed engagement counts for a client only; one is made by other means at this instant."""
    scenario = bought(0, 7, 14, 21, 28)
    scenario.record(fact("engagement-opened", capacity="dual"), on_day(30))
    scenario.record(fact("engagement-closed"), on_day(30))
    scenario.record(fact("purchase-made", purchase_id="sixth"), on_day(35))
    scenario.record(fact("wallet-share-reported"), on_day(35))
    at_once, next_instant = relate(scenario, on_day(35)), relate(scenario, on_day(35) + 1)
    assert (at_once.stage, at_once.score, at_once.next_breakpoint) == ("client", 60, on_day(35) + 1)
    assert (next_instant.stage, next_instant.score) == ("client", 120)


def test_an_ending_takes_away_what_counts_for_clients_only() -> None:
    """An engagement closed before the end counted for the client; who comes back is none."""
    scenario = registered().given("engagement-opened", at=on_day(1))
    scenario.given("engagement-closed", at=on_day(10))
    scenario.given("relationship-ended", at=on_day(12))
    assert (relate(scenario, on_day(13)).stage, relate(scenario, on_day(13)).score) == ("ended", 0)
    scenario.given("purchase-made", at=on_day(14))
    back = relate(scenario, on_day(14))
    assert (back.stage, back.score) == ("customer", 0)


def test_at_the_instant_of_an_ending_signals_are_still_those_of_a_client() -> None:
    scenario = registered().given("engagement-opened", at=on_day(1))
    scenario.given("engagement-closed", at=on_day(10))
    scenario.given("relationship-ended", at=on_day(12))
    relationship = relate(scenario, on_day(12))
    assert (relationship.stage, relationship.score) == ("ended", 60)
    assert sum(signal.points for signal in relationship.signals()) == 60
    assert relationship.next_breakpoint == on_day(12) + 1


def test_what_belongs_to_no_running_subscription_starts_nothing_again() -> None:
    scenario = registered().given("touch-made", at=on_day(1))
    scenario.given("relationship-ended", at=on_day(3))
    scenario.given("subscription-started", at=on_day(20))
    for type_name, day in (("subscription-renewed", 5), ("subscription-upgraded", 4)):
        scenario.given(type_name, at=on_day(day))
    assert relate(scenario, on_day(19)).stage == "ended"
    excluded = relate(scenario, on_day(20)).exclusions()
    assert {one.event_id for one in excluded} == {event.id for event in scenario.events[-2:]}
    assert {one.reason for one in excluded} == {"opening-not-before"}
    assert relate(scenario, on_day(20)).stage == "customer"


def test_a_renewal_after_a_cancellation_is_excluded_as_such() -> None:
    scenario = registered().given("subscription-started", at=on_day(1))
    scenario.given("subscription-renewed", at=on_day(20))
    scenario.given("subscription-cancelled", at=on_day(10))
    assert [one.reason for one in relate(scenario, on_day(30)).exclusions()] == ["cancelled-before"]


def test_will_change_is_found_beyond_thousands_of_windows_that_close() -> None:
    scenario = registered().given("engagement-opened", at=on_day(1))
    scenario.given("engagement-closed", at=on_day(360))
    for number in range(1500):
        direction = "inbound" if number % 3 == 0 else "outbound"
        scenario.record(fact("touch-made", direction=direction), on_day(number * 0.2))
    financial = versions((0, PRESETS["financial"]))
    will_change = relate(scenario, on_day(361), financial).will_change()
    assert will_change is not None
    assert (will_change.at, will_change.stage) == (on_day(725), "customer")


def test_what_would_come_after_the_last_year_comes_with_it() -> None:
    policy = changed("retail", rhythm={"expected_gap_days": 36_500, "demote_after_days": 36_500})
    scenario = registered()
    scenario.record(fact("purchase-made"), parse_instant("9900-01-01T12:00:00Z"))
    silence = relate(scenario, parse_instant("9900-01-02T12:00:00Z"), versions((0, policy))).silence
    assert silence is not None
    assert format_instant(silence.demote_at) == "9999-12-31T23:59:59.999999Z"


@pytest.mark.parametrize(
    ("opening", "closing", "id_name"),
    [
        ("subscription-started", "subscription-cancelled", "subscription_id"),
        ("engagement-opened", "engagement-closed", "engagement_id"),
        ("referral-made", "referral-closed", "referral_id"),
    ],
)
def test_a_long_history_costs_no_more_a_fact_than_a_short_one(
    opening: str, closing: str, id_name: str
) -> None:
    """What was closed is not looked at again: the work is counted, not timed."""

    def work(count: int) -> float:
        scenario = registered()
        for number in range(count):
            scenario.record(fact(opening, **{id_name: str(number)}), on_day(number * 4))
            scenario.record(fact(closing, **{id_name: str(number)}), on_day(number * 4 + 1))
        calls = 0

        def count_calls(*_: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(count_calls)
        try:
            relate(scenario, on_day(count * 4))
        finally:
            sys.setprofile(None)
        return calls / count

    assert work(1200) < 1.5 * work(300)


def test_falling_is_about_the_client_underneath_an_override() -> None:
    scenario = registered()
    shown = fact("stage-overridden", stage="client", expires_at="2026-01-06T12:00:00Z")
    scenario.record(shown, on_day(1))
    assert relate(scenario, on_day(2)).flags == ()
    covered = client_on_day_35()
    over = fact("stage-overridden", stage="prospect", expires_at="2026-03-02T12:00:00Z")
    covered.record(over, on_day(55))
    assert "falling" not in relate(covered, on_day(56)).flags
