"""Bulk appends: lines in, outcomes out, and no more lines in between than fit in memory.

The request is answered on the raw ASGI channels, which Starlette's streaming response cannot do: it
listens for a disconnect on the channel of the request body and swallows the body. Here one task
alone receives and another alone sends, so that a client that waits for each outcome before its next
line is served, and one that sends a thousand lines before it reads as well.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from api.http.streams.lines import LineSplitter
from api.http.streams.outcomes import outcome_line, read_line
from api.http.streams.outgoing import Outgoing
from domain.errors import LedgerError, Unavailable
from ledger.commit_queue import TooManyWaiting
from ledger.drafts import Append

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from uuid import UUID

    from starlette.types import Receive, Scope, Send

    from api.http.streams.lines import Line
    from api.http.streams.streams import Limits, Streams
    from api.service.rate_limits import Pace
    from ledger.drafts import AppendResult
    from ledger.ledger import Ledger

    Outcomes = list[AppendResult | LedgerError]

CHUNK_LINES = 250
"""How many lines are handed to the committer at once: one future and one wake-up for all."""

MOST_LINES = 2000
"""How many lines may wait for their outcome to be read: clients may send 1,000 without reading."""

MOST_BYTES = 1024 * 1024
"""How many bytes of lines may be undecided, unless it is a single chunk."""

RETRY_SECONDS = 0.02
"""How long to wait when the committer's queue is full; it drains with every commit."""

KEPT_NAMES = 4096

LOG = logging.getLogger("rapport.http")


