"""Plain requests, and those that are plain but for one thing, as the bytes that are sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

from api.service.event_schemas import from_clients
from tests.api.both_ways import Header, Sent, request
from tests.api.edges import data_around
from tests.api.shop import purchase, registration

if TYPE_CHECKING:
    from collections.abc import Iterator

LEDGER = "/v1/ledgers/main"
JSON: Header = ("content-type", "application/json")


def append(contact: str, body: bytes, *more: Header, **named: Any) -> bytes:
    """A request that appends to a contact."""
    return request("POST", f"{LEDGER}/contacts/{contact}/events", body, (JSON, *more), **named)


def status(contact: str, *more: Header, **named: Any) -> bytes:
    """A request for a contact's status."""
    return request("GET", f"{LEDGER}/contacts/{contact}/status", None, more, **named)


def card(contact: str, *more: Header) -> bytes:
    """A request for a contact's welcome card."""
    return request("GET", f"{LEDGER}/contacts/{contact}/card", None, more)


def said(event: object) -> bytes:
    """An event as compact JSON."""
    return json.dumps(event).encode()


def event_id(number: int) -> str:
    """An id that a producer gives."""
    return str(UUID(int=number, version=4))


CONTACTS = (
    "pos:1", "pos:2", "pos:gone", "pos:merged", "pos:unknown", "pos%3a1", "pos%3A1", "p%6fs:1",
    "pos:%C3%96rn", "pos:O%CC%88rn", "pos:a%2Fb", "pos:a%3Fb", "pos:%FF", "pos:%", "pos:%4",
    "pos:%00", "pos:", ":1", "pos", "POS:1", "pos:a%20b", "pos:" + "x" * 200, "pos:" + "x" * 201,
    "..", ".", "a:b:c", event_id(1), event_id(1).upper(), event_id(1).replace("-", ""),
    str(UUID(int=0)), "%D0%B0:1",
)  # fmt: skip

