"""The summary counted straight from the file: no ledger, no projection, only the rules."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, UUID, uuid5

from domain.events.commerce import PurchaseMade
from domain.history import effective_history
from domain.policy import digest
from domain.recorded import RecordedEvent
from domain.relationship import fold
from domain.timeline import PolicyVersion, timeline_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.purchases import Purchase
    from domain.policy import Policy
    from domain.timeline import PolicyTimeline

SINCE_EVER = 0


@dataclass(frozen=True)
class Count:
    """What holds at one instant: contacts by stage, and the demotions by silence so far.

    Stages with nobody in them are left out.
    """

    stages: dict[str, int]
    silence_demotions: int
    premature_demotions: int

    @property
    def premature_rate(self) -> float:
        """Of the demotions, the part after which the contact bought again within 90 days."""
        return round(self.premature_demotions / max(self.silence_demotions, 1), 4)


def recount(purchases: Sequence[Purchase], policy: Policy, *instants: int) -> tuple[Count, ...]:
    """Fold every contact at each of these instants."""
    policies = _always(policy)
    stages: list[Counter[str]] = [Counter() for _ in instants]
    silent, premature = [0] * len(instants), [0] * len(instants)
    ordered = sorted(purchases, key=attrgetter("customer"))
    for reference, group in groupby(ordered, key=attrgetter("customer")):
        contact = uuid5(NAMESPACE_OID, reference)
        history = effective_history(_recorded(contact, group), contact)
        for place, at in enumerate(instants):
            relationship = fold(history, policies, None, at)
            if relationship.since is not None:
                stages[place][relationship.stage] += 1
            silent[place] += relationship.silence_demotions
            premature[place] += relationship.premature_demotions
    return tuple(
        Count(dict(counts), *demotions)
        for counts, *demotions in zip(stages, silent, premature, strict=True)
    )


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
