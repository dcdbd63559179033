"""Several processes on one port, of which any may be killed or stopped at any time."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest

from tests.api.shop import purchase, registration
from tests.cli.running import Serving, serving
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until
from tests.followers.served import children, is_running
from tests.postgresql.serving import ANNA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEDGER = "/v1/ledgers/main"
PATH = f"{LEDGER}/contacts/{ANNA}/events"
COUNT = 2
TAKE_OVER_SECONDS = 5.0


@contextmanager
def working(data: Path) -> Iterator[Serving]:
    """So many processes on one port, once one of them listens."""
    arguments = ("--workers", COUNT, "--single-process", "--port", 0, "--data", data)
    with serving("serve", *arguments) as one:
        yield one


def recorder(data: Path) -> int:
    """The number of the process that records."""
    return int((data / "rapport.lock").read_text(encoding="utf-8").splitlines()[0])


def sent(url: str, body: object) -> httpx.Response:
    """The answer to an append, which is sent again as a client does it: with the same id."""
    answers: list[httpx.Response] = []

    def is_answered() -> bool:
        try:
            answers.append(httpx.post(url + PATH, json=body, timeout=END_SECONDS))
        except httpx.TransportError:
            return False
        return answers[-1].status_code != 503

    until(is_answered, seconds=END_SECONDS)
    return answers[-1]


def told(url: str) -> dict[str, Any]:
    """What ``/readyz`` says, whichever process answers."""
    found: list[dict[str, Any]] = []

    def is_told() -> bool:
        with suppress(httpx.TransportError):
            found.append(httpx.get(f"{url}/readyz", timeout=END_SECONDS).json())
        return bool(found)

    until(is_told, seconds=END_SECONDS)
    return found[0]


def is_missed(url: str) -> bool:
    """Whether ``/readyz`` names one process that does not serve."""
    workers = [name for name in told(url)["stopped"] if name.startswith("worker-")]
    assert set(workers) <= {f"worker-{number + 1}" for number in range(COUNT)}
    return len(workers) == 1


def answered(url: str) -> float:
    """How many appends were answered with 201, as ``/metrics`` says."""
    route = "/v1/ledgers/{ledger}/contacts/{contact}/events"
    name = f'rapport_http_request_seconds_count{{method="POST",route="{route}",status="201"}} '
    found: list[str] = []

    def is_scraped() -> bool:
        with suppress(httpx.TransportError):
            answer = httpx.get(f"{url}/metrics", timeout=END_SECONDS)
            if answer.status_code == 200:
                found.extend(answer.text.splitlines())
        return bool(found)

    until(is_scraped, seconds=END_SECONDS)
    (line,) = (line for line in found if line.startswith(name))
    return float(line.removeprefix(name))


@pytest.mark.parametrize("store", ["database", "files"])
def test_whichever_process_is_killed_or_stopped_nothing_is_lost(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if store == "database":
        monkeypatch.setenv("RAPPORT_DATABASE_URL", request.getfixturevalue("url"))
    data = tmp_path / "data"
    with working(data) as server:
        assert sent(server.url, registration("Anna")).status_code == 201
        wanted = []
        for number, how in enumerate((signal.SIGKILL, signal.SIGSTOP)):
            until(lambda: told(server.url)["stopped"] == {}, seconds=END_SECONDS)
            for part in range(4):
                wanted.append(f"{how.name}-{part}")
                event_id = str(UUID(int=100 * number + part + 1))
                if part == 2:
                    was, before = recorder(data), answered(server.url)
                    os.kill(was, how)
                    began = time.monotonic()
                    until(lambda: is_missed(server.url), seconds=END_SECONDS)
                answer = sent(server.url, purchase(wanted[-1], id=event_id))
                assert answer.status_code in (200, 201), answer.text
                if part == 2:
                    assert time.monotonic() - began < TAKE_OVER_SECONDS
            assert recorder(data) != was
            assert answered(server.url) >= before, "a figure falls with no process"
        log = httpx.get(f"{server.url}{LEDGER}/events?limit=100", timeout=END_SECONDS).json()
        items = log["items"]
        assert [one["position"] for one in items] == list(range(1, len(items) + 1))
        sales = [one["data"]["purchase_id"] for one in items if one["type"] == "purchase-made"]
        assert sales == wanted
        until(lambda: len(children(server.process.pid)) == COUNT, seconds=END_SECONDS)
        left = children(server.process.pid)
    assert server.process.returncode == 0
    assert not any(map(is_running, left))


def test_the_processes_end_with_the_one_that_watches_them(tmp_path: Path) -> None:
    with working(tmp_path / "data") as server:
        until(lambda: len(children(server.process.pid)) == COUNT, seconds=END_SECONDS)
        left = children(server.process.pid)
        server.process.kill()
        server.process.wait(END_SECONDS)
        until(lambda: not any(map(is_running, left)), seconds=END_SECONDS)


def test_workers_that_cannot_serve_end_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with (
        pytest.raises(AssertionError, match="holds other files"),
        working(tmp_path),
    ):
        raise NotImplementedError
