"""Sentences for whoever runs the shop: they say what the evidence says, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.causes import because_of_breakpoint, because_of_event
from domain.events import CATALOGUE
from domain.explanation import explain, explain_interval
from domain.phrases import Phrases
from domain.presets import PRESETS
from domain.signals import BLANK_SIGNALS, SIGNALS
from domain.signals.base import Evaluation
from tests.domain.folding import bought, changed, relate, versions
from tests.domain.scenario import CAT, Scenario, fact, on_day, registered

if TYPE_CHECKING:
    from domain.relationship import Relationship


def a_client() -> Scenario:
    """Ann bought weekly from 2 March 2026 on, and said on 12 April that 85 % goes to us."""
    scenario = bought(*range(60, 125, 7))
    scenario.record(fact("wallet-share-reported", share_percent=85), on_day(101))
    return scenario


def sentences(relationship: Relationship) -> list[str]:
    return list(explain(relationship))


def test_a_client_is_explained_by_what_made_her_one_and_by_when_it_ends() -> None:
    assert sentences(relate(a_client(), on_day(130))) == [
        "Client since 12 April: they bought on 10 days (3 are needed); "
        "our share of wallet is 85% (80% is needed), as they stated on 12 April.",
        "The score is 60; a client needs at least 45 to stay one.",
        "One change is enough to make them a customer: "
        "a complaint of severity 3 that stays open past its deadline.",
        "They are due every 7 days; a client falls 180 days after that, on 7 November.",
        "If nothing happens, they fall back to customer on 7 November, "
        "because of their long silence.",
    ]


def test_who_is_no_client_is_told_what_is_missing() -> None:
    relationship = relate(bought(1, 2, 3), on_day(4))
    assert sentences(relationship)[:4] == [
        "Customer since 2 January.",
        "They do not buy regularly yet: they bought on 3 days (6 are needed).",
        "The score is 0; to become a client they need 60, and also something lasting "
        "(regular purchases).",
        "If nothing happens, they fall back to lapsed customer on 8 July, "
        "because of their long silence.",
    ]


@pytest.mark.parametrize(
    ("preset", "served", "is_named"),
    [("retail", False, False), ("retail", True, True), ("real-estate", False, True)],
)
def test_an_engagement_is_named_only_where_the_trade_has_engagements(
    preset: str, served: bool, is_named: bool
) -> None:
    scenario = bought(1, 2, 3)
    if served:
        scenario.record(fact("engagement-opened", capacity="customer"), on_day(3))
    relationship = relate(scenario, on_day(4), versions((0, PRESETS[preset])))
    told = " ".join(sentences(relationship))
    assert ("an engagement in which we act for them" in told) is is_named
    assert "engagement" in [one.change for one in relationship.would_change()]


def test_who_was_a_client_is_told_that_fewer_days_are_needed() -> None:
    """In retail three of six days make them regular again, which gives 35 points and no client."""
    scenario = a_client()
    for day in (400, 407):
        scenario.record(fact("purchase-made", purchase_id=f"again-{day}"), on_day(day))
    told = sentences(relate(scenario, on_day(408)))
    assert told[1] == (
        "They do not buy regularly yet: they bought on 2 days after 7 November 2026 "
        "(3 are needed, because they were a client before)."
    )


def test_who_went_silent_is_not_told_to_buy_more_often() -> None:
    told = sentences(relate(a_client(), on_day(600)))
    assert told[0] == "Lapsed client since 6 May."
    assert not any("buy regularly: they bought" in one for one in told)
    assert "They are quieter than usual." in told


def test_what_counts_against_them_stands_apart_and_a_held_promotion_too() -> None:
    scenario = a_client().given("complaint-raised", at=on_day(126))
    told = sentences(relate(scenario, on_day(129)))
    assert told[1] == "On the other hand, 1 complaint is past the deadline (worst severity 2)."
    scenario = bought(1, 2, 3).given("complaint-raised", at=on_day(3))
    told = sentences(relate(scenario, on_day(6)))
    score = next(one for one in told if one.startswith("The score"))
    assert score.endswith("and no complaint of severity 2 or more past its deadline.")


def test_of_a_trades_own_kinds_each_tells_for_or_against() -> None:
    """And a complaint against, though a policy may take nothing off for it."""
    custom = {"tasting": {"points": 25}, "late": {"points": -5}, "heard of": {"points": 0}}
    signals = {"custom": custom, "complaint": {"points": [0, -30, -60]}}
    scenario = bought(1).given("custom-recorded", at=on_day(1))
    scenario.record(fact("custom-recorded", kind="late"), on_day(1))
    scenario.record(fact("complaint-raised", severity=1), on_day(1))
    told = sentences(relate(scenario, on_day(4), versions((0, changed("retail", signals=signals)))))
    assert told[0] == "Customer since 2 January: 'tasting' was recorded once."
    assert told[2] == (
        "On the other hand, 1 complaint is past the deadline (worst severity 1); "
        "'late' was recorded once."
    )


def test_a_stage_set_by_hand_is_said_to_be_so_with_what_the_rules_say() -> None:
    scenario = bought(1, 2, 3).given("stage-overridden", at=on_day(4))
    told = sentences(relate(scenario, on_day(5)))
    assert told[0] == "Client since 5 January."
    assert told[1] == "The stage was set by hand; according to the rules it would be customer."
    assert told[-1].endswith("on 1 January 2027, because the stage that was set by hand expires.")


def test_a_stage_set_by_hand_is_not_said_to_change_as_the_rules_would() -> None:
    """Nor where the stage set by hand is what the rules say anyway."""
    for stage in ("prospect", "customer"):
        override = fact("stage-overridden", stage=stage)
        scenario = bought(1, 2, 3)
        scenario.record(fact("engagement-opened", capacity="customer"), on_day(3))
        scenario.record(override, on_day(4))
        told = sentences(relate(scenario, on_day(5)))
        assert told[1] == "The stage was set by hand; according to the rules it would be customer."
        by_itself = next(one for one in told if one.startswith("One change"))
        assert by_itself.startswith(
            "One change is enough to make them a client according to the rules: "
        )


def test_a_new_client_who_falls_with_score_enough_is_told_another_cause() -> None:
    """Too long silent for a client, who stays one for thirty days whatever happens."""
    policy = changed(
        "cafe",
        rhythm={"demote_after_days": 21},
        signals={"advice": {"points": 60}, "regularity": {"purchase_days": 1}},
    )
    scenario = bought(1).given("advice-accepted", at=on_day(1))
    relationship = relate(scenario, on_day(25), versions((0, policy)))
    assert relationship.stage == "client"
    assert relationship.score >= 45
    assert sentences(relationship)[-1] == (
        "If nothing happens, they fall back to customer on 1 February, "
        "because the minimum stay of a new client is over."
    )


def test_a_trade_is_told_of_what_can_last_in_it() -> None:
    """A cafe never had an engagement; whoever subscribes can renew without a reminder."""
    cafe = versions((0, PRESETS["cafe"]))
    told = sentences(relate(bought(1, 2), on_day(3), cafe))[2]
    assert told.endswith("something lasting (regular purchases).")
    subscribed = bought(1, 2).given("subscription-started", at=on_day(2))
    told = " ".join(sentences(relate(subscribed, on_day(3), cafe)))
    assert "something lasting (regular purchases or a renewal without a reminder)." in told


def test_a_fall_after_an_earlier_due_day_is_counted_from_that_day() -> None:
    """A slow buyer who buys daily at last is still due when the slow rhythm said."""
    scenario = bought(*range(0, 701, 100), *range(701, 711))
    frequent = versions((0, PRESETS["purchases-only"]))
    told = sentences(relate(scenario, on_day(712), frequent))
    (due,) = [one for one in told if "due" in one]
    assert due.startswith("They are due on ")
    assert "; a client falls 180 days after that, on " in due


def test_what_the_policy_does_not_go_by_is_not_asked_for() -> None:
    told = sentences(relate(bought(1, 2), on_day(3), versions((0, PRESETS["real-estate"]))))
    assert told[1].endswith("and also something lasting (an engagement).")


def test_what_belongs_to_nothing_is_said_not_to_count_in_words() -> None:
    scenario = registered().given("complaint-resolved", "promise-broken", at=on_day(1))
    assert sentences(relate(scenario, on_day(2)))[-1] == (
        "2 events do not count: 2 about something that had not begun by then."
    )


def test_a_kind_of_ones_own_may_have_any_name() -> None:
    """One that ends like the loss of another is not taken for it."""
    phrases = Phrases(str)
    assert phrases.change("custom:parcel_lost") == "an event 'parcel_lost'"
    assert phrases.change("custom_lost:parcel") == "no more 'parcel'"


def test_who_ended_it_is_told_nothing_more() -> None:
    scenario = a_client().given("relationship-ended", at=on_day(132))
    assert sentences(relate(scenario, on_day(133))) == ["Ended since 13 May."]


def test_a_policy_that_counts_purchases_alone_says_so_every_time() -> None:
    policies = versions((0, PRESETS["purchases-only"]))
    for at in (on_day(1), on_day(4), on_day(500)):
        told = sentences(relate(bought(1, 2, 3), at, policies))
        assert "The stage rests on how often they buy, not on their allegiance." in told


def test_what_does_not_count_is_counted_by_its_reason() -> None:
    scenario = bought(1, 2, 3)
    target = str(scenario.events[-1].id)
    scenario.record(fact("event-retracted", target=target), on_day(4))
    told = sentences(relate(scenario, on_day(5)))
    assert "1 event does not count: 1 retracted." in told


def test_the_first_sentence_names_the_contact_where_the_name_may_be_told() -> None:
    client = relate(a_client(), on_day(130))
    assert explain(client, name="J. R. Smith")[0].startswith(
        "J. R. Smith has been a client since 12 April: they bought on 10 days"
    )
    assert explain(client, name="J. R. Smith")[1:] == explain(client)[1:]
    left = relate(bought(1).given("relationship-ended", at=on_day(3)), on_day(5))
    assert (
        explain(left, name="Ann")[0] == "The relationship with Ann has been over since 4 January."
    )
    unknown = relate(registered(), on_day(-1))
    assert explain(unknown, name="Ann") == ("Nothing is known about Ann at that time.",)


def test_what_erasure_took_is_said_and_nothing_known_too() -> None:
    told = explain(relate(a_client(), on_day(130)), erased=True)
    assert told[-1] == "Personal data was erased, and what rested on it is not shown."
    assert sentences(relate(registered(), on_day(-1))) == [
        "Nothing is known about them at that time."
    ]


def test_days_are_those_of_the_contacts_own_time_zone() -> None:
    scenario = bought(0.4)  # 21:36 in UTC, which is the next morning in Auckland
    scenario.record(fact("registration-amended", time_zone="Pacific/Auckland"), on_day(0))
    assert sentences(relate(scenario, on_day(1)))[0] == "Customer since 2 January."


def test_every_stretch_of_a_history_names_what_began_it() -> None:
    relationship = relate(a_client(), on_day(600))
    assert [explain_interval(one, "UTC") for one in relationship.intervals] == [
        "Contact from 1 January 2026 to 2 March 2026, because the contact was registered.",
        "Customer from 2 March 2026 to 12 April 2026, because a purchase was made.",
        "Client from 12 April 2026 to 7 November 2026, because a share of wallet was reported.",
        "Customer from 7 November 2026 to 6 May 2027, because of their long silence.",
        "Lapsed client from 6 May 2027 on, because of their long silence.",
    ]
    stricter = changed("purchases-only", stage={"stay_score": 70, "promotion_score": 70})
    policies = versions((0, PRESETS["purchases-only"]), (on_day(100), stricter))
    relationship = relate(bought(*range(0, 106, 7)), on_day(106), policies)
    told = [explain_interval(one, "UTC") for one in relationship.intervals]
    assert told[-1].endswith("because version 2 of the policy took effect.")


@pytest.mark.parametrize(
    ("types", "told"),
    [
        (("engagement-opened",), "we act for them in 1 open engagement"),
        (("referral-made",), "they sent us 1 weak referral in the last 365 days"),
        (("advice-accepted", "advice-accepted", "advice-declined"),
         "they took our advice twice and declined it once"),
        (("detail-updated",), "they acted on their own initiative once in the last 365 days"),
        (("visit-made", "visit-made"),
         "they brought guests on 2 visits in the last 90 days (2 are needed)"),
        (("preference-learned", "recognition-given"),
         "we showed once in the last 365 days that we know their preferences"),
        (("testimonial-given",), "they gave 1 testimonial in the last 365 days"),
        (("touch-made",), "they got in touch with us once, out of 1 time in all"),
        (("promise-made", "promise-broken"), "we broke 1 promise in the last 90 days"),
        (("subscription-started", "subscription-renewed"),
         "they renewed 1 subscription without a reminder"),
        (("wallet-rank-reported",), "estimated from our rank 1 of 2, reported on 1 January"),
    ],
)  # fmt: skip
def test_each_signal_is_told_as_what_happened(types: tuple[str, ...], told: str) -> None:
    policies = versions((0, changed("retail", signals={"wallet": {"share_percent": 60}})))
    scenario = registered().given(*types, at=on_day(0))
    assert any(told in one for one in sentences(relate(scenario, on_day(1), policies)))


def test_both_kinds_of_referral_and_what_a_trade_adds_are_told() -> None:
    scenario = registered().given("referral-made", "custom-recorded", at=on_day(2))
    scenario.record(fact("referral-made", referral_id="r2", level=5, other=str(CAT)), on_day(3))
    policies = versions((0, changed("retail", signals={"custom": {"tasting": {"points": 5}}})))
    told = sentences(relate(scenario, on_day(5), policies))[0]
    assert "they sent us 1 strong and 1 weak referral in the last 365 days" in told
    assert "'tasting' was recorded once" in told


def test_every_event_and_breakpoint_that_may_change_a_stage_has_words() -> None:
    told = [because_of_event(name) for name in CATALOGUE]
    assert len(set(told)) == len(told)
    assert because_of_event("advice-given") == "because advice was given"
    assert because_of_event("engagement-opened") == "because an engagement was opened"
    for signal in SIGNALS:
        assert because_of_breakpoint(signal.name)


def test_there_are_words_for_every_change_that_any_signal_can_name() -> None:
    """Whatever the rules can name has words: a signal without them would raise here."""
    phrases = Phrases(str)
    policy = changed(
        "retail", signals={"custom": {"tasting": {"points": 5}}, "known": {"points": 9}}
    )
    judged = Evaluation(0, policy, is_client=True, ceased_at=None)
    for signal in BLANK_SIGNALS:
        reading = signal.read(judged)
        for on in (reading, reading._replace(on=True, value={**reading.value, "tasting": 1})):
            for change in signal.changes(on, judged):
                assert phrases.change(change.name)
    assert {signal.name for signal in SIGNALS} == set(_told())


def _told() -> list[str]:
    from domain.phrases import _READINGS

    return list(_READINGS)
