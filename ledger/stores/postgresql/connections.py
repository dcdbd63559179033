"""Connections to PostgreSQL: with nothing on the search path, and soon aware of a dead server.

One process has few connections to one database, whatever it has open there: they are lent, and come
back. A question that fails because its connection died, with the restart of a server say, is asked
once more; nothing that writes is.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from select import POLLIN, poll
from typing import TYPE_CHECKING, Any, Self, cast

import psycopg
from eventsourcing.persistence import ConnectionPoolClosedError
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from psycopg.abc import Buffer

    T = TypeVar("T")

LEAST_VERSION = 150_000
"""PostgreSQL 15, as ``server_version_num`` says it."""

MOST_CONNECTIONS = 40
"""How many a process has at once besides those of its writers; PostgreSQL allows 100 in all."""

MOST_IDLE = 8

LENDING_SECONDS = 10.0
"""How long one waits for a connection where all are in use."""

LOCK_SECONDS = 5
"""How long a statement waits for what another program holds."""

_DEFAULTS: dict[str, Any] = {
    "application_name": "rapport",
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "client_encoding": "utf8",
    "target_session_attrs": "read-write",
}
"""What holds where the URL does not say otherwise."""

_OPTIONS = {
    "search_path": "",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": "60s",
    "client_min_messages": "warning",
}


Connection = psycopg.Connection[tuple[Any, ...]]


class _TruthDumper(Int8Dumper):
    """A truth value as the number that it is in our columns."""

    def dump(self, obj: Any) -> Buffer | None:
        return super().dump(int(obj))


def connect(url: str, **settings: str) -> Connection:
    """A connection in autocommit mode; ``settings`` are of the session, over ours.

    Raises:
        psycopg.Error: it cannot be made.
        Unavailable: the server is older than we need, or keeps text in another encoding.
    """
    given = conninfo_to_dict(url)
    chosen = {**_OPTIONS, **settings}
    options = " ".join(f"-c {name}={value}" for name, value in chosen.items())
    given["options"] = f"{given.get('options', '')} {options}".strip()
    connection: Connection = psycopg.connect(**{**_DEFAULTS, **given}, autocommit=True)
    try:
        _require_usable(connection)
        # Every number has one type, so that a statement is prepared once and not for each size.
        connection.adapters.register_dumper(int, Int8BinaryDumper)
        connection.adapters.register_dumper(int, Int8Dumper)
        connection.adapters.register_dumper(bool, _TruthDumper)
    except BaseException:
        connection.close()
        raise
    return connection


def _require_usable(connection: Connection) -> None:
    if connection.info.server_version < LEAST_VERSION:
        raise Unavailable("the database server is older than PostgreSQL 15")
    if connection.info.parameter_status("server_encoding") != "UTF8":
        raise Unavailable("the database does not keep text in UTF8: make one that does")


class _Pool:
    """The connections of this process to one database, for as long as anything uses them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: deque[Connection] = deque()
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self.users = 0

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        if not self._room.acquire(timeout=LENDING_SECONDS):
            raise Unavailable("every connection to the database is in use: try again later")
        try:
            connection = self._take()
            try:
                yield connection
            finally:
                self._put(connection)
        finally:
            self._room.release()

    def drop_idle(self) -> None:
        while True:
            try:
                self._idle.pop().close()
            except IndexError:
                return

    def _take(self) -> Connection:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return connect(self._url)
            if is_quiet(connection):
                return connection
            connection.close()  # its server has gone: a restart, say

    def _put(self, connection: Connection) -> None:
        if connection.broken or connection.closed:
            connection.close()
            return
        if connection.info.transaction_status != pq.TransactionStatus.IDLE:
            try:
                connection.rollback()
            except psycopg.Error:
                connection.close()
                return
        if self.users and len(self._idle) < MOST_IDLE:
            self._idle.append(connection)
        else:
            connection.close()


def is_quiet(connection: Connection) -> bool:
    """Whether the server said nothing since it answered last: its last word is that it ends."""
    try:
        looked_at = poll()
        looked_at.register(connection.fileno(), POLLIN)
        return not looked_at.poll(0)
    except (OSError, psycopg.Error):
        return False


_shared: dict[str, _Pool] = {}
_guard = threading.Lock()


class Database:
    """One database as something that is open in it uses it, until that is closed."""

    def __init__(self, url: str) -> None:
        """Nothing is connected before it is used."""
        self.url = url
        self._closed = False
        with _guard:
            self._shared = _shared.setdefault(url, _Pool(url))
            self._shared.users += 1

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """A connection in autocommit mode, for this thread, until the end of the block.

        Raises:
            ConnectionPoolClosedError: this was closed.
            Unavailable: there are too many.
            psycopg.Error: it cannot be made.
        """
        if self._closed:
            raise ConnectionPoolClosedError
        with self._shared.lend() as connection:
            yield connection

    @contextmanager
    def transaction(self, how: str = "") -> Iterator[Connection]:
        """The same in a transaction, which an error takes back; ``how`` are its modes in SQL."""
        with self.lend() as connection:
            run(connection, f"BEGIN {how}")
            yield connection
            connection.execute("COMMIT")

    def query(self, question: Callable[[Connection], T]) -> T:
        """What the question comes to, which must not write: it may be asked a second time."""
        with self.lend() as connection:
            try:
                return question(connection)
            except psycopg.OperationalError:
                if not connection.broken:
                    raise
        self._shared.drop_idle()
        with self.lend() as connection:
            return question(connection)

    def rows(self, statement: str, *values: object) -> list[Any]:
        """All rows that a statement which does not write answers with."""
        return self.query(lambda connection: fetch(connection, statement, values))

    def close(self) -> None:
        """Let go of it."""
        with _guard:
            if self._closed:
                return
            self._closed = True
            self._shared.users -= 1
            if self._shared.users:
                return
            _shared.pop(self.url, None)
        self._shared.drop_idle()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def run(connection: Connection, statement: str, values: Any = ()) -> psycopg.Cursor[Any]:
    """Run one statement of ours, with a place for each value."""
    return connection.execute(cast("Any", statement), values)


def fetch(connection: Connection, statement: str, values: Any = ()) -> list[Any]:
    """The rows of one statement, all together; bytes and numbers are not sent as text."""
    with connection.cursor(binary=True) as cursor:
        cursor.execute(cast("Any", statement), values)
        return cursor.fetchall()
