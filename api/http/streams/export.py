"""The log as lines of JSON, up to where it ended when it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from starlette.concurrency import run_in_threadpool

from api.http.streams.outgoing import Outgoing
from domain.errors import LedgerError
from ledger.access.orders import CANCELLED, INTERRUPTED, outcome_of
from ledger.stores.access import DONE, FAILED

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from api.http.streams.streams import Streams
    from api.service.log_pages import Contents, EventText, LogWalk
    from ledger.access.orders import Order


class LogExport:
    """Answers with every event of a walk, one line each, a page in memory at a time."""

    def __init__(
        self,
        walk: LogWalk,
        streams: Streams,
        media_type: str,
        may_go_on: Callable[[], bool] = lambda: True,
        order: Order | None = None,
        contents: Contents | None = None,
    ) -> None:
        """``may_go_on`` is called for every page: once it returns False, the connection is cut.

        ``contents`` says what is written of the events, where that is not what they are.
        The ``order`` in the audit trail is done when the last line was sent, and else has failed.
        """
        self.order = order
        self._contents = contents
        self._outcome = (FAILED, CANCELLED)
        self.may_go_on = may_go_on
        self.walk = walk
        self.streams = streams
        self.media_type = media_type

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer; where the server stops or the reader does, the connection is cut.

        Raises:
            Unavailable: there are too many exports.
        """
        headers = {
            "content-type": self.media_type,
            "cache-control": "no-store",
            "vary": "Accept",
            "rapport-position": str(self.walk.upto),
        }
        out = Outgoing(scope, send, headers, self.streams.limits.reader_seconds)
        try:
            with self.streams.exports.one():
                await out.run(self._write(out))
        except LedgerError as error:
            self._outcome = outcome_of(error)
            raise
        finally:
            with anyio.CancelScope(shield=True):  # also where the request was cancelled
                await run_in_threadpool(self._end)

    def _end(self) -> None:
        if self.order is not None:
            outcome, reason = self._outcome
            self.order.end(outcome, reason=reason)

    def _page(self) -> list[EventText]:
        page = self.walk.page()
        return page if self._contents is None else self._contents(page)

    async def _write(self, out: Outgoing) -> None:
        while not self.walk.done and not out.without_body:
            page = await run_in_threadpool(self._page)
            await out.write_all(shown.content + b"\n" for shown in page)
            if (self.streams.stopping.begun or not self.may_go_on()) and not self.walk.done:
                self._outcome = (FAILED, INTERRUPTED)
                await out.cut()
                return
        if self.order is not None:  # before the end is sent, so that its reader finds it done
            await run_in_threadpool(self.order.end, DONE)
        await out.finish()
