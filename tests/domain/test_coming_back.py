"""A contact who was a client becomes one again: which days count, and how many. Section 4."""

from __future__ import annotations

from tests.domain.folding import bought, changed, client_on_day_35, relate, versions
from tests.domain.scenario import fact, on_day


def test_whoever_was_a_client_needs_half_the_purchase_days_rounded_up() -> None:
    """Six days make a client once; after a lapse three are enough, all of them after the fall."""
    scenario = client_on_day_35()
    for number, day in enumerate((300, 301, 302)):
        assert relate(scenario, on_day(day)).stage == "customer"
        scenario.record(fact("purchase-made", purchase_id=f"back-{number}"), on_day(day))
    signal = relate(scenario, on_day(302)).signals()[1]
    assert (signal.value["purchase_days"], signal.threshold["purchase_days"]) == (3, 3)
    assert signal.threshold["counts_from_at"] == on_day(42 + 180)
    assert len(signal.events) == 3
    assert relate(scenario, on_day(302)).stage == "client"


def test_a_purchase_on_the_day_of_the_fall_does_not_count_afterwards() -> None:
    scenario = client_on_day_35()
    for number, day in enumerate((42 + 180 + 0.4, 224, 225)):
        scenario.record(fact("purchase-made", purchase_id=f"back-{number}"), on_day(day))
    assert relate(scenario, on_day(225)).signals()[1].value["purchase_days"] == 2
    assert relate(scenario, on_day(226)).stage == "customer"


def test_of_two_days_or_fewer_all_are_needed_to_come_back() -> None:
    policy = changed("retail", signals={"regularity": {"points": 60, "purchase_days": 2}})
    scenario, frequent = bought(0, 7), versions((0, policy))
    assert relate(scenario, on_day(8), frequent).stage == "client"
    scenario.record(fact("purchase-made", purchase_id="back"), on_day(400))
    assert relate(scenario, on_day(401), frequent).stage == "customer"
    scenario.record(fact("purchase-made", purchase_id="again"), on_day(402))
    assert relate(scenario, on_day(402), frequent).stage == "client"


def test_a_window_asks_those_who_are_no_clients_only() -> None:
    """Twelve days within 28 make a client of the cafe; half of them, whenever, keep one."""
    policy = changed("cafe", signals={"regularity": {"points": 60}})
    scenario, cafe = bought(*range(12)), versions((0, policy))
    assert relate(scenario, on_day(11), cafe).stage == "client"
    later = relate(scenario, on_day(45), cafe)
    assert (later.stage, later.signals()[1].on) == ("client", True)
    assert "window_days" not in later.signals()[1].threshold
