"""What a projection needs of a ledger, and nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline


class Page:
    """The part of a log that was read last, for builds that go over it one after the other."""

    def __init__(self, source: EventSource) -> None:
        self._source = source
        self._after = self._upto = 0
        self._events: list[RecordedEvent] = []

    def read(self, after: int, upto: int, limit: int) -> list[RecordedEvent]:
        """At most ``limit`` events with ``after``  < position <= ``upto``, encrypted, in order.

        Where some of them were read last, these, though there may be more by now.
        """
        if not self._events or self._after != after or self._upto > upto:
            self._events = self._source.log(after=after, limit=limit, upto=upto, decrypt=False)
            self._after, self._upto = after, upto
        return self._events


class StreamSource(Protocol):
    """What can be read by contact."""

    def stream(
        self, contact_id: UUID, *, types: Sequence[str] = (), upto: int | None = None
    ) -> list[RecordedEvent]:
        """One contact's events up to and including position ``upto``, in order."""


class BeliefSource(StreamSource, Protocol):
    """What can be read by contact, and what judges it."""

    @property
    def time_zone(self) -> str | None:
        """The ledger's time zone, for contacts without one."""

    def policies(self, upto: int | None = None) -> PolicyTimeline:
        """The versions of the policy known at ``upto``."""


class EventSource(Protocol):
    """A log that can be read by position, by contact, and a contact at a time.

    Positions count from 1 without gaps; what was answered once up to a position never changes.
    """

    @property
    def time_zone(self) -> str | None:
        """The ledger's time zone, for contacts without one."""

    def head(self) -> int:
        """The newest position, 0 in an empty ledger."""

    def log(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        types: Sequence[str] = (),
        decrypt: bool = True,
        upto: int | None = None,
    ) -> list[RecordedEvent]:
        """At most ``limit`` events with ``after`` < position <= ``upto``, in order."""

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
        """One contact's events up to and including position ``upto``, in order."""

    def streams(
        self, *, after: UUID | None = None, upto: int
    ) -> Iterator[tuple[UUID, list[RecordedEvent]]]:
        """Every contact after ``after``, in order of their ids, with its events up to ``upto``.

        The stream of policies is left out.
        """

    def policies(self, upto: int | None = None) -> PolicyTimeline:
        """The versions of the policy known at ``upto``."""
