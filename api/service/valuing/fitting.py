"""The models fitted to the purchases of a ledger in one currency, or why there is no value."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from domain.currencies import MINOR_DIGITS
from domain.valuing.abstaining import LEAST_GAIN, LEAST_REPEATERS, abstention
from domain.valuing.models import Activity, Spend

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from domain.valuing.abstaining import Abstention
    from domain.valuing.buying import Buying, BuyingDays

    Check = Callable[[], object]

MODEL_OF_PURCHASES = "the model of the purchases"
MODEL_OF_HOLD_OUT = "the model of the purchases, fitted on the first four fifths of the time,"
MODEL_OF_SPEND = "the model of the amounts spent"

_DIGITS = 6
"""The significant digits with which parameters are given and used."""

_DECIMALS = 2
"""The decimals of a log-likelihood."""


class Buyer(NamedTuple):
    """One contact's purchase days in the currency, and the last day that is known, where it is."""

    days: BuyingDays
    last_day: int


class HoldOut(NamedTuple):
    """The purchase days of the last fifth of the time, and those that the first four made expect.

    ``from_day`` is the first day of that fifth.
    """

    from_day: int
    expected: int
    actual: int

    @property
    def error_percent(self) -> int | None:
        """By how much more was expected than there was; None where there was nothing."""
        if self.actual == 0:
            return None
        return round(100 * (self.expected - self.actual) / self.actual)

    def is_missed(self, most_percent: int) -> bool:
        """Whether the expectation is off by more than this."""
        return 100 * abs(self.expected - self.actual) > most_percent * self.actual


@dataclass(frozen=True)
class CurrencyFit:
    """What was fitted in one currency. Whatever came to no number before abstaining is None.

    ``contacts`` are those who bought, ``repeaters`` those who did on a second day. ``gain`` is how
    much the log-likelihood exceeds that without drop-out. ``digest`` is the SHA-256 of the data.
    """

    contacts: int
    repeaters: int
    purchase_days: int
    digest: str
    activity: Activity | None = None
    log_likelihood: float | None = None
    gain: float | None = None
    spend: Spend | None = None
    hold_out: HoldOut | None = None
    abstained: Abstention | None = None


class _Abstained(Exception):
    """No value is given, for this reason."""

    def __init__(self, reason: str, **figures: object) -> None:
        super().__init__(reason)
        self.abstention = abstention(reason, **figures)


def fit_currency(
    buyers: Sequence[Buyer], currency: str, most_percent: int, check: Check
) -> CurrencyFit:
    """Fit both models. ``check`` is called at each step, and may raise.

    The same purchases give the same digits, in whatever order the contacts come. ``most_percent``
    is how far off the total of the hold-out may be.
    """
    fitting = _Fitting(buyers, currency, check)
    try:
        fitting.run(most_percent)
    except _Abstained as reason:
        return replace(fitting.found, abstained=reason.abstention)
    return fitting.found


class _Fitting:
    """The fit in one currency as far as it has come."""

    def __init__(self, buyers: Sequence[Buyer], currency: str, check: Check) -> None:
        self._buyers = buyers
        self._minor_in_unit = 10 ** MINOR_DIGITS.get(currency, 2)
        self._check = check
        known = (one.days.until(one.last_day) for one in buyers)
        self._bought = [one for one in known if one is not None]
        self.found = CurrencyFit(
            contacts=len(self._bought),
            repeaters=sum(one.repeats > 0 for one in self._bought),
            purchase_days=sum(one.repeats + 1 for one in self._bought),
            digest=_digest(self._bought),
        )

    def run(self, most_percent: int) -> None:
        """Fit one model after the other.

        Raises:
            _Abstained: there is no value; what was found by then is there.
        """
        if not self._bought:
            raise _Abstained("nothing-bought")
        if self.found.repeaters < LEAST_REPEATERS:
            raise _Abstained("too-few-repeats")
        activity, log_likelihood, gain = _fit_activity(
            self._bought, MODEL_OF_PURCHASES, self._check
        )
        self.found = replace(self.found, log_likelihood=log_likelihood, gain=gain)
        if activity is None:
            raise _Abstained("no-drop-out", least=LEAST_GAIN)
        self.found = replace(self.found, activity=activity)
        spend = _fit_spend(self._bought, self._minor_in_unit, self._check)
        hold_out = _hold_out(self._buyers, self._check)
        self.found = replace(self.found, spend=spend, hold_out=hold_out)
        if hold_out.is_missed(most_percent):
            expected, actual = hold_out.expected, hold_out.actual
            raise _Abstained(
                "hold-out-missed", expected=expected, actual=actual, percent=most_percent
            )


