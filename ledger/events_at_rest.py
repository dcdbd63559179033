"""A ledger's events up to a head, read to derive something from them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.recorded import POLICY_STREAM
from ledger.mapper import LedgerMapper, NoKeys
from ledger.published_policies import timeline
from ledger.stored_events import StoredEvents
from ledger.stream_cache import StreamCache

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from domain.timeline import PolicyTimeline
    from ledger.stores.events import EventStore

_NO_STREAMS = 0


class EventsAtRest(StoredEvents):
    """The events of a store up to a head, as a projection reads them; all stay encrypted."""

    def __init__(self, recorder: EventStore, head: int, time_zone: str | None) -> None:
        self.time_zone = time_zone
        self._recorder = recorder
        self._head = head
        self._mapper = LedgerMapper(NoKeys())
        self._streams = StreamCache(self._beyond, lambda: _NO_STREAMS)
        with self._reading():
            rows = recorder.rows_of_stream(POLICY_STREAM, upto=head)
        self._versions = timeline(self._events(rows))

    def head(self) -> int:
        """The newest position."""
        return self._head

    def log(
        self,
        *,
        after: int = 0,
        limit: int = 100,
        types: Sequence[str] = (),
        decrypt: bool = True,
        upto: int | None = None,
        streams: Sequence[UUID] = (),
    ) -> list[RecordedEvent]:
        """At most ``limit`` events beyond ``after`` up to ``upto``, in order."""
        last = self._head if upto is None else min(upto, self._head)
        return super().log(
            after=after, limit=limit, types=types, decrypt=False, upto=last, streams=streams
        )

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
        """One contact's events up to position ``upto``, in order."""
        last = self._head if upto is None else min(upto, self._head)
        return super().stream(
            contact_id, after_version=after_version, limit=limit, types=types, upto=last
        )

    def policies(self, upto: int | None = None) -> PolicyTimeline:
        """The versions of the policy known at ``upto``."""
        return self._versions if upto is None else self._versions.known_at(upto)
