"""A second server waits until the first one has ended, and takes over what that one recorded."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.api.shop import problem_of, purchase, registration
from tests.cli.running import Serving, attempts, serving
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.server_processes import ServerProcess
from tests.followers.served import served
from tests.postgresql.serving import ANNA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATH = f"/v1/ledgers/main/contacts/{ANNA}/events"


@contextmanager
def waiting(data: Path) -> Iterator[Serving]:
    """A standby on that folder, once it says that it waits."""
    process = ServerProcess(["serve", "--standby", "--port", "0", "--data", str(data)])
    try:
        said = process.stderr.readline()
        assert said.startswith("Rapport waits on "), said
        yield Serving(said.split()[3], process)
    finally:
        process.terminate()
        process.communicate(timeout=END_SECONDS)


@pytest.mark.parametrize("store", ["database", "files"])
def test_a_standby_takes_over_from_a_server_that_was_killed(
    store: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store == "database":
        monkeypatch.setenv("RAPPORT_DATABASE_URL", url)
    data = tmp_path / "data"
    with (
        serving("serve", "--port", 0, "--data", data) as first,
        waiting(data) as standby,
        httpx.Client(base_url=standby.url, timeout=END_SECONDS) as client,
    ):
        made = httpx.post(first.url + PATH, json=registration("Anna"), timeout=END_SECONDS)
        assert made.status_code == 201
        assert client.get("/livez").json() == {"status": "ok"}
        told = problem_of(client.get("/readyz"), 503, "unavailable")
        assert "waiting for the writer" in told["detail"]
        problem_of(client.post(PATH, json=purchase("a")), 503, "unavailable")
        first.process.kill()
        for _ in attempts():
            # A connection on which no request came yet may end with what waited.
            with suppress(httpx.TransportError):
                if client.get("/readyz").status_code == 200:
                    break
        assert client.post(PATH, json=purchase("a")).json()["position"] == 3
        first.process.wait(END_SECONDS)


def test_a_standby_stops_when_it_is_told_to(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving("serve", "--port", 0, "--data", data) as first:
        with waiting(data) as standby:
            standby.process.terminate()
            standby.process.wait(END_SECONDS)
            assert standby.process.returncode == 0
        assert httpx.get(f"{first.url}/livez", timeout=END_SECONDS).status_code == 200


def test_a_second_process_follows_when_the_first_was_killed(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is skipped or applied twice: the projection is the same as one that is rebuilt."""
    monkeypatch.setenv("RAPPORT_DATABASE_URL", url)
    monkeypatch.delenv("RAPPORT_FOLLOWERS", raising=False)
    data = tmp_path / "data"
    with served(data, "--no-followers") as server:
        processes = [ServerProcess(["project", "--standby", "--data", str(data)]) for _ in range(2)]
        try:
            assert server.count(server.append(3)) == 3
            for number, process in enumerate(processes):
                position = server.append()
                process.kill()
                process.wait(END_SECONDS)
                if number == 0:
                    assert server.count(position) == 4
        finally:
            for process in processes:
                process.kill()
                process.communicate(timeout=END_SECONDS)
        replacing = ServerProcess(["project", "--standby", "--data", str(data)])
        try:
            assert server.count(server.append()) == 6
            result = server.rebuilt("status")["result"]
            assert result["digest"] == result["live_digest"]
        finally:
            replacing.terminate()
            replacing.communicate(timeout=END_SECONDS)
