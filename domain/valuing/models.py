"""What the two models say of one contact, once they are fitted: probabilities and expectations.

BG/NBD: Fader, Hardie and Lee, "Counting Your Customers the Easy Way", Marketing Science 24 (2005).
Gamma-Gamma: Fader and Hardie, "The Gamma-Gamma Model of Monetary Value" (2013). Times are in the
unit in which the model was fitted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.valuing.buying import Buying

_PRECISION = 2.0**-56
"""The share of a sum below which a further term does not change it."""

_LARGE = 1e200
_MOST_EXPONENT = 700.0


@dataclass(frozen=True)
class Activity:
    """BG/NBD: everybody buys at a rate of their own until, after some purchase, they leave.

    The rates are gamma distributed with shape ``r`` and rate ``alpha``; the probabilities of
    leaving after a purchase are beta distributed with ``a`` and ``b``.
    """

    r: float
    alpha: float
    a: float
    b: float

    def active(self, bought: Buying) -> float:
        """The probability that the contact has not left. Who bought once has not, by this model.

        Source: equation 7 of the note of 2008 on P(alive) by the same authors.
        """
        if bought.repeats == 0:
            return 1.0
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        log_odds = (
            math.log(a / (b + bought.repeats - 1))
            + (r + bought.repeats)
            * math.log((alpha + bought.age) / (alpha + bought.recency))
        )  # fmt: skip  # one factor a line
        return 0.0 if log_odds > _MOST_EXPONENT else 1.0 / (1.0 + math.exp(log_odds))

    def purchases_ahead(self, bought: Buying, time: float) -> float:
        """The number of purchase days to expect within a time from the day that is asked about.

        Equation 10 of the paper has a hypergeometric function that overflows for those who bought
        often, and divides by ``a - 1``. By Euler's transformation of it, with ``z`` the time ahead
        in all the time since the first purchase, and by taking its first term together with the
        one before, both are gone: each term is finite for any number of purchases, and ``a`` may
        be 1.
        """
        p, q = self.a + self.b - 1 - self.r, self.a - 1
        c = self.a + self.b + bought.repeats - 1
        passed = self.alpha + bought.age
        z, log_rest = time / (passed + time), math.log(passed / (passed + time))
        power = q * log_rest
        first = -log_rest if q == 0 else -math.expm1(power) / q
        return max(self.active(bought) * (c * first - _series(p, q, c, z, power)), 0.0)


def _series(p: float, q: float, c: float, z: float, power: float) -> float:
    """``exp(power)`` times the sum over n from 1 of (p)_n (q+1)_{n-1} / ((c+1)_{n-1} n!) z^n.

    The terms may grow before they fall, by as much as ``exp(power)`` is small.
    """
    term, total, scale, n = p * z, p * z, power, 1
    least = _PRECISION * (1 - z)
    while term:
        ratio = (p + n) * (q + n) / ((c + n) * (n + 1)) * z
        if abs(ratio) < 1 and abs(term) <= least * abs(total):
            break
        term *= ratio
        total += term
        n += 1
        if abs(term) > _LARGE:
            term, total, scale = term / _LARGE, total / _LARGE, scale + math.log(_LARGE)
    return total * math.exp(scale)


@dataclass(frozen=True)
class Spend:
    """Gamma-Gamma: everybody spends around a mean of their own, however often they buy.

    What a purchase day brings is gamma distributed with shape ``p`` around a mean whose inverse
    scale is gamma distributed with shape ``q`` and rate ``gamma``. Amounts are in whole units of
    the currency, such as euros.
    """

    p: float
    q: float
    gamma: float

    def mean_ahead(self, repeats: int, spent: float) -> float:
        """What a purchase day of the contact will bring on average.

        ``spent`` is what their ``repeats`` brought together. Source: equation 5 of the note.
        """
        return (self.gamma + max(spent, 0.0)) * self.p / (self.p * repeats + self.q - 1)
