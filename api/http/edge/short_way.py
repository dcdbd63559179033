"""The short way of plain requests, which are nearly all that tills and pages send.

The framework takes longer over each than the ledger does. So they are answered where the connection
parses them, by the same rules and to the same bytes. Everything else takes the ordinary way, and so
does what is refused before it is handed to the ledger: it has left no trace here by then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from api.http.access import principal_of
from api.http.appends import answer_of
from api.http.contract import Contract
from api.http.edge import frontdoor
from api.http.edge.request_reports import RequestNames, refusal_of
from api.http.edge.tracing import is_traced
from api.http.kept_answers import CARDS, STATUSES, whole_answer
from api.http.routers import ROUTERS
from api.http.routers.card import read_card
from api.http.routers.events import append_events
from api.http.routers.status import read_status
from api.http.routing import routes_of
from api.http.wire.rendered import WholeAnswer
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

_SECURITY = b"".join([b"%s: %s\r\n" % pair for pair in frontdoor.SECURITY_HEADERS])


_Way = Callable[["PlainRequest", "OpenLedger", bytes, "Cycle"], bool]


class _Admission(NamedTuple):
    """A request that the short way answers, whatever comes of it."""

    request: PlainRequest
    route: str
    names: RequestNames
    cycle: Cycle


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

    def _admit(self, request: PlainRequest, cycle: Cycle) -> _Admission:
        """Let the request in. This comes last, because it counts as a request of its key.

        Raises:
            LedgerError: it may not be answered.
        """
        headers, contract = request.headers, self._ways[request.wanted][0]
        if self._server.keys.is_open():
            frontdoor.require_same_machine(request.method, headers)
        sent = [headers[b"authorization"].decode("latin-1")] if b"authorization" in headers else []
        principal_of(self._server, contract.scopes, sent, request.ledger)
        self._reports.begin()
        return _Admission(request, contract.path, RequestNames.without_span(headers), cycle)

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
            self._send(admission, say(found))
            return True
        finding = asyncio.ensure_future(kind.find(self._server, served, contact_id, now))
        finding.add_done_callback(partial(self._answer_later, admission, say))
        cycle.wait_for(finding)
        return True

    def _append(self, request: PlainRequest, served: OpenLedger, body: bytes, cycle: Cycle) -> bool:
        ledger, name = served.ledger, request.contact_name()
        contact_id = request.contact_in(ledger, name)
        draft = read_one(parse(body, JSON), "", contact_id, ledger.contact_id, None, name)
        if draft.problem is not None:
            return False
        admission = self._admit(request, cycle)
        reply = self._streams.answers.new_reply()
        waiting = reply.waiting
        base = f"/v1/ledgers/{request.ledger}"
        say = partial(answer_of, base=base)
        waiting.add_done_callback(partial(self._answer_later, admission, say))
        cycle.wait_for(waiting)
        try:
            ledger.hand_over(Append(drafts=(draft,)), reply)
        except Exception as error:  # noqa: BLE001  # it was let in, so it is answered here
            waiting.set_exception(error)
        return True

    def _answer_later(
        self,
        admission: _Admission,
        say: Callable[[Any], WholeAnswer],
        waiting: asyncio.Future[Any],
    ) -> None:
        """Answer what became of something that took its time."""
        try:
            error = frontdoor.server_stopped() if waiting.cancelled() else waiting.exception()
            if error is None:
                self._send(admission, say(waiting.result()))
                return
        except Exception as unexpected:  # noqa: BLE001  # the last place before nobody answers
            error = unexpected
        self._send(admission, WholeAnswer.of(refusal_of(error, admission.names)))

    def _send(self, admission: _Admission, answer: WholeAnswer) -> None:
        """Send an answer, and report it."""
        request, names, status = admission.request, admission.names, answer.status
        lines = b"".join([b"%s: %s\r\n" % pair for pair in answer.headers])
        named = b"x-request-id: %s\r\n" % names.request_id.encode()
        admission.cycle.send(status, lines + _SECURITY + named, answer.content or b"")
        self._server.usage_counts.leave(request.ledger)
        self._reports.end(
            names, request.method, admission.route, request.ledger, status, request.arrived
        )
