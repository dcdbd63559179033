"""Answers about expected values: what was fitted to purchases, and what it says of a contact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rapport_client.answers.operations import Operation
from rapport_client.answers.statuses import KnownAt


@dataclass(frozen=True, kw_only=True)
class PurchaseModel:
    """The parameters of BG/NBD, by times in days.

    ``gain`` is how much the log-likelihood exceeds that of the model in which nobody leaves.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    gain: float


@dataclass(frozen=True, kw_only=True)
class SpendModel:
    """The parameters of Gamma-Gamma, by amounts in whole units of the currency."""

    p: float
    q: float
    gamma: float


@dataclass(frozen=True, kw_only=True)
class ValuationHoldOut:
    """The purchase days from a date on, and those that the time before it made expect."""

    from_: str
    expected: int
    actual: int
    error_percent: int | None


@dataclass(frozen=True, kw_only=True)
class Valuation:
    """Two models fitted to the purchases in one currency; where it ``abstained``, why.

    ``reason`` is for programs, ``because`` for people. What was not fitted is None.
    """

    id: UUID
    currency: str | None
    position: int
    as_of: datetime
    policy_version: int | None
    contacts: int
    repeaters: int
    purchase_days: int
    model: PurchaseModel | None
    spend: SpendModel | None
    hold_out: ValuationHoldOut | None
    abstained: bool
    reason: str | None
    because: str | None
    digest: str
    versions: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ValuationResult(Valuation):
    """The valuation in the currency with the most purchase days; ``others`` are the other ones."""

    others: tuple[Valuation, ...]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ValuationOperation(Operation):
    """Fitting expected values. ``result`` is None until it succeeded."""

    result: ValuationResult | None


@dataclass(frozen=True, kw_only=True)
class ContactValue:
    """What a contact may bring within 365 days; the figures are None where it ``abstained``."""

    contact_id: UUID
    as_of: datetime
    as_known_at: KnownAt
    valuation: UUID | None
    currency: str | None
    active_percent: int | None
    purchases: float | None
    net_minor: int | None
    abstained: bool
    reason: str | None
    because: str | None