BODIES = (
    b"", b" ", b"{}", b"[]", b"null", b"true", b"1", b'"x"', b"{", b"}", b"[{}]", b"\xff",
    b"\xef\xbb\xbf{}",
    b'{"type":"purchase-made"}',
    b'{"type":"purchase-made","data":null}',
    b'{"type":"no-such","data":{}}',
    b'{"type":["purchase-made"],"data":{}}',
    b'{"type":"policy-published","data":{}}',
    b'{"data":{}}',
    b'{"type":"need-met","data":{"need_id":"n"}} ',
    b' \r\n\t{"type":"need-met","data":{"need_id":"n"}}',
    b'{"type":"need-met","data":{"need_id":"n"}}x', b'{"type":"need-met","data":{"need_id":"n"},}',
    b'{"type":"need-met","type":"need-met","data":{"need_id":"n"}}',
    b'{"type":"need-met","data":{"need_id":"n","need_id":"n"}}',
    b'{"type":"need-met","data":{"need_id":"a","n\\u0065ed_id":"b"}}',
    b'{"type":"need-met","data":{"need_id":"\\ud83d\\ude00"}}',
    b'{"type":"need-met","data":{"need_id":"\\ud83d"}}',
    b'{"type":"need-met","data":{"need_id":"\\udE00\\ud83d"}}',
    b'{"type":"need-met","data":{"need_id":"\\u0000"}}',
    b'{"type":"need-met","data":{"need_id":"\xed\xa0\x80"}}',
    b'{"type":"need-met","data":{"need_id":"\xc0\x80"}}',
    b'{"type":"need-met","data":{"need_id":"a\nb"}}',
    b'{"type":"need-met","data":{"need_id":"\x7f"}}',
    b'{"type":"need-met","data":{"need_id":"\\x"}}', b'{"type":"need-met","data":{"need_id":NaN}}',
    b'{"type":"need-met","data":{"need_id":-Infinity}}',
    b'{"type":"need-met","data":{"need_id":1e400}}',
    b'{"type":"need-met","data":{"need_id":"n"},"extra":1}',
    b'{"type":"need-met","data":{"need_id":"n"},"":1}',
    b'{"type":"need-met","data":{"need_id":"n"},"contact":"pos:1"}',
    b'{"type":"need-met","data":[]}',
    *(
        b'{"type":"need-discovered","data":{"need_id":"b%d"},"%s"}' % (place, rest)
        for place, rest in enumerate((
            b'id":null,"source":"s', b'id":"9', b'id":9,"source":"s', b'source":"',
            b'source":"s\\u202e', b'source":"' + b"s" * 500, b'actor":"a',
            b'actor":1,"source":"s', b'causation_id":"00000000-0000-4000-8000-000000000001',
            b'causation_id":"x', b'occurred_at":"2026-03-01',
            b'occurred_at":"2026-03-01T12:00:00+01:00', b'occurred_at":"2999-01-01T00:00:00Z',
            b'occurred_at":"1900-01-01T00:00:00Z', b'occurred_at":"2026-02-29T00:00:00Z',
            b'occurred_at":1,"source":"s', b'occurred_at":"2026-03-01T12:00:00.1234567Z',
        ))
    ),
    *(
        b'{"type":"purchase-made","data":{"purchase_id":"n%d","amount_minor":%s,"currency":"EUR",'
        b'"initiated_by":"contact"}}' % (place, number)
        for place, number in enumerate((
            b"1", b"-0", b"0", b"-1", b"1.0", b"1.5", b"1e3", b"1E400", b"01", b"+1", b".5",
            b"1.", b"0x1", b"9007199254740991", b"9007199254740993", b"9223372036854775807",
            b"9223372036854775808", b"18446744073709551616", b"1" * 30, b"1" * 31, b"1" * 400,
            b"1" * 5000, b"-" + b"1" * 31, b'"1"', b"true", b"null", b"[1]", b"{}",
        ))
    ),
    *(
        b'{"type":"need-met","data":%s1%s}' % (opened * depth, closed * depth)
        for opened, closed in ((b"[", b"]"), (b'{"a":', b"}"))
        for depth in (1, 30, 31, 32, 33, 200, 2000)
    ),
    b'{"type":"event-corrected","data":{"event":"%s","data":{"deep":[[[1.5]]]}}}'
    % event_id(3).encode(),
    said({"type": "need-discovered", "data": {"need_id": "x", "summary": "y" * 70_000}}),
)  # fmt: skip

