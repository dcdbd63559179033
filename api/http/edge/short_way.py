"""The short way of plain requests, which are nearly all that tills and pages send.

The framework takes longer over each than the ledger does. So they are answered where the connection
parses them, by the same rules and to the same bytes. Everything else takes the ordinary way, and so
does what is refused before it is handed to the ledger: it has left no trace here by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from api.http.access import principal_of
from api.http.appends import answer_of
from api.http.contract import Contract
from api.http.edge import frontdoor
from api.http.edge.admissions import Admission
from api.http.edge.tracing import is_traced
from api.http.kept_answers import CARDS, STATUSES, whole_answer
from api.http.routers import ROUTERS
from api.http.routers.card import read_card
from api.http.routers.events import append_events
from api.http.routers.status import read_status
from api.http.routing import routes_of
from api.service.envelope import read_one
from api.service.present_answers import kept_answer
from api.service.strict_parsing import JSON, parse
from ledger.drafts import Append

if TYPE_CHECKING:
    from fastapi import FastAPI

    from api.http.edge.plain_requests import Cycle, PlainRequest
    from api.http.edge.request_reports import RequestReports
    from api.http.kept_answers import KeptKind
    from api.http.streams.streams import Streams
    from api.service.server import OpenLedger, Server

_Way = Callable[["PlainRequest", "OpenLedger", bytes, "Cycle"], bool]


class ShortWay:
    """Answers plain requests of one application."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._server: Server = app.state.server
        self._reports: RequestReports = app.state.reports
        self._streams: Streams = app.state.streams
        contracts = {route.endpoint: Contract.of(route) for route in routes_of(ROUTERS)}
        self._ways: dict[str, tuple[Contract, _Way]] = {
            "status": (contracts[read_status], partial(self._read, STATUSES)),
            "card": (contracts[read_card], partial(self._read, CARDS)),
            "events": (contracts[append_events], self._append),
        }

    def is_open(self) -> bool:
        """Whether any request may take it: FastAPI makes the spans of those that are traced."""
        return not is_traced(self._app)

    def answer(self, request: PlainRequest, body: bytes, cycle: Cycle) -> bool:
        """Answer the request, now or later; False where it must take the ordinary way."""
        server, name = self._server, request.ledger
        if name not in server.ledgers or self._reports.in_flight >= frontdoor.MOST_IN_FLIGHT:
            return False
        server.usage_counts.enter(name)
        try:
            if self._ways[request.wanted][1](request, server.ledger(name), body, cycle):
                return True
        except Exception:  # noqa: BLE001, S110  # the ordinary way finds the same, and says it
            pass
        server.usage_counts.leave(name)
        return False

    def _admit(self, request: PlainRequest, cycle: Cycle) -> Admission:
        """Let the request in. This comes last, because it counts as a request of its key.

        Raises:
            LedgerError: it may not be answered.
        """
        headers, contract = request.headers, self._ways[request.wanted][0]
        if self._server.keys.is_open():
            frontdoor.require_same_machine(request.method, headers)
        sent = [headers[b"authorization"].decode("latin-1")] if b"authorization" in headers else []
        principal_of(self._server, contract.scopes, sent, request.ledger)
        return Admission(request, contract.path, cycle, self._reports, self._server.usage_counts)

    def _read(
        self, kind: KeptKind, request: PlainRequest, served: OpenLedger, _: bytes, cycle: Cycle
    ) -> bool:
        contact_id = request.contact_in(served.ledger, request.contact_name())
        if not served.statuses.newest.position:
            return False
        now = self._server.clock()
        found = kept_answer(kind.answers(served), contact_id, now)
        admission = self._admit(request, cycle)
        path = f"/v1/ledgers/{request.ledger}/contacts/{{}}/{request.wanted}"
        say = partial(whole_answer, kind, contact_id, path)
        if found is not None:
            admission.send(say(found))
        else:
            finding = kind.find(self._server, served, contact_id, now)
            admission.send_later(say, asyncio.ensure_future(finding))
        return True

    def _append(self, request: PlainRequest, served: OpenLedger, body: bytes, cycle: Cycle) -> bool:
        ledger, name = served.ledger, request.contact_name()
        contact_id = request.contact_in(ledger, name)
        draft = read_one(parse(body, JSON), "", contact_id, ledger.contact_id, None, name)
        if draft.problem is not None:
            return False
        admission = self._admit(request, cycle)
        reply = self._streams.answers.new_reply()
        base = f"/v1/ledgers/{request.ledger}"
        admission.send_later(partial(answer_of, base=base), reply.waiting)
        try:
            ledger.hand_over(Append(drafts=(draft,)), reply)
        except Exception as error:  # noqa: BLE001  # it was let in, so it is answered here
            reply.waiting.set_exception(error)
        return True
