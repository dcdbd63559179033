"""Saying that a ledger has grown, and hearing of it: one channel for each ledger.

A notice is no part of a commit. One that is lost loses nothing: after a while one looks without it.
Source: PostgreSQL, NOTIFY and LISTEN.
"""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

import psycopg
from eventsourcing.persistence import ConnectionPoolClosedError

from domain.errors import LedgerError
from ledger.stores.postgresql.connections import Connection, Database, connect, run
from ledger.stores.postgresql.schemas import LEDGER_SCHEMA, identifier

if TYPE_CHECKING:
    from collections.abc import Collection

    from ledger.stores.postgresql.places import Place

SPACING_SECONDS = 0.05
"""How long after a notice of a ledger the next one may follow."""

LOOK_SECONDS = 1.0
"""After how long one who waits looks by himself."""


class Notices:
    """Says that one ledger has grown, 20 times a second at most. Any thread may call."""

    def __init__(self, place: Place) -> None:
        """The channel has the name of the ledger's schema."""
        self._channel = place.schema
        self._database = Database(place.url)
        self._grown = Event()
        self._ended = Event()
        self._thread = Thread(target=self._run, name="notices", daemon=True)
        self._thread.start()

    def announce(self) -> None:
        """Have it said soon. It never waits."""
        self._grown.set()

    def close(self) -> None:
        """Say no more."""
        self._ended.set()
        self._grown.set()
        self._thread.join()
        self._database.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._grown.wait()
            self._grown.clear()
            if self._ended.is_set():
                return
            with suppress(psycopg.Error, LedgerError, ConnectionPoolClosedError):
                self._notify()
            self._ended.wait(SPACING_SECONDS)

    def _notify(self) -> None:
        with self._database.lend() as connection:
            run(connection, "SELECT pg_notify(%s, '')", (self._channel,))


class Growth:
    """Waits until one of some ledgers has grown; for one thread."""

    def __init__(self, url: str) -> None:
        """Nothing is connected before it is waited."""
        self._url = url
        self._connection: Connection | None = None
        self._heard: set[str] = set()

    def wait(self, ledgers: Collection[str]) -> None:
        """Return when one of the ledgers of these names may have grown, or after a second."""
        try:
            connection = self._listening(ledgers)
            if connection is None:
                return  # from now on it hears of them: what was before has to be looked at
            for _ in connection.notifies(timeout=LOOK_SECONDS, stop_after=1):
                return
        except (psycopg.Error, LedgerError):
            self.close()
            time.sleep(SPACING_SECONDS)

    def close(self) -> None:
        """Hear no more."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._heard.clear()

    def _listening(self, ledgers: Collection[str]) -> Connection | None:
        """The connection, where it hears of all of them already; None where it only begins to."""
        wanted = set(ledgers)
        if self._connection is None:
            self._connection = connect(self._url)
        if wanted == self._heard:
            return self._connection
        for name in wanted - self._heard:
            run(self._connection, f"LISTEN {identifier(LEDGER_SCHEMA + name)}")
        for name in self._heard - wanted:
            run(self._connection, f"UNLISTEN {identifier(LEDGER_SCHEMA + name)}")
        self._heard = wanted
        return None
