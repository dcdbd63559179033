"""A server killed at any moment has lost nothing that it acknowledged, and doubled nothing."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx

from api.client import Client
from tests.command_line.running import END_SECONDS, serving
from tests.crash.evidence import check
from tests.crash.load import ONCE, BulkWriter, Count, Sent, Writer, registration

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from tests.command_line.running import Serving

ROUNDS = 12
WRITERS = 6
MOST_ACKNOWLEDGED = 150


def test_what_was_acknowledged_survives_any_number_of_kills(tmp_path: Path) -> None:
    """Each round: what the last one left is right, sending it all again changes nothing, and then
    new writers go on until the server is killed."""
    chance = random.Random(20260301)
    shared = uuid4()
    sent = [Sent([(shared, registration())])]
    newest = sent
    for _ in range(ROUNDS):
        with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
            with Client(server.url, retries=ONCE) as client:
                check(list(client.log(page=1000)), sent)
                assert all(one.send(client) for one in newest)
                check(list(client.log(page=1000)), sent)
            newest = loaded_until_killed(server, shared, chance)
        sent += newest
    with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
        with Client(server.url, retries=ONCE) as client:
            check(list(client.log(page=1000)), sent)
            assert all(one.send(client) for one in newest)
            whole = list(client.log(page=1000))
            assert all(one.send(client) for one in sent)
            assert list(client.log(page=1000)) == whole
        check(whole, sent)
        assert {event.id for one in sent for _, event in one.pairs} <= {one.id for one in whole}
        assert rebuilt_without_drift(server.url)


def loaded_until_killed(server: Serving, shared: UUID, chance: random.Random) -> list[Sent]:
    """What writers sent until the server was killed, after some number of acknowledgements."""
    acknowledged = Count()
    writers = [
        kind(server.url, chance.getrandbits(32), shared, acknowledged)
        for kind in [Writer] * WRITERS + [BulkWriter]
    ]
    for writer in writers:
        writer.start()
    acknowledged.reach(chance.randint(1, MOST_ACKNOWLEDGED))
    server.process.kill()
    server.process.wait(END_SECONDS)
    for writer in writers:
        writer.join(END_SECONDS)
        assert not writer.is_alive()
    return [one for writer in writers for one in writer.sent]


def rebuilt_without_drift(url: str) -> bool:
    """Whether what the projection kept through all kills is what it would be built as now."""
    with httpx.Client(base_url=url, timeout=END_SECONDS) as http:
        started = http.post("/v1/ledgers/main/projections/status/rebuilds", json={})
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            work = http.get(started.headers["location"]).json()
            if work["state"] != "running":
                break
        assert work["state"] == "succeeded", work
        return bool(work["result"]["drift"] == [])
