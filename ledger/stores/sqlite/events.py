"""The event table on SQLite, behind the library's recorder interfaces.

The library's ``PERSISTENCE_MODULE`` for it is ``ledger.stores.sqlite.events:LedgerFactory``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, Notification
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteFactory,
    SQLiteProcessRecorder,
)

from domain.uuids import uuid_of
from ledger.stores.events import INDEXED_TOPICS, Row
from ledger.stores.library_questions import events_of_stream, notifications_of_log
from ledger.stores.sqlite.connections import LAYOUT, LedgerDatastore
from ledger.stores.sqlite.errors import ledger_errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from eventsourcing.persistence import StoredEvent
    from eventsourcing.sqlite import SQLiteCursor, SQLiteDatastore
    from eventsourcing.utils import Environment, EnvType

EVENTS_TABLE = "stored_events"

MOST_IDS = 500
"""How many ids one query asks for; SQLite before 3.32 takes at most 999 parameters."""

INSERTED_TOGETHER = (128, 32, 8, 1)
"""How many events one statement inserts; 128 are 768 parameters, of 999 that any SQLite takes."""

_ONE_STREAM = "originator_id = ?"
_LITERALS = ",".join(f"'{topic}'" for topic in INDEXED_TOPICS)
_COLUMNS = "position, originator_id, originator_version, topic, state"


def table_statements(table: str = EVENTS_TABLE) -> list[str]:
    """What makes the table of events with its indexes, where they are not there yet."""
    return [
        f"CREATE TABLE IF NOT EXISTS {table} ("
        "position INTEGER PRIMARY KEY, "
        "originator_id BLOB NOT NULL, "
        "originator_version INTEGER NOT NULL, "
        "topic TEXT NOT NULL, "
        "state BLOB NOT NULL, "
        "event_id BLOB)",
        f"CREATE UNIQUE INDEX IF NOT EXISTS {table}_streams "
        f"ON {table} (originator_id, originator_version)",
        f"CREATE UNIQUE INDEX IF NOT EXISTS {table}_ids "
        f"ON {table} (event_id) WHERE event_id IS NOT NULL",
        f"CREATE INDEX IF NOT EXISTS {table}_topics "
        f"ON {table} (topic, position) WHERE topic IN ({_LITERALS})",
    ]


class LedgerApplicationRecorder(SQLiteApplicationRecorder):
    """Events at explicit positions from 1, without gaps; ids, where given, are taken once.

    The library's table numbers events by a ``rowid`` that may change when a database is compacted,
    keeps streams as 32 letters, and knows no ids.
    """

    def __init__(self, datastore: SQLiteDatastore, events_table_name: str = EVENTS_TABLE) -> None:
        super().__init__(datastore, events_table_name)
        table = self.events_table_name
        self.insert_events_statement = f"INSERT INTO {table} VALUES (?,?,?,?,?,?)"  # noqa: S608  # our own table's name
        self._max = f"SELECT max(position) FROM {table}"  # noqa: S608  # our own table's name
        self._select = f"SELECT {_COLUMNS} FROM {table} "  # noqa: S608  # our own table's name
        self._select_with_id = f"SELECT {_COLUMNS}, event_id FROM {table} "  # noqa: S608  # as above

    def is_lost(self) -> bool:
        """Whether another process took over recording: the lock of the folder prevents that."""
        return False

    def errors(self, outcome: str = "") -> AbstractContextManager[None]:
        """Raise what goes wrong inside as an error of ours; ``outcome`` ends its text."""
        return ledger_errors(self.datastore.pool.db_name, outcome)

    def construct_create_table_statements(self) -> list[str]:
        """The table, its streams, its ids, and the topics that are looked up everywhere."""
        return table_statements(self.events_table_name)

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Number the events from the next position on.

        ``first_position``, where given, is where the caller expects the first one to stand.

        Raises:
            IntegrityError: another writer got there before.
        """
        first = self._max_position(c) + 1
        if kwargs.get("first_position", first) != first:
            raise IntegrityError(f"another writer recorded position {first - 1}")
        values: list[object] = []
        for position, stored in enumerate(stored_events, first):
            values += (
                position,
                _stream_key(stored.originator_id),
                stored.originator_version,
                stored.topic,
                stored.state,
                _id_key(getattr(stored, "event_id", None)),
            )
        # Each row of an executemany lets go of the interpreter's lock, and under load it takes far
        # longer to get it back than to insert. Few sizes are few statements, which stay prepared.
        start, left = 0, len(stored_events)
        for size in INSERTED_TOGETHER:
            statement = self.insert_events_statement + ",(?,?,?,?,?,?)" * (size - 1)
            while left >= size:
                c.execute(statement, values[start : start + 6 * size])
                start, left = start + 6 * size, left - size
        return list(range(first, first + len(stored_events)))

    def settle(self) -> None:
        """Nothing: a commit to a file came about or did not."""

    def try_commit(self) -> None:
        """Commit what changes nothing: the number of the layout, as it is, to the file's header."""
        with self.datastore.transaction(commit=True) as c:
            c.execute(f"PRAGMA user_version={LAYOUT}")

    def _max_position(self, c: SQLiteCursor) -> int:
        c.execute(self._max)
        newest: int | None = c.fetchone()[0]
        return newest or 0

    def _max_notification_id(self, c: SQLiteCursor) -> int:
        return self._max_position(c) or None  # type: ignore[return-value]  # None by contract

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
        stream = _ONE_STREAM, _stream_key(originator_id)
        return events_of_stream(self.rows, stream, "?", gt=gt, lte=lte, desc=desc, limit=limit)

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
            self.rows, "?", start, limit, stop, topics, inclusive_of_start=inclusive_of_start
        )

    def rows(
        self,
        conditions: Mapping[str, object],
        *,
        topics: Sequence[str] = (),
        order: str = "position",
        limit: int | None = None,
    ) -> list[Row]:
        """The stored events that meet all conditions (SQL to its parameters), in order."""
        clauses = list(conditions)
        values: list[object] = []
        for value in conditions.values():
            values.extend(value if isinstance(value, tuple) else (value,))
        if topics:
            clauses.append(f"topic IN ({','.join('?' * len(topics))})")
            values.extend(topics)
            if _ONE_STREAM not in conditions and set(topics) <= set(INDEXED_TOPICS):
                # A partial index serves only a query that repeats its condition to the letter.
                clauses.append(f"topic IN ({_LITERALS})")
        where = f"WHERE {' AND '.join(clauses)} " if clauses else ""
        values.append(-1 if limit is None else limit)
        with self.datastore.transaction(commit=False) as c:
            c.execute(f"{self._select}{where}ORDER BY {order} LIMIT ?", values)
            streams = _Streams()
            return [
                Row(position, streams[stream], version, topic, state)
                for position, stream, version, topic, state in c.fetchall()
            ]

    def rows_by_id(self, event_ids: Sequence[UUID]) -> dict[UUID, Row]:
        """The stored events with these ids, by id; unknown ids are absent."""
        found: dict[UUID, Row] = {}
        with self.datastore.transaction(commit=False) as c:
            for start in range(0, len(event_ids), MOST_IDS):
                keys = [event_id.bytes for event_id in event_ids[start : start + MOST_IDS]]
                marks = ",".join("?" * len(keys))
                c.execute(f"{self._select_with_id}WHERE event_id IN ({marks})", keys)
                for position, stream, version, topic, state, key in c.fetchall():
                    row = Row(position, _stream(stream), version, topic, state)
                    found[uuid_of(key)] = row
        return found

    def find_mark(self, mark: bytes, after: int, upto: int) -> list[tuple[int, str]]:
        """Position and topic of each event beyond ``after`` up to ``upto`` with these bytes."""
        statement = (
            f"SELECT position, topic FROM {self.events_table_name} "  # noqa: S608  # own name
            "WHERE position > ? AND position <= ? AND instr(state, ?) ORDER BY position"
        )
        with self.datastore.transaction(commit=False) as c:
            c.execute(statement, (after, upto, mark))
            return [(position, topic) for position, topic in c.fetchall()]

    def rows_at(self, positions: Sequence[int]) -> dict[int, Row]:
        """The stored events at these positions, by position; where none stands it is absent."""
        found: dict[int, Row] = {}
        for start in range(0, len(positions), MOST_IDS):
            some = tuple(positions[start : start + MOST_IDS])
            condition = f"position IN ({','.join('?' * len(some))})"
            found |= {row.position: row for row in self.rows({condition: some})}
        return found

    def first_topics(self, streams: Sequence[UUID]) -> dict[UUID, str]:
        """The topic of the first event of those of the streams that have any."""
        found: dict[UUID, str] = {}
        statement = (
            f"SELECT originator_id, topic FROM {self.events_table_name} "  # noqa: S608  # own name
            "WHERE originator_version = 1 AND originator_id IN "
        )
        with self.datastore.transaction(commit=False) as c:
            for start in range(0, len(streams), MOST_IDS):
                keys = [stream.bytes for stream in streams[start : start + MOST_IDS]]
                c.execute(f"{statement}({','.join('?' * len(keys))})", keys)
                found |= {uuid_of(key): topic for key, topic in c.fetchall()}
        return found

    def streams_with(self, topic: str) -> list[UUID]:
        """Every stream that holds an event of that topic, which is one of ``INDEXED_TOPICS``."""
        statement = (
            f"SELECT DISTINCT originator_id FROM {self.events_table_name} "  # noqa: S608  # own name
            f"WHERE topic = ? AND topic IN ({_LITERALS})"
        )
        with self.datastore.transaction(commit=False) as c:
            c.execute(statement, (topic,))
            return [uuid_of(key) for (key,) in c.fetchall()]

    def rows_of_streams(self, streams: Sequence[UUID]) -> list[Row]:
        """All events of a few streams, those of each by version."""
        marks = ",".join("?" * len(streams))
        keys = tuple(stream.bytes for stream in streams)
        order = "originator_id, originator_version"
        return self.rows({f"originator_id IN ({marks})": keys}, order=order)

    def rows_in_stream_order(self, stream: UUID, version: int, upto: int, limit: int) -> list[Row]:
        """At most ``limit`` events beyond that version of that stream, streams in order."""
        beyond = "(originator_id, originator_version) > (?, ?)"
        return self.rows(
            {beyond: (stream.bytes, version), "position <= ?": upto},
            order="originator_id, originator_version",
            limit=limit,
        )

    def rows_of_stream(
        self,
        stream: UUID,
        version: int = 0,
        topics: Sequence[str] = (),
        upto: int | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        """The events of a stream beyond that version, by version; ``upto`` is a position."""
        conditions: dict[str, object] = {
            _ONE_STREAM: stream.bytes,
            "originator_version > ?": version,
        }
        if upto is not None:
            conditions["position <= ?"] = upto
        return self.rows(conditions, topics=topics, order="originator_version", limit=limit)

    def rows_after(
        self,
        position: int,
        upto: int | None = None,
        topics: Sequence[str] = (),
        streams: Sequence[UUID] = (),
        limit: int | None = None,
    ) -> list[Row]:
        """The events beyond a position up to another, in order; ``streams`` are all if empty."""
        conditions: dict[str, object] = {"position > ?": position}
        if upto is not None:
            conditions["position <= ?"] = upto
        if not streams:
            return self.rows(conditions, topics=topics, limit=limit)
        found: list[Row] = []
        for start in range(0, len(streams), MOST_IDS):
            keys = tuple(stream.bytes for stream in streams[start : start + MOST_IDS])
            some = {f"originator_id IN ({','.join('?' * len(keys))})": keys, **conditions}
            # The plus keeps SQLite from going over the whole log for the sake of the order.
            found += self.rows(some, topics=topics, order="+position", limit=limit)
        return sorted(found)[:limit]

    def newest(self, stream: UUID, upto: int | None = None) -> Row | None:
        """The stream's newest event up to that position, or of all, None if there is none."""
        conditions: dict[str, object] = {_ONE_STREAM: stream.bytes}
        if upto is not None:
            conditions["position <= ?"] = upto
        rows = self.rows(conditions, order="originator_version DESC", limit=1)
        return rows[0] if rows else None


class LedgerProcessRecorder(SQLiteProcessRecorder, LedgerApplicationRecorder):
    """Events and tracking in one transaction, for applications that follow another one."""


class LedgerFactory(SQLiteFactory):
    """Makes our recorders on our datastore from the library's settings."""

    application_recorder_class = LedgerApplicationRecorder
    process_recorder_class = LedgerProcessRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        asked = self.datastore
        self.datastore = LedgerDatastore(
            asked.pool.db_name,
            lock_timeout=asked.pool.lock_timeout,
            single_row_tracking=asked.single_row_tracking,
            originator_id_type=asked.originator_id_type,
        )


def _stream_key(stream: UUID | str) -> bytes | str:
    return stream.bytes if isinstance(stream, UUID) else stream


def _stream(key: bytes | str) -> UUID | str:
    return uuid_of(key) if isinstance(key, bytes) else key


class _Streams(dict["bytes | str", "UUID | str"]):
    """Streams by their keys, each made once: rows of one stream mostly stand together."""

    def __missing__(self, key: bytes | str) -> UUID | str:
        stream = self[key] = _stream(key)
        return stream


def _id_key(event_id: UUID | None) -> bytes | None:
    return None if event_id is None else event_id.bytes
