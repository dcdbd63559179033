"""A server that cannot write says so, lives on, and goes on once it can."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from api.client import Client, Retries, Unavailable
from tests.command_line.running import serving
from tests.crash.evidence import check
from tests.crash.load import ONCE, Sent, registration, visit

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from tests.command_line.running import Serving

ROOM_BYTES = 200_000
MOST_APPENDS = 1000

needs_prlimit = pytest.mark.skipif(
    not hasattr(resource, "prlimit"), reason="limits of another process are set on Linux only"
)


def refused(sent: Sent, url: str, reason: str) -> None:
    """Sending is answered with a problem that says why, what of it, and when to come again."""
    (contact, event), *_ = sent.pairs
    with Client(url, retries=ONCE) as client, pytest.raises(Unavailable) as caught:
        client.append(contact, event)
    assert caught.value.status == 503
    assert caught.value.code == "unavailable"
    assert reason in str(caught.value)
    assert "nothing of this was recorded" in str(caught.value)
    assert caught.value.retry_after_seconds is not None


def well(url: str) -> bool:
    return httpx.get(f"{url}/livez").status_code == 200


@needs_prlimit
def test_on_a_full_disk_appends_are_refused_and_go_on_when_there_is_room(tmp_path: Path) -> None:
    contact = uuid4()
    sent = [Sent([(contact, registration())])]
    with (
        serving("serve", "--port", 0, "--data", tmp_path / "data") as server,
        Client(server.url, retries=ONCE) as client,
    ):
        assert sent[0].send(client)
        limit_file_size(server, largest_file(tmp_path) + ROOM_BYTES)
        full = fill(client, contact, sent)
        refused(full, server.url, "main/events.sqlite is full or failing")
        assert well(server.url)
        check(list(client.log(page=1000)), [*sent, full])
        assert client.event(newest_position(sent)).contact_id == contact
        limit_file_size(server, resource.RLIM_INFINITY)
        assert full.send(client)
        check(list(client.log(page=1000)), [*sent, full])
        answer = client.status(contact, min_position=max((full.positions or {}).values()))
        assert answer.contact_id == contact


def limit_file_size(server: Serving, size_bytes: int) -> None:
    limits = (size_bytes, resource.RLIM_INFINITY)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limits)


def largest_file(folder: Path) -> int:
    return max(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def fill(client: Client, contact: UUID, sent: list[Sent]) -> Sent:
    """Append until nothing more goes in; the first append that did not."""
    for _ in range(MOST_APPENDS):
        one = Sent([(contact, visit())])
        if not one.send(client):
            return one
        sent.append(one)
    raise AssertionError("the disk never was full")


def newest_position(sent: list[Sent]) -> int:
    return max(position for one in sent for position in (one.positions or {}).values())


@pytest.mark.parametrize("name", ["events.sqlite", "keys.sqlite"])
def test_a_database_locked_by_another_program_is_waited_for_and_then_told(
    tmp_path: Path, name: str
) -> None:
    """It is locked for longer than the server waits for it, which is five seconds."""
    contact = uuid4()
    sent = [Sent([(contact, registration())])]
    locked = Sent([(uuid4(), registration())])  # a new contact, which needs a key of its own
    with (
        serving("serve", "--port", 0, "--data", tmp_path / "data") as server,
        Client(server.url, retries=Retries(tries=3)) as client,
    ):
        assert sent[0].send(client)
        database = tmp_path / "data" / "ledgers" / "main" / name
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            refused(locked, server.url, f"another program holds main/{name}")
            assert well(server.url)
            check(list(client.log()), [*sent, locked])
            other.execute("ROLLBACK")
        assert locked.send(client)
        check(list(client.log()), [*sent, locked])
        assert sent[0].send(client)
