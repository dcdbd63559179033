"""The log-likelihoods of the models with their gradients, over the purchases of many contacts.

This module and ``maximising`` alone import numpy and scipy, which need not be installed: callers
ask ``extra`` first. Sources: Fader, Hardie and Lee (2005), equation 6; Fader and Hardie
(2013), equation 1a.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import betaln, gammaln, psi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


class ValueThere(NamedTuple):
    """A log-likelihood and its gradient."""

    value: float
    gradient: Numbers


class PurchasesLikelihood:
    """BG/NBD, of the parameters ``r, alpha, a, b``.

    The rows are ``(repeats, recency, age, contacts)``; equal contacts may stand in one row.
    """

    def __init__(self, rows: Iterable[tuple[float, float, float, float]]) -> None:
        """The order of the rows decides the last digits, so it should follow from them."""
        self.x, self.recency, self.age, self.weight = np.array([*rows], dtype=np.float64).T
        self.count = float(self.weight.sum())
        self.mean_age = float((self.weight * self.age).sum()) / self.count
        self._again = self.x > 0

    def __call__(self, parameters: Numbers) -> ValueThere:
        """The log-likelihood there."""
        r, alpha, a, b = parameters
        x, again = self.x, self._again
        shape, open_span, closed_span = r + x, alpha + self.age, alpha + self.recency
        # A contact that bought again has left after the last purchase, or has not.
        before = np.where(again, b + x - 1, 1.0)
        stayed = -shape * np.log(open_span)
        left = np.where(again, np.log(a / before) - shape * np.log(closed_span), -np.inf)
        either = np.logaddexp(stayed, left)
        has_left = np.exp(left - either)
        has_stayed = np.exp(stayed - either)
        value = (
            gammaln(shape)
            - gammaln(r)
            + r * np.log(alpha)
            + betaln(a, b + x)
            - betaln(a, b)
            + either
        )
        all_tries, all_stays = psi(a + b) - psi(a + b + x), psi(b + x) - psi(b)
        gradient = np.stack(
            [
                psi(shape)
                - psi(r)
                + np.log(alpha)
                - has_stayed * np.log(open_span)
                - has_left * np.log(closed_span),
                r / alpha - shape * (has_stayed / open_span + has_left / closed_span),
                all_tries + has_left / a,
                all_tries + all_stays - has_left / before,
            ]
        )
        return ValueThere(float(self.weight @ value), gradient @ self.weight)


class EverActiveLikelihood:
    """NBD, in which nobody ever leaves, of the parameters ``r, alpha``: the same without ``a``."""

    def __init__(self, purchases: PurchasesLikelihood) -> None:
        """Of the same contacts."""
        self._of = purchases
        self.count = purchases.count

    def __call__(self, parameters: Numbers) -> ValueThere:
        """The log-likelihood there."""
        r, alpha = parameters
        x, span, weight = self._of.x, alpha + self._of.age, self._of.weight
        shape = r + x
        value = gammaln(shape) - gammaln(r) + r * np.log(alpha) - shape * np.log(span)
        gradient = np.stack(
            [psi(shape) - psi(r) + np.log(alpha) - np.log(span), r / alpha - shape / span]
        )
        return ValueThere(float(weight @ value), gradient @ weight)


class SpendLikelihood:
    """Gamma-Gamma, of the parameters ``p, q, gamma``.

    The rows are ``(repeats, mean, contacts)`` of those who bought again, with the mean of what
    their repeats brought, above 0.
    """

    def __init__(self, rows: Iterable[tuple[float, float, float]]) -> None:
        """The order of the rows decides the last digits, so it should follow from them."""
        self.x, self.mean, self.weight = np.array([*rows], dtype=np.float64).T
        self.count = float(self.weight.sum())
        self.mean_spend = float((self.weight * self.mean).sum()) / self.count

    def __call__(self, parameters: Numbers) -> ValueThere:
        """The log-likelihood there."""
        p, q, gamma = parameters
        x, mean, shape = self.x, self.mean, p * self.x
        whole = gamma + x * mean
        value = (
            gammaln(shape + q)
            - gammaln(shape)
            - gammaln(q)
            + q * np.log(gamma)
            + (shape - 1) * np.log(mean)
            + shape * np.log(x)
            - (shape + q) * np.log(whole)
        )
        gradient = np.stack(
            [
                x * (psi(shape + q) - psi(shape) + np.log(mean) + np.log(x) - np.log(whole)),
                psi(shape + q) - psi(q) + np.log(gamma) - np.log(whole),
                q / gamma - (shape + q) / whole,
            ]
        )
        return ValueThere(float(self.weight @ value), gradient @ self.weight)
