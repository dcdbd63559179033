"""The agenda of six businesses, as their owners could check it with a calendar.

Days are counted from 1 January 2026, at noon. The answers were written by hand from the care
document, section 2: for each kind the day on which it opened and the one on which it is due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.instants import format_instant, parse_instant
from domain.presets import PRESETS
from tests.domain.agendas import agenda_of, told
from tests.domain.scenario import ANN, BEN, CAT, Scenario, fact, on_day, registered

if TYPE_CHECKING:
    from uuid import UUID

    from domain.agenda.items import Item
    from domain.recorded import RecordedEvent


class Shop:
    """A business with its preset; what happened there is told by day."""

    def __init__(self, preset: str, *contacts: UUID) -> None:
        self.ledger: Scenario = registered(*contacts or (ANN, BEN, CAT), policy=PRESETS[preset])

    def had(
        self, day: float, type_name: str, contact_id: UUID = ANN, /, **data: object
    ) -> RecordedEvent:
        """Something happened with a contact; the recorded event."""
        return self.ledger.append(fact(type_name, **data), on_day(day), contact_id)[0]

    def owes(self, day: float, contact_id: UUID = ANN) -> dict[str, tuple[float, float]]:
        """What is on the agenda of a day."""
        return told(agenda_of(self.ledger, on_day(day), contact_id))

    def item(self, kind: str, day: float) -> Item:
        """The item of a kind on a day."""
        (found,) = [one for one in agenda_of(self.ledger, on_day(day)).items if one.kind == kind]
        return found


def test_a_restaurant_thanks_a_first_guest_and_settles_what_went_wrong() -> None:
    shop = Shop("restaurant")
    shop.had(0, "purchase-made")
    shop.had(1, "complaint-raised", severity=2)
    shop.had(1, "promise-made", due_on="2026-01-10")
    shop.had(1, "competitor-noted")
    owed = {
        "complaint": (1, 3),
        "promise": (1, 9.5),  # the 11th begins half a day before its noon
        "thanks": (0, 2),
        "competitor": (1, 8),
    }
    assert shop.owes(4) == owed
    shop.had(4, "thanks-given")
    shop.had(5, "complaint-resolved")
    assert shop.owes(6) == {"promise": (1, 9.5)}
    shop.had(7, "complaint-reopened")
    assert shop.owes(8) == {"complaint": (7, 9), "promise": (1, 9.5)}
    shop.had(8, "promise-kept")
    shop.had(9, "complaint-resolved")
    # A customer hears from us every 120 days, and is lost 90 days after they were due in a month.
    assert shop.owes(116) == {}
    assert shop.owes(118) == {"touch": (117, 124)}
    assert shop.owes(121) == {}


def test_a_cafe_thanks_for_a_friend_and_pays_what_the_friend_brought() -> None:
    shop = Shop("cafe")
    sent = shop.had(10, "referral-made", other=str(CAT), level=2)
    assert shop.owes(13) == {"thanks": (10, 12)}
    shop.had(13, "thanks-given", for_event=str(sent.id))
    assert shop.owes(14) == {}
    shop.had(20, "purchase-made", CAT, amount_minor=10_000)
    won = {"thanks-won": (20, 22), "reward": (20, 50), "report-back": (20, 27)}
    assert shop.owes(20) == won
    assert shop.item("reward", 20).amount_minor == 200, "two percent, for a name passed on"
    shop.had(21, "thanks-given")
    assert shop.owes(22) == {"reward": (20, 50)}
    shop.had(50, "reward-paid", in_kind=None, amount_minor=150, currency="EUR")
    assert shop.item("reward", 51).amount_minor == 50
    shop.had(52, "reward-paid", in_kind=None, amount_minor=50, currency="EUR")
    assert shop.owes(52) == {}


def test_a_cafe_owes_a_guest_who_sent_two_people_and_got_nobody() -> None:
    shop = Shop("cafe")
    shop.had(1, "referral-made", other=str(CAT), level=1)
    shop.had(2, "referral-made", referral_id="r2", other=str(BEN), level=1)
    shop.had(5, "purchase-made", CAT)
    assert "reciprocity" not in shop.owes(6)
    shop.had(9, "purchase-made", BEN)
    assert shop.owes(10)["reciprocity"] == (9, 23)
    shop.had(30, "referral-made", referral_id="out", other=str(CAT), direction="outbound", level=3)
    assert "reciprocity" not in shop.owes(31)


def test_a_name_is_thanked_for_once_it_is_more_than_a_lead() -> None:
    shop = Shop("cafe")
    shop.had(1, "referral-made", level=0)
    assert shop.owes(4) == {}
    shop.had(5, "referral-level-raised", level=3)
    assert shop.owes(4) == {}
    assert shop.owes(6) == {"thanks": (5, 7)}
    shop.had(0, "referral-level-raised", level=4)  # told late: it was said the day before
    assert shop.owes(6) == {"thanks": (1, 3)}


def client_of_the_butcher() -> Shop:
    """Six weeks of Saturdays and four fifths of the meat of a house: a client on day 35."""
    shop = Shop("retail")
    shop.had(1, "wallet-share-reported", share_percent=80)
    for week in range(6):
        shop.had(7 * week, "purchase-made", purchase_id=f"p{week}")
    return shop


def test_a_butcher_keeps_a_client_who_stays_away() -> None:
    shop = client_of_the_butcher()
    assert shop.owes(20) == {"thanks": (0, 2)}, "for the first purchase"
    # Due a week after the last Saturday, and quiet a week later still.
    assert shop.owes(60) == {"thanks": (35, 37), "keep": (49, 49)}
    lately = {"keep": (49, 49), "ask": (65, 65), "learn": (65, 65)}
    assert shop.owes(70) == lately, "after 30 days the thanks are missed"
    assert shop.owes(90) == {**lately, "touch": (88, 95)}
    shop.had(91, "touch-made", direction="outbound")
    assert shop.owes(92) == {"ask": (65, 65), "learn": (65, 65)}
    shop.had(93, "referral-asked")
    for number in range(5):
        shop.had(94, "preference-learned", key=str(number))
    assert shop.owes(95) == {}
    # They fall 180 days after they were due, on day 222: falling 30 days before.
    assert shop.owes(193) == {"keep": (192, 192), "touch": (144, 151), "ask": (183, 183)}
    assert shop.owes(216)["gesture"] == (215, 215)
    assert "keep" not in shop.owes(223) or shop.owes(223)["keep"] == (49, 49)


def test_a_butcher_asks_no_client_for_a_friend_who_is_not_content() -> None:
    shop = client_of_the_butcher()
    assert shop.owes(69)["ask"] == (65, 65)
    shop.had(70, "complaint-raised", severity=1)
    assert "ask" not in shop.owes(71)
    shop.had(72, "complaint-resolved")
    assert shop.owes(73)["ask"] == (72, 72)
    shop.had(74, "survey-answered", metric="nps", score=6)
    assert "ask" not in shop.owes(75)
    shop.had(76, "survey-answered", metric="csat", score=4)
    assert shop.owes(77)["ask"] == (76, 76)
    shop.had(78, "referral-made", level=0)
    assert "ask" not in shop.owes(167)
    assert shop.owes(168)["ask"] == (168, 168), "90 days after they sent us somebody"


def test_a_refused_consent_mutes_what_is_marketing_and_no_more() -> None:
    shop = client_of_the_butcher()
    shop.had(36, "promise-made", due_on=None)
    shop.had(40, "consent-changed", purpose="marketing", channel="email", granted=False)
    muted = {one.kind for one in agenda_of(shop.ledger, on_day(70)).items if one.muted}
    assert muted == {"keep", "ask"}
    shop.had(41, "consent-changed", purpose="marketing", channel="phone", granted=True)
    assert not any(one.muted for one in agenda_of(shop.ledger, on_day(70)).items)
    assert shop.owes(70)["promise"] == (36, 50), "without a date a fortnight"


def test_an_estate_agent_discloses_first_and_rewards_in_kind() -> None:
    shop = Shop("real-estate")
    shop.had(0, "engagement-opened", capacity="client", role="buyer")
    shop.had(1, "need-discovered")
    assert shop.owes(2) == {"disclosure": (0, 0), "need": (1, 15)}
    shop.had(-1, "disclosure-acknowledged")  # it counts whenever they signed
    assert shop.owes(3) == {"need": (1, 15)}
    shop.had(10, "advice-given", need_id="n1")
    assert shop.owes(11) == {}
    sent = shop.had(12, "referral-made", other=str(CAT), level=5)
    shop.had(13, "thanks-given", for_event=str(sent.id))
    shop.had(20, "referral-closed", outcome="won", amount_minor=None, currency=None)
    owed = {"thanks-won": (20, 22), "reward": (20, 50), "report-back": (20, 27)}
    assert shop.owes(21) == owed
    assert shop.item("reward", 21).amount_minor is None, "no money changes hands for a referral"
    shop.had(22, "gesture-made")
    assert shop.owes(23) == {"thanks-won": (20, 22)}, "a gesture is no thanks"


def test_a_mortgage_adviser_greets_on_a_leap_day_and_defers() -> None:
    shop = Shop("financial")
    shop.had(0, "occasion-learned", month=2, day=29, year=2000)
    shop.had(5, "testimonial-given")
    assert shop.owes(6) == {"thanks": (5, 7)}
    key = shop.item("thanks", 6).key
    shop.had(6, "action-deferred", item=key, until=format_instant(on_day(9)))
    assert shop.item("thanks", 8).deferred_until == on_day(9)
    shop.had(8, "thanks-given")
    # 28 February begins on day 57.5, a week before that on day 50.5; it is over two days later.
    assert shop.owes(50) == {}
    assert shop.owes(51) == {"occasion": (50.5, 57.5)}
    assert shop.item("occasion", 51).told["years"] == 26
    shop.had(51, "greeting-sent")
    assert shop.owes(52) == {}
    leap = agenda_of(shop.ledger, parse_instant("2028-02-29T12:00:00Z")).items
    assert [one.due_at for one in leap] == [parse_instant("2028-02-29T00:00:00Z")]


def test_an_events_agency_calls_before_a_term_ends() -> None:
    shop = Shop("subscription")
    shop.had(0, "subscription-started", term_days=90)
    assert shop.owes(59) == {}
    assert shop.owes(61) == {"renewal": (60, 83)}
    touch = {"direction": "outbound", "purpose": "renewal"}
    shop.had(62, "touch-made", **touch, about="another")
    assert shop.owes(63) == {"renewal": (60, 83)}
    shop.had(64, "touch-made", **touch, about="s1")
    assert shop.owes(65) == {}
    shop.had(88, "subscription-renewed", automatic=False, reminded=True)
    assert shop.owes(149)["renewal"] == (148, 171)
    assert "renewal" not in shop.owes(188), "the grace of ten days is over"
    shop.had(170, "subscription-cancelled")
    assert "renewal" not in shop.owes(171)


def test_a_touch_names_the_subscription_of_its_own_stream() -> None:
    shop = Shop("subscription")
    for contact in (ANN, BEN):
        shop.had(0, "subscription-started", contact, term_days=90)
    shop.had(1, "contact-merged", into=str(BEN))
    shop.had(62, "touch-made", direction="outbound", purpose="renewal", about="s1")
    items = agenda_of(shop.ledger, on_day(63), BEN).items
    assert [one.stream for one in items if one.kind == "renewal"] == [BEN]


def test_an_item_that_was_a_mistake_never_was() -> None:
    shop = Shop("retail")
    promised = shop.had(1, "promise-made", due_on=None)
    bought = shop.had(2, "purchase-made")
    assert shop.owes(3) == {"promise": (1, 15), "thanks": (2, 4)}
    shop.had(4, "event-retracted", target=str(promised.id))
    shop.had(5, "purchase-reversed")
    assert shop.owes(4.5) == {"thanks": (2, 4)}
    assert shop.owes(6) == {}
    assert bought.id != promised.id


def test_whoever_is_ended_is_owed_what_was_promised_and_nothing_else() -> None:
    shop = client_of_the_butcher()
    shop.had(50, "promise-made", due_on=None)
    shop.had(60, "relationship-ended")
    assert shop.owes(70) == {"promise": (50, 64)}


def test_what_was_promised_to_a_merged_contact_is_kept_on_its_own_stream() -> None:
    shop = Shop("retail", ANN, BEN)
    shop.had(1, "promise-made", BEN, due_on=None)
    shop.had(2, "contact-merged", BEN, into=str(ANN))
    (item,) = agenda_of(shop.ledger, on_day(3)).items
    assert (item.kind, item.contact_id, item.stream) == ("promise", ANN, BEN)
