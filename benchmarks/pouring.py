"""Many lines to a server in one request: made while they are sent, checked while they are read."""

from __future__ import annotations

import http.client
import json
import time
from itertools import islice
from threading import Thread
from typing import TYPE_CHECKING
from uuid import UUID

from benchmarks.measure import agree
from benchmarks.served import LEDGER
from benchmarks.till import POLICY_EVENTS
from domain.instants import DAY, format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse

EVENTS_A_CONTACT = 10
LINES_A_CHUNK = 500

_FIRST_AT = parse_instant("2024-01-01T12:00:00Z")
_DAYS_BETWEEN = 30
_EVENT_IDS = 1 << 32
_MOST_SECONDS = 3_600.0
_HEADERS = {"content-type": "application/jsonl", "transfer-encoding": "chunked"}


def contact(number: int) -> UUID:
    """The contact of that number, who is called ``Customer`` and the number."""
    return UUID(int=number + 1, version=4)


def lines(count: int, events_a_contact: int = EVENTS_A_CONTACT) -> Iterator[str]:
    """That many events: contacts in turn are registered, and then buy every thirty days."""
    for number in range(count):
        who, purchase = divmod(number, events_a_contact)
        at = format_instant(_FIRST_AT + (purchase * _DAYS_BETWEEN + who % _DAYS_BETWEEN) * DAY)
        head = f'{{"contact":"{contact(who)}","id":"{UUID(int=number + _EVENT_IDS, version=4)}",'
        if not purchase:
            data = f'"type":"contact-registered","data":{{"kind":"person","name":"Customer {who}"}}'
        else:
            data = (
                f'"type":"purchase-made","data":{{"purchase_id":"receipt-{number}",'
                f'"amount_minor":{100 + number % 9_000},"currency":"EUR","category":"music",'
                '"initiated_by":"contact"}'
            )
        yield f'{head}"occurred_at":"{at}",{data}}}\n'


def pour(port: int, count: int, events_a_contact: int = EVENTS_A_CONTACT) -> float:
    """Append that many lines to a new ledger in one request; answers in how many seconds.

    Raises:
        Disagreement: one was not appended, or not where it belongs.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_MOST_SECONDS)
    try:
        connection.putrequest("POST", f"{LEDGER}/events")
        for name, value in _HEADERS.items():
            connection.putheader(name, value)
        connection.endheaders()
        started = time.perf_counter()
        sending = Thread(target=_send, args=(connection, lines(count, events_a_contact)))
        sending.start()
        _check(connection.getresponse(), count)
        taken = time.perf_counter() - started
        sending.join()
    finally:
        connection.close()
    return taken


def _send(connection: http.client.HTTPConnection, remaining: Iterator[str]) -> None:
    while chunk := "".join(islice(remaining, LINES_A_CHUNK)):
        connection.send(b"%x\r\n%s\r\n" % (len(chunk), chunk.encode()))
    connection.send(b"0\r\n\r\n")


def _check(answer: HTTPResponse, count: int) -> None:
    answered = 0
    for answered, line in enumerate(answer, 1):  # it is used after the loop
        outcome = json.loads(line)
        agree("an outcome", (outcome["line"], outcome["status"]), (answered, 201))
        agree("its position", outcome["position"], POLICY_EVENTS + answered)
    agree("lines answered", answered, count)
