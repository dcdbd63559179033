"""The server is killed while it sends: all arrives that happened, in order per contact."""

from __future__ import annotations

import random
from threading import Event
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.api.shop import purchase, registration
from tests.cli.running import serving
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until
from tests.webhooks.receivers import OK, receiving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.running import Serving
    from tests.webhooks.receivers import Answer, Message

LEDGER = "/v1/ledgers/main"
ROUNDS = 4
CONTACTS = 4


@pytest.mark.parametrize("followers", ["inside", "beside"])
def test_nothing_is_lost_when_the_server_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, followers: str
) -> None:
    monkeypatch.setenv("RAPPORT_WEBHOOK_ALLOW", "127.0.0.0/8, ::1/128")
    monkeypatch.setenv("RAPPORT_LOG_LEVEL", "debug")
    monkeypatch.setenv("RAPPORT_FOLLOWERS", followers)
    chance, recorded = random.Random(followers), list[int]()
    with receiving() as receiver:
        for turn in range(ROUNDS):
            with (
                serving("serve", "--port", 0, "--data", tmp_path / "data") as server,
                httpx.Client(base_url=server.url, timeout=END_SECONDS) as http,
            ):
                if not turn:
                    kinds = ["event-recorded", "stage-changed", "action-opened"]
                    body = {"url": receiver.url, "events": kinds}
                    assert http.post(f"{LEDGER}/webhooks", json=body).status_code == 201
                for number in range(30 + CONTACTS):
                    path = f"{LEDGER}/contacts/pos:{turn}-{number % CONTACTS}/events"
                    sent = registration() if number < CONTACTS else purchase(f"{number}")
                    answer = http.post(path, json=sent)
                    assert answer.status_code == 201, answer.text
                    recorded.append(answer.json()["position"])
                # Each round brings every contact a stage and somebody to thank.
                expected = len(recorded) + 2 * CONTACTS * (turn + 1)
                late = 0 if turn == ROUNDS - 1 else chance.randrange(1, 30)
                receiver.wait_for(expected - late)
                server.process.kill()
                _, logged = server.process.communicate(END_SECONDS)
                assert "event=request" in logged
                assert "from=rapport" not in logged, "a URL may hold a secret"
    events = receiver.events()
    told = [one["data"]["position"] for one in events if one["type"] == "event-recorded"]
    assert sorted(told) == recorded
    contacts = sorted({one["subject"] for one in events})
    for kind, key, value in (
        ("stage-changed", "to", "customer"),
        ("action-opened", "kind", "thanks"),
    ):
        found = [one for one in events if one["type"] == kind]
        assert sorted(one["subject"] for one in found) == contacts, "each once"
        assert {one["data"][key] for one in found} == {value}
    for contact in {one["subject"] for one in events}:
        own = [one["data"]["position"] for one in events if one["subject"] == contact]
        assert own == sorted(own)


def test_what_was_delivered_and_not_recorded_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is killed once the receiver has the message, and before it has the answer."""
    monkeypatch.setenv("RAPPORT_WEBHOOK_ALLOW", "127.0.0.0/8")
    running: list[Serving] = []
    answered = Event()

    def answer(_message: Message) -> Answer:
        if len(receiver.messages) == 1:
            answered.wait(END_SECONDS)
            running[0].process.kill()
            running[0].process.wait(END_SECONDS)
        return OK

    with receiving(answer) as receiver:
        for turn in range(2):
            with serving("serve", "--port", 0, "--data", tmp_path / "data") as server:
                running[:] = [server]
                if not turn:
                    body = {"url": receiver.url, "events": ["event-recorded"]}
                    for path, sent in (
                        ("webhooks", body),
                        ("contacts/pos:1/events", registration()),
                    ):
                        asked = httpx.post(
                            f"{server.url}{LEDGER}/{path}", json=sent, timeout=END_SECONDS
                        )
                        assert asked.status_code == 201, asked.text
                    answered.set()
                until(lambda: len(receiver.taken) > turn)  # noqa: B023  # it is called here
        first, second = receiver.messages
    assert (first.id, first.content) == (second.id, second.content)
