"""``rapport serve`` with a process beside it that follows: what must hold, whatever ends when."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path
from threading import Thread
from time import sleep

import pytest

from tests.cli.running import rapport
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until
from tests.followers.served import LEDGER, PROJECTIONS, Served, is_running, served

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are read there")

ROUNDS = 4


def test_lists_follow_in_a_process_of_its_own(tmp_path: Path) -> None:
    with served(tmp_path / "data") as server:
        position = server.append(3)
        assert server.count(position) == 3
        pid = server.follower()
        assert (tmp_path / "data" / "followers.lock").read_text().strip() == str(pid)
        states = server.get(f"{LEDGER}/projections")["items"]
        assert [one["name"] for one in states] == list(PROJECTIONS)


def test_a_killed_follower_loses_nothing_and_comes_back(tmp_path: Path) -> None:
    """Killed at random moments while events are appended; lists catch up each time."""
    chance = random.Random(20261129)
    with served(tmp_path / "data") as server:
        appended = [server.append()]
        for _ in range(ROUNDS):
            appending = Thread(target=lambda: appended.append(server.append(30)))
            appending.start()
            sleep(chance.uniform(0.0, 0.3))
            killed = server.kill_follower()
            appending.join()
            assert server.count(appended[-1]) == appended[-1] - 1
            assert server.follower() != killed
        for name in PROJECTIONS:
            result = server.rebuilt(name)["result"]
            assert result["digest"] == result["live_digest"]
            assert result["drift"] == []
        until(lambda: sealed(server) == appended[-1], seconds=END_SECONDS)


def test_readiness_says_that_nobody_follows(tmp_path: Path) -> None:
    with served(tmp_path / "data") as server:
        position = server.append()
        assert server.count(position) == 1
        assert server.get("/readyz")["status"] == "ok"
        server.kill_follower()
        until(lambda: server.get("/readyz")["stopped"] == {"followers": 1}, seconds=END_SECONDS)
        assert server.get(f"{LEDGER}/statuses")["items"], "what was projected is still answered"
        until(lambda: server.get("/readyz")["status"] == "ok", seconds=END_SECONDS)


def test_a_stopped_follower_holds_no_append_up_and_is_replaced(tmp_path: Path) -> None:
    with served(tmp_path / "data") as server:
        assert server.count(server.append()) == 1
        pid = server.follower()
        os.kill(pid, signal.SIGSTOP)
        position = server.append(20)
        until(lambda: server.get("/readyz")["stopped"] == {"followers": 1}, seconds=END_SECONDS)
        assert server.count(position) == 21
        assert server.follower() != pid
        assert not is_running(pid)


def test_the_follower_ends_with_a_killed_server(tmp_path: Path) -> None:
    with served(tmp_path / "data") as server:
        position = server.append(5)
        pid = server.follower()
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not is_running(pid), seconds=END_SECONDS)
    with served(tmp_path / "data") as server:
        assert server.count(position) == 5


def test_ctrl_c_in_a_terminal_reaches_both_quietly(tmp_path: Path) -> None:
    with served(tmp_path / "data") as server:
        server.append(5)
        pid = server.follower()
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)
        assert is_running(pid), "the server ends it"
        os.kill(server.pid, signal.SIGINT)
        until(lambda: not is_running(pid), seconds=END_SECONDS)
    said = rapport("verify", tmp_path / "data")
    assert said.code == 0, said.err


def test_what_is_recorded_at_the_end_is_signed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with served(folder) as server:
        server.follower()
        position = server.append(5)
    shown = rapport("proof", "checkpoint", folder)
    assert shown.code == 0, shown.err
    assert shown.out.splitlines()[1] == str(position)


def test_ledgers_are_made_and_deleted_while_followed(tmp_path: Path) -> None:
    with served(tmp_path / "data") as server:
        for _ in range(2):
            made = server.http.post("/v1/ledgers", json={"name": "shop"})
            assert made.status_code == 201, made.text
            position = server.append(2, "/v1/ledgers/shop")
            assert server.count(position, "/v1/ledgers/shop") == 2
            delete(server, "shop")
            assert not (tmp_path / "data" / "ledgers" / "shop").exists()
        assert server.count(server.append()) == 1


def test_two_processes_beside_on_one_folder_are_refused(tmp_path: Path) -> None:
    with served(tmp_path / "data") as server:
        server.count(server.append())
        ended = rapport("project", "--data", tmp_path / "data")
        assert ended.code == 3
        assert f"is already followed by process {server.follower()}" in ended.err


def sealed(server: Served) -> int:
    """How many events are under a signed checkpoint."""
    answer = server.http.get(f"{LEDGER}/log/checkpoint")
    return int(answer.text.splitlines()[1])


def delete(server: Served, name: str) -> None:
    """Delete a ledger, with the confirmation that the first request is told."""
    asked = server.http.delete(f"/v1/ledgers/{name}")
    done = server.http.delete(f"/v1/ledgers/{name}", params={"confirm": asked.json()["token"]})
    assert done.is_success, done.text
