"""What a complaint of a contact puts at risk: their own net revenue of a year and their tree's.

Source: the care document, section 5 ("Exposure").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from domain.events.service import ComplaintRaised
from domain.matters import matters_of
from domain.revenue import greatest_amount, net_of_a_year, sum_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from uuid import UUID

    from domain.history import Fact, History


class Exposure(NamedTuple):
    """The open complaints of a contact, oldest clock first, and what is at risk by currency."""

    contact_id: UUID
    complaint_ids: tuple[str, ...]
    amounts: Mapping[str, int]

    @property
    def order(self) -> tuple[int, str]:
        """Where it stands in the list: the greatest first, see ``greatest_amount``."""
        return -greatest_amount(self.amounts), str(self.contact_id)


def exposure_of(own: Iterable[Fact], tree: Iterable[History], at: int) -> dict[str, int]:
    """Net revenue of 365 days by currency, of a contact and of those in their tree, together."""
    return sum_of([net_of_a_year(own, at), *(net_of_a_year(one.facts, at) for one in tree)])


def open_complaint_ids(facts: Iterable[Fact], at: int) -> tuple[str, ...]:
    """The ids of the complaints that are open at the instant, the oldest clock first."""
    matters = matters_of([fact for fact in facts if fact.occurred_at <= at])
    found = (clock.raised.event for clock in matters.open_complaints)
    return tuple(event.complaint_id for event in found if isinstance(event, ComplaintRaised))
