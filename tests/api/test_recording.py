"""Whether events are recorded just now: a full disk, a locked file, and how it is told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest

from api.http.app import create_app
from domain.errors import Unavailable
from ledger import free_space as room
from ledger.stores.sqlite.events import LedgerApplicationRecorder
from tests.api.shop import Clock, Json, Shop, built, listening, problem_of, registration
from tests.fixtures.faults import failing
from tests.fixtures.patience import END_SECONDS
from tests.ledger.given import folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.server import Server

pytestmark = pytest.mark.files_only(
    "it fills the disk under SQLite, and holds the lock of its file"
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """With the ledgers main and other; trials follow each other without a pause."""
    with built(tmp_path / "data", Clock()) as server:
        server.create("other")
        server.room = room.FreeSpaceWatch(server.folder.path, look_seconds=0.0)
        for served in server.ledgers.values():
            served.ledger.recording.again_seconds = 0.0
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with (
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, timeout=END_SECONDS) as client,
    ):
        yield client


@pytest.fixture
def shop(client: httpx.Client) -> Shop:
    return Shop(client, "main", Clock())


class Disk:
    """A disk that is full where the test says so, for one ledger's file or for all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full_for: str | None = None
        insert, try_commit = (
            LedgerApplicationRecorder.insert_events,
            LedgerApplicationRecorder.try_commit,
        )

        def inserted(recorder: LedgerApplicationRecorder, *args: object, **more: object) -> object:
            self._check(recorder)
            return insert(recorder, *args, **more)  # type: ignore[arg-type]  # handed on as they came

        def tried(recorder: LedgerApplicationRecorder) -> None:
            self._check(recorder)
            try_commit(recorder)

        monkeypatch.setattr(LedgerApplicationRecorder, "insert_events", inserted)
        monkeypatch.setattr(LedgerApplicationRecorder, "try_commit", tried)

    def _check(self, recorder: LedgerApplicationRecorder) -> None:
        path = str(recorder.datastore.pool.db_name)
        if self.full_for is not None and self.full_for in path:
            raise Unavailable("the disk is full or failing")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def ready(client: httpx.Client) -> Json:
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_while_one_ledger_cannot_record_the_server_is_degraded(
    shop: Shop, client: httpx.Client, disk: Disk
) -> None:
    disk.full_for = "ledgers/main/"
    problem_of(shop.append("pos:1", registration()), 503, "unavailable")
    for _ in range(2):
        assert ready(client) == {
            "status": "degraded",
            "stopped": {},
            "clock_behind_seconds": 0,
            "recording": False,
        }
    assert 'rapport_recording{ledger="main"} 0.0' in client.get("/metrics").text
    assert 'rapport_recording{ledger="other"} 1.0' in client.get("/metrics").text


def test_where_no_ledger_can_record_the_server_is_not_ready(
    shop: Shop, client: httpx.Client, disk: Disk, server: Server
) -> None:
    disk.full_for = "ledgers/"
    assert ready(client)["recording"], "nobody has tried yet"
    shop.append("pos:1", registration())
    Shop(client, "other", Clock()).append("pos:1", registration())
    told = problem_of(client.get("/readyz"), 503, "unavailable")
    assert told["recording"] is False
    assert client.get("/livez").status_code == 200
    assert client.get("/v1/ledgers/main/events").status_code == 200, "reading goes on"
    disk.full_for = None
    assert ready(client)["status"] == "ok", "a trial found that it works, without an append"
    assert all(one.ledger.head() == 1 for one in server.ledgers.values()), "and recorded nothing"


def test_an_append_that_works_ends_it_too(shop: Shop, client: httpx.Client, disk: Disk) -> None:
    disk.full_for = "ledgers/main/"
    shop.append("pos:1", registration())
    disk.full_for = None
    assert shop.append("pos:1", registration()).status_code == 201
    assert 'rapport_recording{ledger="main"} 1.0' in client.get("/metrics").text


def test_a_full_disk_is_noticed_though_nobody_appends(
    client: httpx.Client, disk: Disk, shop: Shop
) -> None:
    assert shop.base
    with failing(room, "require_room", Unavailable("the folder data takes no more bytes")):
        disk.full_for = "ledgers/"
        told = problem_of(client.get("/readyz"), 503, "unavailable")
        assert told["recording"] is False
    disk.full_for = None
    assert ready(client)["status"] == "ok"


def test_that_it_begins_and_ends_is_logged_once(
    shop: Shop, client: httpx.Client, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    disk.full_for = "ledgers/main/"
    shop.append("pos:1", registration())
    for _ in range(3):
        assert not ready(client)["recording"]
    disk.full_for = None
    for _ in range(3):
        assert ready(client)["recording"]
    said = [one.getMessage() for one in caplog.records if one.name == "rapport.ledger"]
    assert said == [
        "a commit failed: the disk is full or failing",
        "main/events.sqlite is written again",
    ]


def test_a_trial_is_no_append_in_the_metrics(shop: Shop, client: httpx.Client, disk: Disk) -> None:
    disk.full_for = "ledgers/main/"
    shop.append("pos:1", registration())
    before = appends(client)
    ready(client)
    disk.full_for = None
    ready(client)
    assert appends(client) == before


def appends(client: httpx.Client) -> list[str]:
    lines = client.get("/metrics").text.splitlines()
    return [line for line in lines if line.startswith("rapport_appends_total")]


def test_an_archived_ledger_is_tried_too(shop: Shop, client: httpx.Client, disk: Disk) -> None:
    disk.full_for = "ledgers/main/"
    shop.append("pos:1", registration())
    disk.full_for = None
    assert client.post("/v1/ledgers/main/archive", json={}).status_code == 200
    assert ready(client)["status"] == "ok"


def test_a_real_lock_is_told_and_forgotten(
    shop: Shop, client: httpx.Client, server: Server
) -> None:
    """Another program holds the database; the trial waits for it like any commit."""
    main = server.ledger("main").ledger
    main.recording.wait_seconds = 0.01
    with closing(sqlite3.connect(folder_of(main) / "events.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        problem_of(shop.append("pos:1", registration()), 503, "unavailable")
        assert ready(client)["recording"] is False
        other.execute("ROLLBACK")
    main.recording.wait_seconds = 20.0
    assert ready(client)["recording"] is True
