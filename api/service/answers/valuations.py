"""Expected values: what was fitted to the purchases of a ledger, and what that says of one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Self
from uuid import NAMESPACE_OID, UUID, uuid5

from pydantic import Field

from api.service.answers.document import ContactQuestion, Document, Instant, Position
from api.service.answers.projections import Operation
from domain.valuing.models import Activity, Spend

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.valuing.fitting import CurrencyFit
    from domain.valuing.abstaining import Abstention
    from projections.folding import Moment


class PurchaseModel(Document):
    """The parameters of BG/NBD, fitted to times in days, and the log-likelihood there.

    ``gain`` is how much the log-likelihood exceeds that of the model in which nobody leaves.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    gain: float

    def activity(self) -> Activity:
        """The model with these parameters."""
        return Activity(self.r, self.alpha, self.a, self.b)


class SpendModel(Document):
    """The parameters of Gamma-Gamma, fitted to amounts in whole units of the currency."""

    p: float
    q: float
    gamma: float

    def spend(self) -> Spend:
        """The model with these parameters."""
        return Spend(self.p, self.q, self.gamma)


class ValuationHoldOut(Document):
    """The purchase days of the last fifth of the time, and those that the rest made expect.

    Both are of the contacts who had bought before the day ``from``. ``error_percent`` is below 0
    where fewer were expected than there were, and null where there were none.
    """

    from_: date = Field(alias="from")
    expected: int
    actual: int
    error_percent: int | None


class Valuation(Document):
    """Two models fitted to the purchases in one currency, or why no value is given.

    ``contacts`` are those who bought, ``repeaters`` those who did on a second day. ``digest`` is
    the SHA-256 of the data that was read. ``reason`` and ``because`` say why it ``abstained``, and
    are null where it did not. The ``id`` follows from all other fields, so the same data have the
    same id under the same versions.
    """

    id: UUID
    currency: str | None
    position: Position
    as_of: Instant
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

    @classmethod
    def of(
        cls,
        moment: Moment,
        policy_version: int | None,
        currency: str | None,
        fit: CurrencyFit,
        versions: Mapping[str, str],
    ) -> Self:
        """What was fitted at a moment."""
        abstained = fit.abstained
        content = cls(
            id=NAMESPACE_OID,
            currency=currency,
            position=moment.position,
            as_of=moment.at,
            policy_version=policy_version,
            contacts=fit.contacts,
            repeaters=fit.repeaters,
            purchase_days=fit.purchase_days,
            model=_purchase_model(fit),
            spend=None if fit.spend is None else SpendModel.model_validate(fit.spend),
            hold_out=_hold_out(fit),
            abstained=abstained is not None,
            reason=None if abstained is None else abstained.reason,
            because=None if abstained is None else abstained.because,
            digest=fit.digest,
            versions=dict(sorted(versions.items())),
        )
        content_id = uuid5(NAMESPACE_OID, content.json_bytes().decode())
        return content.model_copy(update={"id": content_id})


def _purchase_model(fit: CurrencyFit) -> PurchaseModel | None:
    if fit.activity is None:
        return None
    return PurchaseModel.model_validate(
        {**asdict(fit.activity), "log_likelihood": fit.log_likelihood, "gain": fit.gain}
    )


def _hold_out(fit: CurrencyFit) -> ValuationHoldOut | None:
    if fit.hold_out is None:
        return None
    found = fit.hold_out
    return ValuationHoldOut(
        **{"from": date.fromordinal(found.from_day)},
        expected=found.expected,
        actual=found.actual,
        error_percent=found.error_percent,
    )


class ValuationResult(Valuation):
    """The valuation in the currency with the most purchase days; ``others`` are the other ones."""

    others: tuple[Valuation, ...]
    seconds: float


class ValuationOperation(Operation):
    """A valuation as it is now."""

    result: ValuationResult | None  # type: ignore[assignment]  # narrower than an operation of any kind


class ContactValue(ContactQuestion):
    """The purchases to expect of a contact in the 365 days after ``as_of``, by a valuation.

    ``active_percent`` is the probability that they still come, ``purchases`` the number of purchase
    days to expect, ``net_minor`` what these bring. All three are null where the value
    ``abstained``, and ``because`` says why. ``valuation`` is null where there was none by then.
    """

    valuation: UUID | None
    currency: str | None
    active_percent: int | None
    purchases: float | None
    net_minor: int | None
    abstained: bool
    reason: str | None
    because: str | None

    @classmethod
    def abstaining(
        cls,
        asked: Mapping[str, object],
        found: Valuation | None,
        currency: str | None,
        abstained: Abstention,
    ) -> Self:
        """No value, for a reason; ``asked`` is what is repeated of the question."""
        return cls.model_validate(
            {
                **asked,
                "valuation": None if found is None else found.id,
                "currency": currency,
                **dict.fromkeys(("active_percent", "purchases", "net_minor")),
                "abstained": True,
                "reason": abstained.reason,
                "because": abstained.because,
            }
        )
