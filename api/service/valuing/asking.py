"""What a contact may bring in the year to come, by the valuation that was known at the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.answers.valuations import ContactValue
from api.service.questions import subject_of
from api.service.valuing.making import known_buying
from domain.currencies import MINOR_DIGITS
from domain.revenue import YEAR_DAYS
from domain.valuing.abstaining import Abstention, abstention

if TYPE_CHECKING:
    from uuid import UUID

    from api.service.answers.valuations import Valuation
    from api.service.questions import Question
    from api.service.valuing.kept import KeptValuations
    from domain.valuing.buying import Buying, BuyingDays

_DECIMALS = 2
"""The decimals of a number of purchase days."""


def contact_value(
    question: Question, contact_id: UUID, kept: KeptValuations, currency: str | None
) -> ContactValue:
    """The value of a contact, or of the survivor that stands for it, in a currency.

    Without one, it is that in which the contact bought on the most days. Only this contact's events
    are read, and nothing of them is decrypted.

    Raises:
        ContactNotFound: nobody had registered it by then.
    """
    subject = subject_of(question, contact_id)
    bought, last_day = known_buying(subject.history, question.moment)
    chosen = currency or _usual_currency(bought or {})
    found = kept.best(chosen, question.as_of, question.position)
    asked = {
        "contact_id": subject.contact_id,
        "as_of": question.as_of,
        "as_known_at": question.as_known_at,
    }
    shown = chosen or (None if found is None else found.currency)
    days = None if bought is None or chosen is None else bought.get(chosen)
    buying = None if days is None else days.until(last_day)
    why_not = _why_not(found, buying, is_erased=subject.erased, by_agreement=bought is None)
    if why_not is not None:
        return ContactValue.abstaining(asked, found, shown, why_not)
    assert found is not None, "or there is a reason"
    assert buying is not None, "or there is a reason"
    return ContactValue.model_validate({**asked, **_figures(found, buying), "currency": chosen})


def _usual_currency(bought: dict[str, BuyingDays]) -> str | None:
    return max(sorted(bought), key=lambda one: len(bought[one].days), default=None)


def _why_not(
    found: Valuation | None, buying: Buying | None, *, is_erased: bool, by_agreement: bool
) -> Abstention | None:
    """Why there is no value, if there is none."""
    if is_erased:
        return abstention("contact-erased")
    if by_agreement:
        return abstention("by-agreement")
    if found is None:
        return abstention("no-valuation")
    if found.abstained:
        assert found.reason is not None, "what abstains says why"
        assert found.because is not None, "what abstains says why"
        return Abstention(found.reason, found.because)
    return abstention("never-bought") if buying is None else None


def _figures(found: Valuation, buying: Buying) -> dict[str, object]:
    assert found.model is not None, "it did not abstain"
    assert found.spend is not None, "it did not abstain"
    activity, units = found.model.activity(), 10 ** MINOR_DIGITS.get(found.currency or "", 2)
    purchases = activity.purchases_ahead(buying, YEAR_DAYS)
    mean = found.spend.spend().mean_ahead(buying.repeats, buying.spent_minor / units)
    return {
        "valuation": found.id,
        "active_percent": round(100 * activity.active(buying)),
        "purchases": round(purchases, _DECIMALS),
        "net_minor": round(purchases * mean * units),
        "abstained": False,
        "reason": None,
        "because": None,
    }
