"""A network that fails as it is told to, between a client and a real server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx2

from rapport_client import AsyncClient, Client, NewEvent, Retries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    Failure = Callable[[httpx2.Response], httpx2.Response]


def lost(_answer: httpx2.Response) -> httpx2.Response:
    """The request arrives and is answered, and the answer does not come back."""
    raise httpx2.ReadError("the answer is lost")


def busy(_answer: httpx2.Response) -> httpx2.Response:
    """Something on the way answers in the server's place, after the server did its part."""
    return httpx2.Response(503, headers={"Retry-After": "7"}, text="try again later")


def cut_after(size_bytes: int) -> Failure:
    """The connection is cut in the middle of the answer."""

    def cut(answer: httpx2.Response) -> httpx2.Response:
        stream = CutShort(answer.stream, size_bytes)
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=stream)

    return cut


def ended_after(size_bytes: int) -> Failure:
    """The answer ends in good form, but too early."""

    def end(answer: httpx2.Response) -> httpx2.Response:
        stream = CutShort(answer.stream, size_bytes, quietly=True)
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=stream)

    return end


@dataclass
class CutShort(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """The first bytes of an answer, and then the end."""

    stream: object
    size_bytes: int
    quietly: bool = False

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self.stream, httpx2.SyncByteStream)
        left = self.size_bytes
        for piece in self.stream:
            yield piece[:left]
            if (left := left - len(piece)) <= 0:
                return self._end()
        return None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self.stream, httpx2.AsyncByteStream)
        left = self.size_bytes
        async for piece in self.stream:
            yield piece[:left]
            if (left := left - len(piece)) <= 0:
                self._end()
                return

    def _end(self) -> None:
        if not self.quietly:
            raise httpx2.ReadError("the connection is cut")

    def close(self) -> None:
        assert isinstance(self.stream, httpx2.SyncByteStream)
        self.stream.close()

    async def aclose(self) -> None:
        assert isinstance(self.stream, httpx2.AsyncByteStream)
        await self.stream.aclose()


@dataclass
class Network:
    """What is to go wrong with the next answers, in order, and what was sent until now."""

    failures: list[Failure] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def treat(self, request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        self.requests.append(request)
        return self.failures.pop(0)(answer) if self.failures else answer

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def pause_async(self, seconds: float) -> None:
        self.pauses.append(seconds)


class Wire(httpx2.HTTPTransport):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return self.network.treat(request, super().handle_request(request))


class AsyncWire(httpx2.AsyncHTTPTransport):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return self.network.treat(request, await super().handle_async_request(request))


@dataclass(frozen=True)
class Address:
    """A ledger on a server, and clients that reach it over a network of their own."""

    url: str
    ledger: str

    def client(self, *failures: Failure, network: Network | None = None, tries: int = 5) -> Client:
        network = network or Network()
        network.failures.extend(failures)
        return Client(
            self.url,
            self.ledger,
            retries=Retries(tries=tries, chance=lambda: 0.5),
            transport=Wire(network),
            sleep=network.pause,
        )

    def async_client(self, *failures: Failure, network: Network | None = None) -> AsyncClient:
        network = network or Network()
        network.failures.extend(failures)
        return AsyncClient(
            self.url,
            self.ledger,
            retries=Retries(tries=5, chance=lambda: 0.5),
            transport=AsyncWire(network),
            sleep=network.pause_async,
        )


def purchase(number: str) -> NewEvent:
    data = {
        "purchase_id": number,
        "amount_minor": 1250,
        "currency": "EUR",
        "initiated_by": "contact",
    }
    return NewEvent("purchase-made", data)
