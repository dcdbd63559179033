"""The events of one ledger as a store keeps them: a protocol, and the row that it answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from uuid import UUID

    from eventsourcing.persistence import StoredEvent

INDEXED_TOPICS = (
    "contact-merged",
    "contact-registered",
    "event-corrected",
    "merge-reversed",
    "personal-data-erased",
    "policy-published",
    "registration-amended",
)
"""Topics that are looked up over the whole ledger; each contact has few of them."""

NOTHING_RECORDED = ": nothing of this was recorded"
"""What is said of errors that kept a transaction out."""


class RecordedElsewhere(Unavailable):
    """Another process has the right to record, and is alive."""


class Row(NamedTuple):
    """One stored event with its place in the ledger."""

    position: int
    stream: UUID | str
    version: int
    topic: str
    state: bytes


class EventStore(Protocol):
    """Events at explicit positions from 1, without gaps. Any thread may read; one writes.

    Methods may raise the errors of the event-sourcing library: call them inside ``errors``.
    """

    def errors(self, outcome: str = "") -> AbstractContextManager[None]:
        """Raise what goes wrong inside as ``Corrupt``, ``Unavailable`` or another ``LedgerError``.

        ``outcome`` ends the text of what says that the store cannot be used now.
        """

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Record the events in one durable transaction, all or none; answers their positions.

        ``first_position``, where given, is where the caller expects the first one to stand.

        Raises:
            IntegrityError: an id, or a version of a stream, is taken, or another writer was there.
        """

    def settle(self) -> None:
        """Find out what became of a commit whose outcome is unknown, before the next is decided.

        Raises:
            Unavailable: it is still unknown, or another process records by now.
        """

    def is_lost(self) -> bool:
        """Whether another process took over recording; then these have to be opened again."""

    def try_commit(self) -> None:
        """Commit what changes nothing, to find out whether that works."""

    def max_notification_id(self) -> int | None:
        """The newest position; None where there is no event."""

    def rows_after(
        self,
        position: int,
        upto: int | None = None,
        topics: Sequence[str] = (),
        streams: Sequence[UUID] = (),
        limit: int | None = None,
    ) -> list[Row]:
        """The events beyond a position up to another, in order.

        Where ``topics`` or ``streams`` are empty, all are wanted.
        """

    def rows_at(self, positions: Sequence[int]) -> dict[int, Row]:
        """The events at these positions, by position; where none stands it is absent."""

    def rows_by_id(self, event_ids: Sequence[UUID]) -> dict[UUID, Row]:
        """The events with these ids, by id; unknown ids are absent."""

    def find_mark(self, mark: bytes, after: int, upto: int) -> list[tuple[int, str]]:
        """Position and topic of each event beyond ``after`` up to ``upto`` with these bytes in it.

        They are looked for in the stored bytes. It reads every event between the two.
        """

    def rows_of_stream(
        self,
        stream: UUID,
        version: int = 0,
        topics: Sequence[str] = (),
        upto: int | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        """The events of a stream beyond that version, by version; ``upto`` is a position."""

    def rows_of_streams(self, streams: Sequence[UUID]) -> list[Row]:
        """All events of a few streams, those of each by version."""

    def rows_in_stream_order(self, stream: UUID, version: int, upto: int, limit: int) -> list[Row]:
        """Events up to a position beyond a stream's version, by stream and version."""

    def newest(self, stream: UUID, upto: int | None = None) -> Row | None:
        """The stream's newest event up to that position, or of all, None if there is none."""

    def first_topics(self, streams: Sequence[UUID]) -> dict[UUID, str]:
        """The topic of the first event of those of the streams that have any."""

    def streams_with(self, topic: str) -> list[UUID]:
        """Every stream that holds an event of that topic, which is one of ``INDEXED_TOPICS``."""
