"""``rapport serve`` on a database: it answers as on files, and loses nothing it acknowledged."""

from __future__ import annotations

import json
import random
import shutil
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from tests.api.shop import problem_of, purchase, registration
from tests.cli.running import attempts, rapport, serving
from tests.crash.rounds import endured, one_server
from tests.fixtures.patience import END_SECONDS
from tests.postgresql.serving import ANNA, READ, answers, live, shop_at

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crash.rounds import Load


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
    endured(random.Random(20261201), [killed] * 2, partial(one_server, tmp_path / "data"))


@pytest.mark.usefixtures("environment")
def test_a_server_stopped_past_its_lease_records_nothing(url: str, tmp_path: Path) -> None:
    """It continues, while another one records from a copy of its folder, and after that too."""
    path = f"/v1/ledgers/main/contacts/{ANNA}/events"
    with serving("serve", "--port", 0, "--data", tmp_path / "old") as old:
        first = httpx.post(old.url + path, json=registration("Anna"), timeout=END_SECONDS)
        assert first.status_code == 201
        unless_a_socket = shutil.ignore_patterns("*.sock")
        shutil.copytree(tmp_path / "old", tmp_path / "new", ignore=unless_a_socket)
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
            # The other one has ended, and this one opens everything again, without a restart.
            for _ in attempts():
                try:
                    again = httpx.post(old.url + path, json=purchase("c"), timeout=END_SECONDS)
                except httpx.TransportError:  # it closes its connections when it begins to wait
                    continue
                if again.status_code == 201:
                    break
                assert again.status_code == 503
            assert again.json()["position"] == 4
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
