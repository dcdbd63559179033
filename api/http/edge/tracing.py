"""W3C trace context: FastAPI's own OpenTelemetry support, without personal data in its spans.

FastAPI makes a span for each request as soon as a program configures an OpenTelemetry SDK, or
``FASTAPI_OTEL_AUTO_CONFIGURE=true`` lets it do so from the ``OTEL_*`` environment; the parent is
the caller's ``traceparent``. Its router names plain routes in the span as it does its own. Without
an SDK there are no spans, and the caller's trace still stands in the log.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opentelemetry import trace

if TYPE_CHECKING:
    from fastapi import FastAPI
    from fastapi.telemetry import TelemetryConfig

TELEMETRY: TelemetryConfig = {
    # Its log records hold the messages of exceptions, which may quote a person.
    "logs": False,
    # Of its steps inside a request, plain routes have none worth a span.
    "operation_spans": False,
}

HIDDEN = "REDACTED"
"""What stands in a span for the path and the query. Source: OpenTelemetry, semantic conventions."""

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")


def is_traced(app: FastAPI) -> bool:
    """Whether FastAPI makes a span for each request of the application."""
    return app._native_telemetry.enabled()


def trace_id_of(traceparent: str | None) -> str | None:
    """The id of the trace that a request belongs to, as 32 hexadecimal digits; None without one.

    Where a span is under way, its trace; else that of a valid ``traceparent``. The path and the
    query, which may name a person, are taken out of the span.

    >>> trace_id_of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    '4bf92f3577b34da6a3ce929d0e0e4736'
    >>> trace_id_of("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01")

    Source: W3C Trace Context, section 3.2.2.
    """
    span = trace.get_current_span()
    if span is not trace.INVALID_SPAN:
        if span.is_recording():
            span.set_attributes({"url.path": HIDDEN, "url.query": HIDDEN})
        context = span.get_span_context()
        if context.is_valid:
            return trace.format_trace_id(context.trace_id)
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if found is None:
        return None
    version, trace_id, parent_id, more = found.groups()
    sound = version != "ff" and trace_id.strip("0") and parent_id.strip("0")
    return trace_id if sound and not (version == "00" and more) else None
