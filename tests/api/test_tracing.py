from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from api.http.app import create_app
from api.http.edge.tracing import TELEMETRY, trace_id_of
from api.http.routers import event_types
from tests.api.shop import listening, problem_of, registration
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.service.server import Server
    from tests.api.shop import Shop

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SENT = f"00-{TRACE}-{PARENT}-01"
ROUTE = "/v1/ledgers/{ledger}/contacts/{contact}/events"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Where the spans of applications made in the test arrive: an SDK is configured."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setitem(TELEMETRY, "tracer_provider", provider)
    yield exporter
    provider.shutdown()


def test_a_span_continues_the_callers_trace_under_the_routes_template(
    server: Server, shop: Shop, spans: InMemorySpanExporter, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(create_app(server)) as address, caplog.at_level(logging.INFO, "rapport.http"):
        httpx.post(
            f"{address}{shop.base}/contacts/pos:1/events",
            json=registration(),
            headers={"traceparent": SENT},
            timeout=END_SECONDS,
        )
    (span,) = spans.get_finished_spans()
    assert span.name == f"POST {ROUTE}"
    assert span.parent is not None
    assert span.parent.is_remote
    assert f"{span.parent.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT
    assert span.attributes is not None
    assert span.attributes["http.route"] == ROUTE
    assert span.attributes["http.response.status_code"] == 201
    assert f"trace={TRACE}" in caplog.text


def test_a_span_names_nobody(server: Server, shop: Shop, spans: InMemorySpanExporter) -> None:
    with listening(create_app(server)) as address:
        for path in ("/contacts/pos:Xanthippe/status", "/contacts?name=Xanthippe", "/Xanthippe"):
            httpx.get(
                f"{address}{shop.base}{path}",
                headers={"user-agent": "Xanthippe"},
                timeout=END_SECONDS,
            )
        httpx.get(f"{address}/Xanthippe", headers={"host": "localhost"}, timeout=END_SECONDS)
    finished = spans.get_finished_spans()
    assert len(finished) == 4
    assert not [one.to_json() for one in finished if "Xanthippe" in one.to_json()]


def test_without_a_caller_that_traces_a_span_begins_a_trace(
    server: Server, spans: InMemorySpanExporter, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(create_app(server)) as address, caplog.at_level(logging.INFO, "rapport.http"):
        httpx.get(f"{address}/livez", timeout=END_SECONDS)
    (span,) = spans.get_finished_spans()
    assert span.parent is None
    assert span.context is not None
    assert f"trace={span.context.trace_id:032x}" in caplog.text


def test_without_an_sdk_the_callers_trace_stands_in_the_log(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "rapport.http"):
        shop.client.get("/livez", headers={"traceparent": SENT})
    assert f"trace={TRACE}" in caplog.text


def test_a_later_version_of_the_header_is_read_as_far_as_it_is_known() -> None:
    assert trace_id_of(f"01-{TRACE}-{PARENT}-01-what-comes-later") == TRACE


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Xanthippe",
        f"00-{TRACE}-{PARENT}-01-more",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}",
    ],
)
def test_a_header_that_is_not_valid_begins_no_trace(header: str) -> None:
    assert trace_id_of(header) is None


def test_a_problem_is_a_problem_where_requests_are_traced(
    server: Server, shop: Shop, spans: InMemorySpanExporter
) -> None:
    """The framework, which names the spans, must not answer in its own words first."""
    with listening(create_app(server)) as address:
        answer = httpx.get(f"{address}{shop.base}/contacts/pos:1/status", timeout=END_SECONDS)
        problem_of(answer, 404, "contact-not-found")
        posted = httpx.post(
            f"{address}{shop.base}/policies", json={"preset": "casino"}, timeout=END_SECONDS
        )
        problem_of(posted, 422, "invalid-request")
    assert len(spans.get_finished_spans()) == 2


def test_a_failure_is_told_once_where_requests_are_traced(
    server: Server,
    spans: InMemorySpanExporter,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(event_types, "CATALOGUE", None)
    with listening(create_app(server)) as address, caplog.at_level(logging.ERROR, "rapport.http"):
        answer = httpx.get(f"{address}/v1/event-types/visit-made", timeout=END_SECONDS)
    problem_of(answer, 500, "internal")
    assert caplog.text.count("event=failed") == 1
    assert spans.get_finished_spans()
