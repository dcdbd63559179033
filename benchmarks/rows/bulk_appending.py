"""Row 3: lines of events over HTTP, beside bare rows into the same table."""

from __future__ import annotations

import http.client
import json
import time
from itertools import islice
from threading import Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from benchmarks.measure import Goal, Line, Outcome, agree, in_turns, seconds
from benchmarks.rows.importing import stored, write_bare
from benchmarks.served import LEDGER, rapport
from benchmarks.till import POLICY_EVENTS, registration, stored_head
from domain.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.bench import Bench

GOAL = Goal(0.25, 0.50)
_MOST_SECONDS = 120.0


def measure(bench: Bench) -> Outcome:
    """Events a second of both, from the first byte sent to the last outcome read."""
    lines = [json.dumps(event).encode() for event in islice(events(bench), bench.size.bulk_events)]
    folder = bench.fresh()
    _append(folder, lines)  # the rows to write bare
    statements, rows = stored(folder)
    ours, theirs = in_turns(
        bench.size.runs,
        lambda: len(lines) / _append(bench.fresh(), lines),
        lambda: len(rows) / seconds(lambda: write_bare(bench.fresh(), statements, rows)),
    )
    what = f"bulk append over HTTP, {len(lines):,} lines in one request ({bench.file.label})"
    return Outcome(
        (
            Line(
                row="3", what=what, unit="events/s", ours=ours, goal=GOAL, theirs=theirs,
                beside="bare executemany of the same rows, 10,000 a commit, same indexes",
            ),
        )
    )  # fmt: skip  # one argument a line would bury the line


def events(bench: Bench) -> Iterator[dict[str, Any]]:
    """The purchases as a till that comes back with its backlog sends them."""
    seen: set[str] = set()
    for number, purchase in enumerate(bench.purchases):
        contact = f"cdnow:{purchase.customer}"
        if contact not in seen:
            seen.add(contact)
            yield registration(contact, f"CDNOW customer {purchase.customer}")
        yield {
            "contact": contact,
            "type": "purchase-made",
            "id": str(uuid4()),
            "occurred_at": format_instant(purchase.occurred_at),
            "data": {
                "purchase_id": f"{number}",
                "amount_minor": purchase.amount_minor,
                "currency": "USD",
                "category": "music",
                "initiated_by": "contact",
            },
        }


def _append(folder: Path, lines: list[bytes]) -> float:
    """Send the lines to a new ledger; answers in how many seconds they were acknowledged.

    Raises:
        Disagreement: one was not appended, or something else was.
    """
    with rapport(folder) as port:
        started = time.perf_counter()
        told = _exchanged(port, b"\n".join(lines))
        taken = time.perf_counter() - started
    outcomes = [json.loads(line) for line in told.splitlines()]
    agree("lines answered", [one["line"] for one in outcomes], list(range(1, len(lines) + 1)))
    agree("outcomes", {one["status"] for one in outcomes}, {201})
    places = [one["position"] for one in outcomes]
    agree("positions", places, list(range(POLICY_EVENTS + 1, POLICY_EVENTS + len(lines) + 1)))
    agree("the log's head", stored_head(folder), POLICY_EVENTS + len(lines))
    return taken


def _exchanged(port: int, body: bytes) -> bytes:
    """What is answered to the body, read while it is sent, as the contract asks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_MOST_SECONDS)
    try:
        connection.putrequest("POST", f"{LEDGER}/events")
        connection.putheader("content-type", "application/jsonl")
        connection.putheader("content-length", str(len(body)))
        connection.endheaders()
        sending = Thread(target=connection.sock.sendall, args=(body,))
        sending.start()
        answer = connection.getresponse().read()
        sending.join()
        return answer
    finally:
        connection.close()
