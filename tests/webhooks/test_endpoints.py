"""Webhooks over HTTP, by the command line and by the client."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest

from api.bootstrap import build, now
from api.http.app import create_app
from api.service.settings import Settings
from api.service.webhooks import orders
from ledger.access.scopes import THIS_MACHINE
from rapport_client import Client, Refused
from tests.api.shop import listening, problem_of
from tests.cli.running import rapport
from tests.fixtures.patience import END_SECONDS
from tests.fixtures.waiting import until
from tests.webhooks.receivers import receiving, status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.webhooks.conftest import Teller

URL = "https://shop.example.org/in"


def test_the_secret_is_shown_once_and_kept_encrypted(teller: Teller) -> None:
    made = teller.webhook(URL, types=["purchase-made"], description="the shop")
    assert made["secret"].startswith("whsec_")
    assert "secret" not in teller.seen(made)
    assert "secret" not in teller.get("/webhooks").json()["items"][0]
    (kept,) = teller.server.ledgers[teller.base.rpartition("/")[2]].webhooks.store.all()
    assert made["secret"].removeprefix("whsec_").encode() not in kept.secret
    seen = teller.seen(made)
    assert (seen["types"], seen["description"], seen["enabled"]) == (
        ["purchase-made"], "the shop", True,
    )  # fmt: skip


def test_the_same_idempotency_key_makes_one_webhook(teller: Teller) -> None:
    body = {"url": URL, "events": ["stage-changed"]}
    key = "a-key-of-the-shop"
    first = teller.post("/webhooks", body, Idempotency_Key=key)
    again = teller.post("/webhooks", body, Idempotency_Key=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == {**first.json(), "secret": None}
    other = teller.post("/webhooks", {**body, "personal": True}, Idempotency_Key=key)
    assert problem_of(other, 409, "refused")["reason"] == "id-in-use"
    problem_of(teller.post("/webhooks", body, Idempotency_Key="short"), 422, "invalid-request")
    assert len(teller.get("/webhooks").json()["items"]) == 1


def test_what_makes_no_sense_is_refused_where_it_stands(teller: Teller) -> None:
    made = teller.webhook(URL)
    wrong: dict[str, dict[str, Any]] = {
        "/url": {"url": "https://10.0.0.1/"},
        "/events": {"events": []},
        "/events/0": {"events": ["all"]},
        "/types/0": {"types": ["no-such-type"]},
        "/types": {"types": ["purchase-made"], "events": ["stage-changed"]},
        "/personal": {"personal": "yes"},
        "/secret": {"secret": "mine"},
    }
    for pointer, sent in wrong.items():
        for answer in (
            teller.post("/webhooks", {"url": URL, "events": ["event-recorded"], **sent}),
            teller.change(made, **sent),
        ):
            assert problem_of(answer, 422, "invalid-request")["errors"][0]["pointer"] == pointer
    for path in (f"/webhooks/{UUID(int=7)}", "/webhooks/none"):
        problem_of(teller.get(path), 404, "not-found")
    for body in ({}, {"from_position": 1, "deliveries": [made["id"]]}, {"from_position": 99}):
        answer = teller.post(f"/webhooks/{made['id']}/replays", body)
        problem_of(answer, 422, "invalid-request")


def test_of_two_changes_at_once_neither_is_lost(teller: Teller) -> None:
    made = UUID(teller.webhook(URL)["id"])
    webhooks = teller.server.ledgers[teller.base.rpartition("/")[2]].webhooks

    def change(between: Callable[[], object] = lambda: None, **sent: object) -> None:
        def order(*_: object, **_detail: object) -> Any:
            between()  # the request has read the webhook, and has not changed it yet
            return nullcontext()

        orders.change_webhook(webhooks, order, THIS_MACHINE, made, sent)

    change(lambda: change(description="the shop", enabled=False), types=("purchase-made",))
    seen = webhooks.find(made)
    assert (seen.description, seen.enabled, seen.types) == ("the shop", False, ("purchase-made",))


def test_changes_stand_in_the_trail(teller: Teller) -> None:
    made = teller.webhook(URL)
    teller.change(made, enabled=False)
    teller.post(f"/webhooks/{made['id']}/replays", {"from_position": 1})
    teller.client.delete(f"{teller.base}/webhooks/{made['id']}")
    acts = teller.get("/trail").json()["items"]
    done = [one["act"] for one in acts if one["outcome"] == "done"]
    assert done[-4:] == [
        "webhook-made", "webhook-changed", "webhook-replayed", "webhook-removed",
    ]  # fmt: skip
    assert URL not in json.dumps(acts), "an address may hold a secret of the receiver"
    assert teller.get("/webhooks").json()["items"] == []


def test_deliveries_are_paged_newest_first(teller: Teller) -> None:
    with receiving() as receiver:
        made = teller.webhook(receiver.url)
        for contact in range(7):
            teller.register(f"pos:{contact}")
        receiver.wait_for(7)
        until(lambda: teller.seen(made)["waiting"] == 0)
    path, found = f"/webhooks/{made['id']}/deliveries", []
    page = teller.get(path, limit=3).json()
    while True:
        found += [one["position"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        page = teller.get(path, limit=3, cursor=page["next_cursor"]).json()
    assert found == [8, 7, 6, 5, 4, 3, 2]


def test_figures_say_what_is_left(teller: Teller) -> None:
    name = teller.base.rpartition("/")[2]
    with receiving(lambda _message: status(500)) as receiver:
        teller.webhook(receiver.url)
        teller.register("pos:1")
        until(lambda: len(receiver.messages) > 1)
        text = teller.client.get("/metrics").text
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if name in line)
    assert figures[f'rapport_webhook_waiting{{ledger="{name}"}}'] == "1.0"
    assert figures[f'rapport_webhook_dead{{ledger="{name}"}}'] == "0.0"
    assert float(figures[f'rapport_webhook_attempts{{ledger="{name}",outcome="failed"}}']) >= 1
    assert float(figures[f'rapport_webhook_oldest_waiting_seconds{{ledger="{name}"}}']) >= 0


def test_the_client_and_the_command_line_do_the_same(teller: Teller) -> None:
    name, address = teller.base.rpartition("/")[2], str(teller.client.base_url)
    target = ("--url", address, "--ledger", name)
    with (
        receiving() as receiver,
        Client(address, name) as client,
    ):
        made = client.make_webhook(receiver.url, ["event-recorded"], idempotency_key="k" * 16)
        assert made.secret is not None
        with pytest.raises(Refused):
            client.make_webhook(URL, ["event-recorded"], idempotency_key="k" * 16)
        teller.register("pos:1")
        receiver.wait_for(1)
        until(lambda: client.webhook(made.id).waiting == 0)
        assert [one.id for one in client.webhooks()] == [made.id]
        (delivery,) = client.deliveries(made.id, state="delivered")
        assert (delivery.kind, delivery.status) == ("event-recorded", 204)
        paused = client.change_webhook(made.id, enabled=False)
        assert not paused.enabled

        listed = rapport("webhooks", "list", *target, "--json").json()
        assert [(one["id"], one["enabled"]) for one in listed] == [(str(made.id), False)]
        assert "paused" in rapport("webhooks", "list", *target).out
        assert rapport("webhooks", "resume", made.id, *target, "--json").json()["enabled"]
        shown = rapport("webhooks", "deliveries", made.id, *target).out
        assert "delivered" in shown
        replayed = rapport("webhooks", "replay", made.id, "--delivery", delivery.id, *target)
        assert "1 message will be sent again" in replayed.out
        until(lambda: len(receiver.taken) == 2)
        assert rapport("webhooks", "replay", made.id, "--from-position", 1, *target).code == 0
        assert (
            "Nothing was given up" in rapport("webhooks", "replay", made.id, "--dead", *target).out
        )
        assert rapport("webhooks", "replay", made.id, *target).code == 2
        assert URL not in rapport("webhooks", "show", made.id, *target).out
        added = rapport("webhooks", "add", URL, "--event", "stage-changed", *target)
        assert added.out.startswith("whsec_")
        assert rapport("webhooks", "pause", made.id, *target).code == 0
        assert "is removed" in rapport("webhooks", "remove", made.id, *target).out
        (left,) = client.webhooks()
        assert client.remove_webhook(left.id).url == URL
        assert list(client.webhooks()) == []


def test_commands_need_a_server(tmp_path: Path) -> None:
    build(Settings(folder=tmp_path / "data"), clock=now).close()
    ended = rapport("webhooks", "list", "--data", tmp_path / "data")
    assert ended.code == 2
    assert "rapport serve" in ended.err


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[httpx.Client, dict[str, str]]]:
    """A server that asks for keys, and the keys by their scopes."""
    server = build(Settings(folder=tmp_path / "data"), clock=now)
    try:
        keys = {
            scopes: server.keys.make(scopes, scopes.split())[1]
            for scopes in ("admin", "admin read", "read append")
        }
        with (
            listening(create_app(server)) as address,
            httpx.Client(base_url=address, timeout=END_SECONDS) as client,
        ):
            yield client, keys
    finally:
        server.close()


def test_personal_fields_take_a_key_that_may_read_them(
    guarded: tuple[httpx.Client, dict[str, str]],
) -> None:
    client, keys = guarded

    def ask(method: str, path: str, key: str, body: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {keys[key]}"}
        return client.request(
            method, f"/v1/ledgers/main/webhooks{path}", json=body, headers=headers
        )

    body = {"url": URL, "events": ["event-recorded"]}
    problem_of(ask("POST", "", "read append", body), 403, "forbidden")
    problem_of(ask("POST", "", "admin", {**body, "personal": True}), 403, "forbidden")
    problem_of(
        ask("POST", "", "admin", {**body, "url": "http://a.example/"}), 422, "invalid-request"
    )
    plain = ask("POST", "", "admin", body).json()
    problem_of(ask("PATCH", f"/{plain['id']}", "admin", {"personal": True}), 403, "forbidden")
    made = ask("POST", "", "admin read", {**body, "personal": True}).json()
    moved = ask("PATCH", f"/{made['id']}", "admin", {"url": "https://elsewhere.example/"})
    problem_of(moved, 403, "forbidden")
    assert ask("PATCH", f"/{made['id']}", "admin", {"enabled": False}).status_code == 200
    problem_of(ask("PATCH", f"/{made['id']}", "admin", {"enabled": True}), 403, "forbidden")


def test_a_rotation_of_the_master_key_leaves_secrets_readable(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    server = build(Settings(folder=folder), clock=now)
    webhooks = server.ledgers["main"].webhooks
    made, secret = webhooks.add(
        UUID(int=5), url=URL, events=["stage-changed"], types=(), personal=False,
        description=None, enabled=True, by_key=False,
    )  # fmt: skip
    server.close()
    ended = rapport("master-key", "rotate", "--data", folder)
    assert ended.code == 0, ended.err
    server = build(Settings(folder=folder), clock=now)
    try:
        assert server.ledgers["main"].webhooks.secret_of(made) == secret
    finally:
        server.close()
