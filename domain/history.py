"""The effective history: what happened, as far as it is known, in the order in which it happened.

Retracted events are dropped and corrected ones replaced; what is left is sorted by
(``occurred_at``, ``position``). Source: the domain document, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, NamedTuple

from domain.events.contacts import (
    ContactMerged,
    ContactRegistered,
    MergeReversed,
    RegistrationAmended,
)
from domain.events.governance import EventCorrected, EventRetracted
from domain.events.referrals import ReferralMade, ReferralReceived

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from uuid import UUID

    from domain.events import Event
    from domain.recorded import RecordedEvent


class Fact(NamedTuple):
    """One event of the effective history.

    ``scope`` tells the streams of a group apart, because ids in data are scoped by stream: 0 is the
    survivor's own.
    """

    occurred_at: int
    position: int
    id: UUID
    event: Event
    contact_id: UUID
    scope: int


class RetractedEvent(NamedTuple):
    """An event that never happened, when it was said to have, and the event that takes it back."""

    occurred_at: int
    event_id: UUID
    by: UUID


@dataclass(frozen=True)
class History:
    """Everything known of a contact. Both reach into the future where events do.

    ``streams`` are those that it is made of, each at its scope.
    """

    facts: tuple[Fact, ...]
    retracted: tuple[RetractedEvent, ...]
    time_zone: str | None
    streams: tuple[UUID, ...] = ()


def effective_history(events: Iterable[RecordedEvent], survivor: UUID) -> History:
    """The history of one contact from all that is known of it, in any order.

    ``events`` are those of the survivor's stream and of the streams merged into it, and beside them
    the retractions and corrections on the streams of its referrers: a ``referral-received`` shares
    those of its ``referral-made``.
    """
    retractions: dict[UUID, UUID] = {}
    corrections: list[RecordedEvent] = []
    ordinary: list[RecordedEvent] = []
    for recorded in events:
        event = recorded.event
        if not isinstance(event, _ABOUT_OTHERS):
            ordinary.append(recorded)
        elif isinstance(event, EventRetracted):
            retractions[event.target] = recorded.id
        else:
            corrections.append(recorded)
    standing = _standing_corrections(corrections, retractions)
    untouched = not retractions and not standing

    facts: list[Fact] = []
    retracted: list[RetractedEvent] = []
    scopes = {survivor: 0}
    stream, scope = survivor, 0
    for recorded in ordinary:
        if recorded.contact_id is not stream:  # mostly it is, and to look a UUID up takes long
            stream = recorded.contact_id
            scope = scopes.setdefault(stream, len(scopes))
        if untouched:
            facts.append(_fact(recorded, None, scope))
            continue
        keys = _keys(recorded)
        retraction = next((retractions[key] for key in keys if key in retractions), None)
        if retraction is not None:
            retracted.append(RetractedEvent(recorded.occurred_at, recorded.id, retraction))
            continue
        correction = next((standing[key] for key in keys if key in standing), None)
        facts.append(_fact(recorded, correction, scope))
    facts.sort(key=_ORDER)
    return History(tuple(facts), tuple(retracted), _time_zone(facts), tuple(scopes))


_ORDER: Callable[[Fact], tuple[int, int]] = itemgetter(0, 1)
"""Of facts: ``occurred_at``, then ``position``."""

_ABOUT_OTHERS = (EventRetracted, EventCorrected)
_REGISTERED = (ContactRegistered, RegistrationAmended)


def extend(history: History, events: Iterable[RecordedEvent]) -> History | None:
    """The history with newer events of the streams it is made of; earlier facts stay as they are.

    None where an event may change what is there already, or rests on other streams: then the
    history must be derived again from all events.
    """
    scopes = {stream: scope for scope, stream in enumerate(history.streams)}
    added = []
    for recorded in events:
        scope = scopes.get(recorded.contact_id)
        if scope is None or isinstance(recorded.event, _CHANGING):
            return None
        added.append(_fact(recorded, None, scope))
    added.sort(key=_ORDER)
    facts = history.facts + tuple(added)
    if added and history.facts and _ORDER(added[0]) < _ORDER(history.facts[-1]):
        facts = tuple(sorted(facts, key=_ORDER))
    return replace(history, facts=facts)


_CHANGING = (
    ContactMerged,
    ContactRegistered,
    EventCorrected,
    EventRetracted,
    MergeReversed,
    ReferralReceived,
    RegistrationAmended,
)


def _standing_corrections(
    corrections: Sequence[RecordedEvent], retractions: dict[UUID, UUID]
) -> dict[UUID, EventCorrected]:
    """The last correction of each event by position, retracted ones aside."""
    standing: dict[UUID, EventCorrected] = {}
    for recorded in sorted(corrections, key=attrgetter("position")):
        if recorded.id not in retractions:
            assert isinstance(recorded.event, EventCorrected)
            standing[recorded.event.target] = recorded.event
    return standing


def _keys(recorded: RecordedEvent) -> tuple[UUID, ...]:
    """The ids by which an event can be retracted or corrected."""
    if isinstance(recorded.event, ReferralReceived) and recorded.causation_id is not None:
        return (recorded.causation_id,)
    return (recorded.id,)


def _fact(recorded: RecordedEvent, correction: EventCorrected | None, scope: int) -> Fact:
    event, occurred_at = recorded.event, recorded.occurred_at
    if correction is not None:
        if correction.occurred_at is not None:
            occurred_at = correction.occurred_at
        event = _apply_correction(event, correction.data)
    return Fact(occurred_at, recorded.position, recorded.id, event, recorded.contact_id, scope)


def _apply_correction(event: Event, data: object) -> Event:
    """The event as corrected; data of another type than the event's changes nothing."""
    if isinstance(event, ReferralReceived) and isinstance(data, ReferralMade):
        return ReferralReceived(referral_id=data.referral_id, by=event.by, level=data.level)
    return data if type(data) is type(event) else event


def _time_zone(facts: Iterable[Fact]) -> str | None:
    """That of the survivor's newest registration or amendment, whenever it takes effect."""
    newest: str | None = None
    for fact in facts:
        event = fact.event
        if isinstance(event, _REGISTERED) and fact.scope == 0 and event.time_zone is not None:
            newest = event.time_zone
    return newest
