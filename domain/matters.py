"""What was begun between a contact and us, and how each of it ended: complaints, promises, needs.

The agenda, the card and the scorecard read them here. What names the thing ends it whenever it
occurred: an act that is recorded late may have come before the note of what it is about. Only a
complaint that was reopened needs a later resolution. Source: the care document, section 2,
"Cleared".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from domain.events.service import (
    AdviceGiven,
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
    from collections.abc import Collection, Sequence

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
    """A need, the first event that says it was met, and the first advice on it, as far as there are
    any.
    """

    found: Fact
    met: Fact | None = None
    advised: Fact | None = None


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
        """The needs that were neither met nor answered by advice."""
        return [one for one in self.needs.values() if one.met is None and one.advised is None]


def matters_of(facts: Collection[Fact]) -> Matters:
    """The complaints, promises and needs among facts, which are in the order of the history."""
    begun: dict[Key, Fact] = {}
    told: dict[Key, list[Fact]] = {}
    found = Matters()
    for fact in facts:
        match fact.event:
            case ComplaintRaised() as event:
                begun.setdefault((fact.scope, event.complaint_id), fact)
            case ComplaintResolved() | ComplaintReopened() as event:
                told.setdefault((fact.scope, event.complaint_id), []).append(fact)
            case PromiseMade() as event:
                found.promises.setdefault((fact.scope, event.promise_id), Promise(fact))
            case NeedDiscovered() as event:
                found.needs.setdefault((fact.scope, event.need_id), Need(fact))
            case _:
                pass
    _settle(found, facts)
    clocks = [one for key, raised in begun.items() for one in _clocks(raised, told.get(key, ()))]
    found.clocks = sorted(clocks, key=lambda one: _place(one.begun))
    return found


def _settle(found: Matters, facts: Collection[Fact]) -> None:
    """Say of each promise and need what became of it, by the first event that says so."""
    for fact in facts:
        match fact.event:
            case PromiseKept() | PromiseBroken() as event:
                promise = found.promises.get((fact.scope, event.promise_id))
                if promise is not None and promise.settled is None:
                    found.promises[fact.scope, event.promise_id] = Promise(promise.made, fact)
            case NeedMet() as event:
                need = found.needs.get((fact.scope, event.need_id))
                if need is not None and need.met is None:
                    found.needs[fact.scope, event.need_id] = need._replace(met=fact)
            case AdviceGiven(need_id=str(need_id)):
                need = found.needs.get((fact.scope, need_id))
                if need is not None and need.advised is None:
                    found.needs[fact.scope, need_id] = need._replace(advised=fact)
            case _:
                pass


def _clocks(raised: Fact, told: Sequence[Fact]) -> list[ComplaintClock]:
    """The runs of one complaint's clock; ``told`` are its resolutions and reopenings, in order.

    A resolution counts whenever it occurred, a reopening only of what was raised and resolved
    before.
    """
    clocks = [ComplaintClock(raised, raised)]
    for fact in told:
        clock = clocks[-1]
        if isinstance(fact.event, ComplaintResolved):
            if clock.resolved is None:
                clocks[-1] = clock._replace(resolved=fact)
        elif clock.resolved is not None and _place(fact) > _place(raised):
            clocks.append(ComplaintClock(raised, fact))
    return clocks


def _place(fact: Fact) -> tuple[int, int]:
    """Where a fact stands in the history."""
    return fact.occurred_at, fact.position
