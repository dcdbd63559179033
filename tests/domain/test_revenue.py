"""What purchases brought, net of what was given back."""

from __future__ import annotations

import pytest

from domain.history import effective_history
from domain.revenue import net_revenue
from tests.domain.scenario import ANN, Scenario, fact, on_day, registered


def revenue(scenario: Scenario, first_day: int | None, last_day: int) -> dict[str, int]:
    events = [event for event in scenario.events if event.contact_id == ANN]
    facts = effective_history(events, ANN).facts
    return net_revenue(facts, None if first_day is None else on_day(first_day), on_day(last_day))


def tell(scenario: Scenario, day: int, type_name: str, **data: object) -> None:
    scenario.record(fact(type_name, **data), on_day(day))


@pytest.fixture
def scenario() -> Scenario:
    """10.00 on day 0, and 5.00 on day 10 of which 3.00 came back on day 20; a dollar on day 12."""
    told = registered()
    tell(told, 0, "purchase-made", purchase_id="a", amount_minor=1000)
    tell(told, 10, "purchase-made", purchase_id="b", amount_minor=500)
    tell(told, 12, "purchase-made", purchase_id="c", amount_minor=100, currency="USD")
    tell(told, 20, "purchase-reversed", purchase_id="b", amount_minor=300)
    return told


def test_currencies_stand_apart_and_refunds_are_taken_off(scenario: Scenario) -> None:
    assert revenue(scenario, None, 30) == {"EUR": 1200, "USD": 100}


def test_a_refund_lowers_the_revenue_when_it_occurs(scenario: Scenario) -> None:
    assert revenue(scenario, None, 19) == {"EUR": 1500, "USD": 100}
    assert revenue(scenario, 15, 30) == {"EUR": -300}


def test_both_ends_of_the_period_are_in_it(scenario: Scenario) -> None:
    assert revenue(scenario, 10, 10) == {"EUR": 500}
    assert revenue(scenario, 1, 9) == {}
    assert revenue(scenario, 20, 20) == {"EUR": -300}


def test_a_refund_dated_before_its_purchase_counts_when_the_purchase_does() -> None:
    told = registered()
    tell(told, 10, "purchase-made", purchase_id="a", amount_minor=1000)
    tell(told, 5, "purchase-reversed", purchase_id="a", amount_minor=400)
    assert revenue(told, None, 9) == {}
    assert revenue(told, 10, 10) == {"EUR": 600}


def test_no_more_is_taken_off_than_was_paid() -> None:
    """Corrections can leave refunds that exceed a purchase, or that have none."""
    told = registered()
    tell(told, 1, "purchase-made", purchase_id="a", amount_minor=1000)
    tell(told, 2, "purchase-reversed", purchase_id="a", amount_minor=800)
    tell(told, 3, "purchase-reversed", purchase_id="a", amount_minor=800)
    tell(told, 3, "purchase-reversed", purchase_id="b", amount_minor=800)
    assert revenue(told, None, 9) == {"EUR": 0}
