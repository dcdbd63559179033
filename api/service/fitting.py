"""Fit a policy to the purchases of a ledger, in the background of what is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.service.answers.fitting import Abstention, FitResult, HoldOut
from api.service.replays.replay import steps
from api.service.replays.starting import FIT, require_room
from domain.fitting.buyers import buyer_of
from domain.fitting.fit import DAYS, WAIT, Fitting
from domain.history import effective_history
from domain.instants import format_instant
from domain.policy import Policy, digest
from projections.build import naming
from projections.contact_walk import Walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.service.server import OpenLedger
    from domain.fitting.fit import Fit, Target
    from projections.folding import Moment
    from projections.operations import Operation, Work
    from projections.source import EventSource


def start_fit(
    open_ledger: OpenLedger, owner: str, moment: Moment, base: Policy, target: Target
) -> Operation:
    """Fit a policy, which keeps all numbers of ``base`` that are not fitted, for the ``owner``.

    Raises:
        TooManyQuestions: enough long questions are being answered already.
    """
    operations = open_ledger.projections.operations
    require_room(open_ledger)
    subject = (
        f"position {moment.position}, {format_instant(moment.at)}, {digest(base.document())}, "
        f"{target.stay} of {target.of}"
    )

    def run(work: Work) -> Mapping[str, object]:
        return fit_policy(open_ledger.ledger, moment, base, target, work).plain()

    return operations.start(FIT, subject, run, owner=owner)


def fit_policy(
    source: EventSource, moment: Moment, base: Policy, target: Target, work: Work
) -> FitResult:
    """Propose how long to wait and how many purchase days to ask for; nothing is published.

    Raises:
        Cancelled: someone asked for the end.
        Stumbled: the log holds something that cannot be folded.
    """
    expected_gap_days, buyers = base.rhythm.expected_gap_days, []
    for contact, events in steps(Walk(source, moment.aliases, moment.position), work):
        with naming(contact, moment):
            history = effective_history(events, contact)
            zone = history.time_zone or moment.time_zone or "UTC"
            facts = [one for one in history.facts if one.occurred_at <= moment.at]
            buyer = buyer_of(facts, zone, expected_gap_days)
        if buyer is not None:
            buyers.append(buyer)
    fitting = Fitting(buyers, expected_gap_days, target, work.check)
    found = fitting.fit(base.signals.regularity.purchase_days)
    return FitResult(
        position=moment.position,
        as_of=moment.at,
        policy=_proposal(base, found).document(),
        demote_after_days=found.demote_after_days,
        purchase_days=found.purchase_days,
        abstained=tuple(Abstention.model_validate(one) for one in found.abstained),
        hold_out=tuple(HoldOut.of(one) for one in found.hold_outs),
        seconds=round(work.seconds(), 3),
    )


def _proposal(base: Policy, found: Fit) -> Policy:
    changes: dict[str, object] = {}
    if found.demote_after_days is not None:
        changes["rhythm"] = {WAIT: found.demote_after_days}
    if found.purchase_days is not None:
        changes["signals"] = {"regularity": {DAYS: found.purchase_days}}
    return Policy.read(changes, base)
