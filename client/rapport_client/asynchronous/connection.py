"""Sends requests to a server, again after a failure, and reads lines as they arrive."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Self, TypeVar

import httpx2

from rapport_client.contact_requests import ContactRequests
from rapport_client.ledger_requests import LedgerRequests
from rapport_client.lines import Lines
from rapport_client.problems import problem_answered
from rapport_client.requests import authorization, server_url
from rapport_client.responses import close_async, pieces_async, read_async
from rapport_client.retries import RETRIED, Retries, timeouts

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
    from types import TracebackType

    from rapport_client.requests import DocumentRequest, PageRequest, Request

T = TypeVar("T")


class AsyncConnection:
    """A connection to one ledger on a server."""

    def __init__(
        self,
        url: str,
        ledger: str = "main",
        *,
        key: str | None = None,
        retries: Retries | None = None,
        timeout_seconds: float = 30.0,
        transport: httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """``key`` is an access key; ``timeout_seconds`` bounds each wait for the server."""
        self._http = httpx2.AsyncClient(
            base_url=server_url(url), transport=transport, headers=authorization(key)
        )
        self._timeout_seconds = timeout_seconds
        self._contact_requests = ContactRequests(ledger)
        self._ledger_requests = LedgerRequests(ledger)
        self._retries = retries or Retries()
        self._sleep = sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        cls: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections to the server."""
        await close_async(self._http)

    async def _send(self, request: DocumentRequest[T]) -> T:
        attempts = self._retries.begin()
        while True:
            try:
                answer = await self._http.send(self._build(request))
                return request.answer(answer.status_code, answer.headers, answer.content)
            except RETRIED as failure:
                await self._sleep(attempts.pause_after(failure))

    async def _pages(self, page_request: PageRequest[T]) -> AsyncGenerator[T, None]:
        cursor: str | None = None
        while True:
            page = await self._send(page_request(cursor))
            for item in page.items:
                yield item
            if (cursor := page.cursor) is None:
                return

    @asynccontextmanager
    async def _lines(
        self, request: Request
    ) -> AsyncIterator[tuple[httpx2.Headers, AsyncIterator[bytes]]]:
        """The headers of an answer, and its lines as they come."""
        answer = await self._http.send(self._build(request), stream=True)
        try:
            if answer.status_code >= 300:
                raise problem_answered(answer.status_code, answer.headers, await read_async(answer))
            lines = Lines()
            body = pieces_async(answer)
            yield answer.headers, (line async for piece in body for line in lines.feed(piece))
        finally:
            await close_async(answer)

    def _build(self, request: Request) -> httpx2.Request:
        return self._http.build_request(
            request.method,
            request.path,
            params=dict(request.query),
            headers=dict(request.headers),
            content=request.content,
            timeout=timeouts(self._timeout_seconds, request.silence_seconds),
        )
