"""What the streams of one application share: how long they wait, how many there may be."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.http.committer_replies import Answers
from api.http.streams.broadcast import Broadcast
from api.service.log_pages import PAGE_EVENTS
from domain.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.service.stopping import Stopping
    from ledger.ledger import Ledger


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long streams wait, in seconds, and how many of each kind there may be at once.

    ``reader_seconds`` is for a reader that does not read, ``idle_seconds`` for a sender that sends
    nothing more. Tails stay, so there may be fewer of them than of all requests together.
    ``kept_events`` and ``kept_bytes`` limit the newest events in memory for the tails of one
    ledger. ``page_events`` is how many events are read from the log at once.
    """

    heartbeat_seconds: float = 15.0
    reader_seconds: float = 30.0
    idle_seconds: float = 300.0
    bulk_requests: int = 32
    exports: int = 16
    tails: int = 500
    kept_events: int = 1000
    kept_bytes: int = 4 * 1024 * 1024
    page_events: int = PAGE_EVENTS


LIMITS = Limits()


class Places:
    """A limited number of places, for what may run at the same time."""

    def __init__(self, most: int, of_what: str) -> None:
        self.most = most
        self.of_what = of_what
        self.taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place, while it lasts.

        Raises:
            Unavailable: all are taken.
        """
        if self.taken >= self.most:
            raise Unavailable(f"there are {self.most} {self.of_what} already")
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


class Streams:
    """For one application, and so for one event loop."""

    def __init__(self, limits: Limits, stopping: Stopping) -> None:
        self.limits = limits
        self.stopping = stopping
        self.answers = Answers()
        self.bulk_requests = Places(limits.bulk_requests, "bulk requests")
        self.exports = Places(limits.exports, "exports")
        self.tails = Places(limits.tails, "tails")
        self._broadcasts: dict[str, Broadcast] = {}

    def broadcast(self, ledger: Ledger) -> Broadcast:
        """What the tails of a ledger share."""
        found = self._broadcasts.get(ledger.name)
        if found is None or not found.is_of(ledger):  # it may have been deleted and created again
            limits = self.limits
            found = self._broadcasts[ledger.name] = Broadcast(
                ledger,
                most_events=limits.kept_events,
                most_bytes=limits.kept_bytes,
                page_events=limits.page_events,
            )
        return found