class BulkAppend:
    """Answers one bulk request; ``id_of`` gives ids to events without one, by line from 0."""

    def __init__(
        self,
        ledger: Ledger,
        streams: Streams,
        id_of: Callable[[int], UUID | None],
        media_type: str,
        may_go_on: Callable[[], bool] = lambda: True,
        pace: Pace | None = None,
    ) -> None:
        """``may_go_on`` is called as lines arrive: once it returns False, no more lines are taken.

        Where there is a ``pace``, lines are taken no faster; the client waits meanwhile.
        """
        self.may_go_on = may_go_on
        self.pace = pace
        self.ledger = ledger
        self.streams = streams
        self.id_of = id_of
        self.media_type = media_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Append every line by itself, and answer each when it is durable.

        Raises:
            ClientDisconnect: the client left; what was read may be appended.
            Unavailable: there are too many bulk requests.
        """
        limits = self.streams.limits
        headers = {"content-type": self.media_type, "cache-control": "no-store"}
        out = Outgoing(scope, send, headers, limits.reader_seconds)
        instance = scope["state"]["instance"]
        pipeline = Pipeline(self.ledger, self.id_of, instance, out, limits, self.pace)
        with self.streams.bulk_requests.one(), self.streams.stopping.future() as stopping:
            await out.run(pipeline.run(receive, stopping, self.may_go_on))


@dataclass(frozen=True)
class _Chunk:
    """Some lines whose outcomes come together; those that could not be read have theirs."""

    numbers: Sequence[int]
    unreadable: dict[int, LedgerError]
    decided: asyncio.Future[Outcomes]


class Pipeline:
    """One request under way. Lines wait in bounded number; nothing is received meanwhile."""

    def __init__(
        self,
        ledger: Ledger,
        id_of: Callable[[int], UUID | None],
        instance: str,
        out: Outgoing,
        limits: Limits,
        pace: Pace | None = None,
    ) -> None:
        self._ledger = ledger
        self._names = lru_cache(KEPT_NAMES)(ledger.contact_id)
        self._id_of = id_of
        self._instance = instance
        self._out = out
        self._limits = limits
        self._pace = pace
        self._at_once = CHUNK_LINES if pace is None else min(CHUNK_LINES, pace.at_once)
        self._chunks: asyncio.Queue[_Chunk | None] = asyncio.Queue()
        self._room = asyncio.Event()
        self._whole = False
        self.unanswered_lines = 0
        self.undecided_bytes = 0

    async def run(
        self,
        receive: Receive,
        stopping: asyncio.Future[None],
        may_go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """Read to the end, or until the server stops, and answer all that was read.

        What arrives once it ``may_go_on`` no more is left, and the connection cut.

        Raises:
            ClientDisconnect: the client left.
            ReaderGone: it does not read.
        """
        reading = asyncio.create_task(self._read(receive, may_go_on))
        writing = asyncio.create_task(self._write())
        try:
            await asyncio.wait((reading, writing, stopping), return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                reading.cancel()
                await asyncio.wait((reading,))
            if not reading.cancelled():
                reading.result()
            await writing
        finally:
            reading.cancel()
            writing.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)
        await (self._out.finish() if self._whole else self._out.cut())

    async def _read(self, receive: Receive, may_go_on: Callable[[], bool]) -> None:
        lines = LineSplitter()
        try:
            while not self._whole:
                async with asyncio.timeout(self._limits.idle_seconds):
                    message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                if not may_go_on():
                    return
                if not await self._take(list(lines.feed(message.get("body", b""))), may_go_on):
                    return
                self._whole = not message.get("more_body", False)
            self._whole = await self._take(list(lines.end()), may_go_on)
        except TimeoutError:
            LOG.info("bulk id=%s sends nothing more", self._instance)
        finally:
            self._chunks.put_nowait(None)

    async def _take(self, lines: Sequence[Line], may_go_on: Callable[[], bool]) -> bool:
        """Hand the lines on in chunks, waiting for room before each; whether all were taken."""
        for start in range(0, len(lines), self._at_once):
            chunk = lines[start : start + self._at_once]
            if self._pace is not None:
                await self._pace.take(len(chunk))
                if not may_go_on():
                    return False
            size = sum(len(line) for _, line in chunk if line is not None)
            while not self._has_room(len(chunk), size):
                self._room.clear()
                await self._room.wait()
            self.unanswered_lines += len(chunk)
            self.undecided_bytes += size
            self._chunks.put_nowait(await self._submit(chunk, size))
        return True

    def _has_room(self, count: int, size: int) -> bool:
        return self.unanswered_lines + count <= MOST_LINES and (
            not self.undecided_bytes or self.undecided_bytes + size <= MOST_BYTES
        )

    async def _submit(self, lines: Sequence[Line], size: int) -> _Chunk:
        unreadable: dict[int, LedgerError] = {}
        appends: list[Append] = []
        for number, line in lines:
            asked = read_line(line, self._names, self._id_of(number - 1))
            if isinstance(asked, Append):
                appends.append(asked)
            else:
                unreadable[number] = asked
        decided = await self._handed_over(appends)
        decided.add_done_callback(partial(self._make_room, size))
        return _Chunk([number for number, _ in lines], unreadable, decided)

    async def _handed_over(self, appends: list[Append]) -> asyncio.Future[Outcomes]:
        """The future answer of the ledger. It waits while the queue is full, because bulk is not
        urgent.
        """
        while True:
            try:
                return asyncio.wrap_future(self._ledger.append_each(appends))
            except TooManyWaiting:
                await asyncio.sleep(RETRY_SECONDS)
            except Unavailable as error:
                failed: asyncio.Future[Outcomes] = asyncio.get_running_loop().create_future()
                failed.set_exception(error)
                return failed

    def _make_room(self, size: int, decided: asyncio.Future[Outcomes]) -> None:
        decided.exception()  # so that asyncio does not log it for a sender that left
        self.undecided_bytes -= size
        self._room.set()

    async def _write(self) -> None:
        while (chunk := await self._chunks.get()) is not None:
            # Waited for from outside: giving up must not take back what the ledger accepted.
            await asyncio.wait((chunk.decided,))
            await self._out.write_all(self._outcomes_of(chunk))
            self.unanswered_lines -= len(chunk.numbers)
            self._room.set()

    def _outcomes_of(self, chunk: _Chunk) -> Iterator[bytes]:
        """The chunk's outcomes, by line."""
        failure = chunk.decided.exception()
        failed = failure if isinstance(failure, LedgerError) else LedgerError()
        outcomes = iter(() if failure else chunk.decided.result())
        for number in chunk.numbers:
            unreadable = chunk.unreadable.get(number)
            outcome = unreadable or (failed if failure else next(outcomes))
            yield outcome_line(number, outcome, self._instance)
