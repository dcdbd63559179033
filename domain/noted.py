"""What we noted down of a contact, and what is still open between us: as it stands now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.events.contacts import OccasionLearned, PreferenceLearned, ProfileFactLearned
from domain.events.service import (
    ComplaintRaised,
    ComplaintReopened,
    ComplaintResolved,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
)

if TYPE_CHECKING:
    from domain.events import Event
    from domain.history import Fact, History


@dataclass(frozen=True, slots=True)
class NotedFacts:
    """The newest fact about each thing; promises and complaints only while they are open."""

    profile: tuple[Fact, ...]
    preferences: tuple[Fact, ...]
    occasions: tuple[Fact, ...]
    open_promises: tuple[Fact, ...]
    open_complaints: tuple[Fact, ...]


def noted_of(history: History) -> NotedFacts:
    """The newest facts of a history. Ids are distinguished by their stream."""
    newest: dict[tuple[object, ...], Fact] = {}
    raised: dict[tuple[object, ...], Fact] = {}
    for fact in history.facts:
        event = fact.event
        match event:
            case ProfileFactLearned():
                newest[type(event), event.section, event.key] = fact
            case PreferenceLearned():
                newest[type(event), event.key] = fact
            case OccasionLearned():
                newest[type(event), fact.scope, event.occasion_id] = fact
            case PromiseMade():
                newest[PromiseMade, fact.scope, event.promise_id] = fact
            case PromiseKept() | PromiseBroken():
                newest.pop((PromiseMade, fact.scope, event.promise_id), None)
            case ComplaintRaised():
                key = (ComplaintRaised, fact.scope, event.complaint_id)
                raised[key] = newest[key] = fact
            case ComplaintResolved():
                newest.pop((ComplaintRaised, fact.scope, event.complaint_id), None)
            case ComplaintReopened():
                key = (ComplaintRaised, fact.scope, event.complaint_id)
                if key in raised:
                    newest[key] = raised[key]

    def of(kind: type[Event]) -> tuple[Fact, ...]:
        return tuple(fact for fact in newest.values() if isinstance(fact.event, kind))

    return NotedFacts(
        of(ProfileFactLearned),
        of(PreferenceLearned),
        of(OccasionLearned),
        of(PromiseMade),
        of(ComplaintRaised),
    )
