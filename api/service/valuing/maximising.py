"""Where a log-likelihood is greatest: from a fixed start, without chance, to its last digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from scipy.optimize import minimize, root

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from api.service.valuing.likelihoods import Numbers, ValueThere

_MOST_STEPS = 1000
_SLOPE = 1e-8
"""The greatest slope per contact, by the logarithms of the parameters, that counts as none."""
_NEAR_BOUND = 1e-3
_NEAR = 0.1
"""How far the last digits may lie from the first ones, by the logarithms of the parameters."""


class Likelihood(Protocol):
    """A log-likelihood with its gradient; ``count`` is the number of contacts."""

    count: float

    def __call__(self, parameters: Numbers) -> ValueThere:
        """The value and the gradient at the parameters."""


class Range(NamedTuple):
    """Where a parameter is looked for: from ``least`` to ``most``, beginning at ``start``."""

    least: float
    start: float
    most: float

    @classmethod
    def around(cls, scale: float = 1.0) -> Range:
        """A thousandth to a thousand times of something of the parameter's size."""
        return cls(scale / 1000, scale, scale * 1000)


class Maximum(NamedTuple):
    """The parameters at the greatest value found; both flags say whether it is worth anything."""

    parameters: tuple[float, ...]
    value: float
    at_bound: bool
    converged: bool


def maximise(
    likelihood: Likelihood, ranges: Sequence[Range], check: Callable[[], object]
) -> Maximum:
    """The maximum within the ranges. ``check`` is called at each step, and may raise.

    A quasi-Newton method finds the place, and then the root of the gradient gives the digits that
    the values themselves are too coarse for.
    """

    def mean_loss(logs: Numbers) -> tuple[float, Numbers]:
        check()
        parameters = np.exp(logs)
        found = likelihood(parameters)
        return -found.value / likelihood.count, -found.gradient * parameters / likelihood.count

    bounds = [(np.log(one.least), np.log(one.most)) for one in ranges]
    start = np.log([one.start for one in ranges])
    found = minimize(
        mean_loss,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": _MOST_STEPS, "ftol": 1e-14, "gtol": 1e-9},
    )
    logs: Numbers = found.x
    at_bound = any(
        min(log - least, most - log) < _NEAR_BOUND
        for log, (least, most) in zip(logs, bounds, strict=True)
    )
    converged = False
    if not at_bound:
        finest = root(lambda at: mean_loss(at)[1], logs, method="hybr", options={"xtol": 1e-13})
        if float(np.abs(finest.x - logs).max()) < _NEAR:
            logs = finest.x
        converged = float(np.abs(mean_loss(logs)[1]).max()) < _SLOPE
    parameters = np.exp(logs)
    value = likelihood(parameters).value
    return Maximum(tuple(map(float, parameters)), value, at_bound, converged)
