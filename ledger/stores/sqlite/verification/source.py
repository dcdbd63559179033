"""A ledger's events read from its file alone, to derive something from them again."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING
from uuid import UUID

from domain.errors import Corrupt, Invalid
from domain.events.governance import PolicyPublished
from domain.kept_policies import read_kept_policy
from domain.recorded import POLICY_STREAM
from domain.timeline import PolicyTimeline, PolicyVersion, timeline_of
from ledger.mapper import LedgerMapper, NoKeys
from ledger.stores.sqlite.errors import to_ledger_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from domain.recorded import RecordedEvent

_PAGE = 2000
_SELECT = (
    "SELECT position, originator_id, originator_version, topic, state FROM stored_events WHERE "
)


class EventsAtRest:
    """The events up to a head, as a projection reads them; personal fields stay encrypted.

    Every method raises ``Corrupt`` where an event cannot be read, and ``Unavailable`` where the
    file cannot. For one thread.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, head: int, time_zone: str | None
    ) -> None:
        self.time_zone = time_zone
        self._connection = connection
        self._path = path
        self._head = head
        self._mapper = LedgerMapper(NoKeys())
        self._versions = self._policies()

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
    ) -> list[RecordedEvent]:
        """At most ``limit`` events beyond ``after`` up to ``upto``, in order."""
        where, values = _of_types("position > ? AND position <= ?", types)
        last = self._head if upto is None else min(upto, self._head)
        return self._events(f"{where} ORDER BY position LIMIT ?", after, last, *values, limit)

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
        where, values = _of_types(
            "originator_id = ? AND originator_version > ? AND position <= ?", types
        )
        last = self._head if upto is None else min(upto, self._head)
        return self._events(
            f"{where} ORDER BY originator_version LIMIT ?",
            contact_id.bytes,
            after_version,
            last,
            *values,
            -1 if limit is None else limit,
        )

    def streams(
        self, *, after: UUID | None = None, upto: int
    ) -> Iterator[tuple[UUID, list[RecordedEvent]]]:
        """Every contact beyond ``after`` with its events up to that position, in contact order."""
        stream, version = (after or POLICY_STREAM).bytes, 2**62
        events: list[RecordedEvent] = []
        while True:
            page = self._events(
                "(originator_id, originator_version) > (?, ?) AND position <= ?"
                " ORDER BY originator_id, originator_version LIMIT ?",
                stream,
                version,
                upto,
                _PAGE,
            )
            for recorded in page:
                if events and events[0].contact_id != recorded.contact_id:
                    yield events[0].contact_id, events
                    events = []
                events.append(recorded)
            if len(page) < _PAGE:
                break
            stream, version = page[-1].contact_id.bytes, page[-1].version
        if events:
            yield events[0].contact_id, events

    def policies(self, upto: int | None = None) -> PolicyTimeline:
        """The versions of the policy known at ``upto``."""
        return self._versions if upto is None else self._versions.known_at(upto)

    def _policies(self) -> PolicyTimeline:
        versions = []
        for recorded in self.stream(POLICY_STREAM):
            event = recorded.event
            try:
                assert isinstance(event, PolicyPublished)
                policy = read_kept_policy(event.policy)
            except (Invalid, AssertionError):
                detail = f"position {recorded.position} is not a policy that can be read"
                raise Corrupt(detail) from None
            versions.append(
                PolicyVersion(
                    version=event.policy_version,
                    effective_from=event.effective_from,
                    policy=policy,
                    sha256=event.sha256,
                    position=recorded.position,
                    event_id=recorded.id,
                )
            )
        return timeline_of(versions)

    def _events(self, rest: str, *values: object) -> list[RecordedEvent]:
        try:
            rows = self._connection.execute(_SELECT + rest, values).fetchall()
        except sqlite3.Error as error:
            raise to_ledger_error(error, self._path) from error
        return [
            self._mapper.to_event(position, UUID(bytes=stream), version, topic, state)
            for position, stream, version, topic, state in rows
        ]


def _of_types(where: str, types: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """A condition with one on the topics beside it, where there are any."""
    if not types:
        return where, ()
    return f"{where} AND topic IN ({','.join('?' * len(types))})", tuple(types)
