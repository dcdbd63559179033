"""What a signal is: on or off at an instant, worth its points while on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from domain.instants import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from uuid import UUID

    from domain.commerce import Commerce
    from domain.events import Event
    from domain.history import Fact
    from domain.policy import Policy

    SignalExclusion = tuple[UUID, str]


OPENING_NOT_BEFORE = "opening-not-before"
"""Why an event does not count that belongs to something that had not begun."""

CANCELLED_BEFORE = "cancelled-before"
"""Why an event does not count that belongs to a subscription cancelled before."""


class Reading(NamedTuple):
    """A signal at an instant.

    ``until_at`` is the next instant at which it may read differently although nothing happens; None
    if never. ``value`` and ``threshold`` are for people: names to numbers, instants as ``*_at``.
    """

    on: bool
    points: int
    until_at: int | None
    value: Mapping[str, object]
    threshold: Mapping[str, object]


OFF = Reading(False, 0, None, {}, {})
"""How a signal reads that the policy does not use."""


class Change(NamedTuple):
    """One thing that could happen to a signal, and what it would do to the score.

    ``anchors``: it would turn an anchor on. ``lifts_hold``: no complaint would hold a promotion up
    any more. ``ends``: it would end a client's stage whatever the score.
    """

    name: str
    points: int
    anchors: bool = False
    lifts_hold: bool = False
    ends: bool = False


class Evaluation(NamedTuple):
    """The instant, the policy then in force, and what the contact was the instant before.

    ``ceased_at`` is when they last ceased to be a client; None if they never did.
    """

    at: int
    policy: Policy
    is_client: bool
    ceased_at: int | None


class Signal(ABC):
    """One signal. It absorbs the facts it reads, in order, and is read at any later instant."""

    name: ClassVar[str]
    anchor: ClassVar[bool] = False
    reads: ClassVar[tuple[type[Event], ...]]
    depends_on_stage: ClassVar[bool] = False
    takes_points: ClassVar[bool] = False

    @classmethod
    def of(cls, commerce: Commerce) -> Self:  # noqa: ARG003  # only the anchors read commerce
        """A fresh signal of one contact, who bought what ``commerce`` says."""
        return cls()

    def exclusions(self) -> Iterable[SignalExclusion]:
        """The events absorbed so far that do not count, and why."""
        return ()

    @abstractmethod
    def absorb(self, fact: Fact) -> None:
        """Take in a fact of one of the types in ``reads``."""

    @abstractmethod
    def read(self, judged: Evaluation) -> Reading:
        """The signal as it stands at that instant."""

    @abstractmethod
    def evidence(self, judged: Evaluation) -> Iterable[UUID]:
        """The events that the reading rests on, oldest first."""

    def moves_at(self, judged: Evaluation) -> int | None:
        """The next instant at which reading or evidence may differ although nothing happens.

        ``until_at`` is about what decides; this is about all that is shown.
        """
        return self.read(judged).until_at

    def changes(self, reading: Reading, judged: Evaluation) -> Iterator[Change]:
        """The single changes of this signal that the owner might hope for or fear."""
        worth = self.worth(judged.policy)
        if reading.on:
            yield Change(f"{self.name}_lost", -reading.points)
        elif worth:
            yield Change(self.name, worth, anchors=self.anchor)

    def most_points(self, policy: Policy) -> int:
        """The most it can ever give under a policy."""
        return max(0, self.worth(policy))

    def worth(self, policy: Policy) -> int:
        """The points it gives while on; 0 if the policy does not use it."""
        signal = getattr(policy.signals, self.name)
        points: int = signal.points
        return points


class Recent:
    """Events with their instants, oldest first, to be counted in a window of days."""

    __slots__ = ("_ids", "_instants")

    def __init__(self) -> None:
        self._instants: list[int] = []
        self._ids: list[UUID] = []

    def add(self, fact: Fact) -> None:
        """Take in the newest one."""
        self._instants.append(fact.occurred_at)
        self._ids.append(fact.id)

    def count(self, at: int, window_days: int) -> int:
        """How many lie in the window."""
        return len(self._instants) - self._start(at, window_days)

    def ids(self, at: int, window_days: int) -> list[UUID]:
        """Those in the window, oldest first."""
        return self._ids[self._start(at, window_days) :]

    def leaves_at(self, at: int, window_days: int, nth: int = 1) -> int | None:
        """When the ``nth`` newest leaves the window; with 0, when the oldest in it does."""
        start = self._start(at, window_days)
        place = len(self._instants) - nth if nth else start
        if place < start or place >= len(self._instants):
            return None
        return self._instants[place] + window_days * DAY

    def _start(self, at: int, window_days: int) -> int:
        return bisect_right(self._instants, at - window_days * DAY)


def earliest(*instants: int | None) -> int | None:
    """The first of the instants that there are."""
    first: int | None = None
    for instant in instants:
        if instant is not None and (first is None or instant < first):
            first = instant
    return first


def first_to_leave(at: int, window_days: int, *several: Recent) -> int | None:
    """When the first of what lies in a window leaves it."""
    return earliest(*[recent.leaves_at(at, window_days, nth=0) for recent in several])
