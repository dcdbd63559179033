"""What the fitted models say of one contact, beside the integrals that they stand for."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from domain.valuing.buying import Buying
from domain.valuing.models import Activity, Spend

shapes = st.floats(0.05, 12)
models = st.builds(Activity, r=shapes, alpha=st.floats(0.5, 80), a=shapes, b=shapes)


@st.composite
def buyings(draw: st.DrawFn, most: int = 40) -> Buying:
    repeats = draw(st.integers(0, most))
    age = draw(st.floats(0, 400))
    return Buying(repeats, age * draw(st.floats(0, 1)) if repeats else 0.0, age)


def expected_by_integral(model: Activity, bought: Buying, time: float) -> float:
    """Over the probability of leaving, which is beta distributed among those who are active.

    With the rate gamma distributed, who leaves with probability p buys (1 - E exp(-rate p t)) / p
    times in t.
    """
    shape, stay = model.r + bought.repeats, model.b + bought.repeats
    span = time / (model.alpha + bought.age)

    def purchases(p: float) -> float:
        if p * span < 1e-12:
            return shape * span
        return -math.expm1(-shape * math.log1p(p * span)) / p

    ends = {"weight": "alg", "wvar": (model.a - 1, stay - 1), "epsabs": 0.0, "epsrel": 1e-9}
    whole, _ = quad(purchases, 0, 1, limit=400, **ends)
    scale, _ = quad(lambda _p: 1.0, 0, 1, limit=400, **ends)
    return float(model.active(bought) * whole / scale)


@given(models, buyings(), st.floats(0.5, 400))
def test_expected_purchases_are_the_integral_over_all_contacts(
    model: Activity, bought: Buying, time: float
) -> None:
    assert model.purchases_ahead(bought, time) == pytest.approx(
        expected_by_integral(model, bought, time), rel=1e-6, abs=1e-9
    )


@given(models, st.integers(1000, 3000), st.floats(0, 1), st.floats(1, 4000))
def test_three_thousand_purchases_give_a_finite_number(
    model: Activity, repeats: int, share: float, age: float
) -> None:
    """It is no more than they buy without ever leaving."""
    bought = Buying(repeats, share * age, age)
    found = model.purchases_ahead(bought, 365.0)
    assert 0.0 <= model.active(bought) <= 1.0
    assert 0.0 <= found <= 365.0 * (model.r + repeats) / (model.alpha + age) * (1 + 1e-9)


@given(models, buyings(), st.floats(0.5, 400))
def test_nothing_special_happens_where_a_is_one(
    model: Activity, bought: Buying, time: float
) -> None:
    near = [
        Activity(model.r, model.alpha, a, model.b).purchases_ahead(bought, time)
        for a in (1 - 1e-9, 1.0, 1 + 1e-9)
    ]
    assert near == pytest.approx([near[1]] * 3, rel=1e-6, abs=1e-12)


@given(models, buyings(), st.floats(0.1, 100))
def test_who_stays_away_is_ever_less_probably_active(
    model: Activity, bought: Buying, days: float
) -> None:
    later = bought._replace(age=bought.age + days)
    assert model.active(later) <= model.active(bought)
    assert model.purchases_ahead(bought, 2 * days) >= model.purchases_ahead(bought, days)


def test_a_contact_of_the_paper() -> None:
    """Two repeats, the last after 30.43 weeks of 38.86: 1.226 purchases in the 39 weeks ahead.

    Source: Fader, Hardie and Lee (2005), page 281.
    """
    model = Activity(0.243, 4.414, 0.793, 2.426)
    assert model.purchases_ahead(Buying(2, 30.43, 38.86), 39) == pytest.approx(1.226, abs=5e-4)


@given(st.floats(0.5, 20), st.floats(1.1, 10), st.floats(1, 100), st.integers(1, 500))
def test_what_one_spends_is_drawn_towards_the_mean_of_all(
    p: float, q: float, gamma: float, repeats: int
) -> None:
    spend = Spend(p, q, gamma)
    of_all = spend.mean_ahead(0, 0.0)
    for own in (of_all / 3, of_all, 3 * of_all):
        found = spend.mean_ahead(repeats, repeats * own)
        least, most = sorted((own, of_all))
        assert least * (1 - 1e-9) <= found <= most * (1 + 1e-9)
