"""How right the falls by silence were: by hand, and against a slow second count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calibration import Calibration, Calibrator, Share, account_of
from domain.history import effective_history
from domain.instants import DAY
from domain.presets import PRESETS
from domain.relationship import fold
from tests.domain.calibration_oracle import Member, recount
from tests.domain.folding import bought, client_on_day_35, relate, versions
from tests.domain.oracle import judge
from tests.domain.random_histories import INSTANTS, OF_BUYERS, buyers
from tests.domain.scenario import ANN, Scenario, fact, on_day

if TYPE_CHECKING:
    from domain.relationship import Relationship

FELL_ON = 35 + 7 + PRESETS["retail"].rhythm.demote_after_days
"""A week after day 35 they are due, and that much later they are clients no more."""

EVERYTHING = (None, None)


def calibrated(
    at: int, *relationships: Relationship, period: tuple[int | None, int | None] = EVERYTHING
) -> Calibration:
    calibrator = Calibrator(*period, at)
    for relationship in relationships:
        calibrator.add(account_of(relationship))
    return calibrator.result()


def of(scenario: Scenario, day: float, first: int | None = None, last: int | None = None) -> Any:
    """As of a day, with the falls and purchases of a period of days."""
    at = on_day(day)
    period = (None if first is None else on_day(first), None if last is None else on_day(last))
    return calibrated(at, relate(scenario, at), period=period)


def test_a_fall_stays_unresolved_until_ninety_days_have_passed() -> None:
    scenario = client_on_day_35()
    assert of(scenario, FELL_ON - 1).falls == 0
    assert of(scenario, FELL_ON).falls == 1
    assert of(scenario, FELL_ON + 89).premature == Share(0, 0)
    assert of(scenario, FELL_ON + 90).premature == Share(0, 1)
    assert of(scenario, FELL_ON + 364).within_later == Share(0, 0)
    assert of(scenario, FELL_ON + 365).within_later == Share(0, 1)


def test_a_fall_is_premature_once_they_buy_within_ninety_days() -> None:
    scenario = client_on_day_35()
    scenario.record(fact("purchase-made", purchase_id="late"), on_day(FELL_ON) + 90 * DAY)
    assert of(scenario, 400).premature == Share(0, 1)
    scenario.record(fact("purchase-made", purchase_id="soon"), on_day(FELL_ON) + 90 * DAY - 1)
    assert of(scenario, 400).premature == Share(1, 1)
    assert of(scenario, 400).within_later == Share(1, 1)


def test_a_slow_buyer_has_two_rhythms_to_come_back_in() -> None:
    """Every sixty days: two rhythms and a bit are 104 days."""
    scenario = bought(*range(0, 301, 60))
    scenario.record(fact("wallet-share-reported", share_percent=85), on_day(300))
    rho_days = (12 * 5 * 120 + 48 * 7) // 7 // 24
    fell_on = relate(scenario, on_day(900)).client_spells[0].to_at
    assert fell_on is not None
    day = (fell_on - on_day(0)) / DAY
    assert of(scenario, day + 2 * rho_days - 1).premature == Share(0, 0)
    scenario.record(fact("purchase-made", purchase_id="late"), fell_on + 2 * rho_days * DAY)
    assert of(scenario, 900).premature == Share(1, 1)


def test_the_delay_is_counted_from_the_last_commerce_in_whole_days() -> None:
    assert of(client_on_day_35(), 400).median_delay_days == FELL_ON - 35
    assert of(bought(0), 400).median_delay_days is None


def test_a_purchase_that_was_given_back_revives_nobody() -> None:
    scenario = client_on_day_35()
    scenario.record(fact("purchase-made", purchase_id="x"), on_day(FELL_ON + 10))
    assert of(scenario, 400).premature == Share(1, 1)
    scenario.record(fact("purchase-reversed", purchase_id="x", amount_minor=100), on_day(300))
    assert of(scenario, 400).premature == Share(0, 1)
    assert of(scenario, 299).premature == Share(1, 1)


def test_the_period_is_half_open() -> None:
    scenario = client_on_day_35()
    assert of(scenario, 400, FELL_ON, FELL_ON + 1).falls == 1
    assert of(scenario, 400, FELL_ON + 1).falls == 0
    assert of(scenario, 400, 0, FELL_ON).falls == 0


def test_purchases_after_a_fall_are_written_off_until_a_client_again() -> None:
    """Whatever makes a client again was bought by somebody who was written off."""
    scenario = client_on_day_35()
    scenario.record(fact("purchase-made", purchase_id="as client"), on_day(40))
    assert of(scenario, 50).written_off == Share(0, 1)
    for day in (240, 241, 242, 243):
        scenario.record(fact("purchase-made", purchase_id=f"d{day}"), on_day(day))
    spells = relate(scenario, on_day(400)).client_spells
    assert [spell.from_at for spell in spells] == [on_day(35), on_day(242)]
    assert of(scenario, 400).written_off == Share(3, 5)
    assert of(scenario, 400, 242).written_off == Share(1, 2)


def test_who_ceased_for_a_complaint_is_not_written_off() -> None:
    scenario = client_on_day_35()
    scenario.record(fact("complaint-raised", severity=3), on_day(50))
    scenario.record(fact("purchase-made", purchase_id="after"), on_day(60))
    assert of(scenario, 400).falls == 0
    assert of(scenario, 400).written_off == Share(0, 1)


def test_shares_of_nothing_have_no_percentage() -> None:
    counted = of(bought(0), 10)
    assert (counted.premature.percent, counted.written_off.percent) == (None, None)
    assert Share(1, 3).percent == 33


def test_clients_of_a_year_ago_are_compared_by_what_they_brought_since() -> None:
    """Two of four others had bought in the year before; refunds since then are taken off."""
    at = on_day(100 + 365)
    client = client_on_day_35()
    for number, amount_minor in enumerate((3000, 1000)):
        purchase = fact("purchase-made", purchase_id=f"n{number}", amount_minor=amount_minor)
        client.record(purchase, on_day(120 + number))
    client.record(fact("purchase-reversed", purchase_id="n0", amount_minor=500), on_day(200))
    customer = bought(50, 150, amount_minor=700)
    once = bought(99, amount_minor=10_000)
    new = bought(101, 110, amount_minor=9_000)
    long_ago = bought(-266, 150, amount_minor=20_000)
    folded = [relate(one, at) for one in (client, customer, once, new, long_ago)]
    (worth,) = calibrated(at, *folded).worth
    assert worth.currency == "EUR"
    assert (worth.clients.contacts, worth.clients.net_minor) == (1, 3500)
    assert (worth.others.contacts, worth.others.net_minor) == (2, 700)
    assert (worth.clients.repeat.percent, worth.others.repeat.percent) == (100, 50)
    assert (worth.clients.share.percent, worth.others.share.percent) == (83, 16)
    assert worth.others.net_minor_per_head == 350
    assert worth.ratio_percent == 1000


def test_what_makes_a_client_is_not_what_a_client_brought_since() -> None:
    at = on_day(35 + 365)
    client = client_on_day_35()
    assert calibrated(at, relate(client, at)).worth == ()
    client.record(fact("purchase-made", purchase_id="next", amount_minor=300), on_day(35.5))
    (worth,) = calibrated(at, relate(client, at)).worth
    assert (worth.clients.contacts, worth.clients.net_minor) == (1, 300)


def test_a_refund_since_then_takes_nobody_out_of_the_others() -> None:
    at = on_day(100 + 365)
    refunded = bought(90, amount_minor=5_000)
    refund = fact("purchase-reversed", purchase_id="p0", amount_minor=5_000)
    refunded.record(refund, on_day(130))
    (worth,) = calibrated(at, relate(refunded, at)).worth
    assert (worth.others.contacts, worth.others.net_minor) == (1, -5_000)


def test_a_gift_that_is_taken_back_counts_as_a_purchase_no_more() -> None:
    scenario = client_on_day_35()
    gift = fact("purchase-made", purchase_id="gift", amount_minor=0)
    scenario.record(gift, on_day(FELL_ON + 10))
    assert of(scenario, 400).premature == Share(1, 1)
    scenario.record(fact("purchase-reversed", purchase_id="gift", amount_minor=0), on_day(300))
    assert of(scenario, 400).premature == Share(0, 1)


def test_without_anybody_to_compare_there_is_no_ratio() -> None:
    at = on_day(100 + 365)
    (worth,) = calibrated(at, relate(bought(50, 150), at)).worth
    assert (worth.ratio_percent, worth.clients.net_minor_per_head) == (None, None)
    assert calibrated(at, relate(bought(50), at)).worth == ()


def test_currencies_are_never_added() -> None:
    at = on_day(100 + 365)
    scenario = bought(50, 150)
    dollars = fact("purchase-made", purchase_id="d", currency="USD", amount_minor=1250)
    scenario.record(dollars, on_day(160))
    worth = calibrated(at, relate(scenario, at)).worth
    assert {one.currency: one.others.net_minor for one in worth} == {"EUR": 100, "USD": 1250}


BOUNDS = st.one_of(st.none(), INSTANTS)
OF_CLIENTS = versions((0, OF_BUYERS))


@settings(max_examples=25, deadline=None)
@given(st.lists(buyers(), min_size=1, max_size=2), BOUNDS, BOUNDS, INSTANTS)
def test_calibration_agrees_with_a_slow_second_count(
    scenarios: list[Scenario], from_at: int | None, to_at: int | None, at: int
) -> None:
    histories = [effective_history(one.events, ANN) for one in scenarios]
    folded = [fold(one, OF_CLIENTS, None, at) for one in histories]
    counted = calibrated(at, *folded, period=(from_at, to_at))
    judged = [judge(list(one.facts), OF_CLIENTS, one.time_zone or "UTC", at) for one in histories]
    seen = [Member(one.facts, answer, at) for one, answer in zip(histories, judged, strict=True)]
    expected = recount(seen, from_at, to_at, at)
    assert shown(counted) == expected


@settings(max_examples=40, deadline=None)
@given(buyers(), BOUNDS, BOUNDS, INSTANTS)
def test_a_later_account_says_the_same_of_an_earlier_instant(
    scenario: Scenario, from_at: int | None, to_at: int | None, at: int
) -> None:
    history = effective_history(scenario.events, ANN)
    later = fold(history, OF_CLIENTS, None, on_day(500))
    earlier = fold(history, OF_CLIENTS, None, at)
    period = (from_at, to_at)
    assert calibrated(at, later, period=period) == calibrated(at, earlier, period=period)


def shown(counted: Calibration) -> dict[str, Any]:
    return {
        "falls": counted.falls,
        "premature": tuple(counted.premature),
        "later": tuple(counted.within_later),
        "median": counted.median_delay_days,
        "written off": tuple(counted.written_off),
        "worth": {
            one.currency: (
                one.clients.contacts, one.clients.net_minor, one.clients.repeat.part,
                one.others.contacts, one.others.net_minor, one.others.repeat.part,
            )
            for one in counted.worth
        },
    }  # fmt: skip  # one figure a line says no more
