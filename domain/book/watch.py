"""Whom to look at: clients who were never asked, whom we neglect, and clients that we lost.

Source: the care document, section 6, and the errata, 16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.encounters import is_ours
from domain.events.governance import PersonalDataErased
from domain.events.referrals import ReferralAsked, ReferralMade
from domain.instants import DAY
from domain.revenue import YEAR_DAYS, greatest_amount, net_of_a_year_and_ever, net_revenue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from domain.history import Fact
    from domain.relationship import Relationship
    from domain.revenue import NetRevenue

LISTS = ("never-asked", "under-served", "lost")
"""The lists, as they stand in paths."""

ASKED_WITHIN_DAYS = 30
"""For how long somebody is a client before they should have been asked for a referral."""

SERVED_WITHIN_DAYS = 180
"""Within how many days we should turn to a client."""


@dataclass(frozen=True, slots=True)
class WatchEntry:
    """A contact on a list since an instant; ``client_year`` is of whom we lost.

    That is the net revenue of the last 365 days in which they were a client, by currency.
    """

    contact_id: UUID
    since: int
    why: str
    do: str
    net: tuple[NetRevenue, ...]
    client_year: Mapping[str, int] | None = None

    @property
    def order(self) -> tuple[int, str]:
        """Where it stands: most net of 365 days first, or of the last client year."""
        lately = {one.currency: one.days_365_minor for one in self.net}
        amounts = lately if self.client_year is None else self.client_year
        return -greatest_amount(amounts), str(self.contact_id)


def watch_entry(name: str, contact: UUID, relationship: Relationship) -> WatchEntry | None:
    """The contact on that list; null where they do not stand on it."""
    at = relationship.at
    facts = [fact for fact in relationship.history.facts if fact.occurred_at <= at]
    if name == "lost":
        return _lost_client(contact, relationship, facts)
    if relationship.stage != "client":
        return None
    found = _never_asked if name == "never-asked" else _under_served
    return found(contact, relationship, facts)


def _never_asked(
    contact: UUID, relationship: Relationship, facts: Sequence[Fact]
) -> WatchEntry | None:
    days = ASKED_WITHIN_DAYS
    since = _since(relationship) + days * DAY
    if since > relationship.at or any(
        isinstance(one.event, ReferralAsked)
        or (isinstance(one.event, ReferralMade) and one.event.direction == "inbound")
        for one in facts
    ):
        return None
    return WatchEntry(
        contact,
        since,
        f"A client for {days} days and more who was never asked for a referral, and never made one",
        "Ask them whom they know; record it as referral-asked",
        net_of_a_year_and_ever(facts, relationship.at),
    )


def _under_served(
    contact: UUID, relationship: Relationship, facts: Sequence[Fact]
) -> WatchEntry | None:
    days = SERVED_WITHIN_DAYS
    acts = [one.occurred_at for one in facts if is_ours(one.event)]
    since = _since(relationship)
    why = "A client for whom nothing of ours is recorded"
    if acts:
        since = max(since, acts[-1] + days * DAY)
        why = f"A client to whom we did not turn in {days} days"
    if acts and acts[-1] + days * DAY > relationship.at:
        return None
    return WatchEntry(
        contact,
        since,
        why,
        "Turn to them: a call, advice or a gesture",
        net_of_a_year_and_ever(facts, relationship.at),
    )


def _lost_client(
    contact: UUID, relationship: Relationship, facts: Sequence[Fact]
) -> WatchEntry | None:
    if relationship.stage in ("client", "ended") or any(
        isinstance(one.event, PersonalDataErased) for one in facts
    ):
        return None
    ends = [one.to_at for one in relationship.intervals if one.stage == "client"]
    if not ends or ends[-1] is None:
        return None
    ended_at = ends[-1]
    return WatchEntry(
        contact,
        ended_at,
        "A client once, and no client now",
        "Win them back: ask what went wrong",
        net_of_a_year_and_ever(facts, relationship.at),
        net_revenue(facts, ended_at - YEAR_DAYS * DAY, ended_at - 1),
    )


def _since(relationship: Relationship) -> int:
    since = relationship.since
    assert since is not None, "a client has a stage"
    return since
