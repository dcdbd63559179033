"""What we owe because of something that happened: kinds 1 to 4, 9 and 10 of the agenda.

Source: the care document, section 2.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from domain.events.care import CompetitorNoted, TestimonialGiven
from domain.events.referrals import ReferralLevelRaised, ReferralMade
from domain.events.service import (
    DisclosureAcknowledged,
    EngagementClosed,
    EngagementOpened,
)
from domain.instants import DAY, HOUR, LAST_INSTANT, parse_date, start_of_day

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from uuid import UUID

    from domain.agenda.items import Item
    from domain.agenda.view import ContactView
    from domain.history import Fact
    from domain.matters import ComplaintClock

NEED_GONE_DAYS = 365
COMPETITOR_GONE_DAYS = 90


def disclosures(seen: ContactView) -> Iterator[Item]:
    """An engagement was opened under a policy that demands disclosure, and nobody signed it."""
    signed = {(fact.scope, one.engagement_id) for fact, one in seen.of(DisclosureAcknowledged)}
    known: dict[tuple[int, str], Fact | None] = {}
    for fact, event in seen.of(EngagementOpened, EngagementClosed):
        key = fact.scope, event.engagement_id
        if isinstance(event, EngagementOpened):
            known.setdefault(key, fact)
        elif key in known:
            known[key] = None
    for key, opened in known.items():
        if opened is None or key in signed:
            continue
        at = opened.occurred_at
        if seen.policies.in_force(at).policy.disclosure_required:
            role = getattr(opened.event, "role", "")
            yield from seen.item("disclosure", opened, at, at, role=role)


class ComplaintState(NamedTuple):
    """A complaint: what opened it last, what raised it, and when it was closed last, if it is."""

    raised: Fact
    opened: Fact
    closed_at: int | None


def complaints_in(seen: ContactView) -> list[ComplaintState]:
    """Every complaint by the instant. A reopened one needs a later resolution."""
    last = {clock.raised.id: clock for clock in seen.matters.clocks}
    return [ComplaintState(clock.raised, clock.begun, _closed_at(clock)) for clock in last.values()]


def _closed_at(clock: ComplaintClock) -> int | None:
    """When a complaint was closed; not before there was one."""
    if clock.resolved is None:
        return None
    return max(clock.resolved.occurred_at, clock.raised.occurred_at)


def complaints(seen: ContactView) -> Iterator[Item]:
    """A complaint that is not resolved."""
    sla = seen.policy.signals.complaint.sla_days * DAY
    for raised, opened, closed_at in complaints_in(seen):
        if closed_at is None:
            at = opened.occurred_at
            yield from seen.item(
                "complaint",
                opened,
                at,
                at + sla,
                events=(raised.id,) if opened is raised else (raised.id, opened.id),
                severity=getattr(raised.event, "severity", 1),
                reopened=opened is not raised,
            )


def promises(seen: ContactView) -> Iterator[Item]:
    """A promise that was neither kept nor broken."""
    for promise in seen.matters.open_promises:
        fact = promise.made
        due_on: str | None = getattr(fact.event, "due_on", None)
        due_at = fact.occurred_at + seen.care.promise_days * DAY
        if due_on is not None:
            due_at = day_after(due_on, seen.time_zone)
        yield from seen.item("promise", fact, fact.occurred_at, due_at, due_on=due_on)


def day_after(due_on: str, time_zone: str) -> int:
    """The start of the day after a date, which need not exist in that time zone."""
    day = parse_date(due_on)
    if day == date.max:
        return LAST_INSTANT
    return start_of_day(day + timedelta(days=1), time_zone)


class Favour(NamedTuple):
    """Something to thank for: the event, since when, by what, and what it was."""

    fact: Fact
    opens_at: int
    position: int
    what: str


def favours(seen: ContactView, referrals: Container[UUID]) -> Iterator[Favour]:
    """All that thanks are owed for: kinds (a), (b) and (c), thanked for or not.

    ``referrals`` are the ids of those ``referral-made`` that count as referrals of somebody else.
    """
    begun = {
        interval.from_at: interval.stage
        for interval in seen.relationship.intervals
        if interval.stage in ("customer", "client")
    }
    last: dict[int, Fact] = {}
    for fact in seen.facts:
        if fact.occurred_at in begun and fact.id in seen.counted:
            last[fact.occurred_at] = fact
    for at, fact in last.items():
        yield Favour(fact, at, fact.position, begun[at])
    levels: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for fact, raised in seen.of(ReferralLevelRaised):
        if raised.level >= 1:
            place = fact.occurred_at, fact.position
            levels.setdefault((fact.scope, raised.referral_id), []).append(place)
    for fact, made in seen.of(ReferralMade):
        if made.direction != "inbound" or fact.id not in referrals:
            continue
        own = fact.occurred_at, fact.position
        stated = levels.get((fact.scope, made.referral_id), [])
        if made.level >= 1:
            stated = [*stated, own]
        if stated:
            yield Favour(fact, *max(min(stated), own), "referral")
    for fact, _ in seen.of(TestimonialGiven):
        yield Favour(fact, fact.occurred_at, fact.position, "testimonial")


def thanks(seen: ContactView, referrals: Container[UUID]) -> Iterator[Item]:
    """Thanks that are owed and not given."""
    for fact, opens_at, position, what in favours(seen, referrals):
        if not any(act.thanks_for(fact.id, None, opens_at, position) for act in seen.acts):
            other = fact.event.other if isinstance(fact.event, ReferralMade) else None
            yield from seen.item(
                "thanks",
                fact,
                opens_at,
                opens_at + seen.care.thanks_hours * HOUR,
                gone_at=opens_at + seen.care.thanks_gone_days * DAY,
                what=what,
                other=other and str(other),
            )


def needs(seen: ContactView) -> Iterator[Item]:
    """A need that we found, and did nothing about."""
    for need in seen.matters.open_needs:
        at = need.found.occurred_at
        due_at, gone_at = at + seen.care.need_days * DAY, at + NEED_GONE_DAYS * DAY
        yield from seen.item("need", need.found, at, due_at, gone_at=gone_at)


def competitors(seen: ContactView) -> Iterator[Item]:
    """Somebody else courts them, and we did nothing since we heard of it."""
    for fact, event in seen.of(CompetitorNoted):
        at = fact.occurred_at
        if not any(act.comes_after(at, fact.position) for act in seen.acts):
            due_at = at + seen.care.competitor_days * DAY
            gone_at = at + COMPETITOR_GONE_DAYS * DAY
            name = event.competitor
            yield from seen.item("competitor", fact, at, due_at, gone_at=gone_at, competitor=name)
