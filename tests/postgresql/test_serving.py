"""``rapport serve`` on a database: it answers as on files, and loses nothing it acknowledged."""

from __future__ import annotations

import json
import random
import shutil
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import psycopg
import pytest

from api.bootstrap import build
from api.http.app import create_app
from api.service.settings import Settings
from domain.instants import DAY
from tests.api.shop import START, Clock, Shop, listening, problem_of, purchase, registration
from tests.cli.running import rapport, serving
from tests.crash.rounds import endured
from tests.fixtures.patience import END_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.crash.rounds import Load

ANNA, BEN = (str(UUID(int=number)) for number in (1, 2))
READ = (
    "/contacts?names=true",
    f"/contacts/{ANNA}",
    f"/contacts/{ANNA}/status",
    f"/contacts/{ANNA}/events",
    f"/contacts/{BEN}/standing",
    f"/contacts/{BEN}/referrals",
    f"/contacts/{ANNA}/agenda",
    "/events",
    "/statuses?sort=score",
    "/statuses?as_of=2026-03-01T12:00:00Z",
    "/standings",
    "/statuses/summary",
    "/agenda/summary",
    f"/contacts/{ANNA}/scorecard",
    "/restatements?since_position=0",
    "/agenda",
    "/policies",
)
"""What is asked of both stores. Ids of contacts, and of what is sent, are the same in both."""


@contextmanager
def shop_at(folder: Path, url: str | None, at: int = START) -> Iterator[Shop]:
    clock = Clock()
    clock.instant = at
    server = build(Settings(folder=folder, database_url=url), clock=clock)
    try:
        with (
            listening(create_app(server)) as address,
            httpx.Client(base_url=address, timeout=END_SECONDS) as client,
        ):
            yield Shop(client, "shop", clock)
    finally:
        server.close()


def live(shop: Shop) -> None:
    """Three months of two contacts."""
    for number, contact in enumerate((ANNA, BEN)):
        event_id = str(UUID(int=100 + number))
        first = {**registration(f"Contact {number}"), "id": event_id}
        assert shop.append(contact, first, If_None_Match="*").status_code == 201
    for number in range(6):
        shop.clock.instant = START + number * 14 * DAY
        sale = purchase(f"sale-{number}", id=str(UUID(int=200 + number)))
        assert shop.append(ANNA, sale).status_code == 201
    referral = {"referral_id": "r-1", "direction": "outbound", "other": ANNA, "level": 3}
    made = {"type": "referral-made", "data": referral, "id": str(UUID(int=300))}
    assert shop.append(BEN, made).status_code == 201


def answers(shop: Shop) -> dict[str, Any]:
    """Every answer, once the projections are at the newest position."""
    head = shop.get("/events", limit=1000).json()["items"][-1]["position"]
    for path in ("/statuses", "/standings", "/agenda"):
        assert shop.get(path, min_position=head).status_code == 200
    found = {}
    for path in READ:
        answer = shop.client.get(shop.base + path)
        document = answer.json()
        document.pop("index", None)  # how far it is built is a matter of moments
        assert answer.status_code == 200, (path, document)
        found[path] = document
    return found


def comparable(answer: Any) -> str:
    """As text, without the ids that the ledger gave by itself."""
    return json.dumps(answer, sort_keys=True)


def test_both_stores_answer_alike_and_after_a_restart_too(url: str, tmp_path: Path) -> None:
    with shop_at(tmp_path / "files", None) as shop:
        live(shop)
        in_files = answers(shop)
    with shop_at(tmp_path / "data", url) as shop:
        live(shop)
        in_database = answers(shop)
    own = ("/events", "/policies")  # the first policy, and companions, have ids of the ledger's own
    for path in READ:
        if not path.endswith(own):
            assert comparable(in_database[path]) == comparable(in_files[path]), path
        ended_at = shop.clock.instant
    with shop_at(tmp_path / "data", url, ended_at) as again:
        assert answers(again) == in_database


def killed(load: Load) -> None:
    """It is killed after some number of acknowledgements."""
    load.watch.acknowledged.more(load.chance.randint(20, 80))
    load.kill()


@pytest.fixture
def environment(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAPPORT_DATABASE_URL", url)
    monkeypatch.setenv("RAPPORT_LOG_LEVEL", "error")


@pytest.mark.usefixtures("environment")
def test_what_was_acknowledged_survives_kills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a process beside that follows, as there is where there are two cores."""
    monkeypatch.setenv("RAPPORT_FOLLOWERS", "beside")
    endured(tmp_path / "data", random.Random(20261201), [killed] * 2)


@pytest.mark.usefixtures("environment")
def test_a_server_stopped_past_its_lease_records_nothing(url: str, tmp_path: Path) -> None:
    """It continues, while another one records from a copy of its folder."""
    path = f"/v1/ledgers/main/contacts/{ANNA}/events"
    with serving("serve", "--port", 0, "--data", tmp_path / "old") as old:
        first = httpx.post(old.url + path, json=registration("Anna"), timeout=END_SECONDS)
        assert first.status_code == 201
        shutil.copytree(tmp_path / "old", tmp_path / "new")
        old.process.send_signal(signal.SIGSTOP)
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("UPDATE rapport_main.writer SET lease_until = clock_timestamp()")
            with serving("serve", "--port", 0, "--data", tmp_path / "new") as new:
                sale = purchase("a")
                second = httpx.post(new.url + path, json=sale, timeout=END_SECONDS)
                assert second.status_code == 201
                old.process.send_signal(signal.SIGCONT)
                late = httpx.post(old.url + path, json=purchase("b"), timeout=END_SECONDS)
                told = problem_of(late, 503, "unavailable")
                assert "nothing of this was recorded" in told["detail"]
                log = httpx.get(f"{new.url}/v1/ledgers/main/events", timeout=END_SECONDS)
                types = [one["type"] for one in log.json()["items"]]
                assert types == ["policy-published", "contact-registered", "purchase-made"]
        finally:
            old.process.send_signal(signal.SIGCONT)


@pytest.mark.usefixtures("environment")
def test_commands_read_the_database_of_the_environment(tmp_path: Path) -> None:
    data = tmp_path / "data"
    for command in (
        ("ledgers", "create", "side", "--data", data),
        ("ledgers", "list", "--data", data),
        ("verify", data),
        ("doctor", "--data", data),
    ):
        ended = rapport(*command)
        assert ended.code == 0, ended.err + ended.out
