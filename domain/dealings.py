"""What the effective events of one stream come to, as far as decisions ask.

Values are immutable and replaced, so that a shallow copy of the tables is an independent state.
Nothing is validated: an event that fits nothing leaves the tables as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from domain.consents import about
from domain.events.commerce import PurchaseReversed, SubscriptionCancelled
from domain.events.contacts import ConsentChanged
from domain.events.referrals import ReferralClosed, ReferralLevelRaised, ReferralMade
from domain.events.service import (
    ComplaintReopened,
    ComplaintResolved,
    EngagementClosed,
    PromiseBroken,
    PromiseKept,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from domain.events import Event

    Key = tuple[str, str]
    """An id in data, with the name of its field: a need and a promise may share a number."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The event that ended something for good, and when that was."""

    event: Event
    at: int


@dataclass(frozen=True, slots=True)
class Reversed:
    """What was given back of a purchase so far."""

    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A complaint was resolved, or reopened where ``resolution`` is absent."""

    at: int
    version: int
    resolution: ComplaintResolved | None = field(compare=False)


@dataclass(frozen=True, slots=True, order=True)
class Consent:
    """What a contact said of a purpose and a channel, from an instant on."""

    at: int
    version: int
    granted: bool


@dataclass
class Dealings:
    """Tables by id; every one is independent of the order in which related events came."""

    opened: dict[Key, Event] = field(default_factory=dict)
    settled: dict[Key, Settled] = field(default_factory=dict)
    reversed: dict[str, Reversed] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)
    marks: dict[str, tuple[Mark, ...]] = field(default_factory=dict)
    consents: dict[tuple[str, str], tuple[Consent, ...]] = field(default_factory=dict)

    def apply(self, event: Event, at: int, version: int) -> None:
        """Take in one effective event that occurred at ``at``; total."""
        key = opening_of(event)
        if key is not None:
            self.opened.setdefault(key, event)
        fold = _FOLDS.get(type(event))
        if fold is not None:
            fold(self, event, at, version)

    def copy(self) -> Dealings:
        """Independent tables with the same content."""
        return Dealings(**{table.name: dict(getattr(self, table.name)) for table in fields(self)})

    def consent_at(self, purpose: str, channel: str, at: int) -> bool | None:
        """What was in force at that instant, None where nothing had been said."""
        said = [c for c in self.consents.get(about(purpose, channel), ()) if c.at <= at]
        return said[-1].granted if said else None

    def consent_said(self, purpose: str, channel: str, at: int) -> bool | None:
        """What was said last at exactly that instant, None where nothing was."""
        said = [c for c in self.consents.get(about(purpose, channel), ()) if c.at == at]
        return said[-1].granted if said else None

    def resolution_around(self, complaint_id: str, at: int) -> ComplaintResolved | None:
        """The resolution that a complaint has in the spell around ``at``, if any.

        A spell lasts from the raising or a reopening to the next reopening and needs but one
        resolution, whichever of them was recorded first.
        """
        marks = self.marks.get(complaint_id, ())
        before = [mark for mark in marks if mark.at <= at]
        after = [mark for mark in marks if mark.at > at]
        if before and before[-1].resolution is not None:
            return before[-1].resolution
        return after[0].resolution if after else None


def opening_of(event: Event) -> Key | None:
    """The id that the event brings into the world, if it brings one."""
    name = event.OPENS
    return None if name is None else (name, getattr(event, name))


def _engagement_closed(dealings: Dealings, event: EngagementClosed, at: int, _: int) -> None:
    dealings.settled.setdefault(("engagement_id", event.engagement_id), Settled(event, at))


def _subscription_cancelled(
    dealings: Dealings, event: SubscriptionCancelled, at: int, _: int
) -> None:
    dealings.settled.setdefault(("subscription_id", event.subscription_id), Settled(event, at))


def _promise_settled(
    dealings: Dealings, event: PromiseKept | PromiseBroken, at: int, _: int
) -> None:
    dealings.settled.setdefault(("promise_id", event.promise_id), Settled(event, at))


def _referral_closed(dealings: Dealings, event: ReferralClosed, at: int, _: int) -> None:
    dealings.settled.setdefault(("referral_id", event.referral_id), Settled(event, at))


def _purchase_reversed(dealings: Dealings, event: PurchaseReversed, _: int, __: int) -> None:
    so_far = dealings.reversed.get(event.purchase_id, Reversed(event.currency, 0))
    if so_far.currency == event.currency:
        dealings.reversed[event.purchase_id] = Reversed(
            event.currency, so_far.amount_minor + event.amount_minor
        )


def _level_stated(
    dealings: Dealings, event: ReferralMade | ReferralLevelRaised, _: int, __: int
) -> None:
    highest = dealings.levels.get(event.referral_id, 0)
    dealings.levels[event.referral_id] = max(highest, event.level)


def _complaint_marked(
    dealings: Dealings, event: ComplaintResolved | ComplaintReopened, at: int, version: int
) -> None:
    resolution = event if isinstance(event, ComplaintResolved) else None
    marks = (*dealings.marks.get(event.complaint_id, ()), Mark(at, version, resolution))
    dealings.marks[event.complaint_id] = tuple(sorted(marks))


def _consent_changed(dealings: Dealings, event: ConsentChanged, at: int, version: int) -> None:
    key = about(event.purpose, event.channel)
    said = (*dealings.consents.get(key, ()), Consent(at, version, event.granted))
    dealings.consents[key] = tuple(sorted(said))


_FOLDS: Mapping[type[Event], Callable[[Dealings, Any, int, int], None]] = {
    ComplaintReopened: _complaint_marked,
    ComplaintResolved: _complaint_marked,
    ConsentChanged: _consent_changed,
    EngagementClosed: _engagement_closed,
    PromiseBroken: _promise_settled,
    PromiseKept: _promise_settled,
    PurchaseReversed: _purchase_reversed,
    ReferralClosed: _referral_closed,
    ReferralLevelRaised: _level_stated,
    ReferralMade: _level_stated,
    SubscriptionCancelled: _subscription_cancelled,
}
