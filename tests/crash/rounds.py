"""Rounds of load on one data folder, of which each ends with a SIGKILL and is then looked into."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import httpx

from rapport_client import Client
from tests.cli.running import Serving, serving
from tests.crash.evidence import check
from tests.crash.following import Reader
from tests.crash.load import ONCE, BulkWriter, Sent, Watch, Writer
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.registrations import registration_event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from random import Random

WRITERS = 6
PAGE = 1000


class Load:
    """Several writers at one server."""

    def __init__(self, server: Serving, shared: UUID, chance: Random) -> None:
        self.server = server
        self.chance = chance
        self.watch = Watch()
        self.writers = [
            kind(server.url, chance.getrandbits(32), shared, self.watch)
            for kind in [Writer] * WRITERS + [BulkWriter]
        ]

    def kill(self) -> None:
        self.server.process.kill()
        self.server.process.wait(END_SECONDS)


@contextmanager
def loaded(load: Load) -> Iterator[None]:
    """The writers at work, until the server was killed and all of them noticed."""
    for writer in load.writers:
        writer.start()
    try:
        yield
    finally:
        load.kill()
        load.watch.clear.set()
        for writer in load.writers:
            writer.join(END_SECONDS)
    assert not any(writer.is_alive() for writer in load.writers)


def endured(data: Path, chance: Random, rounds: Iterable[Callable[[Load], None]]) -> list[Sent]:
    """All that was sent. Each round: what the last one left is right, sending it all again changes
    nothing of it, and then new writers go on while the round does to the server what it does. One
    reader follows them all: each round begins when it was told what the last one left."""
    shared = uuid4()
    reader = Reader()
    sent = [Sent([(shared, registration_event())])]
    newest = sent
    for one in rounds:
        with serving("serve", "--port", 0, "--data", data) as server:
            left = look_into(server.url, sent, newest)
            load = Load(server, shared, chance)
            following = reader.follow(server.url)
            reader.await_all(left)
            with loaded(load):
                one(load)
            following.join(END_SECONDS)
            assert not following.is_alive()
            newest = [one for writer in load.writers for one in writer.sent]
        sent += newest
    with serving("serve", "--port", 0, "--data", data) as server:
        left = look_into(server.url, sent, newest)
        following = reader.follow(server.url)
        reader.await_all(left)
        with Client(server.url, retries=ONCE) as client:
            whole = list(client.log(page=PAGE))
            reader.check(whole)
            assert all(one.send(client) for one in sent)
            assert list(client.log(page=PAGE)) == whole
        assert {event.id for one in sent for _, event in one.pairs} <= {one.id for one in whole}
        assert rebuilt_without_drift(server.url)
    following.join(END_SECONDS)
    assert not following.is_alive()
    return sent


def look_into(url: str, sent: list[Sent], newest: list[Sent]) -> int:
    """The length of the log."""
    with Client(url, retries=ONCE) as client:
        check(list(client.log(page=PAGE)), sent)
        assert all(one.send(client) for one in newest)
        log = list(client.log(page=PAGE))
        check(log, sent)
        return len(log)


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