READ_HEADERS: tuple[tuple[Header, ...], ...] = (
    (), (("accept", "*/*"),), (("accept", "application/json"),),
    (("Accept", "Application/JSON"),), (("accept", ""),), (("accept", "text/html"),),
    (("accept", "application/msgpack"),), (("accept", "application/json;q=0"),),
    (("accept", "*/*"), ("accept", "text/html")), (("accept-encoding", "gzip"),),
    (("accept-language", "nl"),), (("user-agent", "till/1"),), (("connection", "keep-alive"),),
    (("connection", "close"),), (("connection", "Keep-Alive"),),
    (("connection", "upgrade"), ("upgrade", "websocket")), (("upgrade", "h2c"),),
    (("host", "localhost"),), (("origin", "https://example.org"),),
    (("origin", "http://localhost"),), (("sec-fetch-site", "cross-site"),),
    (("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),),
    (("traceparent", "ff-00"),), (("tracestate", "a=b"),), (("x-request-id", "mine-1"),),
    (("x-request-id", event_id(5)),), (("x-request-id", "no spaces"),),
    (("x-request-id", "a"), ("x-request-id", "b")), (("x-forwarded-for", "10.0.0.1"),),
    (("cookie", "a=b"),), (("if-none-match", '"x"'),), (("if-none-match", "*"),),
    (("if-match", '"1"'),), (("if-match", "*"),), (("cache-control", "no-cache"),),
    (("range", "bytes=0-1"),), (("authorization", "Bearer x"),), (("te", "trailers"),),
    (("content-length", "0"),), (("x-unheard-of", "1"),), (("x-" + "y" * 300, "z" * 300),),
)  # fmt: skip

APPEND_HEADERS: tuple[tuple[Header, ...], ...] = (
    *READ_HEADERS[:-3], *READ_HEADERS[-2:], (("idempotency-key", "order-2026-03-01-1042"),),
    (("idempotency-key", "short"),), (("prefer", "return=minimal"),),
    (("if-match", '"1"'), ("if-match", '"2"')), (("content-encoding", "gzip"),),
    (("content-encoding", "identity"),), (("content-type", "application/json"),),
    (("expect", "100-continue"),), (("if-none-match", "*"), ("if-match", '"3"')),
)  # fmt: skip

CONTENT_TYPES = (
    None, "application/json", "Application/JSON", "application/json; charset=utf-8",
    "application/json;charset=latin-1", "", "text/plain", "application/msgpack",
    "application/jsonl", "application/cloudevents+json", "application/x-www-form-urlencoded",
)  # fmt: skip


def corpus(*more: Header) -> Iterator[Sent]:
    """All of them, each with these headers too; clocks go on by a second between two."""
    for packets in _single(*more):
        yield Sent((packets,), moved_seconds=1)
    yield from _framed(*more)


def of_every_type(*more: Header) -> Iterator[Sent]:
    """Each type of event with its data at every edge of its schema; every fifth edge is sent."""
    number = 10_000
    for cls in from_clients():
        for data in list(data_around(cls))[::5]:
            number += 1
            event = {"type": cls.TYPE, "id": event_id(number), "data": data}
            yield Sent((append("pos:edges", said(event), *more),))


def _single(*more: Header) -> Iterator[bytes]:
    for contact in CONTACTS:
        for name in (contact, contact):  # the second time both are kept
            yield status(name, *more)
            yield card(name, *more)
        body = said({"type": "need-discovered", "data": {"need_id": "n"}})
        yield append(contact, body, *more)
        yield append(contact, body, *more)
        yield status(contact, *more)
    for body in BODIES:
        yield append("pos:1", body, *more)
    for number, headers in enumerate(APPEND_HEADERS):
        yield append(
            "pos:1", said(purchase(f"h{number}", id=event_id(100 + number))), *headers, *more
        )
    for headers in READ_HEADERS:
        yield status("pos:1", *headers, *more)
        yield card("pos:1", *headers, *more)
    for number, kind in enumerate(CONTENT_TYPES):
        headers = () if kind is None else (("content-type", kind),)
        path = f"{LEDGER}/contacts/pos:1/events"
        yield request("POST", path, said(purchase(f"c{number}")), (*headers, *more))
    yield from _known(*more)
    yield from _elsewhere(*more)


def _known(*more: Header) -> Iterator[bytes]:
    """Events that are known, and ids that are taken."""
    event = purchase("known", id=event_id(50))
    for contact in ("pos:1", "pos:1", "pos:2", "pos:unknown"):
        yield append(contact, said(event), *more)
    for change in (
        {"source": "s"},
        {"actor": "a"},
        {"occurred_at": "2026-03-01T12:00:00Z"},
        {"type": "need-met"},
        {"x": 1},
    ):
        yield append("pos:1", said(event | change), *more)
    yield append("pos:1", said([event]), *more)
    yield append("pos:1", said([event, purchase("two"), purchase("three")]), *more)
    yield append("pos:new", said(registration("Xanthippe")), *more)
    yield append("pos:new", said(registration("Xanthippe")), *more)
    yield append("pos:new", said({"type": "promise-kept", "data": {"promise_id": "p"}}), *more)


def _elsewhere(*more: Header) -> Iterator[bytes]:
    """Other methods, paths, hosts and versions."""
    body = said(purchase("elsewhere"))
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        for end in ("status", "card", "events"):
            path = f"{LEDGER}/contacts/pos:1/{end}"
            yield request(method, path, None if method in ("GET", "HEAD") else body, (JSON, *more))
    for path in (
        "/contacts/pos:1/status?", "/contacts/pos:1/status?explain=text",
        "/contacts/pos:1/status?as_of=2026-02-01", "/contacts/pos:1/status?min_position=1",
        "/contacts/pos:1/status?x=1", "/contacts/pos:1/status/", "/contacts//status",
        "/contacts/pos:1/card?", "/contacts/pos:1/card?as_of=2026-02-01", "/contacts/pos:1/card/",
        "//contacts/pos:1/status", "/contacts/pos:1/status/history", "/contacts/pos:1/status#x",
        "/contacts/pos:1/%73tatus", "/contacts/pos:1/../status", "/status",
    ):  # fmt: skip
        yield request("GET", LEDGER + path, None, more)
    for ledger in ("unheard-of", "MAIN", "m%61in", "main-", "-", "9"):
        yield request("GET", f"/v1/ledgers/{ledger}/contacts/pos:1/status", None, more)
        yield request("POST", f"/v1/ledgers/{ledger}/contacts/pos:1/events", body, (JSON, *more))
    yield request("GET", f"http://localhost{LEDGER}/contacts/pos:1/status", None, more)
    for host in ("127.0.0.1:1", "example.org", "", "LOCALHOST", "[::1]:80", "10.0.0.1"):
        yield status("pos:1", *more, host=host)
        yield append("pos:1", body, *more, host=host)


def _framed(*more: Header) -> Iterator[Sent]:
    """Requests in several packets and packets with several requests."""
    for number in range(8):
        whole = append("pos:1", said(purchase(f"f{number}", id=event_id(200 + number))), *more)
        end = whole.index(b"\r\n\r\n") + 4
        yield Sent((whole[:end], whole[end:]))
        yield Sent((whole[:end], whole[end : end + 9], whole[end + 9 :]))
        yield Sent((whole[: 20 + number], whole[20 + number :]))
        yield Sent((whole[: end - 2], whole[end - 2 :]))
    whole = append("pos:1", said(purchase("late")), *more)
    yield Sent((whole[:-9], whole[-9:]), pause_seconds=0.12)
    yield Sent((whole[:-40], whole[-40:-9], whole[-9:]), pause_seconds=0.12)
    fresh = (
        append("pos:1", said(purchase(f"l{number}", id=event_id(300 + number))), *more)
        for number in range(40)
    )
    read = status("pos:2", *more)
    for together in (
        (read, read, read), (next(fresh), read), (read, next(fresh), read),
        (next(fresh), next(fresh), next(fresh)),
        (next(fresh), status("pos:1", *more), next(fresh), status("pos:1", *more)),
        (read, status("pos:2", ("accept", "text/html"), *more), read),
        (next(fresh), append("pos:1", b"{", *more), next(fresh)),
        (append("pos:1", b"{", *more), next(fresh), read),
    ):  # fmt: skip
        yield Sent((b"".join(together),), answers=len(together))
    chunked = append("pos:1", b"", ("transfer-encoding", "chunked"), *more)
    body = said(purchase("chunked"))
    yield Sent((chunked + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),))
    yield Sent(
        (chunked + b"5\r\n%s\r\n" % body[:5], b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) - 5, body[5:]))
    )
    yield Sent((append("pos:1", said(purchase("expected")), ("expect", "100-continue"), *more),))
    yield Sent((status("pos:1", *more, version="1.0"),))
    yield Sent((append("pos:1", said(purchase("old")), *more, version="1.0"),))
    for length in ("-1", "1e1", "+5", "0x5", "99999999999999999999", "5, 5", ""):
        yield Sent((append("pos:1", b"{}", ("content-length", length), *more),))
    yield Sent((append("pos:1", b"{}", ("content-length", "2"), ("content-length", "2"), *more),))
    yield Sent((b"nonsense\r\n\r\n",))
