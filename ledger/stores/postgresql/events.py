"""The events of one ledger in PostgreSQL, behind the library's recorder interface.

The library's own recorders for PostgreSQL retry a COMMIT whose outcome they do not know, number
events by a sequence, and take another connection for each call. Nothing of them is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    InfrastructureFactory,
    Notification,
    OperationalError,
    TrackingRecorder,
)

from domain.uuids import uuid_of
from ledger.stores.events import INDEXED_TOPICS, Row
from ledger.stores.library_questions import events_of_stream, notifications_of_log
from ledger.stores.postgresql.connections import Database
from ledger.stores.postgresql.errors import ledger_errors
from ledger.stores.postgresql.notices import Notices
from ledger.stores.postgresql.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Never

    from eventsourcing.persistence import StoredEvent, Subscription

    from ledger.stores.postgresql.places import Place

_COLUMNS = "position, uuid_send(originator_id), originator_version, topic, state"
_ONE_STREAM = "originator_id = %s"
_LITERALS = ",".join(f"'{topic}'" for topic in INDEXED_TOPICS)


class PostgresqlEvents(ApplicationRecorder):
    """Events at explicit positions from 1, without gaps; see ``ledger.stores.events.EventStore``.

    Without a writer they are only read, beside the process that appends.
    """

    def __init__(self, place: Place, writer: Writer | None) -> None:
        self._name = place.name
        self._writer = writer
        self._database = Database(place.url)
        self._table = place.table("events")
        self._notices = None if writer is None else Notices(place)

    def errors(self, outcome: str = "") -> AbstractContextManager[None]:
        """Raise what goes wrong inside as an error of ours; ``outcome`` ends its text."""
        return ledger_errors(self._name, outcome)

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Record the events in one durable transaction, all or none; answers their positions."""
        if not stored_events:
            return []
        columns = (
            [one.originator_id for one in stored_events],
            [one.originator_version for one in stored_events],
            [one.topic for one in stored_events],
            [one.state for one in stored_events],
            [getattr(one, "event_id", None) for one in stored_events],
        )
        first = self._require_writer().append(columns, kwargs.get("first_position"))
        if self._notices is not None:
            self._notices.announce()
        return list(range(first, first + len(stored_events)))

    def try_commit(self) -> None:
        """Commit what changes nothing, to find out whether that works."""
        self._require_writer().try_commit()

    def is_lost(self) -> bool:
        """Whether another process took over recording; then these have to be opened again."""
        return self._writer is not None and self._writer.is_lost

    def settle(self) -> None:
        """Find out what became of a commit whose outcome is not known."""
        if self._writer is not None:
            self._writer.settle()

    def max_notification_id(self) -> int | None:
        """The newest position; None where there is no event."""
        ((newest,),) = self._database.rows(f"SELECT max(position) FROM {self._table}")
        return None if newest is None else int(newest)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """A stream's events as notifications, so that they know their positions."""
        stream = _ONE_STREAM, originator_id
        return events_of_stream(self._rows, stream, "%s", gt=gt, lte=lte, desc=desc, limit=limit)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The log from ``start`` to ``stop``."""
        return notifications_of_log(
            self._rows, "%s", start, limit, stop, topics, inclusive_of_start=inclusive_of_start
        )

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Ledgers have subscriptions of their own: ``ledger.subscriptions``."""
        raise NotImplementedError("a ledger's events are followed by ledger.subscriptions")

    def rows_after(
        self,
        position: int,
        upto: int | None = None,
        topics: Sequence[str] = (),
        streams: Sequence[UUID] = (),
        limit: int | None = None,
    ) -> list[Row]:
        """The events beyond a position up to another, in order; ``streams`` are all if empty."""
        conditions: dict[str, object] = {"position > %s": position}
        if upto is not None:
            conditions["position <= %s"] = upto
        if streams:
            conditions["originator_id = ANY(%s)"] = list(streams)
        return self._rows(conditions, topics=topics, limit=limit)

    def rows_at(self, positions: Sequence[int]) -> dict[int, Row]:
        """The events at these positions, by position; where none stands it is absent."""
        found = self._rows({"position = ANY(%s)": list(positions)}) if positions else []
        return {row.position: row for row in found}

    def rows_by_id(self, event_ids: Sequence[UUID]) -> dict[UUID, Row]:
        """The events with these ids, by id; unknown ids are absent."""
        if not event_ids:
            return {}
        select = f"SELECT {_COLUMNS}, uuid_send(event_id) FROM {self._table} "
        found = self._database.rows(f"{select}WHERE event_id = ANY(%s)", list(event_ids))
        return {uuid_of(key): Row(row[0], uuid_of(row[1]), *row[2:]) for *row, key in found}

    def find_mark(self, mark: bytes, after: int, upto: int) -> list[tuple[int, str]]:
        """Position and topic of each event beyond ``after`` up to ``upto`` with these bytes."""
        statement = (
            f"SELECT position, topic FROM {self._table} "
            "WHERE position > %s AND position <= %s AND position(%s IN state) > 0 ORDER BY position"
        )
        return [(row[0], row[1]) for row in self._database.rows(statement, after, upto, mark)]

    def rows_of_stream(
        self,
        stream: UUID,
        version: int = 0,
        topics: Sequence[str] = (),
        upto: int | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        """The events of a stream beyond that version, by version; ``upto`` is a position."""
        conditions: dict[str, object] = {_ONE_STREAM: stream, "originator_version > %s": version}
        if upto is not None:
            conditions["position <= %s"] = upto
        return self._rows(conditions, topics=topics, order="originator_version", limit=limit)

    def rows_of_streams(self, streams: Sequence[UUID]) -> list[Row]:
        """All events of a few streams, those of each by version."""
        order = "originator_id, originator_version"
        return self._rows({"originator_id = ANY(%s)": list(streams)}, order=order)

    def rows_in_stream_order(self, stream: UUID, version: int, upto: int, limit: int) -> list[Row]:
        """At most ``limit`` events beyond that version of that stream, streams in order."""
        beyond = "(originator_id, originator_version) > (%s, %s)"
        return self._rows(
            {beyond: (stream, version), "position <= %s": upto},
            order="originator_id, originator_version",
            limit=limit,
        )

    def newest(self, stream: UUID, upto: int | None = None) -> Row | None:
        """The stream's newest event up to that position, or of all, None if there is none."""
        conditions: dict[str, object] = {_ONE_STREAM: stream}
        if upto is not None:
            conditions["position <= %s"] = upto
        rows = self._rows(conditions, order="originator_version DESC", limit=1)
        return rows[0] if rows else None

    def first_topics(self, streams: Sequence[UUID]) -> dict[UUID, str]:
        """The topic of the first event of those of the streams that have any."""
        if not streams:
            return {}
        statement = (
            f"SELECT uuid_send(originator_id), topic FROM {self._table} "
            "WHERE originator_version = 1 AND originator_id = ANY(%s)"
        )
        return {uuid_of(key): topic for key, topic in self._database.rows(statement, list(streams))}

    def streams_with(self, topic: str) -> list[UUID]:
        """Every stream that holds an event of that topic, which is one of ``INDEXED_TOPICS``."""
        statement = (
            f"SELECT DISTINCT uuid_send(originator_id) FROM {self._table} "
            f"WHERE topic = %s AND topic IN ({_LITERALS})"
        )
        return [uuid_of(key) for (key,) in self._database.rows(statement, topic)]

    def close(self) -> None:
        """Let the right to append go, and the connections."""
        if self._notices is not None:
            self._notices.close()
        if self._writer is not None:
            self._writer.close()
        self._database.close()

    def _require_writer(self) -> Writer:
        if self._writer is None:
            raise OperationalError("these events are only read")
        return self._writer

    def _rows(
        self,
        conditions: Mapping[str, object],
        *,
        topics: Sequence[str] = (),
        order: str = "position",
        limit: int | None = None,
    ) -> list[Row]:
        """The events that meet all conditions (SQL to its values), in order."""
        clauses = list(conditions)
        values: list[object] = []
        for value in conditions.values():
            values.extend(value if isinstance(value, tuple) else (value,))
        if topics:
            clauses.append("topic = ANY(%s)")
            values.append(list(topics))
            if _ONE_STREAM not in conditions and set(topics) <= set(INDEXED_TOPICS):
                # A partial index serves only a query that repeats its condition.
                clauses.append(f"topic IN ({_LITERALS})")
        where = f"WHERE {' AND '.join(clauses)} " if clauses else ""
        select = f"SELECT {_COLUMNS} FROM {self._table} {where}ORDER BY {order} LIMIT %s"
        streams = _Streams()
        return [
            Row(position, streams[stream], version, topic, state)
            for position, stream, version, topic, state in self._database.rows(
                select, *values, limit
            )
        ]


class _Streams(dict[bytes, UUID]):
    """Streams by their keys, each made once: rows of one stream mostly stand together."""

    def __missing__(self, key: bytes) -> UUID:
        stream = self[key] = uuid_of(key)
        return stream


class PostgresqlFactory(InfrastructureFactory[TrackingRecorder]):
    """Makes the recorder of one ledger, for the library's application; nothing else is needed."""

    def __init__(self, place: Place, writer_of: Callable[[Place], Writer] = Writer) -> None:
        super().__init__({})
        self._place = place
        self._writer_of = writer_of
        self._opened: list[PostgresqlEvents] = []

    def application_recorder(self) -> PostgresqlEvents:
        """The events, with the right to append to them."""
        writer = self._writer_of(self._place)
        recorder = PostgresqlEvents(self._place, writer)
        self._opened.append(recorder)
        return recorder

    def aggregate_recorder(self, purpose: str = "events") -> Never:
        """The library asks for it; a ledger has none, because it keeps no snapshots."""
        raise NotImplementedError(
            f"a ledger keeps no snapshots, so it has no recorder of {purpose}"
        )

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> Never:
        """The library asks for it; a ledger has none, because positions stand beside the rows."""
        raise NotImplementedError("a projection keeps its position beside its rows")

    def process_recorder(self) -> Never:
        """See ``tracking_recorder``."""
        raise NotImplementedError("a projection keeps its position beside its rows")

    def close(self) -> None:
        """Close what was made."""
        while self._opened:
            self._opened.pop().close()
