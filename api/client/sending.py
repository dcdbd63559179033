"""How both clients send: what fails on the way is sent again, and lines are read as they come."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Self, TypeVar

import anyio
import httpx

from api.client.inquiries import Inquiries
from api.client.lines import Lines
from api.client.problems import problem_answered
from api.client.questions import Questions
from api.client.requests import authorization
from api.client.retries import RETRIED, Retries, timeouts

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
    from types import TracebackType

    from api.client.requests import PageAt, Question, Request

T = TypeVar("T")


class Sender:
    """Sends the questions to one ledger. Any thread may call."""

    def __init__(
        self,
        url: str,
        ledger: str = "main",
        *,
        key: str | None = None,
        retries: Retries | None = None,
        timeout_seconds: float = 30.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """``key`` is an access key; ``timeout_seconds`` bounds each wait for the server."""
        headers = authorization(key)
        self._http = httpx.Client(base_url=url, transport=transport, headers=headers)
        self._timeout_seconds = timeout_seconds
        self._ask_for = Questions(ledger)
        self._inquire = Inquiries(ledger)
        self._retries = retries or Retries()
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        cls: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _ask(self, question: Question[T]) -> T:
        attempts = self._retries.begin()
        while True:
            try:
                answer = self._http.send(self._request(question))
                return question.answer(answer.status_code, answer.headers, answer.content)
            except RETRIED as failure:
                self._sleep(attempts.pause_after(failure))

    def _pages(self, page_at: PageAt[T]) -> Iterator[T]:
        cursor: str | None = None
        while True:
            page = self._ask(page_at(cursor))
            yield from page.items
            if (cursor := page.cursor) is None:
                return

    @contextmanager
    def _lines(self, request: Request) -> Iterator[tuple[httpx.Headers, Iterator[bytes]]]:
        """The headers of an answer, and its lines as they come."""
        answer = self._http.send(self._request(request), stream=True)
        try:
            if answer.status_code >= 300:
                raise problem_answered(answer.status_code, answer.headers, answer.read())
            lines = Lines()
            pieces = (line for piece in answer.iter_bytes() for line in lines.feed(piece))
            yield answer.headers, pieces
        finally:
            answer.close()

    def _request(self, asked: Request) -> httpx.Request:
        return self._http.build_request(
            asked.method,
            asked.path,
            params=dict(asked.query),
            headers=dict(asked.headers),
            content=asked.content,
            timeout=timeouts(self._timeout_seconds, asked.silence_seconds),
        )


class AsyncSender:
    """The same for one event loop."""

    def __init__(
        self,
        url: str,
        ledger: str = "main",
        *,
        key: str | None = None,
        retries: Retries | None = None,
        timeout_seconds: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
    ) -> None:
        """``key`` is an access key; ``timeout_seconds`` bounds each wait for the server."""
        self._http = httpx.AsyncClient(
            base_url=url, transport=transport, headers=authorization(key)
        )
        self._timeout_seconds = timeout_seconds
        self._ask_for = Questions(ledger)
        self._inquire = Inquiries(ledger)
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
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def _ask(self, question: Question[T]) -> T:
        attempts = self._retries.begin()
        while True:
            try:
                answer = await self._http.send(self._request(question))
                return question.answer(answer.status_code, answer.headers, answer.content)
            except RETRIED as failure:
                await self._sleep(attempts.pause_after(failure))

    async def _pages(self, page_at: PageAt[T]) -> AsyncGenerator[T, None]:
        cursor: str | None = None
        while True:
            page = await self._ask(page_at(cursor))
            for item in page.items:
                yield item
            if (cursor := page.cursor) is None:
                return

    @asynccontextmanager
    async def _lines(
        self, request: Request
    ) -> AsyncIterator[tuple[httpx.Headers, AsyncIterator[bytes]]]:
        """The headers of an answer, and its lines as they come."""
        answer = await self._http.send(self._request(request), stream=True)
        try:
            if answer.status_code >= 300:
                raise problem_answered(answer.status_code, answer.headers, await answer.aread())
            lines = Lines()
            pieces = (line async for piece in answer.aiter_bytes() for line in lines.feed(piece))
            yield answer.headers, pieces
        finally:
            await answer.aclose()

    def _request(self, asked: Request) -> httpx.Request:
        return self._http.build_request(
            asked.method,
            asked.path,
            params=dict(asked.query),
            headers=dict(asked.headers),
            content=asked.content,
            timeout=timeouts(self._timeout_seconds, asked.silence_seconds),
        )
