"""The models fitted to real and invented purchases, and when no value is given."""

from __future__ import annotations

import csv
import gzip
import time
from collections import defaultdict
from datetime import date
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from api.service.valuing.fitting import Buyer, CurrencyFit, fit_currency
from api.service.valuing.likelihoods import (
    EverActiveLikelihood,
    PurchasesLikelihood,
    SpendLikelihood,
)
from api.service.valuing.maximising import Maximum, Range, maximise
from benchmarks.purchases import CDNOW
from domain.valuing.buying import BuyingDays
from tests.valuing.invented import invented

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from api.service.valuing.maximising import Likelihood

SUMMARY = "cdnow_customers_summary.csv"
SHAPES = Range.around()
FIRST = date(1997, 1, 1).toordinal()
LAST = date(1997, 9, 30).toordinal()
"""The last of the 39 weeks that the papers fit to."""


def nothing() -> None:
    """Nobody asks for the end."""


def summary_rows(path: Path) -> list[tuple[float, float, float]]:
    """Repeats, recency and age in weeks of the 2,357 customers of the papers."""
    with path.open(encoding="utf-8") as file:
        return [
            (float(row["frequency"]), float(row["recency"]), float(row["T"]))
            for row in csv.DictReader(file)
        ]


def fitted_purchases(rows: Sequence[tuple[float, float, float]]) -> Maximum:
    likelihood = PurchasesLikelihood((*row, 1.0) for row in rows)
    times = Range.around(likelihood.mean_age)
    return maximise(likelihood, (SHAPES, times, SHAPES, SHAPES), nothing)


def test_the_parameters_of_the_paper_are_found(outside_file: Callable[[str], Path]) -> None:
    """Fader, Hardie and Lee (2005), table 1: r, alpha, a, b and the log-likelihood.

    In less than a second of processor time, and to the last digit the same again.
    """
    rows = summary_rows(outside_file(SUMMARY))
    began = time.process_time()
    found = fitted_purchases(rows)
    assert time.process_time() - began < 1.0
    assert [round(one, 3) for one in found.parameters] == [0.243, 4.414, 0.793, 2.426]
    assert found.value == pytest.approx(-9582.4, abs=0.05)
    assert (found.converged, found.at_bound) == (True, False)
    assert fitted_purchases(rows) == found


def cdnow_spend(path: Path) -> dict[str, dict[int, float]]:
    """What each customer of CDNOW spent on each day of the 39 weeks, in dollars."""
    spent: dict[str, dict[int, float]] = defaultdict(dict)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        next(file)
        for line in file:
            customer, text, _, dollars = line.split()
            day = date(int(text[:4]), int(text[4:6]), int(text[6:])).toordinal()
            if day <= LAST:
                spent[customer][day] = spent[customer].get(day, 0.0) + float(dollars)
    return spent


def in_the_order_of(
    rows: Sequence[tuple[int, int, int]], customers: Sequence[tuple[int, int, int]]
) -> list[int]:
    """The first place of each row among the customers, after that of the row before."""
    found, place = [], 0
    for row in rows:
        place = customers.index(row, place)
        found.append(place)
        place += 1
    return found


def sample(path: Path, summary: Path) -> Iterator[tuple[float, float, float]]:
    """Repeats and mean spend of the customers of the papers' sample, one in ten of the file.

    The sample does not say who they are. Its rows are in the order of the first day and the number,
    so that the customers with the same days are one, but for 30 of 946: these are a few, each with
    a part of the weight.
    """
    spent = cdnow_spend(path)
    days = {one: sorted(found) for one, found in spent.items()}
    order = sorted(days, key=lambda one: (days[one][0], one))
    bought = [(len(d) - 1, d[-1] - d[0], LAST - d[0]) for d in (days[one] for one in order)]
    rows = [
        (round(x), round(7 * recency), round(7 * age)) for x, recency, age in summary_rows(summary)
    ]
    firsts = in_the_order_of(rows, bought)
    backwards = in_the_order_of(rows[::-1], bought[::-1])[::-1]
    for row, first, from_the_end in zip(rows, firsts, backwards, strict=True):
        if row[0]:
            last = len(order) - 1 - from_the_end
            candidates = [at for at in range(first, last + 1) if bought[at] == row]
            for at in candidates:
                repeats = [spent[order[at]][day] for day in days[order[at]][1:]]
                yield row[0], sum(repeats) / row[0], 1 / len(candidates)


def test_the_spend_of_the_papers_sample_is_found(outside_file: Callable[[str], Path]) -> None:
    """Fader and Hardie (2013): p 6.25, q 3.74, gamma 15.45, of 946 customers. It takes the file
    with the amounts, from which the sample was drawn.
    """
    rows = sorted(sample(outside_file(CDNOW), outside_file(SUMMARY)))
    likelihood = SpendLikelihood(rows)
    assert round(likelihood.count) == 946
    scale = Range.around(likelihood.mean_spend)
    found = maximise(likelihood, (SHAPES, Range.around(3.0), scale), nothing)
    assert found.converged
    assert found.parameters == pytest.approx((6.25, 3.74, 15.45), rel=0.02)


def fit(buyers: Sequence[Buyer], percent: int = 25) -> CurrencyFit:
    return fit_currency(buyers, "EUR", percent, nothing)


def reason(found: CurrencyFit) -> str | None:
    return None if found.abstained is None else found.abstained.reason


