"""Make the valuations of a ledger, in the background of what is served, and keep them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.answers.valuations import Valuation, ValuationResult
from api.service.replays.replay import judging, steps
from api.service.replays.starting import VALUATION, require_room
from api.service.valuing.extra import require_extra, versions
from api.service.valuing.fitting import Buyer, fit_currency
from domain.history import effective_history
from domain.instants import day_of, format_instant
from domain.policy import Policy
from domain.valuing.buying import buying_days_of
from projections.build import naming
from projections.contact_walk import Walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.service.server import OpenLedger
    from api.service.valuing.kept import KeptValuations
    from domain.history import History
    from domain.valuing.buying import BuyingDays
    from projections.folding import Moment
    from projections.operations import Operation, Work
    from projections.source import EventSource


def start_valuation(open_ledger: OpenLedger, owner: str, moment: Moment) -> Operation:
    """Fit the models to the purchases up to a moment, for the ``owner``, and keep what is found.

    Raises:
        Refused: ``value-not-installed``.
        TooManyQuestions: enough long questions are being answered already.
    """
    require_extra()
    require_room(open_ledger)
    subject = f"position {moment.position}, {format_instant(moment.at)}, policy {judging(moment)}"

    def run(work: Work) -> Mapping[str, object]:
        return make_valuations(open_ledger.ledger, moment, open_ledger.valuations, work).plain()

    return open_ledger.projections.operations.start(VALUATION, subject, run, owner=owner)


def make_valuations(
    source: EventSource, moment: Moment, kept: KeptValuations, work: Work
) -> ValuationResult:
    """Fit the models in each currency, and keep what is found.

    Raises:
        Refused: ``value-not-installed``.
        Cancelled: someone asked for the end.
        Stumbled: the log holds something that cannot be folded.
        Unavailable: it cannot be kept.
    """
    require_extra()
    bought: dict[str, list[Buyer]] = {}
    for contact, events in steps(Walk(source, moment.aliases, moment.position), work):
        with naming(contact, moment):
            history = effective_history(events, contact)
            days, last_day = known_buying(history, moment)
        for currency, found in (days or {}).items():
            bought.setdefault(currency, []).append(Buyer(found, last_day))
    first, *others = _valuations(bought, moment, work)
    kept.put([*reversed(others), first])
    return ValuationResult(**dict(first), others=tuple(others), seconds=round(work.seconds(), 3))


def known_buying(history: History, moment: Moment) -> tuple[dict[str, BuyingDays] | None, int]:
    """A contact's purchase days by the moment, by currency, and the last day that belongs to it.

    An instant at which a day begins belongs to the day before. There are no purchase days where a
    contact buys by agreement.
    """
    zone = history.time_zone or moment.time_zone or "UTC"
    facts = (one for one in history.facts if one.occurred_at <= moment.at)
    return buying_days_of(facts, zone), day_of(moment.at - 1, zone)


def _valuations(
    bought: Mapping[str, Sequence[Buyer]], moment: Moment, work: Work
) -> list[Valuation]:
    """A valuation for each currency, those with the most purchase days first."""
    versions_now, judged_by = versions(), judging(moment)
    policy = moment.policies.in_force(moment.at).policy if moment.policies.versions else Policy()
    most_percent = policy.book.hold_out_percent
    fits = [
        (currency, fit_currency(buyers, currency, most_percent, work.check))
        for currency, buyers in sorted(bought.items())
    ]
    fits.sort(key=lambda one: -one[1].purchase_days)
    if not fits:
        nobody = fit_currency([], "", most_percent, work.check)
        return [Valuation.of(moment, judged_by, None, nobody, versions_now)]
    return [Valuation.of(moment, judged_by, currency, fit, versions_now) for currency, fit in fits]
