"""The product-limit estimate of an event within a time, with its standard error, in integers.

Kaplan and Meier, "Nonparametric estimation from incomplete observations" (1958); Greenwood's
formula for the variance. Every figure is a whole number of parts in ``SCALE``, rounded towards more
events, so that two implementations agree.
"""

from __future__ import annotations

from itertools import groupby
from math import isqrt
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

SCALE = 10**9


class Observation(NamedTuple):
    """How long something was watched for, and whether the event ended that."""

    duration: int
    is_event: bool


class Estimate(NamedTuple):
    """The part, of ``SCALE``, to which the event happens, and the error of that."""

    part: int
    error: int

    def is_surely_at_most(self, numerator: int, denominator: int) -> bool:
        """Whether the part and one standard error are no more than a fraction."""
        return (self.part + self.error) * denominator <= numerator * SCALE


def product_limit(observations: Iterable[Observation]) -> Estimate:
    """The part to which the event happens within the longest duration.

    >>> seen = [Observation(1, True), Observation(2, False), Observation(3, True)]
    >>> seen += [Observation(5, False)] * 2
    >>> product_limit(seen)  # 1 - 4/5 x 2/3
    Estimate(part=466666667, error=248253157)
    """
    ordered = sorted(observations)
    at_risk, remaining, variance = len(ordered), SCALE, 0
    for _, tied in groupby(ordered, key=itemgetter(0)):
        together = list(tied)
        events = sum(one.is_event for one in together)
        if events:
            remaining = remaining * (at_risk - events) // at_risk
            if events == at_risk:
                return Estimate(SCALE, 0)
            variance += -(-events * SCALE // (at_risk * (at_risk - events)))
        at_risk -= len(together)
    error = isqrt(variance * SCALE)
    return Estimate(SCALE - remaining, -(-remaining * (error + 1) // SCALE) if variance else 0)
