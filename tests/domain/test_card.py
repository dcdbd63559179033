"""The welcome card: expected answers written by hand, for a story of each trade of the essays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.card.card import SentReferrals
from domain.card.habits import Usual, usual_of
from domain.events import EncryptedValue
from domain.events.commerce import PurchaseMade
from domain.presets import PRESETS
from tests.domain.cards import card_of
from tests.domain.scenario import ANN, BEN, CAT, DAN, Scenario, fact, on_day, registered

STORY_NAMES = {ANN: "Anna de Wit", BEN: "Ben", CAT: "Clara", DAN: "Dora"}


def named(*contacts: object, preset: str) -> Scenario:
    """A scenario of a trade in which these contacts are registered by their names, on 1 January."""
    scenario = Scenario(PRESETS[preset])
    for contact in contacts:
        name = STORY_NAMES[contact]  # type: ignore[index]  # one of the four
        scenario.record(fact("contact-registered", name=name), on_day(0), contact)  # type: ignore[arg-type]  # as above
    return scenario


def buying(scenario: Scenario, days: range, **data: object) -> None:
    """A purchase at noon of each of these days."""
    for day in days:
        scenario.record(fact("purchase-made", purchase_id=f"p{day}", **data), on_day(day))


def test_the_cafe_knows_the_usual_and_owes_thanks() -> None:
    """Anna comes every second day for a flat white, and has sent Ben."""
    cafe = named(ANN, BEN, preset="cafe")
    buying(cafe, range(0, 28, 2), category="flat white", amount_minor=420)
    cafe.record(fact("wallet-share-reported", share_percent=90), on_day(26))
    cafe.given("thanks-given", at=on_day(26.5))
    cafe.append(fact("referral-made", level=3), on_day(27))
    found, line = card_of(cafe, on_day(27))
    assert line == (
        "Anna de Wit, client since 27 January, usually flat white, here every 2 days; "
        "we owe them thanks for sending Ben."
    )
    assert found.habits.usual == Usual("flat white", 10, 10, 420, "EUR")
    assert (found.habits.last_visit_at, found.habits.rhythm_days) == (on_day(26), 2)
    assert (found.due_at, found.referred) == (on_day(28), SentReferrals(1, 0))
    ben, line_of_ben = card_of(cafe, on_day(27), BEN)
    assert ben.referred_by == (ANN, 3)
    assert line_of_ben == "Ben, prospect since 28 January."


def test_the_restaurant_greets_by_preference_and_by_birthday() -> None:
    """The newest of each preference, the latest first; birthdays over the turn of the year."""
    restaurant = named(ANN, preset="restaurant")
    for day, key, value in (
        (0, "greet_as", "Mrs de Wit"),
        (1, "table", "window"),
        (2, "table", "fire"),
    ):
        restaurant.record(fact("preference-learned", key=key, value=value), on_day(day))
    born = {"occasion_id": "b", "kind": "birthday", "month": 1, "day": 3, "year": 1960}
    restaurant.record(fact("occasion-learned", **born), on_day(3))
    wed = {"occasion_id": "w", "kind": "wedding day", "month": 2, "day": 29}
    restaurant.record(fact("occasion-learned", **wed), on_day(3))
    restaurant.record(fact("visit-made", guests=2), on_day(20))
    found, _ = card_of(restaurant, on_day(40))
    assert found.greet_as == "Mrs de Wit"
    assert [(one.key, one.value, one.learned_at) for one in found.preferences] == [
        ("table", "fire", on_day(2)),
        ("greet_as", "Mrs de Wit", on_day(0)),
    ]
    assert (found.habits.last_visit_at, found.habits.last_purchase) == (on_day(20), None)
    assert [(one.on, one.in_days, one.years) for one in found.occasions] == [
        (date(2026, 2, 28), 18, None)
    ]
    found, line = card_of(restaurant, on_day(363))  # 30 December
    assert [(one.on, one.in_days, one.years) for one in found.occasions] == [
        (date(2027, 1, 3), 4, 67)
    ]
    assert line == "Anna de Wit, a contact since 1 January; their birthday is on 3 January."


def test_the_butcher_has_a_complaint_and_a_promise_open() -> None:
    butcher = named(ANN, preset="retail")
    buying(butcher, range(0, 12, 6))
    butcher.record(fact("promise-made", summary="a goose", due_on="2026-01-20"), on_day(7))
    butcher.record(fact("promise-made", promise_id="w2", due_on=None), on_day(7))
    butcher.record(fact("complaint-raised", severity=2), on_day(8))
    found, line = card_of(butcher, on_day(8))
    assert [tuple(one) for one in found.complaints] == [("c1", 2, on_day(8), on_day(10), on_day(8))]
    assert [tuple(one) for one in found.promises] == [
        ("w1", "2026-01-20", "a goose"),
        ("w2", None, None),
    ]
    assert line == (
        "Anna de Wit, customer since 1 January, here every 7 days; "
        "a serious complaint has been open since 9 January."
    )
    butcher.record(fact("complaint-resolved"), on_day(9))
    assert card_of(butcher, on_day(9))[1].endswith("we promised them by 20 January: a goose.")
    butcher.record(fact("complaint-reopened"), on_day(11))
    (again,) = card_of(butcher, on_day(12))[0].complaints
    assert (again.raised_at, again.due_at) == (on_day(8), on_day(13))
    butcher.record(fact("promise-kept"), on_day(12))
    assert [one.promise_id for one in card_of(butcher, on_day(12))[0].promises] == ["w2"]


def test_the_estate_agent_looks_after_a_need() -> None:
    """Kim looks after Anna until Leo does; what we did last stands first."""
    agent = named(ANN, preset="real-estate").given("engagement-opened", at=on_day(1))
    agent.record(fact("steward-assigned"), on_day(1))
    agent.record(fact("steward-assigned", steward="Leo"), on_day(2))
    agent.record(fact("need-discovered", stated="a garden"), on_day(2))
    agent.record(fact("advice-given"), on_day(3))
    agent.record(fact("resource-shared"), on_day(4))
    found, line = card_of(agent, on_day(5))
    assert (found.steward, found.due_at) == ("Leo", None)
    assert [tuple(one) for one in found.needs] == [("n1", "a garden")]
    assert [one.event.TYPE for one in found.done_for_them] == ["resource-shared", "advice-given"]
    assert line == ("Anna de Wit, client since 2 January; they said that they need: a garden.")
    agent.record(fact("steward-assigned", steward=None), on_day(6))
    agent.record(fact("need-met"), on_day(6))
    found, _ = card_of(agent, on_day(6))
    assert (found.steward, found.needs) == (None, ())


def test_the_mortgage_adviser_sees_who_sent_whom() -> None:
    """Ben's referral came first, but said no more than a name that nobody knows."""
    adviser = named(ANN, BEN, CAT, DAN, preset="financial")
    adviser.append(fact("referral-made", other=str(ANN), level=0), on_day(1), BEN)
    adviser.append(fact("referral-made", other=str(ANN), level=4), on_day(2), CAT)
    for number, (other, outcome) in enumerate(((BEN, "won"), (DAN, "lost"))):
        made = {"referral_id": f"r{number}", "other": str(other), "level": 2}
        adviser.append(fact("referral-made", **made), on_day(3))
        closed = fact("referral-closed", referral_id=f"r{number}", outcome=outcome)
        adviser.append(closed, on_day(9))
    found, line = card_of(adviser, on_day(10))
    assert (found.referred_by, found.referred) == ((CAT, 4), SentReferrals(2, 1))
    assert found.standing == "partner"
    assert line == ("Anna de Wit, prospect since 2 January; we owe them thanks for sending Ben.")