def _fit_activity(
    bought: Sequence[Buying], what: str, check: Check
) -> tuple[Activity | None, float, float]:
    """The model of purchases, its log-likelihood, and its gain; no model where that is too small.

    Raises:
        _Abstained: nothing that is worth anything is found.
    """
    # They need not be installed for anything else.
    from api.service.valuing.likelihoods import (  # noqa: PLC0415  # as said above
        EverActiveLikelihood,
        PurchasesLikelihood,
    )
    from api.service.valuing.maximising import Range, maximise  # noqa: PLC0415  # as said above

    equal = Counter((one.repeats, one.recency, one.age) for one in bought)
    likelihood = PurchasesLikelihood((*row, count) for row, count in sorted(equal.items()))
    times = Range.around(max(likelihood.mean_age, 1.0))
    shapes = Range.around()
    most = maximise(likelihood, (shapes, times, shapes, shapes), check)
    without = maximise(EverActiveLikelihood(likelihood), (shapes, times), check)
    value, gain = round(most.value, _DECIMALS), round(most.value - without.value, _DECIMALS)
    if gain < LEAST_GAIN:
        return None, value, gain
    _require_found(what, at_bound=most.at_bound, converged=most.converged)
    r, alpha, a, b = map(_six_digits, most.parameters)
    return Activity(r, alpha, a, b), value, gain


def _fit_spend(bought: Sequence[Buying], minor_in_unit: int, check: Check) -> Spend:
    """The model of the amounts of repeats, of those whose repeats brought anything.

    Raises:
        _Abstained: nothing that is worth anything is found.
    """
    from api.service.valuing.likelihoods import SpendLikelihood  # noqa: PLC0415  # as above
    from api.service.valuing.maximising import Range, maximise  # noqa: PLC0415  # as above

    spent = Counter((one.repeats, one.spent_minor) for one in bought if one.spent_minor > 0)
    if sum(spent.values()) < LEAST_REPEATERS:
        raise _Abstained("too-few-repeats")
    likelihood = SpendLikelihood(
        (repeats, minor / minor_in_unit / repeats, count)
        for (repeats, minor), count in sorted(spent.items())
    )
    scale = Range.around(likelihood.mean_spend)
    most = maximise(likelihood, (Range.around(), Range.around(3.0), scale), check)
    _require_found(MODEL_OF_SPEND, at_bound=most.at_bound, converged=most.converged)
    p, q, gamma = map(_six_digits, most.parameters)
    if q <= 1:
        raise _Abstained("spend-without-mean")
    return Spend(p, q, gamma)


def _hold_out(buyers: Sequence[Buyer], check: Check) -> HoldOut:
    """The purchases of the last fifth of the time, by those who had bought before.

    Raises:
        _Abstained: nothing that is worth anything is found on the first four fifths.
    """
    first = min(one.days.days[0] for one in buyers)
    last = max(one.last_day for one in buyers)
    split = last - (last - first) // 5
    before = [(found, one) for one in buyers if (found := one.days.until(split)) is not None]
    activity, *_ = _fit_activity([found for found, _ in before], MODEL_OF_HOLD_OUT, check)
    if activity is None:
        raise _Abstained("no-drop-out", least=LEAST_GAIN)
    equal = Counter((found._replace(spent_minor=0), one.last_day) for found, one in before)
    expected = 0.0
    for (found, last_day), count in sorted(equal.items()):
        check()
        expected += count * activity.purchases_ahead(found, last_day - split)
    actual = sum(one.days.bought_between(split, one.last_day) for _, one in before)
    return HoldOut(split + 1, round(expected), actual)


def _require_found(what: str, *, at_bound: bool, converged: bool) -> None:
    """Let pass parameters that are worth something.

    Raises:
        _Abstained: they are not.
    """
    if at_bound:
        raise _Abstained("at-bound", what=what)
    if not converged:
        raise _Abstained("no-convergence", what=what)


def _six_digits(figure: float) -> float:
    return float(f"{figure:.{_DIGITS}g}")


def _digest(bought: Sequence[Buying]) -> str:
    """SHA-256 of what the models read: a line for each contact, in an order of their own."""
    lines = sorted(f"{one.repeats} {one.recency} {one.age} {one.spent_minor}\n" for one in bought)
    return hashlib.sha256("".join(lines).encode()).hexdigest()
