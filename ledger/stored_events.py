"""The events that are committed, read from the store one, some or all at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING

from domain.errors import Corrupt, EventNotFound
from domain.events.contacts import ContactRegistered
from domain.recorded import POLICY_STREAM
from ledger.mapper import EVERYTHING, NOTHING
from ledger.stream_cache import LONG_EVENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from domain.recorded import RecordedEvent
    from ledger.mapper import LedgerMapper
    from ledger.stores.events import EventStore, Row
    from ledger.stream_cache import StreamCache

PAGE_EVENTS = 2000
"""How many events a walk over all streams reads at once."""


class StoredEvents(ABC):
    """The reading half of a ledger. Any thread may call; positions count from 1.

    Reads answer for what is committed. Where a read can decrypt, ``decrypt=False`` leaves personal
    fields ``EncryptedValue``, which is faster and enough for folds.

    Reading raises ``Corrupt`` where stored bytes are damaged, after which nothing is appended any
    more, and ``Unavailable`` where the database cannot be read.
    """

    _recorder: EventStore
    _mapper: LedgerMapper
    _streams: StreamCache
    _refuse: Callable[[Corrupt], None] | None = None
    """Called when a file is damaged, so that nothing is appended to it."""

    @abstractmethod
    def head(self) -> int:
        """The newest position, 0 in a ledger without events: the writing half knows it."""

    def knows_id(self, event_id: UUID) -> bool:
        """Whether an event with that id is recorded."""
        with self._reading():
            return bool(self._recorder.rows_by_id([event_id]))

    def known_ids(self, event_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the ids under which an event is recorded."""
        with self._reading():
            return set(self._recorder.rows_by_id(event_ids))

    def registered_contacts(self, contact_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the contacts that were registered, merged ones included."""
        with self._reading():
            return registered_among(self._recorder, contact_ids)

    def has_stream(self, contact_id: UUID) -> bool:
        """Whether anything is recorded under that name."""
        with self._reading():
            return bool(self._recorder.first_topics([contact_id]))

    def event(self, position: int, *, decrypt: bool = True) -> RecordedEvent:
        """The event at that position.

        Raises:
            EventNotFound: there is none.
        """
        with self._reading():
            rows = self._recorder.rows_at([position])
        if position not in rows:
            raise EventNotFound(f"no event stands at position {position}")
        return self._events([rows[position]], decrypt=decrypt)[0]

    def stored_rows(self, positions: Sequence[int]) -> dict[int, Row]:
        """The stored bytes of the events at these positions; where none stands it is absent."""
        with self._reading():
            return self._recorder.rows_at(positions)

    def find_mark(self, mark: str, after: int, upto: int) -> list[tuple[int, str]]:
        """Position and type of each event beyond ``after`` up to ``upto`` that has this text in it.

        Personal fields are encrypted, and found by nothing. It reads every event between the two.
        """
        with self._reading():
            return self._recorder.find_mark(mark.encode(), after, upto)

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
        """At most ``limit`` events beyond ``after`` up to ``upto``, in order of their positions.

        ``streams`` are the contacts whose events are wanted; all events are where it is empty.
        """
        with self._reading():
            rows = self._recorder.rows_after(after, upto, types, streams, limit)
        return self._events(rows, decrypt=decrypt)

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
        """A contact's own events beyond ``after_version``, by version; ``upto`` is a position."""
        if not (after_version or limit or types or decrypt):
            return self._streams.read(contact_id, upto)
        with self._reading():
            rows = self._recorder.rows_of_stream(contact_id, after_version, types, upto, limit)
        return self._events(rows, decrypt=decrypt)

    def stream_with(
        self, contact_id: UUID, decrypted: Sequence[str], upto: int | None = None
    ) -> list[RecordedEvent]:
        """A contact's own events up to a position, those of the types in ``decrypted`` decrypted.

        A short stream is read once. Of a long one, which is kept as it was read, only the events of
        these types are read again.
        """
        if not self._streams.has(contact_id):
            with self._reading():
                rows = self._recorder.rows_of_stream(contact_id, 0, (), upto, None)
                if len(rows) < LONG_EVENTS:
                    topics = frozenset(decrypted)
                    return [self._mapper.to_event(*row, decrypt=topics) for row in rows]
        events = self._streams.read(contact_id, upto)
        read = self.stream(contact_id, types=decrypted, upto=upto, decrypt=True)
        by_version = {one.version: one for one in read}
        return [by_version.get(one.version, one) for one in events]

    def streams(
        self, *, after: UUID | None = None, upto: int, page_events: int = PAGE_EVENTS
    ) -> Iterator[tuple[UUID, list[RecordedEvent]]]:
        """Every contact beyond ``after`` with its events up to that position, in contact order.

        Personal fields stay encrypted and the policy stream is left out. Pages of ``page_events``
        are read in transactions of their own, so a long walk holds nothing up.
        """
        contact_id, version = after or POLICY_STREAM, 2**62
        events: list[RecordedEvent] = []
        while True:
            with self._reading():
                rows = self._recorder.rows_in_stream_order(contact_id, version, upto, page_events)
            for recorded in self._events(rows):
                if events and events[0].contact_id != recorded.contact_id:
                    yield events[0].contact_id, events
                    events = []
                events.append(recorded)
            if len(rows) < page_events:
                break
            contact_id, version = events[-1].contact_id, events[-1].version
        if events:
            yield events[0].contact_id, events

    def _beyond(self, contact_id: UUID, version: int) -> list[RecordedEvent]:
        with self._reading():
            return self._events(self._recorder.rows_of_stream(contact_id, version))

    def rows(self, after: int, upto: int) -> list[Row]:
        """The events beyond a position up to another as they are stored, in order."""
        with self._reading():
            return self._recorder.rows_after(after, upto)

    def version(self, contact_id: UUID, upto: int | None = None) -> int:
        """The version of the contact's newest event up to that position, 0 if it has none."""
        with self._reading():
            newest = self._recorder.newest(contact_id, upto)
        return newest.version if newest else 0

    def recorded_at(self, position: int) -> int:
        """When the event at that position was recorded.

        Raises:
            EventNotFound: there is none.
        """
        return self.event(position, decrypt=False).recorded_at

    def position_at(self, instant: int) -> int:
        """The last position recorded at or before that instant, 0 if there is none."""
        # Instants of recording never decrease, so a dozen reads find it without an index.
        low, high = 0, self.head()
        while low < high:
            middle = (low + high + 1) // 2
            if self.recorded_at(middle) <= instant:
                low = middle
            else:
                high = middle - 1
        return low

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Tell what is wrong with the store, and append nothing more to a damaged one."""
        try:
            with self._recorder.errors():
                yield
        except Corrupt as error:
            if self._refuse is not None:
                self._refuse(error)
            raise

    def _events(self, rows: Sequence[Row], *, decrypt: bool = False) -> list[RecordedEvent]:
        topics = EVERYTHING if decrypt else NOTHING
        with self._reading():  # decryption reads the keys
            return [self._mapper.to_event(*row, decrypt=topics) for row in rows]


def registered_among(recorder: EventStore, contact_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the contacts that were registered by the events of a store, merged ones included.

    A name that nobody registered can have events too: it begins with its merge.
    """
    registered = ContactRegistered.TYPE
    first = recorder.first_topics(contact_ids)
    return {
        one
        for one, topic in first.items()
        if topic == registered or recorder.rows_of_stream(one, 0, (registered,), None, 1)
    }
