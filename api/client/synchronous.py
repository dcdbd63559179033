"""The client for programs without an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from api.client.bulk import LINES_PER_REQUEST, Chunk
from api.client.inquiring import Inquiring
from api.client.questions import create_ledger
from api.client.retries import RETRIED, CutShort
from api.client.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence
    from datetime import datetime

    from api.client.answers import (
        Appended,
        AppendedMany,
        Contact,
        Interval,
        RecordedEvent,
        Status,
    )
    from api.client.bulk import Outcome
    from api.client.events import ContactName, NewEvent

T = TypeVar("T")


class Client(Inquiring):
    """One ledger on a server, such as ``Client("http://127.0.0.1:8400")``. Any thread may call.

    Whatever fails on the way is tried again, as ``retries`` says. Every method raises

    - ``Problem`` where the server says no, in the class for its code, such as ``Refused``;
    - ``Unavailable`` where it could not answer until the last try;
    - ``Unreachable`` where no answer came: the events sent may stand in the ledger or not, and
      appending the same ``NewEvent`` again, even days later, records it once.
    """

    def create_ledger(self, name: str, time_zone: str | None = None) -> str:
        """Make a ledger of that name unless there is one; answers the name."""
        return self._ask(create_ledger(name, time_zone))

    def append(
        self,
        contact: ContactName,
        *events: NewEvent,
        if_version: int | None = None,
        if_new: bool = False,
    ) -> Appended:
        """Record 1 to 500 events of a contact, all or none; answers once they are durable.

        With ``if_version`` only if the contact has that version, with ``if_new`` only if there is
        no such contact; events recorded before are answered as they were then all the same.
        """
        return self._ask(self._ask_for.append(contact, events, if_version, if_new=if_new))

    def append_many(self, events: Iterable[tuple[ContactName, NewEvent]]) -> AppendedMany:
        """Record 1 to 500 events of many contacts, all or none."""
        return self._ask(self._ask_for.append_many(events))

    def bulk(
        self,
        events: Iterable[tuple[ContactName, NewEvent]],
        *,
        lines_per_request: int = LINES_PER_REQUEST,
    ) -> Generator[Outcome, None, None]:
        """Record any number of events, each for itself; an outcome for each, in their order.

        Memory stays constant: ``events`` is read as outcomes are taken, ``lines_per_request`` at a
        time. After a cut connection what has no outcome yet is sent again. A refused event stops
        nobody: its outcome holds the problem.
        """
        chunk = Chunk(lines_per_request)
        for contact, event in events:
            if chunk.add(contact, event):
                yield from self._send(chunk)
                chunk = Chunk(lines_per_request)
        yield from self._send(chunk)

    def contact(self, contact: ContactName, *, min_position: int | None = None) -> Contact:
        """Who a contact is and where it stands; ``min_position`` waits for what was appended."""
        return self._ask(self._ask_for.contact(contact, min_position))

    def status(
        self,
        contact: ContactName,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> Status:
        """A contact's stage with its evidence: now, or at ``as_of``.

        ``as_known_at`` leaves out what was recorded after that instant or position;
        ``policy_version`` judges by that version throughout.
        """
        asked = self._ask_for.status(contact, as_of, as_known_at, policy_version, min_position)
        return self._ask(asked)

    def history(
        self,
        contact: ContactName,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> tuple[Interval, ...]:
        """A contact's stages over time, oldest first."""
        asked = self._ask_for.history(contact, as_of, as_known_at, policy_version, min_position)
        return self._ask(asked)

    def receipt(
        self,
        contact: ContactName,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> bytes:
        """The status with the proof of it: a document to keep, which checks without the server.

        Raises ``Problem`` with the code ``not-yet-sealed`` where it could not be sealed in time.
        """
        asked = self._ask_for.receipt(contact, as_of, as_known_at, policy_version, min_position)
        return self._ask(asked)

    def checkpoint(self) -> bytes:
        """The last signed checkpoint: keep one, and nothing under it can change unseen."""
        return self._ask(self._ask_for.checkpoint())

    def verifier_keys(self) -> tuple[str, ...]:
        """The keys that checkpoints are verified with, the newest first; keep them elsewhere too.

        Who serves a false checkpoint serves a false key with it.
        """
        return self._ask(self._ask_for.verifier_keys())

    def event(self, position: int) -> RecordedEvent:
        """The event at a position."""
        return self._ask(self._ask_for.event(position))

    def log(
        self,
        *,
        after_position: int = 0,
        types: Sequence[str] = (),
        contact: ContactName | None = None,
        group: bool = False,
        page: int = 500,
    ) -> Iterator[RecordedEvent]:
        """What was recorded until now, by position, read ``page`` events at a time (1..1000).

        ``contact`` is exactly that contact's stream, merged or not; with ``group`` the streams of
        all contacts that are one with it.
        """
        return self._pages(self._ask_for.log(after_position, types, contact, page, group=group))

    def stream(
        self,
        contact: ContactName,
        *,
        after_version: int = 0,
        types: Sequence[str] = (),
        page: int = 500,
    ) -> Iterator[RecordedEvent]:
        """A contact's events, by version, read ``page`` events at a time (1..1000)."""
        return self._pages(self._ask_for.stream(contact, after_version, types, page))

    def tail(
        self, after_position: int = 0, *, types: Sequence[str] = ()
    ) -> Generator[RecordedEvent, None, None]:
        """What was recorded after a position, and then everything as it is recorded; endless.

        Cut connections and restarts of the server are waited out, however long they take, and
        no event is left out or comes twice. To go on another day, keep the last ``position``.
        """
        tail, attempts = Tail(after_position), self._retries.begin()
        while True:
            try:
                with self._lines(self._ask_for.tail(tail, types)) as (_, lines):
                    for line in lines:
                        if (event := tail.take(line)) is not None:
                            attempts = self._retries.begin()
                            yield event
                raise CutShort("the server ended the stream")
            except RETRIED as failure:
                self._sleep(attempts.endless_pause_after(failure))

    def _send(self, chunk: Chunk) -> Generator[Outcome, None, None]:
        attempts = self._retries.begin()
        while chunk:
            try:
                with self._lines(self._ask_for.bulk(chunk)) as (_, lines):
                    for line in lines:
                        outcome = chunk.take(line)
                        attempts = self._retries.begin()
                        yield outcome
                chunk.require_done()
            except RETRIED as failure:
                self._sleep(attempts.pause_after(failure))
