"""A second server waits until the first one has ended, and takes over what that one recorded."""

from __future__ import annotations

import shutil
import signal
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from ledger.data_layout import FOLLOWERS_LOCK
from tests.api.shop import problem_of, purchase, registration
from tests.cli.running import Serving, attempts, serving
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.server_processes import ServerProcess
from tests.followers.served import PROJECTIONS, served
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


TAKE_OVER_SECONDS = 5.0


@pytest.mark.parametrize("store", ["database", "files"])
def test_a_process_that_follows_is_followed_by_another(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Nothing is skipped or applied twice: the projections are the same as when rebuilt."""
    if store == "database":
        monkeypatch.setenv("RAPPORT_DATABASE_URL", request.getfixturevalue("url"))
    monkeypatch.delenv("RAPPORT_FOLLOWERS", raising=False)
    data = tmp_path / "data"
    command = ["project", "--standby", "--data", str(data)]
    with ExitStack() as opened:
        server = opened.enter_context(served(data, "--no-followers"))
        processes = {}
        for _ in range(3):
            process = ServerProcess(command)
            opened.callback(process.communicate, timeout=END_SECONDS)
            opened.callback(process.kill)
            processes[process.pid] = process
        assert server.count(server.append(3)) == 3
        for number, how in enumerate((signal.SIGKILL, signal.SIGSTOP)):
            leader = processes.pop(int((data / FOLLOWERS_LOCK).read_text(encoding="utf-8")))
            leader.send_signal(how)
            began = time.monotonic()
            position = server.append()
            assert server.count(position) == 4 + number
            assert time.monotonic() - began < TAKE_OVER_SECONDS
            # Also one that was stopped: it cannot go on with what it had begun.
            assert leader.wait(END_SECONDS) == -signal.SIGKILL
        for name in PROJECTIONS:
            result = server.rebuilt(name)["result"]
            assert (result["digest"], result["drift"]) == (result["live_digest"], [])
        (last,) = processes.values()
        last.terminate()
        assert last.wait(END_SECONDS) == 0


def test_a_second_folder_on_one_database_is_refused(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys are in the folder: so all processes of a database have one folder."""
    monkeypatch.setenv("RAPPORT_DATABASE_URL", url)
    first, other = tmp_path / "data", tmp_path / "other"
    serve, join = ["serve", "--port", "0"], ["serve", "--join", "--port", "0"]

    def refusal_of(command: list[str]) -> str:
        process = ServerProcess([*command, "--data", str(other)])
        _, said = process.communicate(timeout=END_SECONDS)
        assert process.returncode == 3, said
        return said

    with serving("serve", "--port", 0, "--data", first):
        assert "master.key is missing" in refusal_of(serve)
        assert "master.key is missing" in refusal_of(join)
        shutil.copy(first / "master.key", other)
        for command in (serve, join):
            assert "their keys are there" in refusal_of(command)
        refusal_of(["project"])
