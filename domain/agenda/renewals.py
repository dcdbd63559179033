"""The terms of subscriptions that are about to end: kind 7 of the agenda.

Source: the care document, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.consents import is_purpose
from domain.events.care import TouchMade
from domain.events.commerce import (
    SubscriptionCancelled,
    SubscriptionRenewed,
    SubscriptionStarted,
)
from domain.instants import DAY, format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.agenda.items import Item
    from domain.agenda.view import ContactView
    from domain.history import Fact

PURPOSE = "renewal"
"""The purpose of a touch that speaks of a renewal."""


@dataclass
class _Term:
    """The term that a subscription is in, and whether its last renewal went by itself."""

    started: Fact
    subscription_id: str
    term_days: int
    begun_at: int
    automatic: bool = False
    cancelled: bool = False


def renewals(seen: ContactView) -> Iterator[Item]:
    """A term is about to end of which we cannot be sure that another follows."""
    for term in _terms(seen):
        if term.cancelled or (seen.stage == "client" and term.automatic):
            continue
        ends_at = term.begun_at + term.term_days * DAY
        opens_at = ends_at - min(seen.care.renewal_days, term.term_days // 3) * DAY
        due_at = ends_at - min(seen.care.renewal_due_days, term.term_days // 6) * DAY
        gone_at = ends_at + seen.policy.rhythm.subscription_grace_days * DAY
        if not any(_speaks_of(fact, term, opens_at) for fact, _ in seen.of(TouchMade)):
            yield from seen.item(
                "renewal",
                term.started,
                opens_at,
                due_at,
                subject=f"{term.started.id}@{format_instant(ends_at)}",
                gone_at=gone_at,
                ends_at=ends_at,
                plan=getattr(term.started.event, "plan", ""),
            )


def _terms(seen: ContactView) -> list[_Term]:
    """Every subscription in the term that it is in. A renewal after its end starts it again."""
    found: dict[tuple[int, str], _Term] = {}
    for fact, event in seen.of(SubscriptionStarted, SubscriptionRenewed, SubscriptionCancelled):
        key = fact.scope, event.subscription_id
        at = fact.occurred_at
        if isinstance(event, SubscriptionStarted):
            found.setdefault(key, _Term(fact, event.subscription_id, event.term_days, at))
        elif (term := found.get(key)) is None or term.cancelled:
            continue
        elif isinstance(event, SubscriptionCancelled):
            term.cancelled = True
        else:
            term.begun_at, term.automatic = at, event.automatic
    return list(found.values())


def _speaks_of(fact: Fact, term: _Term, opens_at: int) -> bool:
    """Whether a touch is about this renewal: by name in this term, or unnamed once it opened.

    The id names the subscription, not the term, so that a touch of an earlier term is none of it.
    """
    event = fact.event
    assert isinstance(event, TouchMade)
    if event.direction != "outbound" or not is_purpose(event.purpose, PURPOSE):
        return False
    if event.about is None:
        return fact.occurred_at >= opens_at
    is_named = (fact.scope, event.about) == (term.started.scope, term.subscription_id)
    return is_named and fact.occurred_at >= term.begun_at