def test_the_events_agency_reads_what_they_said_last() -> None:
    """Three of four; a complaint that was resolved was said all the same."""
    agency = named(ANN, preset="retail")
    for day, name in enumerate(
        ("testimonial-given", "survey-answered", "complaint-raised", "testimonial-given")
    ):
        agency.record(fact(name), on_day(day))
    agency.record(fact("consent-changed", granted=False), on_day(4))
    found, _ = card_of(agency, on_day(5))
    assert [(one.event.TYPE, one.occurred_at) for one in found.said] == [
        ("testimonial-given", on_day(3)),
        ("complaint-raised", on_day(2)),
        ("survey-answered", on_day(1)),
    ]
    assert [(one.purpose, one.granted) for one in found.consents] == [("offers", False)]


BOUGHT = [("tea", 100, "EUR"), ("tea", 300, "EUR"), ("cake", 500, "EUR"), ("tea", 200, "EUR")]


@pytest.mark.parametrize(
    ("bought", "usual"),
    [
        (BOUGHT[:3], None),  # twice is not usual
        (BOUGHT, Usual("tea", 3, 4, 200, "EUR")),
        ([*BOUGHT, *[(None, 1, "EUR")] * 3], None),  # less than half
        ([*BOUGHT, *[("cake", 900, "EUR")] * 2], Usual("cake", 3, 6, 900, "EUR")),  # the latest
        ([*BOUGHT, ("tea", 7, "USD")], Usual("tea", 4, 5, 7, "USD")),  # of that currency alone
        ([*[("tea", 1, "EUR")] * 9, *[(f"{n}", 1, "EUR") for n in range(6)]], None),  # of ten
        ([("tea", n, "EUR") for n in (1, 2, 3, 4)], Usual("tea", 4, 4, 2, "EUR")),  # lower median
    ],
)
def test_the_usual_is_half_of_the_last_ten(
    bought: list[tuple[str | None, int, str]], usual: Usual | None
) -> None:
    made = [
        PurchaseMade(
            purchase_id=str(place),
            amount_minor=amount_minor,
            currency=currency,
            category=category,
            initiated_by="contact",
        )
        for place, (category, amount_minor, currency) in enumerate(bought)
    ]
    assert usual_of(made) == usual


