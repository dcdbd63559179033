"""The care scorecard: expected figures written by hand, and a second reading held against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from domain.history import effective_history
from domain.instants import HOUR
from domain.presets import PRESETS
from domain.scorecard import THINGS, ScorecardMeans, scorecard
from tests.domain.scenario import ANN, BEN, Scenario, fact, on_day, registered
from tests.domain.scorecard_oracle import figures

if TYPE_CHECKING:
    from uuid import UUID

    from domain.scorecard import Letter, Scorecard


def carded(
    scenario: Scenario, day: float, preset: str = "retail", contact_id: UUID = ANN
) -> Scorecard:
    """The scorecard of a contact as of a day."""
    events = [one for one in scenario.events if one.contact_id == contact_id]
    history = effective_history(events, contact_id)
    return scorecard(history, PRESETS[preset], "Europe/Amsterdam", on_day(day))


def letters(card: Scorecard) -> dict[str, Letter]:
    return {one.letter: one for one in card.letters}


def parts(card: Scorecard) -> dict[str, tuple[int, int]]:
    """Numerator and denominator of the letters that have something to rate."""
    return {one.letter: (one.numerator, one.denominator) for one in card.letters if one.denominator}


def test_of_somebody_new_nothing_is_rated_but_what_we_know() -> None:
    card = carded(registered(ANN), 1)
    assert "".join(one.letter for one in card.letters) == "CLIENTS"
    assert [one.letter for one in card.letters if one.percent is not None] == ["L"]
    assert (parts(card), card.overall) == ({"L": (0, THINGS)}, 0)


def test_a_day_at_the_cafe_is_cared_for_by_what_follows_it() -> None:
    """Two coffees of one day are one day, and what counts comes after the last of them."""
    cafe = registered(ANN)
    for number, day in enumerate((0, 0.1, 10, 60)):
        cafe.record(fact("purchase-made", purchase_id=str(number)), on_day(day))
    cafe.record(fact("gesture-made"), on_day(0.05))
    assert parts(carded(cafe, 70, "cafe"))["C"] == (0, 3)
    thanked = cafe.record(fact("thanks-given"), on_day(90))  # thirty days after the last day
    care = letters(carded(cafe, 90, "cafe"))["C"]
    assert (care.numerator, care.denominator, care.percent) == (1, 3, 33)
    assert thanked.id in care.events
    cafe.record(fact("purchase-reversed", purchase_id="3"), on_day(95))
    assert parts(carded(cafe, 96, "cafe"))["C"] == (0, 2)


def test_the_restaurant_knows_their_table_and_their_birthday() -> None:
    """A thing learned again is one thing; sixty-six are the whole of it."""
    restaurant = registered(ANN).given("preference-learned", "occasion-learned")
    restaurant.record(fact("preference-learned", value="by the fire"), on_day(2))
    restaurant.record(fact("profile-fact-learned"), on_day(3))
    restaurant.record(fact("profile-fact-learned", key="dog"), on_day(3))
    learned = letters(carded(restaurant, 800, "restaurant"))["L"]
    assert (learned.numerator, learned.denominator, learned.percent) == (4, 66, 6)
    for number in range(70):
        restaurant.record(fact("profile-fact-learned", key=f"fact {number}"), on_day(4))
    assert letters(carded(restaurant, 5))["L"].percent == 100
    restaurant.given("personal-data-erased", at=on_day(6))
    assert parts(carded(restaurant, 7))["L"] == (0, 66)


def test_the_butcher_keeps_promises_and_their_dates() -> None:
    """Of three promises one is kept on its day, one a day late, and one is broken."""
    butcher = registered(ANN)
    for number, due_on in enumerate(("2026-01-11", "2026-01-11", None)):
        made = fact("promise-made", promise_id=str(number), due_on=due_on)
        butcher.record(made, on_day(0))
    butcher.record(fact("promise-kept", promise_id="0"), on_day(10.4))
    butcher.record(fact("promise-kept", promise_id="1"), on_day(10.5))
    butcher.record(fact("promise-broken", promise_id="2"), on_day(12))
    found = parts(carded(butcher, 20))
    # The day ends at 23:00 of UTC in Amsterdam; a promise without a date is never due.
    assert (found["I"], found["T"]) == ((2, 3), (1, 2))
    assert "T" not in parts(carded(butcher, 10.4))
    assert "I" not in parts(carded(butcher, 12 + 365))


def test_a_complaint_is_in_time_up_to_the_instant_of_its_deadline() -> None:
    """Two days at a shop; each time that they come back on it the clock begins anew."""
    shop = registered(ANN).given("complaint-raised", at=on_day(0))
    shop.record(fact("complaint-resolved", satisfied=False), on_day(2) - 1)
    shop.record(fact("complaint-reopened"), on_day(5))
    shop.record(fact("complaint-resolved"), on_day(7))
    assert "T" not in parts(carded(shop, 1.9))
    assert parts(carded(shop, 6))["T"] == (1, 1)
    assert parts(carded(shop, 7))["T"] == (1, 2)
    assert parts(carded(shop, 7))["S"] == (100, 200)
    assert parts(carded(shop, 7, "cafe"))["T"] == (0, 2)  # one day at the cafe


def test_the_estate_agent_turned_a_sale_down_and_met_a_need() -> None:
    agent = registered(ANN).given("sale-declined", "advice-given", at=on_day(1))
    for need in "ab":
        agent.record(fact("need-discovered", need_id=need), on_day(1))
    agent.record(fact("need-met", need_id="a"), on_day(30))
    card = letters(carded(agent, 40, "real-estate"))
    assert card["I"].beside == {"sales_declined": 1, "advice_given": 1}
    assert (card["I"].percent, card["N"].percent) == (None, 50)
    assert len(card["I"].events) == 2


def test_the_mortgage_adviser_hears_from_a_client_once_in_three() -> None:
    """What lies a year back is forgotten at the hour."""
    adviser = registered(ANN).given("touch-made", "testimonial-given", at=on_day(1))
    for day in (2, 3):
        adviser.record(fact("touch-made", direction="outbound"), on_day(day))
    card = letters(carded(adviser, 40, "financial"))
    assert (card["E"].percent, card["E"].beside) == (33, {"testimonials": 1})
    adviser_later = letters(carded(adviser, 366, "financial"))
    assert (adviser_later["E"].percent, adviser_later["E"].beside) == (0, {"testimonials": 0})


def test_the_events_agency_asks_how_it_was() -> None:
    """The last five answers count, in one mean: 90, 75, 83, 100 and 0."""
    agency = registered(ANN)
    answers = (("nps", 0), ("nps", 9), ("csat", 4), ("ces", 6), ("nps", 10), ("csat", 1))
    for number, (metric, score) in enumerate(answers):
        agency.record(fact("survey-answered", metric=metric, score=score), on_day(number))
    satisfied = letters(carded(agency, 900))["S"]
    assert (satisfied.numerator, satisfied.denominator, satisfied.percent) == (348, 500, 69)


def test_the_whole_is_the_floored_mean_of_the_letters_that_there_are() -> None:
    """L is 1 of 66 and E is 1 of 2: 1 and 50 percent."""
    shop = registered(ANN).given("preference-learned", "touch-made")
    shop.record(fact("touch-made", direction="outbound"), on_day(1))
    assert carded(shop, 2).overall == 25


def test_the_ledgers_letter_is_the_mean_of_those_who_have_it() -> None:
    """Ann has 50 percent of E and Ben has none; of L she has 1 percent, and he 0."""
    shop = registered(ANN, BEN).given("preference-learned", "touch-made", "testimonial-given")
    shop.record(fact("touch-made", direction="outbound"), on_day(0))
    means = ScorecardMeans(on_day(1))
    for contact in (ANN, BEN):
        means.add(carded(shop, 1, contact_id=contact))
    assert parts(means.result()) == {"L": (1, 200), "E": (50, 100)}
    assert {name: one.percent for name, one in letters(means.result()).items()} == {
        **dict.fromkeys("CINTS"), "L": 0, "E": 50
    }  # fmt: skip
    assert letters(means.result())["E"].beside == {"testimonials": 1}
    assert letters(ScorecardMeans(on_day(1)).result())["E"].beside == {"testimonials": 0}


IDS = st.sampled_from(["1", "2"])
VARIED: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "purchase-made": {"purchase_id": st.integers(1, 9).map(str)},
    "purchase-reversed": {
        "purchase_id": st.integers(1, 9).map(str),
        "amount_minor": st.sampled_from([50, 100]),
    },
    "gesture-made": {},
    "thanks-given": {},
    "profile-fact-learned": {"key": IDS},
    "preference-learned": {"key": IDS},
    "occasion-learned": {"occasion_id": IDS},
    "promise-made": {
        "promise_id": IDS,
        "due_on": st.sampled_from([None, "2026-01-20", "2026-03-29", "2026-11-01"]),
    },
    "promise-kept": {"promise_id": IDS},
    "promise-broken": {"promise_id": IDS},
    "sale-declined": {},
    "advice-given": {},
    "touch-made": {"direction": st.sampled_from(["inbound", "outbound"])},
    "testimonial-given": {},
    "need-discovered": {"need_id": IDS},
    "need-met": {"need_id": IDS},
    "complaint-raised": {"complaint_id": IDS},
    "complaint-resolved": {
        "complaint_id": IDS,
        "satisfied": st.sampled_from([None, True, False]),
    },
    "complaint-reopened": {"complaint_id": IDS},
    "survey-answered": {
        "metric": st.sampled_from(["nps", "csat", "ces"]),
        "score": st.integers(1, 5),
    },
    "personal-data-erased": {},
}
"""What a scorecard reads, and how events of a type differ."""

ZONE = "America/New_York"


@st.composite
def treated(draw: st.DrawFn) -> Scenario:
    """Ann and Ben, who are one person, over almost two years, with retractions and corrections."""
    scenario = Scenario()
    scenario.record(fact("contact-registered", time_zone=ZONE), on_day(0))
    usual = [name for name in VARIED if name != "personal-data-erased"]
    names = st.sampled_from([*usual, *usual, "personal-data-erased"])
    for name in draw(st.lists(names, min_size=8, max_size=40)):
        data = {field: draw(values) for field, values in VARIED[name].items()}
        at = on_day(draw(st.integers(0, 1400)) / 2) + draw(st.sampled_from([0, 11, 12])) * HOUR
        scenario.record(fact(name, **data), at, draw(st.sampled_from([ANN, ANN, BEN])))
    for change in draw(st.lists(st.sampled_from(scenario.events[1:]), max_size=4)):
        about = {"target": str(change.id)}
        if draw(st.booleans()):
            moved = fact("event-corrected", **about, occurred_at="2026-06-01T12:00:00Z")
            scenario.record(moved, change.occurred_at, change.contact_id)
        else:
            scenario.record(fact("event-retracted", **about), at, change.contact_id)
    return scenario


@given(treated(), st.integers(-2, 1500), st.sampled_from(sorted(PRESETS)))
def test_the_fold_is_the_table_read_slowly(scenario: Scenario, day: int, preset: str) -> None:
    history = effective_history(scenario.events, ANN)
    policy, at = PRESETS[preset], on_day(day / 2)
    card = scorecard(history, policy, "UTC", at)
    slow = figures(history.facts, ZONE, at, policy.signals.complaint.sla_days)
    assert {
        one.letter: (one.numerator, one.denominator, dict(one.beside)) for one in card.letters
    } == slow
    places = {fact.id: place for place, fact in enumerate(history.facts)}
    for one in card.letters:
        assert list(one.events) == sorted(one.events, key=places.__getitem__)
        assert one.percent is None or 0 <= one.percent <= 100
