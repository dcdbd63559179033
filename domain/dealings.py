"""What the effective events of one stream come to, as far as decisions ask.

Values are immutable and replaced, so that a shallow copy of the tables is an independent state.
Nothing is validated: an event that fits nothing leaves the tables as they are.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from domain.consents import about
from domain.events.commerce import PurchaseReversed, SubscriptionCancelled
from domain.events.contacts import ConsentChanged, ContactsDistinguished
from domain.events.referrals import (
    ReferralClosed,
    ReferralLevelRaised,
    ReferralMade,
    ReferralQualified,
    RewardApproved,
    RewardDeclined,
    RewardPaid,
    RewardReversed,
)
from domain.events.service import (
    ComplaintReopened,
    ComplaintResolved,
    EngagementClosed,
    PromiseBroken,
    PromiseKept,
)
from domain.history import Fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from uuid import UUID

    from domain.events import Event
    from domain.recorded import RecordedEvent

    Key = tuple[str, str]
    """An id in data, with the name of its field: a need and a promise may share a number."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """The event that ended something for good, and when that was."""

    event: Event
    at: int


@dataclass(frozen=True, slots=True)
class Refunds:
    """What was given back of a purchase so far."""

    currency: str
    amount_minor: int


class Payments(NamedTuple):
    """What was paid for a referral in one currency, and what was taken back of it."""

    paid_minor: int
    taken_back_minor: int


NOTHING_PAID = Payments(0, 0)


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


_AT = attrgetter("at")
_AT_VERSION = attrgetter("at", "version")


@dataclass
class Dealings:
    """Tables by id; every one is independent of the order in which related events came."""

    opened: dict[Key, Event] = field(default_factory=dict)
    settled: dict[Key, Settlement] = field(default_factory=dict)
    reversed: dict[str, Refunds] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)
    marks: dict[str, tuple[Mark, ...]] = field(default_factory=dict)
    consents: dict[tuple[str, str], tuple[Consent, ...]] = field(default_factory=dict)
    referrals: dict[str, tuple[Fact, ...]] = field(default_factory=dict)
    rewards: dict[str, tuple[Fact, ...]] = field(default_factory=dict)
    """By referral, what was done about its reward, in the order of recording."""
    paid: dict[tuple[str, str], Payments] = field(default_factory=dict)
    """By referral and currency, as far as amounts were stated."""
    unstated: dict[str, bool] = field(default_factory=dict)
    """The referrals of which something was paid or taken back without an amount."""

    def apply(self, event: Event, at: int, recorded: RecordedEvent) -> None:
        """Take in one effective event that occurred at ``at``, as it was recorded; total."""
        key = opening_of(event)
        if key is not None:
            self.opened.setdefault(key, event)
        fold = _FOLDS.get(type(event))
        if fold is not None:
            fold(self, event, at, recorded.version)
        if type(event) in _OF_REFERRALS:
            self._apply(event, at, recorded)

    def _apply(self, event: Any, at: int, recorded: RecordedEvent) -> None:
        """Put an event to the others of its referral."""
        fact = Fact(at, recorded.position, recorded.id, event, recorded.contact_id, 0)
        table = self.rewards if type(event) in _OF_REWARDS else self.referrals
        table[event.referral_id] = (*table.get(event.referral_id, ()), fact)
        if isinstance(event, RewardPaid | RewardReversed):
            self._count(event)

    def _count(self, event: RewardPaid | RewardReversed) -> None:
        if event.amount_minor is not None and event.currency is not None:
            key = event.referral_id, event.currency
            paid_minor, taken_back_minor = self.paid.get(key, NOTHING_PAID)
            if isinstance(event, RewardPaid):
                paid_minor += event.amount_minor
            else:
                taken_back_minor += event.amount_minor
            self.paid[key] = Payments(paid_minor, taken_back_minor)
        elif event.in_kind is None:
            self.unstated[event.referral_id] = True

    def copy(self) -> Dealings:
        """Independent tables with the same content."""
        return Dealings(**{table.name: dict(getattr(self, table.name)) for table in fields(self)})

    def consent_said(self, purpose: str, channel: str, at: int) -> bool | None:
        """What was said last at exactly that instant, None where nothing was."""
        said = self.consents.get(about(purpose, channel), ())
        place = bisect_right(said, at, key=_AT)
        return said[place - 1].granted if place and said[place - 1].at == at else None

    def resolution_around(self, complaint_id: str, at: int) -> ComplaintResolved | None:
        """The resolution that a complaint has in the spell around ``at``, if any.

        A spell lasts from the raising or a reopening to the next reopening and needs but one
        resolution, whichever of them was recorded first.
        """
        marks = self.marks.get(complaint_id, ())
        place = bisect_right(marks, at, key=_AT)
        if place and marks[place - 1].resolution is not None:
            return marks[place - 1].resolution
        return marks[place].resolution if place < len(marks) else None


_OF_REWARDS = frozenset({RewardApproved, RewardPaid, RewardReversed, RewardDeclined})
_OF_REFERRALS = _OF_REWARDS | {
    ReferralMade,
    ReferralLevelRaised,
    ReferralQualified,
    ReferralClosed,
}


def opening_of(event: Event) -> Key | None:
    """The id that the event brings into the world, if it brings one."""
    name = event.OPENS
    return None if name is None else (name, getattr(event, name))


def keys_of(event: Event) -> Iterator[Key]:
    """What an event speaks of: whatever a decision about it looks up stands under one of these."""
    names = _ID_FIELDS.get(event.TYPE)
    if names is None:
        names = tuple(one.name for one in event.FIELDS if one.name.endswith("_id"))
        _ID_FIELDS[event.TYPE] = names
    for name in names:
        value = getattr(event, name)
        if value is not None:
            yield name, value
    if isinstance(event, ConsentChanged):
        purpose, channel = about(event.purpose, event.channel)
        yield f"consent {purpose}", channel
    if isinstance(event, ContactsDistinguished):
        yield key_of_other(event.other)


_ID_FIELDS: dict[str, tuple[str, ...]] = {}
"""By type, the fields that hold ids, as they were asked for."""


def key_of_other(contact_id: UUID) -> Key:
    """Under which key it is settled that a contact is another one than this."""
    return "other", str(contact_id)


def _engagement_closed(dealings: Dealings, event: EngagementClosed, at: int, _: int) -> None:
    dealings.settled.setdefault(("engagement_id", event.engagement_id), Settlement(event, at))


def _subscription_cancelled(
    dealings: Dealings, event: SubscriptionCancelled, at: int, _: int
) -> None:
    dealings.settled.setdefault(("subscription_id", event.subscription_id), Settlement(event, at))


def _promise_settled(
    dealings: Dealings, event: PromiseKept | PromiseBroken, at: int, _: int
) -> None:
    dealings.settled.setdefault(("promise_id", event.promise_id), Settlement(event, at))


def _referral_closed(dealings: Dealings, event: ReferralClosed, at: int, _: int) -> None:
    dealings.settled.setdefault(("referral_id", event.referral_id), Settlement(event, at))


def _purchase_reversed(dealings: Dealings, event: PurchaseReversed, _: int, __: int) -> None:
    so_far = dealings.reversed.get(event.purchase_id, Refunds(event.currency, 0))
    if so_far.currency == event.currency:
        dealings.reversed[event.purchase_id] = Refunds(
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
    marks = dealings.marks.get(event.complaint_id, ())
    place = bisect_right(marks, (at, version), key=_AT_VERSION)
    dealings.marks[event.complaint_id] = (
        *marks[:place],
        Mark(at, version, resolution),
        *marks[place:],
    )


def _distinguish(dealings: Dealings, event: ContactsDistinguished, at: int, _: int) -> None:
    dealings.settled.setdefault(key_of_other(event.other), Settlement(event, at))


def _consent_changed(dealings: Dealings, event: ConsentChanged, at: int, version: int) -> None:
    key = about(event.purpose, event.channel)
    said = dealings.consents.get(key, ())
    place = bisect_right(said, (at, version), key=_AT_VERSION)
    dealings.consents[key] = (*said[:place], Consent(at, version, event.granted), *said[place:])


_FOLDS: Mapping[type[Event], Callable[[Dealings, Any, int, int], None]] = {
    ComplaintReopened: _complaint_marked,
    ComplaintResolved: _complaint_marked,
    ConsentChanged: _consent_changed,
    ContactsDistinguished: _distinguish,
    EngagementClosed: _engagement_closed,
    PromiseBroken: _promise_settled,
    PromiseKept: _promise_settled,
    PurchaseReversed: _purchase_reversed,
    ReferralClosed: _referral_closed,
    ReferralLevelRaised: _level_stated,
    ReferralMade: _level_stated,
    SubscriptionCancelled: _subscription_cancelled,
}
