"""What a server answers itself beside the one that records, and what it hands over to that one.

It reads what is written in the ledgers, at the newest position: every answer follows a look at the
log, so that it shows what was appended before. Appends, everything that runs longer or is written
into a trail, and the pages with their sessions are handed over. So are all requests with a
key that has a limit, because they are counted there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from api.http.edge.dispatch import Dispatch
from api.http.edge.frontdoor import canonical_path
from api.http.routers import ROUTERS
from api.http.routing import routes_of
from domain.errors import LedgerError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from api.http.edge.handing_over import HandingOver
    from api.service.server_beside import ServerBeside

BY_INDEX = frozenset({"find_contacts", "list_duplicates"})
"""What is answered by the index in memory, and handed over until that is built."""

READ_HERE = BY_INDEX | frozenset(
    {
        *("read_stream", "read_log", "read_event", "list_restatements"),
        *("read_contact", "read_card", "read_scorecard", "read_ledger_scorecard"),
        *("read_status", "read_status_history", "list_statuses", "summarise_statuses"),
        *("read_standing", "read_referrals", "list_standings", "list_rewards"),
        *("read_downstream", "list_referral_graph", "read_referral_path", "list_exposures"),
        *("list_agenda", "summarise_agenda", "list_agenda_of_contact", "read_gratitude"),
        *("calibrate", "read_book", "list_watched", "list_policies", "read_policy_version"),
        *("read_checkpoint", "read_log_key", "read_entry_bundle", "read_tile", "read_log_entry"),
        *("read_inclusion", "read_consistency"),
    }
)
"""The operations that follow from one ledger's log, projections and keys alone."""

ALIVE = "/livez"


class SharedReading:
    """An ASGI application: reads are answered by ``app``, the rest by ``handing_over``."""

    def __init__(self, app: ASGIApp, server: ServerBeside, handing_over: HandingOver) -> None:
        self._app = app
        self._server = server
        self._handing_over = handing_over
        self._reads = Dispatch(app)
        for route in routes_of(ROUTERS):
            if route.operation_id in READ_HERE:
                self._reads.add(route.method, route.path, _Operation(route.operation_id))
        self.in_flight = 0
        """How many requests are being answered here."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self.in_flight += 1
        try:
            if await self._is_for_here(scope):
                await self._app(scope, receive, send)
                return
        finally:
            self.in_flight -= 1
        await self._handing_over(scope, receive, send)

    async def _is_for_here(self, scope: Scope) -> bool:
        if scope["path"] == ALIVE:
            return True
        if self._server.stopping.begun:
            return False
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        found = self._reads.find(method, canonical_path(scope["raw_path"]))
        if found is None:
            return False
        named, names = found
        secrets = [value for name, value in scope["headers"] if name == b"authorization"]
        try:
            return await run_in_threadpool(self._is_current, named, names["ledger"], secrets)
        except LedgerError:
            return False  # the server that records finds out what is wrong, and says it

    def _is_current(self, named: ASGIApp, ledger: str, secrets: list[bytes]) -> bool:
        """Have the ledger and the keys be as they are now; whether the answer is given here."""
        self._server.keys.look_again()
        for secret in secrets:
            words = secret.decode("latin-1").split()
            if words and self._server.keys.is_limited(words[-1]):
                return False
        if not self._server.keep_up(ledger):
            return False
        assert isinstance(named, _Operation)
        return named.operation not in BY_INDEX or self._server.is_indexed(ledger)


class _Operation:
    """In the place of an operation: its name."""

    def __init__(self, operation: str) -> None:
        self.operation = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("it is only looked up")
