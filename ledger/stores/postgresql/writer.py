"""The right to append to one ledger: a row that counts who has had it.

A process that takes it over counts ``epoch`` up, and every commit first updates the row under its
own epoch and head. A process that was stopped or cut off, and continues later, therefore changes
no row, and records nothing. The session is looked at only to take over from a process that ended.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
from eventsourcing.persistence import ConnectionPoolClosedError, IntegrityError

from domain.errors import LedgerError, Unavailable
from ledger.stores.events import NOTHING_RECORDED, RecordedElsewhere
from ledger.stores.postgresql.connections import Connection, connect, is_quiet, run
from ledger.stores.postgresql.errors import (
    NOT_REPLICATED,
    OUTCOME_UNKNOWN,
    OutcomeUnknown,
    WriterLost,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.stores.postgresql.places import Place

LEASE_SECONDS = 4.0
"""How long a writer that says nothing keeps the right, unless its session ended."""

WAIT_SECONDS = LEASE_SECONDS + 1.0
"""How long one waits for the right before it is said who has it."""

SETTLE_SECONDS = 10.0
"""How long the outcome of a commit is looked for before it is said to be unknown."""

_LOOK_SECONDS = 0.1

_SESSIONS = {"idle_in_transaction_session_timeout": "2s", "statement_timeout": "0"}

_SESSION = (
    "SELECT pid || '@' || extract(epoch FROM backend_start)"
    " FROM pg_catalog.pg_stat_activity WHERE pid = pg_backend_pid()"
)
_LEASE = "clock_timestamp() + make_interval(secs => %s)"

_TAKE_OVER = (
    "UPDATE {writer} SET epoch = epoch + 1, holder = %s, lease_until = " + _LEASE + " "
    "WHERE lease_until < clock_timestamp() OR NOT EXISTS ("
    "SELECT FROM pg_catalog.pg_stat_activity AS a"
    " WHERE a.pid::text = split_part(split_part(holder, ' ', 3), '@', 1)"
    " AND coalesce(extract(epoch FROM a.backend_start)::text, split_part(holder, '@', 2))"
    " = split_part(holder, '@', 2)) RETURNING epoch, head"
)
"""Of others' sessions a role may not see when they began: such a one counts as the holder's."""

_NEXT_EPOCH = (
    "UPDATE {writer} SET epoch = epoch + 1, holder = %s, lease_until = " + _LEASE + " "
    "WHERE epoch = %s RETURNING epoch, head"
)
_RENEW = "UPDATE {writer} SET lease_until = " + _LEASE + " WHERE epoch = %s"
_LET_GO = "UPDATE {writer} SET holder = '', lease_until = '-infinity' WHERE epoch = %s"

_APPEND = (
    "WITH mine AS (UPDATE {writer} SET head = head + %s, lease_until = " + _LEASE + " "
    "WHERE epoch = %s AND head = %s RETURNING head) "
    "INSERT INTO {events} SELECT added.* FROM mine, unnest("
    "%b::bigint[], %b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b::uuid[]) AS added"
)
"""One statement is one transaction: no process can be stopped between its parts."""

_RECORDED = (
    "SELECT count(*) FROM {events} AS kept JOIN unnest(%s::bigint[], %s::uuid[], %s::bigint[]) "
    "AS wanted (position, stream, version) ON kept.position = wanted.position"
    " AND kept.originator_id = wanted.stream AND kept.originator_version = wanted.version"
)

Columns = tuple[list[Any], list[Any], list[Any], list[Any], list[Any]]
"""Streams, versions, topics, states and ids of the events of one transaction."""


class Writer:
    """The one writer of a ledger, on a connection of its own. One thread records at a time."""

    settle_seconds = SETTLE_SECONDS

    def __init__(
        self,
        place: Place,
        *,
        lease_seconds: float = LEASE_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        """Take the right, waiting for it this long at most.

        Raises:
            RecordedElsewhere: another process has it.
            psycopg.Error: the database cannot be used.
        """
        self._place = place
        self._lease_seconds = lease_seconds
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._lost = False
        self._unsettled = False
        self._warned = False
        self._connection = self._connect()
        try:
            self.epoch, self.head = self._take_over(wait_seconds)
        except BaseException:
            self._connection.close()
            raise
        self._keeping = threading.Thread(target=self._keep, name="writer-lease", daemon=True)
        self._keeping.start()

    @property
    def is_lost(self) -> bool:
        """Whether another process took over, so that nothing is recorded here any more."""
        return self._lost and not self._ended.is_set()

    def append(self, columns: Columns, first: int | None) -> int:
        """Record events in one durable transaction; answers the position of the first.

        ``first`` is where the caller expects it to stand.

        Raises:
            IntegrityError: an id or a version of a stream is taken, or the first position is.
            WriterLost: another process took over, and nothing was recorded.
            OutcomeUnknown: whether it was recorded could not be found out.
            psycopg.Error: nothing was recorded.
        """
        with self._lock:
            self._require_settled()
            count, begins = len(columns[0]), self.head + 1
            if first is not None and first != begins:
                raise IntegrityError(f"another writer recorded position {self.head}")
            positions = list(range(begins, begins + count))
            values = (count, self._lease_seconds, self.epoch, self.head, positions, *columns)
            self._warned = False
            try:
                done = self._run(_APPEND, values).rowcount
            except psycopg.IntegrityError as error:
                raise IntegrityError(error) from error
            except psycopg.Error:
                if not self._connection.broken:
                    raise  # the server took the statement back
                self._find_out(positions, columns)
                return begins
            if done == 0:
                self._step_down()
            self.head += count
            if self._warned:
                self._unsettled = True
                raise OutcomeUnknown(NOT_REPLICATED.format(self._place.name))
            return begins

    def settle(self) -> None:
        """Find out how far the ledger is, where the outcome of a commit was left open.

        Raises:
            WriterLost: another process took over.
            Unavailable: it is still unknown.
        """
        with self._lock:
            self._require_settled()

    def try_commit(self) -> None:
        """Commit what changes only the lease.

        Raises:
            WriterLost: another process took over.
            psycopg.Error: it does not work.
        """
        with self._lock:
            self._require_settled()
            if self._run(_RENEW, (self._lease_seconds, self.epoch)).rowcount == 0:
                self._step_down()

    def close(self) -> None:
        """Let the right go, so that nobody need wait for it."""
        self._ended.set()
        if threading.current_thread() is not self._keeping:
            self._keeping.join()
        with self._lock:
            if not self._lost:
                with suppress(psycopg.Error):
                    self._run(_LET_GO, (self.epoch,))
            self._lost = True
            self._connection.close()

    def _connect(self) -> Connection:
        connection = connect(self._place.url, **_SESSIONS)
        connection.prepare_threshold = 0
        connection.add_notice_handler(self._notice)
        try:
            row = run(connection, _SESSION).fetchone()
        except BaseException:
            connection.close()
            raise
        assert row is not None, "every session sees itself"
        self._holder = f"{socket.gethostname()} {os.getpid()} {row[0]}"
        return connection

    def _notice(self, said: psycopg.errors.Diagnostic) -> None:
        # Such as that nobody waited for a standby: PostgreSQL calls the commit a success then.
        self._warned |= said.severity_nonlocalized == "WARNING"

    def _run(self, statement: str, values: Sequence[object]) -> psycopg.Cursor[Any]:
        return run(self._connection, self._with_tables(statement), values)

    def _with_tables(self, statement: str) -> str:
        table = self._place.table
        return statement.replace("{writer}", table("writer")).replace("{events}", table("events"))

    def _take_over(self, wait_seconds: float) -> tuple[int, int]:
        ends = time.monotonic() + wait_seconds
        while True:
            row = None
            with suppress(psycopg.errors.LockNotAvailable):
                row = self._run(_TAKE_OVER, (self._holder, self._lease_seconds)).fetchone()
            if row is not None:
                return row[0], row[1]
            if time.monotonic() > ends:
                raise RecordedElsewhere(
                    f"{self._place.name} is recorded in by {self._who()}: stop that one first"
                )
            time.sleep(_LOOK_SECONDS)

    def _who(self) -> str:
        row = self._run("SELECT holder FROM {writer}", ()).fetchone()
        host, number, *_ = f"{row[0] if row else ''} ? ?".split()
        return f"process {number} on {host}"

    def _require_settled(self) -> None:
        if self._ended.is_set():
            raise ConnectionPoolClosedError
        if self._lost:
            raise self._lost_error()
        if not self._connection.closed and not is_quiet(self._connection):
            self._connection.close()  # its server has gone: a restart, say
        if self._unsettled or self._connection.closed:
            self._unsettled = True
            self._next_epoch()

    def _find_out(self, positions: list[int], columns: Columns) -> None:
        """Return where the events were recorded, after their commit lost its connection."""
        self._unsettled = True
        try:
            self._next_epoch()
        except WriterLost:
            if self._are_recorded(positions, columns):
                return
            raise
        if not self._are_recorded(positions, columns):
            where = self._place.name
            raise Unavailable(f"the connection to {where} was lost{NOTHING_RECORDED}")

    def _next_epoch(self) -> None:
        """Reconnect, and take the right again: then no commit of before can come about any more.

        The update waits for a transaction of the old session that still holds the row.
        """
        ends = time.monotonic() + self.settle_seconds
        while True:
            try:
                if self._connection.closed:
                    self._connection = self._connect()
                values = (self._holder, self._lease_seconds, self.epoch)
                row = self._run(_NEXT_EPOCH, values).fetchone()
                break
            except (psycopg.Error, LedgerError) as error:
                if time.monotonic() > ends:
                    raise OutcomeUnknown(OUTCOME_UNKNOWN.format(self._place.name)) from error
            if self._ended.wait(_LOOK_SECONDS):
                raise ConnectionPoolClosedError
        self._unsettled = False
        if row is None:
            self._step_down()
        else:
            self.epoch, self.head = row

    def _are_recorded(self, positions: list[int], columns: Columns) -> bool:
        row = self._run(_RECORDED, (positions, columns[0], columns[1])).fetchone()
        return row is not None and row[0] == len(positions)

    def _step_down(self) -> None:
        """Raise what is wrong with a commit that changed no row.

        Raises:
            IntegrityError: the head is another one, under our own epoch.
            WriterLost: another process took over.
        """
        row = self._run("SELECT epoch, head FROM {writer}", ()).fetchone()
        if row is not None and row[0] == self.epoch:
            raise IntegrityError(f"another writer recorded position {row[1]}")
        self._lost = True
        raise self._lost_error()

    def _lost_error(self) -> WriterLost:
        name = self._place.name
        detail = f"another process took over recording in {name}{NOTHING_RECORDED}"
        return WriterLost(f"{detail}; this one waits until it may record again")

    def _keep(self) -> None:
        """Renew the lease now and then; a commit renews it too."""
        while not self._ended.wait(self._lease_seconds / 4):
            with self._lock, _next_time():
                if not self._lost:
                    self._require_settled()
                    self._renew()

    def _renew(self) -> None:
        with self._connection.transaction():
            run(self._connection, "SET LOCAL synchronous_commit = off")
            done = self._run(_RENEW, (self._lease_seconds, self.epoch)).rowcount
        if done == 0:
            self._step_down()


@contextmanager
def _next_time() -> Iterator[None]:
    """Leave what goes wrong to the next commit, which says so to those who wait for it."""
    try:
        yield
    except (psycopg.Error, LedgerError, IntegrityError, ConnectionPoolClosedError):
        return
