"""The short way of plain requests, which are nearly all that tills and pages send.

The framework takes longer over each than the ledger does. So they are answered where the connection
parses them, by the same rules and to the same bytes. Everything else takes the ordinary way, and so
does what is refused before it is handed to the ledger: it has left no trace here by then.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from api.http.access import principal_of
from api.http.appends import answer_of
from api.http.contract import Contract
from api.http.edge import frontdoor
from api.http.edge.request_reports import RequestNames, refusal_of
from api.http.edge.tracing import is_traced
from api.http.routers import ROUTERS
from api.http.routers.card import read_card
from api.http.routers.events import append_events
from api.http.routers.status import read_status
from api.http.routing import routes_of
from api.http.wire.media import join_objects
from api.http.wire.rendered import WholeAnswer, content_answer, weak_tag_of
from api.service.answers.document import ContactQuestion
from api.service.envelope import read_one
from api.service.strict_parsing import JSON, parse
from ledger.drafts import Append

if TYPE_CHECKING:
    import asyncio

    from fastapi import FastAPI

    from api.http.edge.plain_requests import Cycle, PlainRequest
    from api.http.edge.request_reports import RequestReports
    from api.http.streams.streams import Streams
    from api.service.answer_cache import AnswerCache
    from api.service.server import OpenLedger, Server
    from ledger.drafts import AppendResult

_SECURITY = b"".join([b"%s: %s\r\n" % pair for pair in frontdoor.SECURITY_HEADERS])


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
        self._ways = {
            "status": (contracts[read_status], self._read_status),
            "card": (contracts[read_card], self._read_card),
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

    def _read_status(
        self, request: PlainRequest, served: OpenLedger, _body: bytes, cycle: Cycle
    ) -> bool:
        return self._read_kept(request, served, served.statuses, cycle)

    def _read_card(
        self, request: PlainRequest, served: OpenLedger, _body: bytes, cycle: Cycle
    ) -> bool:
        return self._read_kept(request, served, served.cards, cycle, is_weak=True)

    def _read_kept(
        self,
        request: PlainRequest,
        served: OpenLedger,
        answers: AnswerCache,
        cycle: Cycle,
        *,
        is_weak: bool = False,
    ) -> bool:
        contact_id = request.contact_in(served.ledger, request.contact_name())
        now = self._server.clock()
        if (found := answers.get(contact_id, now)) is None or not found.newest.position:
            return False
        question = ContactQuestion.bytes_of(contact_id, now, *found.newest)
        headers = {"Rapport-Position": str(found.newest.position)}
        content = join_objects(question, found.said)
        tag = weak_tag_of(found.said, JSON) if is_weak else None
        answer = content_answer(content, JSON, 200, headers, digest=True, tag=tag)
        self._send(self._admit(request, cycle), answer)
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
        waiting.add_done_callback(partial(self._answer_append, admission))
        cycle.wait_for(waiting)
        try:
            ledger.hand_over(Append(drafts=(draft,)), reply)
        except Exception as error:  # noqa: BLE001  # it was let in, so it is answered here
            waiting.set_exception(error)
        return True

    def _answer_append(self, admission: _Admission, waiting: asyncio.Future[AppendResult]) -> None:
        """Answer what became of an append."""
        try:
            error = frontdoor.server_stopped() if waiting.cancelled() else waiting.exception()
            if error is None:
                base = f"/v1/ledgers/{admission.request.ledger}"
                self._send(admission, answer_of(waiting.result(), base))
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
