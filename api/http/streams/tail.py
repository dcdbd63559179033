"""The log as server-sent events, which does not end. Source: HTML Living Standard, section 9.2."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from api.http.streams.outgoing import Outgoing
from api.http.wire.media import EVENT_STREAM
from api.service.log_pages import LogWalk
from domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from uuid import UUID

    from starlette.types import Receive, Scope, Send

    from api.http.streams.broadcast import Broadcast
    from api.http.streams.streams import Streams
    from api.service.log_pages import Contents, EventText, Filter
    from ledger.ledger import Ledger

    Ends = tuple[asyncio.Future[None], ...]

BEGINNING = b"retry: 1000\n\n"
"""Tells browsers to come back after a second."""

HEARTBEAT = b":\n\n"


class LogTail:
    """Answers with the wanted events after a position, and then with new events as they come.

    Positions have no gaps, so a reader that names the last position it has seen gets each event
    exactly once, across connections and restarts.
    """

    def __init__(
        self,
        ledger: Ledger,
        wanted: Filter,
        after: int,
        streams: Streams,
        may_go_on: Callable[[], bool] = lambda: True,
        contents: Contents | None = None,
    ) -> None:
        """``may_go_on`` is called repeatedly: once it returns False, the tail ends.

        ``contents`` says what is written of the events, where that is not what they are.
        """
        self._contents = contents
        self.may_go_on = may_go_on
        self.ledger = ledger
        self.wanted = wanted
        self.position = after
        self.streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer until the client leaves or the server stops.

        Raises:
            Unavailable: there are too many tails.
        """
        headers = {
            "content-type": EVENT_STREAM,
            "cache-control": "no-store",
            "vary": "Accept",
            "x-accel-buffering": "no",
        }
        out = Outgoing(scope, send, headers, self.streams.limits.reader_seconds)
        broadcast = self.streams.broadcast(self.ledger)
        with (
            self.streams.tails.one(),
            self.streams.stopping.future() as stopping,
            broadcast.listening(),
        ):
            left = asyncio.create_task(_wait_until_left(receive))
            try:
                await out.run(self._follow(out, broadcast, (left, stopping)))
            finally:
                left.cancel()

    async def _follow(self, out: Outgoing, broadcast: Broadcast, ends: Ends) -> None:
        if not out.without_body:
            await out.write(BEGINNING)
            await self._go_on(out, broadcast, ends)
        await out.finish()

    async def _go_on(self, out: Outgoing, broadcast: Broadcast, ends: Ends) -> None:
        loop, pause = asyncio.get_running_loop(), self.streams.limits.heartbeat_seconds
        heartbeat_at = loop.time() + pause
        while self.may_go_on() and not any(end.done() for end in ends):
            if self.position < broadcast.after:
                wrote = await self._catch_up(out, broadcast.head, ends)
            else:
                wrote = await self._write(out, broadcast.beyond(self.position))
            if self.position >= broadcast.head:
                await asyncio.wait(
                    (broadcast.news, *ends),
                    timeout=max(0.0, heartbeat_at - loop.time()),
                    return_when=asyncio.FIRST_COMPLETED,
                )
            if not wrote and loop.time() >= heartbeat_at:
                await out.write(HEARTBEAT)
                wrote = True
            if wrote:
                heartbeat_at = loop.time() + pause

    async def _catch_up(self, out: Outgoing, upto: int, ends: Ends) -> bool:
        """Write what is not in memory any more, from the log."""
        page_events = self.streams.limits.page_events
        walk = LogWalk(self.ledger, self.wanted, self.position, upto, page_events)
        wrote = False
        while not walk.done:
            wrote |= await self._write(out, await run_in_threadpool(walk.page))
            if any(end.done() for end in ends) or not self.may_go_on():
                return wrote
        self.position = upto
        return wrote

    async def _write(self, out: Outgoing, found: Sequence[EventText]) -> bool:
        """Write what is wanted of these, and be where they end."""
        streams = await self._streams() if found else ()
        chosen = [shown for shown in found if self.wanted.takes(shown, streams)]
        if self._contents is not None and chosen:
            chosen = await run_in_threadpool(self._contents, chosen)
        await out.write_all(_record(shown) for shown in chosen)
        if found:
            self.position = found[-1].position
        return bool(chosen)

    async def _streams(self) -> Collection[UUID]:
        """The streams that are wanted now; whose they are by merges is read in a thread."""
        if self.wanted.aliases is None:
            return self.wanted.streams(0)
        return await run_in_threadpool(lambda: self.wanted.streams(self.ledger.head()))


def read_place(last_event_id: str | None, after: int | None, head: int) -> int:
    """Where a tail begins: after the event that a client saw last, else after ``after``.

    Raises:
        Invalid: it is no position, or beyond the log's end.
    """
    position = after or 0
    if last_event_id:
        if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= 16):
            raise Invalid.at("", "malformed", "Last-Event-ID must be a position")
        position = int(last_event_id)
    if position > head:
        # Waiting for it would leave out what will be recorded up to there.
        detail = f"the log ends at {head}: that position is of another ledger or a lost one"
        raise Invalid.at("", "out-of-range", detail)
    return position


def _record(shown: EventText) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (
        shown.position,
        shown.type.encode(),
        shown.content,
    )


async def _wait_until_left(receive: Receive) -> None:
    """Returns when the reader has left. A body is not read here, and is dropped."""
    while (await receive())["type"] != "http.disconnect":
        pass
