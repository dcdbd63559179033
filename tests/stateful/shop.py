"""A whole server in this process, with clients that can race, and can lose answers."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING
from uuid import UUID

import httpx2

from api.bootstrap import build
from api.http.app import create_app
from api.service.settings import Settings
from domain.instants import SECOND
from rapport_client import AsyncClient, NotFound, Problem, RecordedEvent, Refused, Retries
from tests.api.shop import Clock
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from rapport_client import AppendedEvent
    from tests.stateful.model import Asked, Said

ADDRESS = "http://127.0.0.1"


class Lossy(httpx2.ASGITransport):
    """Delivers every request, and loses the answers to as many as it is told to."""

    losing = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        if self.losing:
            self.losing -= 1
            raise httpx2.ReadError("the answer is lost", request=request)
        return answer


class Shop:
    """One ledger on a server that can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clock = Clock()
        self._runner = asyncio.Runner()
        self._open()

    def _open(self) -> None:
        self._server = build(Settings(folder=self._folder), clock=self._clock)
        self.network = Lossy(create_app(self._server), raise_app_exceptions=False)
        retries = Retries(tries=4, first_seconds=0)
        self._client = AsyncClient(ADDRESS, retries=retries, transport=self.network)

    def close(self) -> None:
        self._stop()
        self._runner.close()

    def restart(self) -> None:
        self._stop()
        self._open()

    def _stop(self) -> None:
        self._runner.run(self._client.close())
        self._server.close()

    def ask(self, *asked: Asked) -> list[Said]:
        """What is said to requests that are under way at the same time."""
        self._clock.instant += SECOND
        return self._runner.run(self._race(asked))

    async def _race(self, asked: tuple[Asked, ...]) -> list[Said]:
        return list(await asyncio.gather(*map(self._said, asked)))

    async def _said(self, asked: Asked) -> Said:
        contacts = {contact for contact, _ in asked.pairs}
        places: tuple[AppendedEvent, ...]
        try:
            if len(contacts) > 1:
                places = (await self._client.append_many(asked.pairs)).events
            else:
                done = await self._client.append(
                    contacts.pop(),
                    *(event for _, event in asked.pairs),
                    if_version=asked.if_version,
                    if_new=asked.if_new,
                )
                places = done.events
        except Refused as no:
            return no.reason, ()
        except Problem as problem:
            return problem.code, ()
        return "ok", tuple((one.id, one.position, one.replayed, one.counts_for) for one in places)

    def status(self, contact: UUID) -> tuple[UUID, str] | None:
        """Who answers for a contact, and the stage they are in; None where nobody does."""
        return self._runner.run(self._status(contact))

    async def _status(self, contact: UUID) -> tuple[UUID, str] | None:
        try:
            found = await self._client.status(contact)
        except NotFound:
            return None
        return found.contact_id, found.stage

    def log(self) -> list[RecordedEvent]:
        return self._runner.run(self._log())

    async def _log(self) -> list[RecordedEvent]:
        return [event async for event in self._client.log()]

    def drift(self, projection: str) -> object:
        """Where what was kept up differs from what is built anew."""
        projections = self._server.ledger("main").projections
        work = projections.rebuild(projection)
        deadline = time.monotonic() + END_SECONDS
        while (found := projections.operation(work.id)).state == "running":
            assert time.monotonic() < deadline
        assert found.result is not None, found.problem
        return found.result["drift"]


def uuid(number: int) -> UUID:
    """The same ids in every run."""
    return UUID(int=number, version=4)
