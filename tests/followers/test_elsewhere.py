"""``rapport serve --no-followers`` and ``rapport project``, each started by itself."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import rapport
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.server_processes import ServerProcess
from tests.fixtures.waiting import until
from tests.followers.served import LEDGER, children, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def by_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAPPORT_FOLLOWERS")


@contextmanager
def project(folder: Path) -> Iterator[ServerProcess]:
    """``rapport project`` on a folder, ended by a signal."""
    process = ServerProcess(["project", "--data", str(folder)])
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=END_SECONDS)
        assert "Traceback" not in err


def test_a_server_without_followers_says_so_until_one_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with served(folder, "--no-followers") as server:
        position = server.append(3)
        assert children(server.pid) == []
        until(lambda: server.get("/readyz")["stopped"] == {"followers": 1}, seconds=END_SECONDS)
        states = server.get(f"{LEDGER}/projections")["items"]
        assert {one["state"] for one in states} == {"waiting"}
        with project(folder):
            assert server.count(position) == 3
            assert server.get("/readyz")["status"] == "ok"
            result = server.rebuilt("status")["result"]
            assert result["digest"] == result["live_digest"]
            ended = rapport("project", "--data", folder)
            assert (ended.code, "already followed" in ended.err) == (3, True)
        until(lambda: "followers" in server.get("/readyz")["stopped"], seconds=END_SECONDS)
        with project(folder):
            assert server.count(server.append()) == 4


def test_it_waits_for_the_next_server(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert rapport("policy", "init", "cafe", "--data", folder).code == 0
    with project(folder) as process:
        for count in (1, 2):
            with served(folder, "--no-followers") as server:
                assert server.count(server.append()) == count
            assert process.poll() is None
        assert rapport("summary", "--data", folder).code == 0, "a command may take the folder"


def test_one_process_follows_by_itself(tmp_path: Path) -> None:
    with served(tmp_path / "data", "--single-process") as server:
        assert server.count(server.append(3)) == 3
        assert children(server.pid) == []
        assert not (tmp_path / "data" / "followers.lock").exists()
