"""The client for one ledger: appending events, and reading what the ledger says of contacts."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from rapport_client.asynchronous.ledger_queries import AsyncLedgerQueries
from rapport_client.bulk import LINES_PER_REQUEST, Chunk
from rapport_client.contact_requests import create_ledger
from rapport_client.event_pairs import each_async
from rapport_client.retries import RETRIED, CutShort
from rapport_client.tail import Tail

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence
    from datetime import datetime

    from rapport_client.answers.cards import Card
    from rapport_client.answers.contacts import Contact
    from rapport_client.answers.events import Appended, AppendedMany, RecordedEvent
    from rapport_client.answers.ledgers import Ledger
    from rapport_client.answers.statuses import Status, StatusHistory
    from rapport_client.bulk import Outcome
    from rapport_client.events import AsyncEventPairs, ContactName, NewEvent


class AsyncClient(AsyncLedgerQueries):
    """A client of one ledger, such as ``AsyncClient("http://127.0.0.1:8400")``.

    If you leave an iterator before its end, close it with ``contextlib.aclosing``.

    Every failure on the way is retried as ``retries`` says. Every method raises

    - ``Problem`` if the server rejects the request, in the class for its code, such as ``Refused``;
    - ``Unavailable`` if the server could not answer until the last try;
    - ``Unreachable`` if no answer came. The events may have been recorded or not: append the same
      ``NewEvent`` again, even days later, and it is recorded once.
    """

    async def create_ledger(
        self, name: str, time_zone: str | None = None, region: str | None = None
    ) -> Ledger:
        """Create a ledger of that name unless there is one.

        ``region`` is where phone numbers without a country stand, such as ``NL``.
        """
        return await self._send(create_ledger(name, time_zone, region))

    async def append(
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
        return await self._send(
            self._contact_requests.append(contact, events, if_version, if_new=if_new)
        )

    async def append_many(self, events: Iterable[tuple[ContactName, NewEvent]]) -> AppendedMany:
        """Record 1 to 500 events of many contacts, all or none."""
        return await self._send(self._contact_requests.append_many(events))

    async def append_for_all(
        self, contacts: Iterable[ContactName], event: NewEvent
    ) -> AppendedMany:
        """Record one act for 1 to 500 contacts, such as a greeting to each: all or none.

        Every contact gets the event under an id of its own, and the same ``event`` sent again is
        recorded once.
        """
        return await self._send(self._contact_requests.append_many(event.for_each(contacts)))

    async def bulk(
        self,
        events: AsyncEventPairs,
        *,
        lines_per_request: int = LINES_PER_REQUEST,
    ) -> AsyncGenerator[Outcome, None]:
        """Record any number of events, each for itself; an outcome for each, in their order.

        Memory stays constant: ``events`` is read as outcomes are taken, ``lines_per_request`` at a
        time. After a cut connection what has no outcome yet is sent again. A refused event stops
        nobody: its outcome holds the problem.
        """
        chunk = Chunk(lines_per_request)
        async for contact, event in each_async(events):
            if chunk.add(contact, event):
                async with aclosing(self._send_chunk(chunk)) as outcomes:
                    async for outcome in outcomes:
                        yield outcome
                chunk = Chunk(lines_per_request)
        async with aclosing(self._send_chunk(chunk)) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def contact(self, contact: ContactName, *, min_position: int | None = None) -> Contact:
        """A contact's profile, stage and standing; ``min_position`` waits for an append."""
        return await self._send(self._contact_requests.contact(contact, min_position))

    async def status(
        self,
        contact: ContactName,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
        explain: bool = False,
    ) -> Status:
        """A contact's stage with its evidence: now, or at ``as_of``.

        ``as_known_at`` leaves out what was recorded after that instant or position;
        ``policy_version`` judges by that version throughout, and ``explain`` adds sentences.
        """
        request = self._contact_requests.status(
            contact, as_of, as_known_at, policy_version, min_position, explain=explain
        )
        return await self._send(request)

    async def card(
        self,
        contact: ContactName,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> Card:
        """What to know of a contact who comes in, with one line to read on the way to the door."""
        request = self._contact_requests.card(
            contact, as_of, as_known_at, policy_version, min_position
        )
        return await self._send(request)

    async def history(
        self,
        contact: ContactName,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
        explain: bool = False,
    ) -> StatusHistory:
        """A contact's stages over time, oldest first."""
        request = self._contact_requests.history(
            contact, as_of, as_known_at, policy_version, min_position, explain=explain
        )
        return await self._send(request)

    async def receipt(
        self,
        contact: ContactName,
        *,
        as_of: datetime | None = None,
        as_known_at: datetime | int | None = None,
        policy_version: int | None = None,
        min_position: int | None = None,
    ) -> bytes:
        """The status with the proof of it: a document to keep, which checks without the server.

        Raises ``Problem`` with the code ``not-yet-sealed`` if it was not signed in time.
        """
        request = self._contact_requests.receipt(
            contact, as_of, as_known_at, policy_version, min_position
        )
        return await self._send(request)

    async def checkpoint(self) -> bytes:
        """The last signed checkpoint: keep one, and nothing under it can change unseen."""
        return await self._send(self._contact_requests.checkpoint())

    async def verifier_keys(self) -> tuple[str, ...]:
        """The keys that checkpoints are verified with, the newest first; keep them elsewhere too.

        A server with a false checkpoint serves a false key with it.
        """
        return await self._send(self._contact_requests.verifier_keys())

    async def event(self, position: int) -> RecordedEvent:
        """The event at a position."""
        return await self._send(self._contact_requests.event(position))

    def log(
        self,
        *,
        after_position: int = 0,
        types: Sequence[str] = (),
        contact: ContactName | None = None,
        group: bool = False,
        page: int = 500,
        show: Sequence[str] = (),
    ) -> AsyncGenerator[RecordedEvent, None]:
        """The events recorded until now by position, read ``page`` events at a time (1..1000).

        ``contact`` restricts them to the stream of exactly that contact, merged or not; ``group``
        adds the streams of all contacts that are one with it. ``show`` is what stands beside the
        ids of contacts: ``names``, ``refs`` or both.
        """
        return self._pages(
            self._contact_requests.log(after_position, types, contact, page, show, group=group)
        )

    def stream(
        self,
        contact: ContactName,
        *,
        after_version: int = 0,
        types: Sequence[str] = (),
        page: int = 500,
        show: Sequence[str] = (),
    ) -> AsyncGenerator[RecordedEvent, None]:
        """A contact's events by version, read ``page`` events at a time (1..1000).

        ``show`` as in ``log``.
        """
        return self._pages(self._contact_requests.stream(contact, after_version, types, page, show))

    async def tail(
        self, after_position: int = 0, *, types: Sequence[str] = (), show: Sequence[str] = ()
    ) -> AsyncGenerator[RecordedEvent, None]:
        """The events after a position, and then every event as it is recorded; endless.

        Cut connections and restarts of the server are waited out, however long they take, and
        no event is left out or comes twice. To continue another day, keep the last ``position``.
        ``show`` as in ``log``.
        """
        tail, attempts = Tail(after_position), self._retries.begin()
        while True:
            try:
                async with self._lines(self._contact_requests.tail(tail, types, show)) as (
                    _,
                    lines,
                ):
                    async for line in lines:
                        if (event := tail.take(line)) is not None:
                            attempts = self._retries.begin()
                            yield event
                raise CutShort("the server ended the stream")
            except RETRIED as failure:
                await self._sleep(attempts.endless_pause_after(failure))

    async def _send_chunk(self, chunk: Chunk) -> AsyncGenerator[Outcome, None]:
        attempts = self._retries.begin()
        while chunk:
            try:
                async with self._lines(self._contact_requests.bulk(chunk)) as (_, lines):
                    async for line in lines:
                        outcome = chunk.take(line)
                        attempts = self._retries.begin()
                        yield outcome
                chunk.require_done()
            except RETRIED as failure:
                await self._sleep(attempts.pause_after(failure))