def test_what_was_given_back_in_full_is_no_visit_and_no_habit() -> None:
    shop = registered(ANN)
    buying(shop, range(3), category="tea")
    shop.record(fact("purchase-reversed", purchase_id="p2"), on_day(3))
    found, line = card_of(shop, on_day(4))
    assert (found.habits.usual, found.habits.last_visit_at) == (None, on_day(1))
    assert (
        line == "Ann, customer since 1 January, here every 5 days; "
        "we owe them thanks for the purchase that made them a customer."
    )


@pytest.mark.parametrize(
    ("types", "day", "line"),
    [
        ((), 1, "Ann, a contact since 1 January."),
        ((), -1, "Ann, of whom nothing is known yet."),
        (("touch-made",), 1, "Ann, prospect since 1 January."),
        (
            ("purchase-made",),
            1,
            "Ann, customer since 1 January; "
            "we owe them thanks for the purchase that made them a customer.",
        ),
        (("purchase-made", "thanks-given"), 1, "Ann, customer since 1 January."),
        (("purchase-made",), 400, "Ann, lapsed customer since 7 July 2026."),
        (("engagement-opened",), 1, "Ann, client since 1 January."),
        (
            ("purchase-made", "testimonial-given", "relationship-ended"),
            1,
            "Ann, with whom the relationship has been over since 1 January.",
        ),
    ],
)
def test_there_is_a_sentence_for_every_stage(types: tuple[str, ...], day: int, line: str) -> None:
    told = card_of(registered(ANN).given(*types), on_day(day))[1]
    assert told == line


def test_of_a_client_who_left_it_says_since_when() -> None:
    agent = named(ANN, preset="real-estate").given("engagement-opened", at=on_day(1))
    agent.record(fact("engagement-closed"), on_day(60))
    assert card_of(agent, on_day(2000))[1] == "Anna de Wit, lapsed client since 1 March 2029."


def test_after_an_erasure_nothing_personal_is_left() -> None:
    """As it is read once the key is gone: every personal value is an empty ciphertext."""
    shop = registered(ANN)
    personal = ("preference-learned", "occasion-learned", "promise-made", "need-discovered")
    shop.given("purchase-made", "steward-assigned", *personal, "gesture-made", at=on_day(1))
    shop.given("personal-data-erased", at=on_day(2))
    for place, one in enumerate(shop.events):
        event: Any = one.event
        gone = {name: EncryptedValue(b"") for name in event.personal_fields()}
        shop.events[place] = replace(one, event=replace(event, **gone))
    found, line = card_of(shop, on_day(3))
    assert found.evidence_erased
    assert (found.name, found.greet_as, found.steward) == (None, None, None)
    assert [(one.key, one.value) for one in found.preferences] == [("table", None)]
    assert (found.promises[0].summary, found.needs[0].stated) == (None, None)
    assert found.occasions == ()
    assert line == (
        "Somebody whose personal data was erased, customer since 2 January; "
        "we owe them what we promised by 1 February."
    )


def test_the_card_of_a_merged_contact_is_the_survivors() -> None:
    shop = named(ANN, BEN, preset="retail")
    shop.record(fact("preference-learned", key="tea", value="green"), on_day(1), BEN)
    shop.record(fact("complaint-raised"), on_day(1), BEN)
    shop.record(fact("complaint-raised"), on_day(2), ANN)
    shop.record(fact("contact-merged", into=str(ANN)), on_day(3), BEN)
    (of_ann, line), (of_ben, same_line) = (card_of(shop, on_day(4), one) for one in (ANN, BEN))
    assert (of_ben.contact_id, of_ben.name, line) == (ANN, "Anna de Wit", same_line)
    assert [one.key for one in of_ann.preferences] == ["tea"]
    assert [one.raised_at for one in of_ann.complaints] == [on_day(1), on_day(2)]
