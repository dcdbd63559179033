"""What was begun between a contact and us, and how each of it ended: complaints, promises, needs.

The card and the scorecard read them here. An event whose opening does not precede it in the
effective history is ignored. Source: the domain document, sections 2 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from domain.events.service import (
    ComplaintRaised,
    ComplaintReopened,
    ComplaintResolved,
    NeedDiscovered,
    NeedMet,
    PromiseBroken,
    PromiseKept,
    PromiseMade,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from domain.history import Fact

    Key = tuple[int, str]
    """An id in data with its stream, as ids are scoped by stream."""


class ComplaintClock(NamedTuple):
    """One run of a complaint's clock: from the raising or a reopening to the resolution, if any.

    ``raised`` is the complaint itself, ``begun`` what set this clock going.
    """

    raised: Fact
    begun: Fact
    resolved: Fact | None = None


class Promise(NamedTuple):
    """A promise, and what it came to: the first event that says it was kept or broken."""

    made: Fact
    settled: Fact | None = None

    @property
    def kept(self) -> Fact | None:
        """The event that says it was kept, if it was."""
        settled = self.settled
        return settled if settled is not None and isinstance(settled.event, PromiseKept) else None


class Need(NamedTuple):
    """A need, and the first event that says it was met, if there is one."""

    found: Fact
    met: Fact | None = None


@dataclass
class Matters:
    """All of it, each in the order in which it began. A reopened complaint has several clocks."""

    clocks: list[ComplaintClock] = field(default_factory=list)
    promises: dict[Key, Promise] = field(default_factory=dict)
    needs: dict[Key, Need] = field(default_factory=dict)

    @property
    def open_complaints(self) -> list[ComplaintClock]:
        """The clocks that run."""
        return [one for one in self.clocks if one.resolved is None]

    @property
    def open_promises(self) -> list[Promise]:
        """The promises neither kept nor broken."""
        return [one for one in self.promises.values() if one.settled is None]

    @property
    def open_needs(self) -> list[Need]:
        """The needs that were not met."""
        return [one for one in self.needs.values() if one.met is None]


def matters_of(facts: Iterable[Fact]) -> Matters:
    """The complaints, promises and needs among facts, which are in the order of the history."""
    found = Matters()
    last_clock: dict[Key, int] = {}
    for fact in facts:
        match fact.event:
            case ComplaintRaised() as event:
                key = fact.scope, event.complaint_id
                if key not in last_clock:
                    last_clock[key] = len(found.clocks)
                    found.clocks.append(ComplaintClock(fact, fact))
            case ComplaintResolved() | ComplaintReopened() as event:
                _follow(found.clocks, last_clock, (fact.scope, event.complaint_id), fact)
            case PromiseMade() as event:
                found.promises.setdefault((fact.scope, event.promise_id), Promise(fact))
            case PromiseKept() | PromiseBroken() as event:
                promise = found.promises.get((fact.scope, event.promise_id))
                if promise is not None and promise.settled is None:
                    found.promises[fact.scope, event.promise_id] = Promise(promise.made, fact)
            case NeedDiscovered() as event:
                found.needs.setdefault((fact.scope, event.need_id), Need(fact))
            case NeedMet() as event:
                need = found.needs.get((fact.scope, event.need_id))
                if need is not None and need.met is None:
                    found.needs[fact.scope, event.need_id] = Need(need.found, fact)
            case _:
                pass
    return found


def _follow(clocks: list[ComplaintClock], last_clock: dict[Key, int], key: Key, fact: Fact) -> None:
    """Stop a complaint's clock, or begin another one after a resolution."""
    place = last_clock.get(key)
    if place is None:
        return
    clock = clocks[place]
    if isinstance(fact.event, ComplaintResolved):
        if clock.resolved is None:
            clocks[place] = clock._replace(resolved=fact)
    elif clock.resolved is not None:
        last_clock[key] = len(clocks)
        clocks.append(ComplaintClock(clock.raised, fact))
