"""Ledgers of one server: archived, deleted, and strangers to each other."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.http.app import create_app
from api.service.confirmations import VALID_SECONDS
from api.service.limits import ServiceLimits
from domain.instants import SECOND
from domain.presets import PRESETS
from ledger.access.scopes import SCOPES
from tests.api.asking import ended
from tests.api.shop import Clock, Shop, built, listening, problem_of, purchase, registration
from tests.fixtures.patience import END_SECONDS
from tests.trail_entries import done

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.server import Server


class Place:
    """A server of its own, since these tests take ledgers away."""

    def __init__(self, folder: Path, server: Server, client: httpx.Client, clock: Clock) -> None:
        self.folder = folder
        self.server = server
        self.client = client
        self.clock = clock

    def shop(self, name: str) -> Shop:
        return Shop(self.client, name, self.clock)

    def token(self, name: str) -> str:
        told = problem_of(self.client.delete(f"/v1/ledgers/{name}"), 409, "confirmation-needed")
        token: str = told["token"]
        return token

    def delete(self, name: str, token: str) -> httpx.Response:
        return self.client.delete(f"/v1/ledgers/{name}", params={"confirm": token})

    def names(self) -> list[str]:
        return [one["name"] for one in self.client.get("/v1/ledgers").json()["items"]]

    def acts(self) -> list[tuple[str, str]]:
        return done(self.client.get("/v1/trail").json()["items"])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    clock, folder = Clock(), tmp_path / "data"
    with (
        built(folder, clock) as server,
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, timeout=END_SECONDS) as client,
    ):
        yield Place(folder, server, client, clock)


def test_an_archived_ledger_is_read_and_takes_nothing_more(place: Place) -> None:
    shop = place.shop("old")
    sent = {**registration(), "id": "01890a5d-ac96-774b-bcce-b302099a8057"}
    assert shop.append("pos:1", sent).status_code == 201
    answer = shop.post("/archive", {})
    assert (answer.status_code, answer.json()["archived"]) == (200, True)
    assert shop.get("").json()["archived"]
    for refused in (
        shop.append("pos:1", purchase("a")),
        shop.append("pos:1", sent),
        shop.post("/events", [{**purchase("b"), "contact": "pos:1"}]),
        shop.post("/policies", {"preset": "cafe"}),
    ):
        assert problem_of(refused, 409, "refused")["reason"] == "ledger-archived"
    bulk = place.client.post(
        f"{shop.base}/events",
        content=b'{"contact": "pos:2", "type": "contact-registered", "data": {"kind": "person"}}\n',
        headers={"content-type": "application/jsonl"},
    )
    assert [line["problem"]["reason"] for line in map(_json, bulk.text.splitlines())] == [
        "ledger-archived"
    ]
    assert shop.get("/contacts/pos:1/status", min_position=2).status_code == 200
    assert shop.get("/events").json()["items"][-1]["position"] == 2
    assert shop.get("/log/checkpoint").status_code == 200
    assert ended(shop, shop.post("/projections/status/rebuilds", {}))["state"] == "succeeded"
    assert place.acts() == [("ledger-made", "old"), ("ledger-archived", "old")]


def _json(line: str) -> Any:
    return httpx.Response(200, text=line).json()


def test_an_archive_lasts_until_it_is_ended_and_twice_is_once(tmp_path: Path) -> None:
    folder, clock = tmp_path / "data", Clock()
    for _ in range(2):
        with (
            built(folder, clock) as server,
            listening(create_app(server)) as url,
            httpx.Client(base_url=url, timeout=END_SECONDS) as client,
        ):
            shop = Shop(client, "main", clock)
            assert shop.post("/archive", {}).json()["archived"]
            refused = shop.append("pos:1", registration())
            assert problem_of(refused, 409, "refused")["reason"] == "ledger-archived"
    with (
        built(folder, clock) as server,
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, timeout=END_SECONDS) as client,
    ):
        shop = Shop(client, "main", clock)
        assert shop.append("pos:1", registration()).status_code == 409
        for _ in range(2):
            assert not client.delete(f"{shop.base}/archive").json()["archived"]
        assert shop.append("pos:1", registration()).status_code == 201
        assert done(client.get("/v1/trail").json()["items"]) == [
            ("ledger-archived", "main"), ("ledger-unarchived", "main"),
        ]  # fmt: skip


def test_a_ledger_is_deleted_only_with_the_token_of_its_present_state(place: Place) -> None:
    shop, other = place.shop("gone"), place.shop("stays")
    shop.register("pos:1")
    first = place.token("gone")
    shop.append("pos:1", purchase("a"))
    problem_of(place.delete("gone", first), 409, "confirmation-needed")
    token = place.token("gone")
    for wrong in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        place.token("stays"),
        "1",
        "x-y",
    ):
        problem_of(place.delete("gone", wrong), 409, "confirmation-needed")
    problem_of(place.delete("stays", token), 409, "confirmation-needed")
    place.clock.instant += VALID_SECONDS * SECOND + 1
    problem_of(place.delete("gone", token), 409, "confirmation-needed")
    assert place.names() == ["gone", "main", "stays"]
    assert place.delete("gone", place.token("gone")).status_code == 200
    assert place.names() == ["main", "stays"]
    assert len(list((place.folder / "ledgers").iterdir())) == 2, "its keys are gone too"
    problem_of(shop.get("/events"), 404, "ledger-not-found")
    problem_of(place.client.delete("/v1/ledgers/gone"), 404, "ledger-not-found")
    assert other.get("/events").status_code == 200
    assert place.acts()[-1] == ("ledger-deleted", "gone")


def test_a_ledger_made_anew_has_nothing_of_the_one_that_had_its_name(place: Place) -> None:
    shop = place.shop("again")
    shop.register("pos:1")
    contact = shop.get("/contacts/pos:1").json()["contact_id"]
    shop.append("pos:1", purchase("a"), purchase("b"))
    cursor = shop.get("/events", limit=1).json()["next_cursor"]
    _, secret = place.server.keys.make("clerk", SCOPES, ledger="again")
    _, owner = place.server.keys.make("owner", SCOPES)
    place.client.headers["Authorization"] = f"Bearer {owner}"
    assert place.delete("again", place.token("again")).status_code == 200
    anew = place.shop("again")
    problem_of(anew.get("/contacts/pos:1"), 404, "contact-not-found")
    problem_of(anew.get(f"/contacts/{contact}"), 404, "contact-not-found")
    assert anew.get("/contacts", name="Ada").json()["items"] == []
    problem_of(anew.get("/events", cursor=cursor), 422, "invalid-request")
    assert anew.get("/events").json()["items"][-1]["position"] == 1
    assert [one["act"] for one in anew.get("/trail").json()["items"]] == []
    stale = {"Authorization": f"Bearer {secret}"}
    problem_of(place.client.get(anew.base, headers=stale), 401, "unauthenticated")


def test_the_tail_of_a_deleted_ledger_ends_and_its_successor_has_its_own(place: Place) -> None:
    shop = place.shop("tailed")
    shop.register("pos:1")
    accepting = {"accept": "text/event-stream"}
    with place.client.stream("GET", f"{shop.base}/events", headers=accepting) as old:
        lines = old.iter_lines()
        assert next(lines) == "retry: 1000"
        token = place.token("tailed")
        with httpx.Client(base_url=place.client.base_url, timeout=END_SECONDS) as second:
            gone = second.delete("/v1/ledgers/tailed", params={"confirm": token})
            assert gone.status_code == 200
            anew = Shop(second, "tailed", place.clock)
            with second.stream("GET", f"{anew.base}/events", headers=accepting) as tail:
                told = tail.iter_lines()
                assert next(told) == "retry: 1000"
                with httpx.Client(base_url=place.client.base_url, timeout=END_SECONDS) as third:
                    Shop(third, "tailed", place.clock).register("pos:9")
                found = next(line for line in told if line == "event: contact-registered")
                assert found


def test_main_can_be_deleted_and_is_there_again_after_the_next_start(tmp_path: Path) -> None:
    folder, clock = tmp_path / "data", Clock()
    with built(folder, clock) as server:
        server.ledger("main")
        origin, head = server.state_of("main")
        server.delete("main")
        assert server.folder.names() == []
        assert head == 1
    with built(folder, clock) as server:
        assert server.folder.names() == ["main"]
        assert server.state_of("main") != (origin, head)


def test_a_ledger_waits_for_those_who_ask_it(place: Place) -> None:
    place.shop("busy")
    place.server.usage_counts.enter("busy")
    done = Event()

    def delete() -> None:
        place.server.delete("busy")
        done.set()

    thread = Thread(target=delete)
    thread.start()
    try:
        assert not done.wait(0.2)
        assert place.server.folder.store.ledger("busy").exists()
    finally:
        place.server.usage_counts.leave("busy")
        thread.join(20)
    assert done.is_set()
    assert "busy" not in place.names()


def test_a_ledger_that_is_asked_for_too_long_stays(place: Place) -> None:
    place.server.limits = ServiceLimits(leaving_seconds=0.05)
    shop = place.shop("busy")
    token = place.token("busy")
    place.server.usage_counts.enter("busy")
    problem_of(place.delete("busy", token), 503, "unavailable")
    assert shop.register("pos:1").status_code == 201
    place.server.usage_counts.leave("busy")


def test_nobody_is_left_inside_once_everything_was_answered(place: Place) -> None:
    shop = place.shop("left")
    shop.register("pos:1")
    for path in (
        "/events",
        "/contacts/none:1",
        "/events?limit=x",
        "/policies/99",
        "/log/checkpoint",
    ):
        shop.get(path)
    assert place.server.usage_counts.all_left("left", 1)


@pytest.mark.files_only("a database has no settings that a test could damage so")
def test_a_damaged_ledger_can_be_deleted(tmp_path: Path) -> None:
    clock, folder = Clock(), tmp_path / "data"
    with (
        built(folder, clock) as server,
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, timeout=END_SECONDS) as client,
    ):
        broken = folder / "ledgers" / "broken"
        broken.mkdir()
        (broken / "ledger.json").write_text("{")
        told = problem_of(client.delete("/v1/ledgers/broken"), 409, "confirmation-needed")
        answer = client.delete("/v1/ledgers/broken", params={"confirm": told["token"]})
        assert answer.status_code == 200
        assert not broken.exists()
        assert server.folder.names() == ["main"]


def test_ledgers_with_the_same_refs_and_ids_share_nothing(place: Place) -> None:
    one, two = place.shop("one"), place.shop("two")
    ids = [f"01890a5d-ac96-774b-bcce-b302099a805{digit}" for digit in range(3)]
    for shop, name in ((one, "Ada Jansen"), (two, "Bob Smit")):
        events = [
            {**registration(name), "id": ids[0]},
            {**purchase("a"), "id": ids[1]},
            {**purchase("b"), "id": ids[2]},
        ]
        answer = shop.append("pos:1", *events)
        assert (answer.status_code, answer.json()["replayed"]) == (201, False)
        assert answer.json()["position"] == 4
    asked = [(shop, shop.get("/contacts/pos:1").json()) for shop in (one, two)]
    assert [found["name"] for _, found in asked] == ["Ada Jansen", "Bob Smit"]
    assert asked[0][1]["contact_id"] != asked[1][1]["contact_id"]
    for (shop, _), (_, theirs) in (asked, reversed(asked)):
        problem_of(shop.get(f"/contacts/{theirs['contact_id']}"), 404, "contact-not-found")
        name = theirs["name"].partition(" ")[0]
        assert shop.get("/contacts", name=name).json()["items"] == []
    for path in ("/events", "/contacts/pos:1/events"):
        cursor = one.get(path, limit=1).json()["next_cursor"]
        assert one.get(path, cursor=cursor).status_code == 200
        problem_of(two.get(path, cursor=cursor), 422, "invalid-request")
    started = one.post("/replays", {})
    operation = ended(one, started)
    path = f"/operations/{operation['id']}"
    assert one.get(f"{path}/result").status_code == 200
    problem_of(two.get(path), 404, "operation-not-found")
    problem_of(two.get(f"{path}/result"), 404, "operation-not-found")
    problem_of(place.client.delete(two.base + path), 404, "operation-not-found")
    problem_of(place.delete("two", place.token("one")), 409, "confirmation-needed")


def test_what_is_recorded_while_a_ledger_is_about_to_be_deleted_keeps_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was acknowledged, and whoever confirmed did not know of it."""
    place.client.post("/v1/ledgers", json={"name": "kept"}).raise_for_status()
    token = place.token("kept")
    waited = place.server.usage_counts.all_left

    def late(ledger: str, seconds: float) -> bool:
        place.server.ledgers[ledger].ledger.publish_policy(PRESETS["cafe"], None).result()
        return waited(ledger, seconds)

    monkeypatch.setattr(place.server.usage_counts, "all_left", late)
    problem_of(place.delete("kept", token), 409, "confirmation-needed")
    assert "kept" in place.names()
    assert place.client.get("/v1/ledgers/kept/events").json()["items"][-1]["position"] == 2
