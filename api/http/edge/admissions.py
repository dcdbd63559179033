"""Plain requests that were let in: each is answered whatever comes of it, and reported."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from api.http.edge import frontdoor
from api.http.edge.request_reports import RequestNames, refusal_of
from api.http.wire.rendered import WholeAnswer

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from api.http.edge.plain_requests import Cycle, PlainRequest
    from api.http.edge.request_reports import RequestReports
    from api.service.usage_counts import UsageCounts

_SECURITY = b"".join([b"%s: %s\r\n" % pair for pair in frontdoor.SECURITY_HEADERS])


class Admission:
    """One request that was let in, which counts as under way until its answer was sent."""

    __slots__ = ("_counts", "_cycle", "_names", "_reports", "_request", "_route")

    def __init__(
        self,
        request: PlainRequest,
        route: str,
        cycle: Cycle,
        reports: RequestReports,
        counts: UsageCounts,
    ) -> None:
        self._request, self._route, self._cycle = request, route, cycle
        self._reports, self._counts = reports, counts
        self._names = RequestNames.without_span(request.headers)
        reports.begin()

    def send(self, answer: WholeAnswer) -> None:
        """Send the answer, and report it."""
        request, names, status = self._request, self._names, answer.status
        lines = b"".join([b"%s: %s\r\n" % pair for pair in answer.headers])
        named = b"x-request-id: %s\r\n" % names.request_id.encode()
        self._cycle.send(status, lines + _SECURITY + named, answer.content or b"")
        self._counts.leave(request.ledger)
        self._reports.end(
            names, request.method, self._route, request.ledger, status, request.arrived
        )

    def send_later(self, say: Callable[[Any], WholeAnswer], waiting: asyncio.Future[Any]) -> None:
        """Send what is said of the result once it is there, or the refusal that came instead."""
        waiting.add_done_callback(partial(self._send_result, say))
        self._cycle.wait_for(waiting)

    def _send_result(self, say: Callable[[Any], WholeAnswer], waiting: asyncio.Future[Any]) -> None:
        try:
            error = frontdoor.server_stopped() if waiting.cancelled() else waiting.exception()
            if error is None:
                self.send(say(waiting.result()))
                return
        except Exception as unexpected:  # noqa: BLE001  # the last place before nobody answers
            error = unexpected
        self.send(WholeAnswer.of(refusal_of(error, self._names)))