def test_a_business_whose_contacts_leave_gets_a_value() -> None:
    """The same in whatever order the contacts come, to the last digit."""
    buyers = invented(Random(3), 900, leaves=0.1)
    found = fit(buyers)
    assert reason(found) is None
    assert found.hold_out is not None
    assert not found.hold_out.is_missed(25)
    assert found.gain is not None
    assert found.gain >= 3
    assert fit(buyers[::-1]) == found
    assert fit([*buyers[1:], Buyer(BuyingDays({9: 1}), 600)]).digest != found.digest


def test_too_little_and_nothing_give_no_value() -> None:
    assert reason(fit([])) == "nothing-bought"
    few = fit(invented(Random(3), 190, leaves=0.1))
    assert (reason(few), few.activity) == ("too-few-repeats", None)
    assert few.repeaters < 200


def test_where_nobody_leaves_the_model_of_leaving_is_not_believed() -> None:
    found = fit(invented(Random(4), 400, leaves=0.0))
    assert reason(found) == "no-drop-out"
    assert found.gain is not None
    assert found.gain < 3
    assert found.activity is None


def test_what_the_first_four_fifths_did_not_foretell_gives_no_value() -> None:
    """From then on the shop opens on every other day only, and nobody expected that."""
    buyers = [
        Buyer(
            BuyingDays(
                {
                    day: minor
                    for day, minor in zip(one.days.days, one.days.net_minor, strict=True)
                    if day <= 480 or day % 2
                }
            ),
            600,
        )
        for one in invented(Random(3), 900, leaves=0.1)
    ]
    found = fit(buyers)
    assert reason(found) == "hold-out-missed"
    assert found.hold_out is not None
    assert found.hold_out.actual < found.hold_out.expected
    assert found.activity is not None, "it is shown, so that one sees what was off"


def test_how_far_off_is_policy() -> None:
    buyers = invented(Random(3), 900, leaves=0.1)
    found = fit(buyers).hold_out
    assert found is not None
    assert found.error_percent not in (None, 0)
    assert reason(fit(buyers, percent=0)) == "hold-out-missed"


def test_equal_amounts_have_a_model_at_its_bound() -> None:
    same = [
        Buyer(BuyingDays(dict.fromkeys(one.days.days, 1000)), 600)
        for one in invented(Random(3), 900, leaves=0.1)
    ]
    found = fit(same)
    assert reason(found) == "at-bound"
    assert found.abstained is not None
    assert "amounts" in found.abstained.because


def test_amounts_that_scatter_too_widely_have_no_mean() -> None:
    """The usual amount of a contact is one over a gamma of shape 0.7, and has no expectation."""
    chance = Random(5)
    scattered = []
    for one in invented(Random(3), 900, leaves=0.1):
        usual = 1000 / chance.gammavariate(0.7, 1)
        days = {day: round(usual * chance.gammavariate(5, 0.2)) + 1 for day in one.days.days}
        scattered.append(Buyer(BuyingDays(days), 600))
    found = fit(scattered)
    assert reason(found) == "spend-without-mean"
    assert found.abstained is not None
    assert "scatter" in found.abstained.because
    assert found.activity is not None, "it is shown, and has nothing to do with amounts"


def test_parameters_that_are_not_found_give_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.service.valuing.maximising._MOST_STEPS", 2)
    found = fit(invented(Random(3), 900, leaves=0.1))
    assert (reason(found), found.activity) == ("no-convergence", None)
    assert found.abstained is not None
    assert "purchases" in found.abstained.because


def test_the_end_can_be_asked_for_at_each_step() -> None:
    steps = 0

    class Ended(Exception):
        """Somebody asked for the end."""

    def ends() -> None:
        nonlocal steps
        steps += 1
        if steps == 5:
            raise Ended

    with pytest.raises(Ended):
        fit_currency(invented(Random(3), 900, leaves=0.1), "EUR", 25, ends)


ROWS = [(0.0, 0.0, 9.0, 3.0), (1.0, 4.0, 9.0, 2.0), (7.0, 30.0, 31.0, 1.0), (2.0, 5.0, 60.0, 1.0)]


@pytest.mark.parametrize(
    ("likelihood", "at"),
    [
        (PurchasesLikelihood(ROWS), (0.4, 9.0, 0.8, 2.5)),
        (EverActiveLikelihood(PurchasesLikelihood(ROWS)), (0.4, 9.0)),
        (SpendLikelihood([(1, 9.5, 2), (4, 30.0, 1), (2, 12.25, 1)]), (6.0, 3.5, 15.0)),
    ],
)
def test_gradients_are_those_of_the_values(likelihood: Likelihood, at: Sequence[float]) -> None:
    here = np.array(at)
    for place, one in enumerate(at):
        step = np.zeros(len(at))
        step[place] = 1e-5 * one
        by_values = (likelihood(here + step).value - likelihood(here - step).value) / (2e-5 * one)
        assert likelihood(here).gradient[place] == pytest.approx(by_values, rel=1e-6)


def test_days_are_counted_up_to_a_day() -> None:
    bought = BuyingDays({10: 500, 14: 300, 30: 200})
    assert bought.until(9) is None
    assert bought.until(10) == (0, 0, 0, 0)
    assert bought.until(29) == (1, 4, 19, 300)
    assert bought.until(40) == (2, 20, 30, 500)
    assert bought.bought_between(10, 30) == 2
