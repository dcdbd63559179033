"""Stages and falls counted straight from the file: no ledger, no projection, only the rules."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, UUID, uuid5

from domain.calibration import Calibrator, account_of
from domain.events.commerce import PurchaseMade
from domain.history import effective_history
from domain.policy import digest
from domain.recorded import RecordedEvent
from domain.relationship import fold
from domain.timeline import PolicyVersion, timeline_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.purchases import Purchase
    from domain.calibration import Calibration
    from domain.history import History
    from domain.policy import Policy
    from domain.timeline import PolicyTimeline

SINCE_EVER = 0


def recount(
    purchases: Sequence[Purchase], policy: Policy, *instants: int
) -> tuple[dict[str, int], ...]:
    """How many contacts each stage has at each of these instants, but for stages without any."""
    policies = _always(policy)
    stages: list[Counter[str]] = [Counter() for _ in instants]
    for history in _histories(purchases):
        for place, at in enumerate(instants):
            relationship = fold(history, policies, None, at)
            if relationship.since is not None:
                stages[place][relationship.stage] += 1
    return tuple(dict(counts) for counts in stages)


def recalibrate(
    purchases: Sequence[Purchase], policy: Policy, period: tuple[int | None, int | None], at: int
) -> Calibration:
    """How right the falls of a period were as of an instant."""
    calibrator, policies = Calibrator(*period, at), _always(policy)
    for history in _histories(purchases):
        calibrator.add(account_of(fold(history, policies, None, at)))
    return calibrator.result()


def _histories(purchases: Sequence[Purchase]) -> Iterator[History]:
    ordered = sorted(purchases, key=attrgetter("customer"))
    for reference, group in groupby(ordered, key=attrgetter("customer")):
        contact = uuid5(NAMESPACE_OID, reference)
        yield effective_history(_recorded(contact, group), contact)


def _always(policy: Policy) -> PolicyTimeline:
    sha256 = digest(policy.document())
    version = PolicyVersion(
        version=1, effective_from=SINCE_EVER, policy=policy, sha256=sha256, position=1,
        event_id=UUID(int=1),
    )  # fmt: skip  # one argument a line says no more
    return timeline_of([version])


def _recorded(contact: UUID, purchases: Iterable[Purchase]) -> Iterator[RecordedEvent]:
    for version, purchase in enumerate(purchases, 1):
        yield RecordedEvent(
            contact_id=contact,
            version=version,
            position=version,
            id=uuid5(contact, str(version)),
            occurred_at=purchase.occurred_at,
            recorded_at=purchase.occurred_at,
            source=None,
            actor=None,
            causation_id=None,
            event=PurchaseMade(
                purchase_id=str(version),
                amount_minor=purchase.amount_minor,
                currency="USD",
                initiated_by="contact",
            ),
        )
