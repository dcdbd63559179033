"""A ledger in memory that decides as the real one does, so that histories are fast to make."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.aliases import Aliases, merge_of
from domain.contact import ContactState
from domain.decisions import Request, decide
from domain.events.governance import PolicyPublished
from domain.instants import parse_instant
from domain.policy import digest
from domain.presets import PRESETS
from domain.recorded import POLICY_STREAM, RecordedEvent
from domain.timeline import PolicyTimeline, PolicyVersion, timeline_of
from tests.domain.scenario import fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from domain.events import Event
    from domain.policy import Policy
    from projections.source import EventSource
    from tests.fixtures.clock import Clock

NOW = parse_instant("2026-01-01T12:00:00Z")


class Earlier:
    """What a ledger was when it ended at some position."""

    def __init__(self, ledger: EventSource, position: int) -> None:
        self.time_zone = ledger.time_zone
        self._position = position
        self.stream = ledger.stream
        self.streams = ledger.streams
        self.policies = ledger.policies
        self.log = ledger.log

    def head(self) -> int:
        """Where it ended."""
        return self._position


class MemoryLedger:
    """Everything that a projection asks of a ledger, from a list."""

    def __init__(
        self,
        clock: Clock,
        time_zone: str | None = "Europe/Amsterdam",
        first_id: int = 10_000,
        holds: tuple[list[RecordedEvent], PolicyTimeline] | None = None,
    ) -> None:
        """``holds`` is what it begins with, instead of with the policy ``retail``."""
        self.time_zone = time_zone
        self._first_id = first_id
        self._clock = clock
        self._events, self._policies = holds or ([], PolicyTimeline(()))
        self._states: dict[UUID, ContactState] = {}
        self._aliases = Aliases()
        if holds is None:
            self.publish(PRESETS["retail"], 0)

    def contact(self, contact_id: UUID) -> ContactState:
        """The state of a contact, for decisions."""
        return self._states.get(contact_id) or ContactState.initial(contact_id)

    def survivor_of(self, contact_id: UUID) -> UUID:
        """Who stands for a contact, for decisions."""
        return self._aliases.survivor_of(contact_id)

    def group(self, contact_id: UUID) -> tuple[UUID, ...]:
        """Every contact that is the same person, who stands for all of them first."""
        return self._aliases.members(self._aliases.survivor_of(contact_id))

    def policy_at(self, at: int) -> Policy:
        """The policy in force, for decisions."""
        return self._policies.in_force(at).policy

    def publish(self, policy: Policy, effective_from: int) -> None:
        """Append a version of the policy."""
        document = policy.document()
        number = len(self._policies.versions) + 1
        event = PolicyPublished(
            policy_version=number,
            effective_from=effective_from,
            policy=document,
            sha256=digest(document),
        )
        version = PolicyVersion(
            version=number,
            effective_from=effective_from,
            policy=policy,
            sha256=event.sha256,
            position=len(self._events) + 1,
            event_id=UUID(int=self._first_id + len(self._events)),
        )
        self._policies = timeline_of([*self._policies.versions, version])
        self.record(POLICY_STREAM, event, effective_from, None, number)

    def append(self, contact_id: UUID, event: Event, at: int | None = None) -> list[RecordedEvent]:
        """Decide and record; the domain's refusals are raised."""
        occurred_at = self._clock() if at is None else at
        request = Request(
            contact_id=contact_id,
            id=UUID(int=self._first_id + len(self._events)),
            event=event,
            occurred_at=occurred_at,
            actor=None,
        )
        recorded: list[RecordedEvent] = []
        for decided in decide(self.contact(contact_id), request, self):
            state = self._states.setdefault(
                decided.contact_id, ContactState.initial(decided.contact_id)
            )
            cause = recorded[0].id if recorded else None
            one = self.record(
                decided.contact_id, decided.event, occurred_at, cause, state.version + 1
            )
            state.evolve(one)
            recorded.append(one)
        return recorded

    def tell(self, contact_id: UUID, type_name: str, at: int | None = None, **data: Any) -> UUID:
        """Append the example of a type with some of its data replaced; the event's id."""
        return self.append(contact_id, fact(type_name, **data), at)[0].id

    def record(
        self, contact_id: UUID, event: Event, at: int, cause: UUID | None, version: int
    ) -> RecordedEvent:
        recorded = RecordedEvent(
            contact_id=contact_id,
            version=version,
            position=len(self._events) + 1,
            id=UUID(int=self._first_id + len(self._events)),
            occurred_at=at,
            # As the real one: the clock may be put back, instants of recording never are.
            recorded_at=max([self._clock(), *[one.recorded_at for one in self._events[-1:]]]),
            source=None,
            actor=None,
            causation_id=cause,
            event=event,
        )
        self._events.append(recorded)
        if (merge := merge_of(recorded)) is not None:
            self._aliases.apply(merge)
        return recorded

    def stopped(self, position: int) -> MemoryLedger:
        """A ledger of its own that ends at a position and knows nothing of what came after.

        To be read and published to; it decides about no more events.
        """
        events, policies = self._events[:position], self._policies.known_at(position)
        return MemoryLedger(self._clock, self.time_zone, self._first_id, (events, policies))

    def head(self) -> int:
        """The newest position."""
        return len(self._events)

    def recorded_at(self, position: int) -> int:
        """When the event at a position was recorded."""
        return self._events[position - 1].recorded_at

    def log(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        types: Sequence[str] = (),
        decrypt: bool = True,
        upto: int | None = None,
    ) -> list[RecordedEvent]:
        """Events by position."""
        events = self._events[after:upto]
        return [one for one in events if not types or one.type in types][:limit]

    def stream(
        self,
        contact_id: UUID,
        *,
        after_version: int = 0,
        limit: int | None = None,
        types: Sequence[str] = (),
        upto: int | None = None,
        decrypt: bool = False,
    ) -> list[RecordedEvent]:
        """One contact's events."""
        events = self.log(limit=len(self._events), types=types, upto=upto)
        return [
            one for one in events if one.contact_id == contact_id and one.version > after_version
        ][:limit]

    def streams(
        self, *, after: UUID | None = None, upto: int
    ) -> Iterator[tuple[UUID, list[RecordedEvent]]]:
        """Contacts in order with their events."""
        events = sorted(self._events[:upto], key=attrgetter("contact_id", "position"))
        for contact_id, group in groupby(events, key=attrgetter("contact_id")):
            if contact_id > (after or POLICY_STREAM):
                yield contact_id, list(group)

    def policies(self, upto: int | None = None) -> PolicyTimeline:
        """The policies known at a position."""
        return self._policies.known_at(len(self._events) if upto is None else upto)
