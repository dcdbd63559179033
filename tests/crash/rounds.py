"""Rounds of load on one data folder, of which each ends with a SIGKILL and is then looked into."""

from __future__ import annotations

import time
from contextlib import contextmanager
from itertools import cycle
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
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from random import Random

WRITERS = 6
PAGE = 1000


class Load:
    """Several writers at one server, or at several that serve one folder, in turn."""

    def __init__(self, servers: Sequence[Serving], shared: UUID, chance: Random) -> None:
        self.servers = servers
        self.chance = chance
        self.watch = Watch()
        self.writers = [
            kind(server.url, chance.getrandbits(32), shared, self.watch)
            for kind, server in zip([Writer] * WRITERS + [BulkWriter], cycle(servers), strict=False)
        ]

    @property
    def server(self) -> Serving:
        """The only one, or the first."""
        return self.servers[0]

    def kill(self) -> None:
        """Kill all of them."""
        for server in self.servers:
            server.process.kill()
        for server in self.servers:
            server.process.wait(END_SECONDS)


@contextmanager
def loaded(load: Load) -> Iterator[None]:
    """The writers at work, until the servers were killed and all of them noticed."""
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


@contextmanager
def one_server(data: Path) -> Iterator[Sequence[Serving]]:
    """The usual server of a folder."""
    with serving("serve", "--port", 0, "--data", data) as server:
        yield [server]


def endured(
    chance: Random,
    rounds: Iterable[Callable[[Load], None]],
    started: Callable[[], AbstractContextManager[Sequence[Serving]]],
) -> list[Sent]:
    """All that was sent. Each round: what the last one left is right, sending it all again changes
    nothing of it, and then new writers go on while the round does to the servers what it does. One
    reader follows them all: each round begins when it was told what the last one left. The servers
    are ``started`` for each round, on one folder."""
    shared = uuid4()
    reader = Reader()
    sent = [Sent([(shared, registration_event())])]
    newest = sent
    for one in rounds:
        with started() as servers:
            left = look_into(servers[-1].url, sent, newest)
            load = Load(servers, shared, chance)
            following = reader.follow(servers[0].url)
            reader.await_all(left)
            with loaded(load):
                one(load)
            following.join(END_SECONDS)
            assert not following.is_alive()
            newest = [one for writer in load.writers for one in writer.sent]
        sent += newest
    with started() as (server, *_):
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
