from __future__ import annotations

import json
import logging
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import pytest

from api.http.edge import logs
from api.http.edge.logs import JsonLines, LineWriter, LogEvent, Logfmt
from tests.api.shop import purchase, registration
from tests.cli.running import serving
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until
from tests.ledger.inside import reachable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.api.shop import Shop

INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z"

MARKER = "Xanthippe"
"""Stands for a person, wherever a request can hold one."""


@contextmanager
def written(monkeypatch: pytest.MonkeyPatch, form: str) -> Iterator[None]:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    level = root.level
    try:
        with_writer = logs.configure("warning", form)
        yield
        with_writer.close()
    finally:
        root.setLevel(level)


def record(message: object, *arguments: object, failed: Exception | None = None) -> str:
    told = (type(failed), failed, failed.__traceback__) if failed else None
    made = logging.LogRecord("rapport", logging.ERROR, "", 0, message, arguments, told)
    return Logfmt().format(made)


def test_a_log_line_says_when_how_bad_where_and_what(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with written(monkeypatch, "logfmt"):
        logging.getLogger("rapport.http").info("not this one")
        logging.getLogger("rapport.http").warning("the disk is nearly full")
    (line,) = capfd.readouterr().err.splitlines()
    what = 'level=warning logger=rapport.http message="the disk is nearly full"'
    assert re.fullmatch(f"at={INSTANT} {what}", line)


def test_the_same_line_can_be_json(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with written(monkeypatch, "json"):
        logging.getLogger("rapport.http").warning(LogEvent("request", status=200, trace=None))
    (line,) = capfd.readouterr().err.splitlines()
    told = json.loads(line)
    assert re.fullmatch(INSTANT, told.pop("at"))
    expected = {"level": "warning", "logger": "rapport.http", "event": "request", "status": 200}
    assert told == expected


def test_a_line_stays_one_line_whatever_it_quotes() -> None:
    line = record("%s", 'two\nlines and a "quote"')
    assert line.endswith(r'message="two\nlines and a \"quote\""')
    assert record(LogEvent("request", route="/a b=c")).endswith('event=request route="/a b=c"')


def test_an_exception_is_logged_by_class_and_place_and_never_by_text() -> None:
    try:
        raise ValueError(f"no such person: {MARKER}")
    except ValueError as error:
        line = record("it failed", failed=error)
        made = logging.LogRecord("rapport", 40, "", 0, "it", (), (ValueError, error, None))
        as_json = JsonLines().format(made)
    assert re.search(r'error="ValueError in test_an_exception\w+:\d+"', line)
    assert MARKER not in line + as_json
    assert "\n" not in line + as_json


def test_a_reader_that_stops_reading_blocks_nobody_and_loss_is_counted() -> None:
    reading, writing = os.pipe()
    writer = LineWriter(writing, most_waiting=100)
    writer.setFormatter(logging.Formatter("%(message)s"))
    long_line = logging.LogRecord("rapport", logging.INFO, "", 0, "x" * 10_000, (), None)
    for _ in range(1000):  # ten megabytes, of which a pipe takes 64 kilobytes
        writer.handle(long_line)
    arrived = b""
    while b"lines-lost" not in arrived and len(arrived) < 10_000_000:
        arrived += os.read(reading, 1 << 20)
    writer.close()
    os.close(writing)
    (count,) = re.findall(rb"event=lines-lost count=(\d+)", arrived)
    assert int(count) >= 800
    os.close(reading)


def test_lines_into_a_closed_pipe_are_dropped() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    writer = LineWriter(writing)
    writer.handle(logging.LogRecord("rapport", logging.ERROR, "", 0, "nobody hears", (), None))
    writer.close()
    os.close(writing)
    assert "nobody hears" not in reachable(writer)


def test_a_request_is_told_with_its_ledger_template_status_time_and_trace(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    with caplog.at_level(logging.INFO, "rapport.http"):
        sent = {"x-request-id": "till-7.42", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        answer = shop.append("pos:1", registration(), **sent)
    assert answer.headers["x-request-id"] == "till-7.42"
    (line,) = [one.getMessage() for one in caplog.records if one.name == "rapport.http"]
    assert re.fullmatch(
        f"event=request id=till-7.42 ledger={shop.base.rpartition('/')[2]} method=POST "
        r"route=/v1/ledgers/\{ledger\}/contacts/\{contact\}/events status=201 "
        rf"ms=\d+\.\d trace={trace}",
        line,
    )


def test_a_problem_and_the_log_name_the_request_alike(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "rapport.http"):
        answer = shop.client.get("/nothing", headers={"x-request-id": "till-7.43"})
        other = shop.client.get("/nothing")
        made = other.headers["x-request-id"]
        until(lambda: f"id={made} " in caplog.text)  # it is logged once it was answered
    assert answer.json()["instance"] == "urn:rapport:request:till-7.43"
    assert other.json()["instance"] == f"urn:uuid:{made}"


def test_a_request_id_that_is_none_is_replaced(shop: Shop) -> None:
    for sent in ("", "a b", "Ada <ada@example.org>", "x" * 65, "a=b"):
        answer = shop.client.get("/livez", headers={"x-request-id": sent})
        assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])


def plant(url: str) -> None:
    """Send a person's name in every place where a request can hold one."""
    ref = f"/contacts/{quote(f'pos:{MARKER}', safe='')}"
    base = f"{url}/v1/ledgers/main"
    headers = {
        "user-agent": MARKER,
        "referer": f"http://{MARKER}/",
        "cookie": f"name={MARKER}",
        "x-request-id": f"{MARKER}@example.org",
        "traceparent": MARKER,
        "tracestate": f"name={MARKER}",
    }
    key = {"idempotency-key": f"{MARKER}-{MARKER}"}
    with httpx.Client(headers=headers, timeout=END_SECONDS) as client:
        made = client.post(f"{base}{ref}/events", json=registration(MARKER), headers=key)
        assert made.status_code == 201
        bad = [
            client.post(f"{base}{ref}/events", json={**purchase("1"), MARKER: MARKER}),
            client.post(f"{base}{ref}/events", json=purchase(MARKER, subject=MARKER)),
            client.post(f"{base}{ref}/events", content=f"{{{MARKER}"),
            client.post(f"{base}/events", json=[purchase(MARKER, contact=f"pos:{MARKER}-2")]),
            client.get(f"{base}{ref}/status", params={"as_of": MARKER}),
            client.get(f"{base}/contacts", params={MARKER: MARKER}),
            client.get(f"{url}/v1/ledgers/{MARKER.lower()}/events"),
            client.get(f"{url}/v1/ledgers/{MARKER}/events"),
            client.get(f"{url}/{MARKER}"),
            client.request("DELETE", f"{base}{ref}"),
            client.get(f"{base}{ref}/status", headers={"host": f"{MARKER}.example.org"}),
            client.request(MARKER, f"{url}/{MARKER}"),
        ]
        assert {one.status_code // 100 for one in bad} == {4}
        assert client.get(f"{url}/livez", headers={MARKER: MARKER}).status_code == 200
        found = {"name": MARKER, "min_position": made.json()["position"]}
        assert client.get(f"{base}/contacts", params=found).json()["items"]


def test_no_log_line_and_no_metric_names_a_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAPPORT_LOG_LEVEL", "debug")
    for form in ("logfmt", "json"):
        monkeypatch.setenv("RAPPORT_LOG_FORMAT", form)
        with serving("serve", "--port", 0, "--data", tmp_path / form) as server:
            plant(server.url)
            figures = httpx.get(f"{server.url}/metrics", timeout=END_SECONDS).text
            server.process.terminate()
            out, err = server.process.communicate(timeout=END_SECONDS)
        assert err.count("contacts/{contact}/events") >= 3, "the log was written"
        for text in (out, err, figures):
            assert MARKER.lower() not in text.lower()


def test_a_server_whose_log_is_not_read_goes_on_and_ends(tmp_path: Path) -> None:
    with (
        serving("serve", "--port", 0, "--data", tmp_path / "data") as server,
        httpx.Client(base_url=server.url, timeout=END_SECONDS) as client,
    ):
        for _ in range(1000):  # some 150 kilobytes of lines, more than the pipe takes
            assert client.get("/livez").status_code == 200
        server.process.terminate()
        server.process.communicate(timeout=END_SECONDS)
        assert server.process.returncode == 0


@pytest.mark.parametrize("formatter", [Logfmt(), JsonLines()])
def test_nothing_that_is_quoted_turns_a_line_around_or_ends_it_elsewhere(
    formatter: logging.Formatter,
) -> None:
    for text in ("\u202egnp", "\u2028at=now", "\x85", "\x7f", "\x9b31m", "Zoë", "\ud800"):
        record = logging.makeLogRecord({"msg": LogEvent("failed", told=text)})
        line = formatter.format(record)
        assert line.isascii()
        assert line.isprintable()
