"""What a projection needs of a ledger, and nothing more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from domain.recorded import Recorded
    from domain.timeline import PolicyTimeline


class StreamSource(Protocol):
    """What can be read by contact."""

    def stream(
        self, contact_id: UUID, *, types: Sequence[str] = (), upto: int | None = None
    ) -> list[Recorded]:
        """One contact's events up to and including position ``upto``, in order."""


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
        unseal: bool = True,
        upto: int | None = None,
    ) -> list[Recorded]:
        """At most ``limit`` events with ``after`` < position <= ``upto``, in order."""

    def stream(
        self,
        contact_id: UUID,
        *,
        after_version: int = 0,
        limit: int | None = None,
        types: Sequence[str] = (),
        upto: int | None = None,
        unseal: bool = False,
    ) -> list[Recorded]:
        """One contact's events up to and including position ``upto``, in order."""

    def streams(
        self, *, after: UUID | None = None, upto: int
    ) -> Iterator[tuple[UUID, list[Recorded]]]:
        """Every contact after ``after``, in order of their ids, with its events up to ``upto``.

        The stream of policies is left out.
        """

    def policies(self, upto: int | None = None) -> PolicyTimeline:
        """The versions of the policy known at ``upto``."""
