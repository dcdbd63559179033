"""Rules of the agenda one by one: what clears an item, when it opens, and what its words mean."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from domain.agenda.items import CLEARED_BY, KINDS
from domain.encounters import MEETINGS, OURS, THEIRS, is_ours, is_theirs
from domain.events import CATALOGUE
from domain.history import effective_history
from domain.instants import DAY, start_of_day
from domain.presets import PRESETS
from domain.scorecard import scorecard
from tests.domain.agendas import agenda_of, told
from tests.domain.cards import card_of
from tests.domain.scenario import ANN, Scenario, fact, on_day, registered

if TYPE_CHECKING:
    Told = tuple[str, dict[str, object]]

    from domain.agenda.items import Item
    from domain.card.card import Card

OPENED_AND_ENDED: list[tuple[Told, Told]] = [
    (("complaint-raised", {}), ("complaint-resolved", {})),
    (("promise-made", {}), ("promise-kept", {})),
    (("promise-made", {}), ("promise-broken", {})),
    (("need-discovered", {}), ("need-met", {})),
    (("need-discovered", {}), ("advice-given", {"need_id": "n1"})),
]


def open_on(found: Card) -> int:
    """How many complaints, promises and needs a card shows as open."""
    return len(found.complaints) + len(found.promises) + len(found.needs)


@pytest.mark.parametrize(("opening", "ending"), OPENED_AND_ENDED, ids=lambda one: one[0])
@pytest.mark.parametrize("ended_on", [4, 10, 15])
def test_what_names_a_thing_ends_it_whenever_it_occurred(
    opening: Told, ending: Told, ended_on: int
) -> None:
    """On the agenda and on the card alike: told late, an end may have come before the opening."""
    scenario = registered(ANN)
    scenario.append(fact(opening[0], **opening[1]), on_day(10))
    kind = opening[0].partition("-")[0]
    assert kind in told(agenda_of(scenario, on_day(20)))
    assert open_on(card_of(scenario, on_day(20))[0]) == 1
    scenario.append(fact(ending[0], **ending[1]), on_day(ended_on))
    assert kind not in told(agenda_of(scenario, on_day(20)))
    assert open_on(card_of(scenario, on_day(20))[0]) == 0


def test_a_reopened_complaint_needs_a_later_resolution() -> None:
    scenario = registered(ANN)
    scenario.append(fact("complaint-raised"), on_day(10))
    scenario.append(fact("complaint-resolved", satisfied=False), on_day(8))
    scenario.append(fact("complaint-reopened"), on_day(12))
    assert told(agenda_of(scenario, on_day(20))) == {"complaint": (12.0, 14.0)}
    (open_one,) = card_of(scenario, on_day(20))[0].complaints
    assert open_one.due_at == on_day(14)
    scenario.append(fact("complaint-resolved", satisfied=True), on_day(19))
    assert told(agenda_of(scenario, on_day(20))) == {}
    assert open_on(card_of(scenario, on_day(20))[0]) == 0


def test_a_promise_kept_before_it_was_noted_is_kept_in_the_scorecard() -> None:
    scenario = registered(ANN)
    scenario.append(fact("promise-made", due_on="2026-01-15"), on_day(10))
    scenario.append(fact("promise-kept"), on_day(9))
    found = scorecard(effective_history(scenario.events, ANN), PRESETS["retail"], "UTC", on_day(20))
    by_letter = {one.letter: (one.numerator, one.denominator) for one in found.letters}
    assert (by_letter["I"], by_letter["T"]) == ((1, 1), (1, 1))


def occasion(scenario: Scenario, month: int, day: int, at: float) -> None:
    scenario.append(fact("occasion-learned", month=month, day=day, year=None), on_day(at))


def opens(scenario: Scenario, at: float) -> list[int]:
    """The instants at which the occasions opened that are on the agenda."""
    return [one.opens_at for one in agenda_of(scenario, on_day(at)).items]


def test_an_occasion_with_another_date_opens_when_that_was_learned() -> None:
    """Their birthday is 20 January (day 19), and was first told as one in June."""
    scenario = registered(ANN)
    occasion(scenario, 6, 1, 2)
    occasion(scenario, 1, 20, 16)
    assert opens(scenario, 15.9) == []
    assert opens(scenario, 17) == [on_day(16)], "not seven days before, when nobody knew"
    occasion(scenario, 1, 20, 17)
    assert opens(scenario, 18) == [on_day(16)], "told once more it is no news"


def test_a_greeting_for_a_date_that_was_wrong_is_none_for_the_right_one() -> None:
    scenario = registered(ANN)
    occasion(scenario, 1, 12, 2)
    scenario.append(fact("greeting-sent"), on_day(10))
    assert opens(scenario, 11) == []
    occasion(scenario, 1, 20, 12)
    starts_at = start_of_day(date(2026, 1, 20), "UTC")
    assert opens(scenario, 13) == [max(starts_at - 7 * DAY, on_day(12))]


def test_the_types_that_clear_an_item_are_those_of_its_rule() -> None:
    """``touch`` is cleared by any meeting, ``keep`` by acts of ours and purchases."""
    assert tuple(CLEARED_BY) == KINDS
    for types in CLEARED_BY.values():
        assert len(set(types)) == len(types)
        assert set(types) <= set(CATALOGUE)
    assert CLEARED_BY["touch"] == MEETINGS
    assert set(MEETINGS) == set(OURS) | set(THEIRS)
    for types, is_one in ((OURS, is_ours), (THEIRS, is_theirs)):
        found = {
            name
            for name in CATALOGUE
            for more in ({}, {"direction": "outbound"}, {"direction": "inbound"})
            if (not more or name in ("touch-made", "referral-made"))
            and name not in ("policy-published", "referral-received")
            and is_one(fact(name, **more))
        }
        assert found == set(types)


@pytest.mark.parametrize("purpose", ["marketing", "Marketing", " MARKETING "])
def test_a_refusal_is_heard_in_any_spelling(purpose: str) -> None:
    scenario = registered(ANN)
    scenario.append(fact("purchase-made"), on_day(0))
    assert not touch(scenario).muted
    refused = fact("consent-changed", purpose=purpose, channel="email", granted=False)
    scenario.append(refused, on_day(1))
    assert touch(scenario).muted
    allowed = fact("consent-changed", purpose="marketing", channel="email", granted=True)
    scenario.append(allowed, on_day(2))
    assert not touch(scenario).muted, "the last word about a channel counts"


def touch(scenario: Scenario) -> Item:
    (found,) = [one for one in agenda_of(scenario, on_day(88)).items if one.kind == "touch"]
    return found


@pytest.mark.parametrize("purpose", ["renewal", "Renewal"])
def test_a_call_about_the_renewal_is_one_in_any_spelling(purpose: str) -> None:
    scenario = registered(ANN, policy=PRESETS["subscription"])
    scenario.append(fact("subscription-started", term_days=60), on_day(0))
    assert "renewal" in told(agenda_of(scenario, on_day(50)))
    called = fact("touch-made", direction="outbound", purpose=purpose, about=None)
    scenario.append(called, on_day(49))
    assert "renewal" not in told(agenda_of(scenario, on_day(50)))


def test_whoever_never_bought_has_no_rhythm_and_is_not_due() -> None:
    scenario = registered(ANN)
    scenario.append(fact("touch-made", direction="inbound"), on_day(1))
    found, _ = card_of(scenario, on_day(2))
    assert (found.habits.rhythm_days, found.due_at) == (None, None)
    scenario.append(fact("purchase-made"), on_day(3))
    found, _ = card_of(scenario, on_day(4))
    assert (found.habits.rhythm_days, found.due_at) == (7, on_day(10))
