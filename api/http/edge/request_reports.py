"""The requests under way, and what is reported of each: a count, and one line of the log."""

from __future__ import annotations

import logging
import re
import time
from random import Random
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import UUID

from api.http.edge.logs import LogEvent, places
from api.http.edge.tracing import trace_id_of
from api.http.problems import problem_response, status_of
from domain.errors import Corrupt, LedgerError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from starlette.responses import Response

LOG = logging.getLogger("rapport.http")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestObserver(Protocol):
    """Counts requests; on the event loop, so it must return at once."""

    def began(self) -> None:
        """A request arrived."""

    def count_answer(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer; ``route`` is ``-`` and ``status`` is 0 where there is none."""


class RequestNames(NamedTuple):
    """What one request is called: its id, the same as a URI, and the trace that it belongs to."""

    request_id: str
    instance: str
    trace: str | None

    @classmethod
    def of(cls, sent_id: bytes | None, trace: str | None) -> RequestNames:
        """The client's own id where it sent one, else a new one."""
        if sent_id is None or not _REQUEST_ID.fullmatch(sent_id):
            made = _random_uuid()
            return cls(made, f"urn:uuid:{made}", trace)
        named = sent_id.decode()
        try:
            return cls(named, UUID(named).urn, trace)
        except ValueError:
            return cls(named, f"urn:rapport:request:{named}", trace)

    @classmethod
    def without_span(cls, headers: Mapping[bytes, bytes]) -> RequestNames:
        """Those of a request that no span is made for: its trace is the caller's, if it has one."""
        parent = headers.get(b"traceparent")
        trace = trace_id_of(parent.decode("latin-1")) if parent else None
        return cls.of(headers.get(b"x-request-id"), trace)


class RequestReports:
    """Counts the requests under way, and reports each when it is answered."""

    def __init__(
        self, observer: RequestObserver | None = None, ledgers: Container[str] = ()
    ) -> None:
        """``ledgers`` are those whose names may be logged; a sender has invented any others."""
        self.in_flight = 0
        self._observer = observer
        self._ledgers = ledgers

    def begin(self) -> None:
        """A request arrived."""
        self.in_flight += 1
        if self._observer is not None:
            self._observer.began()

    def end(
        self,
        names: RequestNames,
        method: str,
        route: str,
        ledger: str | None,
        status: int,
        started: float,
    ) -> None:
        """A request was answered that arrived at ``started``, on ``time.perf_counter``'s clock.

        ``status`` is 0 where it was not answered.

        ``route`` is the template, never the path: a path holds refs, and refs are personal.
        """
        seconds = time.perf_counter() - started
        self.in_flight -= 1
        if self._observer is not None:
            self._observer.count_answer(method, route, status, seconds)
        if LOG.isEnabledFor(logging.INFO):
            line = LogEvent(
                "request",
                id=names.request_id,
                ledger=ledger if ledger in self._ledgers else None,
                method=method,
                route=route,
                status=status,
                ms=f"{seconds * 1000:.1f}",
                trace=names.trace,
            )
            LOG.handle(_line_record(line))


_INFO = {"name": LOG.name, "levelno": logging.INFO, "levelname": "INFO"}
_LINE = vars(logging.makeLogRecord(_INFO))


def _line_record(line: LogEvent) -> logging.LogRecord:
    """A record of the log, without looking up what no line of ours tells: a third of its price."""
    record = logging.LogRecord.__new__(logging.LogRecord)
    vars(record).update(_LINE, msg=line, created=time.time())
    return record


def refusal_of(error: BaseException, names: RequestNames) -> Response:
    """The answer that reports an error; one inside the server is logged with its places."""
    if not isinstance(error, LedgerError):
        _log_failure(names, error, None)
        error = LedgerError()
    elif status_of(type(error)) == 500 or isinstance(error, Corrupt):
        _log_failure(names, error, str(error))
    return problem_response(error, names.instance)


def _log_failure(names: RequestNames, error: BaseException, told: str | None) -> None:
    more = {"error": places(error), "told": told, "trace": names.trace}
    LOG.error(LogEvent("failed", instance=names.instance, **more))


_VERSION_AND_VARIANT = 4 << 76 | 2 << 62
_OF_CHANCE = (1 << 128) - 1 ^ (15 << 76 | 3 << 62)

_random = Random()  # noqa: S311  # nothing is kept from anybody who knows the id of a request


def _random_uuid() -> str:
    """The text of a new UUID of version 4. Source: RFC 9562, section 5.4."""
    digits = f"{_random.getrandbits(128) & _OF_CHANCE | _VERSION_AND_VARIANT:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
