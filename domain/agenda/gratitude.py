"""How well we thank: what was owed, and whether thanks were given in time, later or never.

Source: the care document, section 2, "Gratitude".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from domain.agenda.agenda import referrer_of
from domain.agenda.owed import favours
from domain.agenda.referred import wins
from domain.agenda.view import ContactView
from domain.events.governance import PersonalDataErased
from domain.instants import DAY, HOUR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from domain.agenda.referred import Referrals
    from domain.relationship import Relationship
    from domain.timeline import PolicyTimeline

OUTCOMES = ("in_time", "late", "missed", "open")
"""What can become of thanks that are owed."""


class OwedThanks(NamedTuple):
    """Thanks that became owed, what became of them, and after how many hours they were given."""

    opens_at: int
    outcome: str
    hours: int | None


@dataclass
class Coverage:
    """How many thanks were owed, and what became of them."""

    owed: int = 0
    in_time: int = 0
    late: int = 0
    missed: int = 0
    open: int = 0
    hours: list[int] = field(default_factory=list)

    def add(self, thanks: OwedThanks) -> None:
        """Count one more."""
        self.owed += 1
        setattr(self, thanks.outcome, getattr(self, thanks.outcome) + 1)
        if thanks.hours is not None:
            self.hours.append(thanks.hours)

    @property
    def median_hours(self) -> int | None:
        """The lower median of the hours until thanks were given; None where none were."""
        return sorted(self.hours)[(len(self.hours) - 1) // 2] if self.hours else None


def owed_thanks(
    contact_id: UUID, relationship: Relationship, referrals: Referrals, policies: PolicyTimeline
) -> Iterator[OwedThanks]:
    """All thanks that were ever owed to a contact, as they are at the relationship's instant.

    Thanks that were open when the relationship ended, or the person was erased, are owed to nobody
    any more.
    """
    view = ContactView(contact_id, relationship, policies)
    over_at = min(_ends(view), default=None)
    owed: list[tuple[int, int, UUID, int | None]] = [
        (one.opens_at, one.position, one.fact.id, None)
        for one in favours(view, {edge.event_id for edge in referrals.edges})
    ]
    owed += [
        (at, position, edge.event_id, at)
        for edge, at, position in wins(referrer_of(view), referrals, policies, view.at)
    ]
    for opens_at, position, event_id, named_from_at in owed:
        if opens_at > view.at:
            continue
        given = [
            act.at
            for act in view.acts
            if act.thanks_for(event_id, named_from_at, opens_at, position)
        ]
        found = _outcome(view, opens_at, min(given, default=None))
        was_missed_at = opens_at + view.care.thanks_gone_days * DAY
        if found.hours is not None or over_at is None or was_missed_at <= over_at:
            yield found


def _ends(view: ContactView) -> Iterator[int]:
    """When the relationship ended, and when the person was erased, as far as that is so."""
    if view.stage == "ended":
        yield view.since
    for fact, _ in view.of(PersonalDataErased):
        yield fact.occurred_at


def _outcome(view: ContactView, opens_at: int, given_at: int | None) -> OwedThanks:
    gone_at = opens_at + view.care.thanks_gone_days * DAY
    if given_at is not None and given_at < gone_at:
        in_time = given_at < opens_at + view.care.thanks_hours * HOUR
        hours = max(0, given_at - opens_at) // HOUR
        return OwedThanks(opens_at, "in_time" if in_time else "late", hours)
    return OwedThanks(opens_at, "missed" if gone_at <= view.at else "open", None)
