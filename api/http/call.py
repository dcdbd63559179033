"""One request as an endpoint sees it: with its query and body read, and the names of its path."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote_to_bytes

from starlette.concurrency import run_in_threadpool

from api.http import waiting
from api.http.access import ANYONE
from api.service import strict_parsing
from domain.errors import Invalid, ProjectionBehind
from domain.kinds import ContactId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from starlette.requests import Request

    from api.http.streams.streams import Streams
    from api.http.wire.parameters import Parameter
    from api.service.server import OpenLedger, Server
    from ledger.access.orders import Order
    from ledger.access.scopes import Principal

T = TypeVar("T")

_CONTACT = ContactId()


class Call:
    """One request, with its query and body read. Names in the path are resolved when asked for."""

    def __init__(
        self,
        request: Request,
        server: Server,
        values: Mapping[str, object],
        body: object,
        wanted: str = strict_parsing.JSON,
        principal: Principal = ANYONE,
    ) -> None:
        self.principal = principal
        self.request = request
        self.server = server
        self.values = values
        self.body = body
        self.wanted = wanted
        self._visits: str | None = None

    def get(self, parameter: Parameter[T]) -> T | None:
        """The value of a query parameter, None where it is absent."""
        value: T | None = self.values.get(parameter.name)  # type: ignore[assignment]  # read by it
        return value

    def text(self, name: str) -> str:
        """The part of the path of that name, decoded.

        Raises:
            Invalid: it is not UTF-8.
        """
        text: str = self.request.path_params[name]
        if "%" not in text:
            return text
        try:
            return unquote_to_bytes(text).decode()
        except UnicodeDecodeError:
            raise Invalid.at("", "malformed", f"the {name} in the path is not UTF-8") from None

    @cached_property
    def open_ledger(self) -> OpenLedger:
        """The ledger that the path names, which is not closed before this call is answered.

        Raises:
            LedgerNotFound: there is none.
        """
        name = self.text("ledger")
        self.server.usage_counts.enter(name)
        self._visits = name
        return self.server.ledger(name)

    def leave(self) -> None:
        """Say that the ledger is not asked any more."""
        if self._visits is not None:
            self.server.usage_counts.leave(self._visits)

    @cached_property
    def contact_id(self) -> UUID:
        """The contact that the path names.

        Raises:
            Invalid: it is neither a UUID nor source:ref, or no text that a ref can be.
        """
        try:
            return _CONTACT.read(self.text("contact"), self.open_ledger.ledger.contact_id)
        except Invalid as error:
            raise error.within("/contact") from None

    async def wait_until_known(self, position: int | None) -> None:
        """Wait until the ledger has come to a position.

        Raises:
            ProjectionBehind: it did not in time.
        """
        ledger = self.open_ledger.ledger
        ends = time.monotonic() + waiting.WAIT_SECONDS
        while position is not None and ledger.head() < position:
            if time.monotonic() >= ends:
                raise ProjectionBehind(f"position {position} is not recorded yet")
            await asyncio.sleep(0.01)

    async def wait_until_reflected(self, position: int | None, projection: str) -> None:
        """Wait until a projection reflects a position.

        Waiting takes no thread, so that however many wait keep nobody from reading.

        Raises:
            ProjectionBehind: it did not in time, or cannot.
        """
        if position is None:
            return
        projections, loop = self.open_ledger.projections, asyncio.get_running_loop()
        settled = asyncio.Event()
        let_go = projections.when_reached(
            position, partial(loop.call_soon_threadsafe, settled.set), projection
        )
        try:
            with suppress(TimeoutError):  # what it came to is asked for below
                async with asyncio.timeout(waiting.WAIT_SECONDS):
                    await settled.wait()
        finally:
            let_go()
        projections.wait_for(position, 0, projection)

    def order(self, act: str, subject: str, **detail: object) -> Order:
        """Put an order into the ledger's audit trail; its outcome follows: see ``Order``.

        Raises:
            Unavailable: it could not be written: then the act must not be done.
        """
        name = self.open_ledger.ledger.name
        return self.server.trails.order(name, self.principal, act, subject, **detail)

    @property
    def streams(self) -> Streams:
        """What the streams of this application share."""
        streams: Streams = self.request.app.state.streams
        return streams

    @property
    def base(self) -> str:
        """The path of the ledger, as it stands in links."""
        return f"/v1/ledgers/{self.text('ledger')}"

    async def in_thread(self, function: Callable[[Call], T]) -> T:
        """Let a function that reads files answer, beside the event loop."""
        return await run_in_threadpool(function, self)

    async def in_turn(self, function: Callable[[Call], T]) -> T:
        """As ``in_thread``, one after the other, for what takes next to no time."""
        return await self.server.serial_executor.run(function, self)

    def located(self, contact_id: UUID) -> dict[str, str]:
        """The header that says who answers, if that is another contact than was asked for."""
        if contact_id == self.contact_id:
            return {}
        return {"Content-Location": self._same_of(contact_id)}

    def _same_of(self, contact_id: UUID) -> str:
        """The address of the same question about another contact."""
        path: str = self.request.scope["path"]
        head, contact, rest = path.partition(f"/contacts/{self.request.path_params['contact']}")
        assert contact
        query = self.request.url.query
        return f"{head}/contacts/{contact_id}{rest}" + (f"?{query}" if query else "")

    def next_page(self, cursor: str | None) -> dict[str, str]:
        """The header that leads to the next page of a list, if there is one."""
        if cursor is None:
            return {}
        url = self.request.url.include_query_params(cursor=cursor)
        return {"Link": f'<{url.path}?{url.query}>; rel="next"'}
