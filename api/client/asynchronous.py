"""The client for programs with an event loop: what ``Client`` does, in coroutines."""

from __future__ import annotations

from collections.abc import AsyncIterable
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

from api.client.bulk import LINES_PER_REQUEST, Chunk
from api.client.inquiring_async import AsyncInquiring
from api.client.questions import create_ledger
from api.client.retries import RETRIED, CutShort
from api.client.tail import Tail

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Iterable,
        Sequence,
    )
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


class AsyncClient(AsyncInquiring):
    """One ledger on a server, for one event loop; it keeps and raises what ``Client`` does.

    Who leaves an iterator before its end closes it: ``async with aclosing(client.tail()) as tail``.
    """

    async def create_ledger(self, name: str, time_zone: str | None = None) -> str:
        """Make a ledger of that name unless there is one; answers the name."""
        return await self._ask(create_ledger(name, time_zone))

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
        return await self._ask(self._ask_for.append(contact, events, if_version, if_new=if_new))

    async def append_many(self, events: Iterable[tuple[ContactName, NewEvent]]) -> AppendedMany:
        """Record 1 to 500 events of many contacts, all or none."""
        return await self._ask(self._ask_for.append_many(events))

    async def bulk(
        self,
        events: Iterable[tuple[ContactName, NewEvent]]
        | AsyncIterable[tuple[ContactName, NewEvent]],
        *,
        lines_per_request: int = LINES_PER_REQUEST,
    ) -> AsyncGenerator[Outcome, None]:
        """Record any number of events, each for itself; an outcome for each, in their order.

        Memory stays constant: ``events`` is read as outcomes are taken, ``lines_per_request`` at a
        time. After a cut connection what has no outcome yet is sent again. A refused event stops
        nobody: its outcome holds the problem.
        """
        chunk = Chunk(lines_per_request)
        async for contact, event in _each(events):
            if chunk.add(contact, event):
                async with aclosing(self._send(chunk)) as outcomes:
                    async for outcome in outcomes:
                        yield outcome
                chunk = Chunk(lines_per_request)
        async with aclosing(self._send(chunk)) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def contact(self, contact: ContactName, *, min_position: int | None = None) -> Contact:
        """Who a contact is and where it stands; ``min_position`` waits for what was appended."""
        return await self._ask(self._ask_for.contact(contact, min_position))

    async def status(
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
        return await self._ask(asked)

    async def history(
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
        return await self._ask(asked)

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

        Raises ``Problem`` with the code ``not-yet-sealed`` where it could not be sealed in time.
        """
        asked = self._ask_for.receipt(contact, as_of, as_known_at, policy_version, min_position)
        return await self._ask(asked)

    async def checkpoint(self) -> bytes:
        """The last signed checkpoint: keep one, and nothing under it can change unseen."""
        return await self._ask(self._ask_for.checkpoint())

    async def verifier_keys(self) -> tuple[str, ...]:
        """The keys that checkpoints are verified with, the newest first; keep them elsewhere too.

        Who serves a false checkpoint serves a false key with it.
        """
        return await self._ask(self._ask_for.verifier_keys())

    async def event(self, position: int) -> RecordedEvent:
        """The event at a position."""
        return await self._ask(self._ask_for.event(position))

    def log(
        self,
        *,
        after_position: int = 0,
        types: Sequence[str] = (),
        contact: ContactName | None = None,
        group: bool = False,
        page: int = 500,
    ) -> AsyncGenerator[RecordedEvent, None]:
        """As ``Client.log``."""
        return self._pages(self._ask_for.log(after_position, types, contact, page, group=group))

    def stream(
        self,
        contact: ContactName,
        *,
        after_version: int = 0,
        types: Sequence[str] = (),
        page: int = 500,
    ) -> AsyncGenerator[RecordedEvent, None]:
        """As ``Client.stream``."""
        return self._pages(self._ask_for.stream(contact, after_version, types, page))

    async def tail(
        self, after_position: int = 0, *, types: Sequence[str] = ()
    ) -> AsyncGenerator[RecordedEvent, None]:
        """What was recorded after a position, and then everything as it is recorded; endless.

        Cut connections and restarts of the server are waited out, however long they take, and
        no event is left out or comes twice. To go on another day, keep the last ``position``.
        """
        tail, attempts = Tail(after_position), self._retries.begin()
        while True:
            try:
                async with self._lines(self._ask_for.tail(tail, types)) as (_, lines):
                    async for line in lines:
                        if (event := tail.take(line)) is not None:
                            attempts = self._retries.begin()
                            yield event
                raise CutShort("the server ended the stream")
            except RETRIED as failure:
                await self._sleep(attempts.endless_pause_after(failure))

    async def _send(self, chunk: Chunk) -> AsyncGenerator[Outcome, None]:
        attempts = self._retries.begin()
        while chunk:
            try:
                async with self._lines(self._ask_for.bulk(chunk)) as (_, lines):
                    async for line in lines:
                        outcome = chunk.take(line)
                        attempts = self._retries.begin()
                        yield outcome
                chunk.require_done()
            except RETRIED as failure:
                await self._sleep(attempts.pause_after(failure))


async def _each(values: Iterable[T] | AsyncIterable[T]) -> AsyncIterator[T]:
    if isinstance(values, AsyncIterable):
        async for value in values:
            yield value
    else:
        for value in values:
            yield value
