"""Text that would be something else elsewhere: kept by the rule of its kind, or refused.

Every string field of every event that clients send is tried with every one of these texts, in one
bulk request for each type. Nothing of them gets into a header or a line of the log.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

import msgpack
import pytest

from api.http.edge.logs import JsonLines, Logfmt
from api.service.event_schemas import from_clients
from domain.errors import Invalid
from domain.kinds import (
    CalendarDate,
    Choice,
    ContactId,
    Currency,
    Document,
    EventId,
    Flag,
    Instant,
    Kind,
    Text,
    TimeZone,
    Whole,
)
from domain.nested_kinds import Attributes, Items, References
from domain.text import FREE, IDENTIFIER, NAME
from tests.api.shop import problem_of, purchase, registration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.events import Event
    from domain.text import TextRule
    from tests.api.shop import Json, Shop

MARK = "zqx"
"""Stands in every text, so that it can be looked for."""

TEXTS = {
    "sql": f"'); DROP TABLE stored_events; --{MARK}",
    "html": f"<script>alert('{MARK}')</script>&amp;",
    "header": f"{MARK}\r\nX-Injected: yes\r\n\r\n<html>",
    "line": f"{MARK}\nat=2026-03-01T12:00:00Z level=error logger=rapport.api event=failed",
    "event stream": f"{MARK}\n\nevent: forged\ndata: {{}}\n\n",
    "nul": f"{MARK}\x00after",
    "terminal": f"\x1b[2J\x1b]0;{MARK}\x07",
    "c1": f"{MARK}\x85\x9b31m",
    "right to left": f"{MARK}\u202egnp.exe\u2066",
    "separators": f"{MARK}\u2028\u2029\ufeff",
    "look-alikes": f"{MARK}é e\u0301 \u212b \U0001f469\u200d\U0001f469\u200d\U0001f466",
    "template": f"${{jndi:ldap://{MARK}}}{{{{7*7}}}}%s%n%0d%0a",
    "path": f"../../{MARK}/keys.sqlite",
    "surrogate": f"{MARK}\ud800",
    "noncharacter": f"{MARK}\uffff\U0010ffff",
    "blank": f" {MARK} ",
    "long": MARK + "x" * 60_000,
}


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Everything that is logged meanwhile, as both formats write it."""
    found: list[str] = []

    class Both(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.extend((Logfmt().format(record), JsonLines().format(record)))

    handler, root = Both(), logging.getLogger("rapport")
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield found
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def require_clean(lines: list[str]) -> None:
    for line in lines:
        assert len(line.splitlines()) == 1, line
        assert line.isascii(), line
        assert line.isprintable(), line
        assert MARK not in line, line


def a_value(kind: Kind) -> Any:
    """One that fits, in JSON."""
    simple: dict[type[Kind], Any] = {
        Attributes: {},
        CalendarDate: "2026-01-05",
        ContactId: "pos:other",
        Currency: "EUR",
        Document: {},
        EventId: str(UUID(int=7)),
        Flag: True,
        Instant: "2026-02-01T10:00:00Z",
        Items: ["rye"],
        References: [],
        Text: "text",
        TimeZone: "Europe/Amsterdam",
    }
    match kind:
        case Whole():
            return max(1, kind.least)
        case Choice():
            return kind.words[0]
    return simple.get(type(kind), {})


def with_texts(kind: Kind, text: str) -> Iterator[tuple[str, Any]]:
    """Values in which the text stands, and where."""
    match kind:
        case Items():
            yield "/0", [text]
        case Attributes():
            yield "", {text: 1}
            yield "", {"wine": text}
        case References():
            yield "/0", [{"source": text, "ref": "1"}]
            yield "/0", [{"source": "pos", "ref": text}]
        case _:
            yield "", text


def attempts(cls: type[Event]) -> Iterator[tuple[str, str, Json]]:
    """Events with one hostile text each: which it is, where it stands, and the event."""
    needed = [field for field in cls.FIELDS if field.required or field.until_erased]
    base = {field.name: a_value(field.kind) for field in needed}
    if cls.TYPE == "event-corrected":  # which needs something to correct
        base["occurred_at"] = "2026-02-01T10:00:00Z"
    if cls.TYPE.startswith("contact-detail-"):
        base["kind"] = "postal"  # the only kind of which every text can be one
    if cls.TYPE == "action-deferred":
        base["item"] = "touch"
    for name, text in TEXTS.items():
        for field in cls.FIELDS:
            for place, value in with_texts(field.kind, text):
                data = {**base, field.name: value}
                yield name, f"/data/{field.name}{place}", {"type": cls.TYPE, "data": data}
        for field_name in ("source", "actor"):
            yield name, f"/{field_name}", {"type": cls.TYPE, "data": base, field_name: text}


def kept(text: str, *rules: TextRule) -> set[str]:
    """The forms in which those rules keep the text."""
    found = set()
    for rule in rules:
        with suppress(Invalid):
            found.add(rule.apply(text))
    return found


def holds(value: Any, text: str) -> bool:
    """Whether the text stands somewhere in the value, exactly."""
    if isinstance(value, dict):
        return any(holds(one, text) for pair in value.items() for one in pair)
    if isinstance(value, list):
        return any(holds(one, text) for one in value)
    return bool(value == text)


@pytest.mark.parametrize("cls", from_clients(), ids=lambda cls: cls.TYPE)
def test_text_is_stored_by_its_rule_or_refused_where_it_stands(
    shop: Shop, cls: type[Event], lines: list[str]
) -> None:
    shop.register("pos:other")
    sent = list(attempts(cls))
    new = cls.TYPE == "contact-registered"
    if not new:
        for begin in range(0, len(sent), 400):
            some = range(begin, min(begin + 400, len(sent)))
            known = [{**registration(), "contact": f"pos:{number}"} for number in some]
            assert shop.post("/events", known).status_code == 201
    body = "".join(
        json.dumps({**event, "contact": f"pos:{number}"}) + "\n"
        for number, (_, _, event) in enumerate(sent)
    )
    answer = shop.client.post(
        f"{shop.base}/events",
        content=body.encode(),
        headers={"content-type": "application/jsonl"},
    )
    assert answer.status_code == 200
    outcomes = [json.loads(line) for line in answer.text.splitlines()]
    assert len(outcomes) == len(sent)
    stored = 0
    for (name, pointer, event), outcome in zip(sent, outcomes, strict=True):
        status, text = outcome["status"], TEXTS[name]
        assert status in (200, 201, 409, 413, 422), (name, pointer, outcome)
        if status == 422:
            pointers = [error["pointer"] for error in outcome["problem"]["errors"]]
            near = [one for one in pointers if one.startswith(pointer) or pointer.startswith(one)]
            assert near, (name, pointer, outcome)
        if status == 201:
            stored += 1
            # A line's position is that of what was stored last because of it.
            place = outcome["position"]
            read = shop.get(f"/events/{place}")
            while read.json()["type"] != event["type"]:
                place -= 1
                read = shop.get(f"/events/{place}")
            packed = shop.client.get(
                str(read.url), headers={"accept": "application/vnd.msgpack"}
            ).content
            for shown in (read.json(), msgpack.unpackb(packed)):
                forms = kept(text, NAME, IDENTIFIER, FREE)
                assert any(holds(shown, one) for one in forms), (name, pointer)
            assert event["type"] == read.json()["type"]
    require_clean(lines)
    assert stored or not any(isinstance(field.kind, Text) for field in cls.FIELDS) or not new


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in ("surrogate", "nul")])
def test_every_way_to_read_gives_the_text_back(shop: Shop, name: str, lines: list[str]) -> None:
    """A note on a purchase and a name: text that clients choose freely, sealed and not."""
    text = TEXTS[name][:200]
    answer = shop.append("pos:1", registration(text))
    if answer.status_code == 422:
        problem = problem_of(answer, 422, "invalid-text")
        assert problem["errors"][0]["pointer"] == "/data/name"
        assert not kept(text, NAME)
        return
    (text,) = kept(text, NAME)
    position = answer.json()["position"]
    contact = shop.get("/contacts/pos:1", min_position=position)
    assert contact.json()["name"] == text
    for path in ("/events", "/contacts/pos:1/events"):
        assert shop.get(path).json()["items"][-1]["data"]["name"] == text
    exported = shop.client.get(f"{shop.base}/events", headers={"accept": "application/jsonl"})
    # Not by splitlines, which takes separators within the text for ends of lines.
    told = [json.loads(line) for line in exported.content.split(b"\n") if line]
    assert told[-1]["data"]["name"] == text
    found = shop.get("/contacts", name=MARK, min_position=position)
    assert [one["name"] for one in found.json()["items"]] == [text]
    with shop.client.stream(
        "GET", f"{shop.base}/events?after_position=1", headers={"accept": "text/event-stream"}
    ) as tail:
        raw = b""
        for part in tail.iter_raw():
            raw += part
            if b"\n\n" in raw.partition(b"data:")[2]:
                break
    record = raw.partition(b"\n\n")[2]
    fields = [line.partition(b": ") for line in record.split(b"\n") if line]
    assert [key for key, _, _ in fields] == [b"id", b"event", b"data"]
    assert json.loads(fields[2][2])["data"]["name"] == text
    require_clean(lines)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_in_the_place_of_a_name_reaches_no_header_and_no_line(
    shop: Shop, name: str, lines: list[str]
) -> None:
    text = TEXTS[name][:150]
    part = quote(text.encode("utf-8", "surrogatepass"), safe="")
    base, contact = shop.base, f"{shop.base}/contacts/pos:{part}"
    append = {"json": registration()}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", f"{contact}/events", append),
        (
            "POST",
            f"{contact}/events",
            {"json": [purchase(text)], "headers": {"prefer": "return=minimal"}},
        )
        if name != "surrogate"
        else ("GET", contact, {}),
        ("GET", contact, {}),
        ("GET", f"{contact}/status", {}),
        ("GET", f"{contact}/events?limit=1", {}),
        ("GET", f"/v1/ledgers/{part}", {}),
        ("DELETE", f"/v1/ledgers/{part}", {}),
        ("GET", f"{base}/policies/{part}", {}),
        ("GET", f"{base}/operations/{part}", {}),
        ("GET", f"{base}/projections/{part}/digest", {}),
        ("GET", f"{base}/log/{part}", {}),
        ("GET", f"/v1/event-types/{part}", {}),
        ("GET", f"/{part}", {}),
    ]
    asked += [
        ("GET", f"{base}/{path}={part}", {})
        for path in (
            "events?cursor", "events?types", "contacts?name", "statuses?stage", "statuses?as_of",
            "restatements?contact", f"events?{part}", "events?min_position",
        )
    ]  # fmt: skip
    for method, path, more in asked:
        answer = shop.client.request(method, path, **more)
        assert answer.status_code < 500, (method, path, answer.text)
        assert "x-injected" not in answer.headers
        for header in answer.headers.values():
            assert "\n" not in header
            assert "\r" not in header
    require_clean(lines)


