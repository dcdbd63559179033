"""A server that cannot write says so, lives on, and goes on once it can; also killed meanwhile."""

from __future__ import annotations

import random
import resource
import sqlite3
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import httpx
import pytest

from rapport_client import Client
from tests.cli.running import serving
from tests.crash.load import ONCE
from tests.crash.rounds import WRITERS, endured, one_server
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.crash.load import Sent
    from tests.crash.rounds import Load

    Hindrance = Callable[[Load], AbstractContextManager[None]]

MOST_ROOM_BYTES = 200_000
MOST_ACKNOWLEDGED = 100

needs_prlimit = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="limits of another process are set on Linux only"
)


@contextmanager
def full_disk(data: Path, load: Load) -> Iterator[None]:
    """No file of the server can grow beyond some size any more."""
    sizes = [file.stat().st_size for file in data.rglob("*") if file.is_file()]
    limit_file_size(load, max(sizes) + load.chance.randrange(MOST_ROOM_BYTES))
    yield
    if load.server.process.poll() is None:
        limit_file_size(load, resource.RLIM_INFINITY)


def limit_file_size(load: Load, size_bytes: int) -> None:
    limits = (size_bytes, resource.RLIM_INFINITY)
    resource.prlimit(load.server.process.pid, resource.RLIMIT_FSIZE, limits)


@contextmanager
def locked(data: Path, name: str, _load: Load) -> Iterator[None]:
    """This process holds a database, for longer than the server waits for it."""
    database = data / "ledgers" / "main" / name
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def comes_and_goes(hindrance: Hindrance, load: Load) -> None:
    """As many refusals as writers while it was there, and all goes on when it is gone."""
    work(load)
    load.watch.clear.clear()
    with hindrance(load):
        load.watch.refused.more(WRITERS)
        assert httpx.get(f"{load.server.url}/livez", timeout=END_SECONDS).status_code == 200
        with Client(load.server.url, retries=ONCE) as client:
            assert client.event(1).position == 1
    # Nobody appends: whether events are recorded again is found out by asking.
    until(
        lambda: httpx.get(f"{load.server.url}/readyz", timeout=END_SECONDS).status_code == 200,
        seconds=30,
        pause_seconds=0.05,
    )
    load.watch.clear.set()
    work(load)
    load.kill()


def is_there_when_killed(hindrance: Hindrance, refused: int, load: Load) -> None:
    """It is killed while the writers meet what hinders it, after some number of refusals."""
    work(load)
    load.watch.clear.clear()
    with hindrance(load):
        load.watch.refused.more(refused)
        load.kill()


def work(load: Load) -> None:
    load.watch.acknowledged.more(load.chance.randint(20, MOST_ACKNOWLEDGED))


def refusals(sent: list[Sent]) -> set[str]:
    return {str(refusal) for one in sent for refusal in one.refusals}


@needs_prlimit
def test_a_server_on_a_full_disk_says_that_it_is_not_ready_until_it_is(tmp_path: Path) -> None:
    """It notices by itself that there is room again: nothing is appended in between."""
    with (
        serving("serve", "--port", 0, "--data", tmp_path / "data") as server,
        httpx.Client(base_url=server.url, timeout=END_SECONDS) as http,
    ):
        contact = {"type": "contact-registered", "data": {"kind": "person", "name": "Ann"}}
        assert appended(http, "till:1", contact) == 201
        assert http.get("/readyz").json()["status"] == "ok"
        pid = server.process.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        assert appended(http, "till:2", contact) == 503
        for _ in range(2):
            answer = http.get("/readyz")
            assert answer.status_code == 503
            assert answer.json()["recording"] is False
        assert http.get("/livez").status_code == 200
        assert http.get("/v1/ledgers/main/contacts/till:1").status_code == 200
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        until(lambda: http.get("/readyz").status_code == 200, seconds=10, pause_seconds=0.05)
        assert http.get("/readyz").json()["recording"] is True
        assert len(http.get("/v1/ledgers/main/events").json()["items"]) == 2
        assert appended(http, "till:2", contact) == 201


def appended(http: httpx.Client, contact: str, event: Mapping[str, object]) -> int:
    return http.post(f"/v1/ledgers/main/contacts/{contact}/events", json=event).status_code


@needs_prlimit
def test_on_a_full_disk_writers_are_refused_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    data = tmp_path / "data"
    disk = partial(full_disk, data)
    rounds = [
        partial(comes_and_goes, disk),
        partial(is_there_when_killed, disk, 1),
        partial(comes_and_goes, disk),
        partial(is_there_when_killed, disk, 0),
        partial(is_there_when_killed, disk, WRITERS),
    ]
    sent = endured(random.Random(20260302), rounds, partial(one_server, data))
    assert refusals(sent)
    assert all("is full or failing" in one for one in refusals(sent))


@pytest.mark.parametrize("name", ["events.sqlite", "keys.sqlite"])
def test_while_another_program_holds_a_database_nothing_is_lost_or_doubled(
    tmp_path: Path, name: str
) -> None:
    """It is locked for longer than the server waits for it, which is five seconds."""
    data = tmp_path / "data"
    lock = partial(locked, data, name)
    rounds = [
        partial(is_there_when_killed, lock, 0),
        partial(comes_and_goes, lock),
        partial(is_there_when_killed, lock, 1),
    ]
    sent = endured(random.Random(20260303), rounds, partial(one_server, data))
    assert refusals(sent) == {f"another program holds main/{name}: nothing of this was recorded"}
