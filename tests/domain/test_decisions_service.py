"""Engagements, needs, advice, promises, complaints and overrides."""

from __future__ import annotations

import pytest

from domain.decisions import ALREADY_SO
from domain.errors import Invalid
from domain.instants import format_instant
from tests.domain.scenario import fact, on_day, registered, types_of


@pytest.mark.parametrize(
    ("follow_up", "reason"),
    [
        ("engagement-closed", "engagement-unknown"),
        ("disclosure-acknowledged", "engagement-unknown"),
        ("need-met", "need-unknown"),
        ("advice-accepted", "advice-unknown"),
        ("advice-declined", "advice-unknown"),
        ("promise-kept", "promise-unknown"),
        ("promise-broken", "promise-unknown"),
        ("complaint-acknowledged", "complaint-unknown"),
        ("complaint-resolved", "complaint-unknown"),
        ("complaint-reopened", "complaint-unknown"),
    ],
)
def test_what_was_never_opened_is_unknown(follow_up: str, reason: str) -> None:
    assert registered().refusal(fact(follow_up)).reason == reason


@pytest.mark.parametrize("type_name", ["advice-given", "advice-accepted"])
def test_advice_names_a_known_need_or_none(type_name: str) -> None:
    scenario = registered().given("advice-given")
    advice = fact(type_name, advice_id="a2" if type_name == "advice-given" else "a1", need_id="n1")
    assert scenario.refusal(advice).reason == "need-unknown"
    assert scenario.given("need-discovered").append(advice)


def test_closing_an_engagement_again_is_already_so() -> None:
    scenario = registered().given("engagement-opened", "engagement-closed")
    assert scenario.decide(fact("engagement-closed"), on_day(3)) == ALREADY_SO


@pytest.mark.parametrize(
    ("first", "second"),
    [("promise-kept", "promise-broken"), ("promise-broken", "promise-kept")],
)
def test_a_promise_is_kept_or_broken_but_not_both(first: str, second: str) -> None:
    scenario = registered().given("promise-made", first)
    assert scenario.decide(fact(first), on_day(3)) == ALREADY_SO
    assert scenario.refusal(fact(second), on_day(3)).reason == "promise-settled"


def test_resolving_again_is_already_so_only_with_the_same_content() -> None:
    scenario = registered().given("complaint-raised")
    scenario.append(fact("complaint-resolved"), on_day(1))
    assert scenario.decide(fact("complaint-resolved"), on_day(2)) == ALREADY_SO
    for satisfied in (False, None):
        refused = scenario.refusal(fact("complaint-resolved", satisfied=satisfied), on_day(2))
        assert refused.reason == "complaint-already-resolved"


def test_resolving_after_a_reopening_is_news_even_at_the_same_instant() -> None:
    scenario = registered().given("complaint-raised", "complaint-resolved", "complaint-reopened")
    assert scenario.append(fact("complaint-resolved", satisfied=False))
    assert scenario.decide(fact("complaint-resolved", satisfied=False)) == ALREADY_SO


def test_a_late_resolution_belongs_to_the_spell_in_which_it_occurred() -> None:
    scenario = registered().given("complaint-raised")
    scenario.append(fact("complaint-resolved"), on_day(30))
    scenario.append(fact("complaint-reopened"), on_day(20))
    late = fact("complaint-resolved", satisfied=False)
    assert scenario.decide(late, on_day(10)) != ALREADY_SO
    assert scenario.refusal(late, on_day(25)).reason == "complaint-already-resolved"
    assert scenario.decide(fact("complaint-resolved"), on_day(40)) == ALREADY_SO


@pytest.mark.parametrize("type_name", ["complaint-acknowledged", "complaint-reopened", "need-met"])
def test_what_may_happen_twice_is_a_new_fact_each_time(type_name: str) -> None:
    scenario = registered().given("complaint-raised", "need-discovered", type_name)
    assert scenario.decide(fact(type_name)) != ALREADY_SO


def test_an_override_ends_after_it_begins() -> None:
    scenario = registered()
    override = fact("stage-overridden", expires_at=format_instant(on_day(5)))
    assert scenario.decide(override, on_day(5) - 1)
    assert scenario.refusal(override, on_day(5)).reason == "override-already-over"


def test_an_item_is_put_off_for_366_days_at_most() -> None:
    scenario = registered()
    for days, until in ((366, on_day(366)), (0, on_day(0)), (-1, on_day(-1))):
        deferral = fact("action-deferred", until=format_instant(until))
        assert types_of(scenario.decide(deferral)) == ["action-deferred"], days
    beyond = fact("action-deferred", until=format_instant(on_day(366) + 1))
    assert scenario.refusal(beyond).reason == "deferral-too-long"


EVENT = "0198c1f0-5a52-7c3e-9d7b-000000000003"
KEYS = [
    "touch",
    "reciprocity",
    "learn",
    f"thanks-won:{EVENT}",
    f"report-back:{EVENT}",
    f"renewal:{EVENT}@2026-03-01T00:00:00Z",
    f"occasion:{EVENT}/2026",
    "keep:quiet@2026-03-01T00:00:00.000123Z",
]
NO_KEYS: list[object] = [
    *("", "Touch", "touch:", f"thanks:{EVENT} ", f"thanks:{EVENT}\n", "thanks:" + "x" * 101, 5),
]


@pytest.mark.parametrize("item", KEYS)
def test_an_item_of_every_form_is_put_off_whether_it_exists_or_not(item: str) -> None:
    assert fact("action-deferred", item=item).show()["item"] == item
    assert types_of(registered().decide(fact("action-deferred", item=item))) == ["action-deferred"]


@pytest.mark.parametrize("item", NO_KEYS)
def test_what_has_not_the_form_of_a_key_is_not_put_off(item: object) -> None:
    with pytest.raises(Invalid):
        fact("action-deferred", item=item)