HEADERS = (
    "accept", "content-type", "if-match", "if-none-match", "prefer", "idempotency-key",
    "traceparent", "x-request-id", "last-event-id", "range", "authorization", "content-encoding",
    "origin", "sec-fetch-site", "cookie", "forwarded", "x-forwarded-for", "expect",
)  # fmt: skip
VALUES = (
    b"\xff\xfe", b"'; DROP TABLE x; --", b'"', b'"1", W/"2"', b"*", b"bytes=0-,-1,9" + b"9" * 30,
    b"q=nan;q=1e999;*/*;q=-1", b"a\tb", b"9" * 5000, b"a" * 30_000, b"\x80" * 64,
    b"00-" + b"0" * 32, b"application/json; charset=\xff; boundary=" + b"x" * 100, b",,,;;;===",
    b"\xc2\x85forged",
)  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_no_header_makes_the_server_fail(shop: Shop, header: str, lines: list[str]) -> None:
    shop.register("pos:1")
    for number, value in enumerate(VALUES):
        headers = {b"content-type": b"application/json", header.encode(): value + MARK.encode()}
        sent = json.dumps(purchase(f"{header}-{number}")).encode()
        for method, path, content in (
            ("GET", "/events", None),
            ("GET", "/statuses", None),
            ("POST", "/contacts/pos:1/events", sent),
        ):
            url = shop.base + path
            answer = shop.client.request(method, url, content=content, headers=headers)
            assert answer.status_code < 500, (header, value[:40], answer.text)
    if header != "x-request-id":  # which is told where it is a plain word
        require_clean(lines)
