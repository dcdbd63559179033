"""Whoever was let in is let go on only as long as they would be let in again."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.bootstrap import build
from api.http.app import create_app
from api.http.streams.streams import LIMITS, Limits
from api.service.settings import Settings
from domain.errors import Corrupt
from domain.instants import format_instant
from ledger.access.scopes import ADMIN, APPEND, COMMAND_LINE, READ, REBUILD, SCOPES
from ledger.access.trails import LEDGER_RESTORED
from ledger.stores.sqlite.file_names import ACCESS_FILE
from tests.api.shop import Clock, built, listening, problem_of, purchase, registration
from tests.fixtures.patience import END_SECONDS
from tests.trail_entries import done

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from api.service.server import Server

EVENTS = 12
JSONL = "application/jsonl"
PATH = "/v1/ledgers/main/events"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with built(tmp_path / "data", Clock()) as opened:
        yield opened


def let_in(server: Server, change: str) -> tuple[dict[str, str], Callable[[], object]]:
    """The headers of somebody who may do everything, and what takes that away from them."""
    if change == "first key":
        return {}, lambda: server.keys.make("owner", SCOPES)
    made, secret = server.keys.make("till", SCOPES)
    return {"authorization": f"Bearer {secret}"}, lambda: getattr(server.keys, change)(made.id)


CHANGES = pytest.mark.parametrize("change", ["revoke", "rotate", "first key"])


class Exchange:
    """One request on the raw channels, with a hand on what happens between two messages."""

    def __init__(self, method: str, headers: dict[str, str], received: Any, answered: Any) -> None:
        named = {"host": "127.0.0.1", **headers}
        self.scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http",
            "path": PATH, "raw_path": PATH.encode(), "query_string": b"", "root_path": "",
            "headers": [(name.encode(), text.encode()) for name, text in named.items()],
        }  # fmt: skip
        self.received = received
        self.answered = answered
        self.body = b""
        self.whole = False

    async def _receive(self) -> dict[str, Any]:
        if (message := self.received()) is None:
            await asyncio.Event().wait()
        return {"type": "http.request", **message}

    async def _send(self, message: Any) -> None:
        self.body += message.get("body", b"")
        self.whole |= message["type"] == "http.response.body" and not message.get("more_body")
        if message.get("body"):
            self.answered()

    def run(self, server: Server, limits: Limits = LIMITS) -> None:
        """Until it is answered; for ever is ten seconds."""

        async def asked() -> None:
            async with asyncio.timeout(10):
                await create_app(server, limits)(self.scope, self._receive, self._send)

        asyncio.run(asked())


def fill(server: Server, headers: dict[str, str]) -> None:
    with (
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, headers=headers, timeout=END_SECONDS) as till,
    ):
        path = "/v1/ledgers/main/contacts/pos:1/events"
        events = [registration(), *(purchase(f"p-{n}") for n in range(EVENTS - 1))]
        assert till.post(path, json=events).status_code == 201


@CHANGES
@pytest.mark.parametrize("accept", [JSONL, "text/event-stream"])
def test_a_stream_of_the_log_ends_with_what_opened_it(
    server: Server, change: str, accept: str
) -> None:
    headers, take_away = let_in(server, change)
    fill(server, headers)
    changes = [take_away]

    def answered() -> None:
        if b"position" in exchange.body and changes:
            changes.pop()()

    exchange = Exchange("GET", {**headers, "accept": accept}, lambda: None, answered)
    exchange.run(server, Limits(page_events=2))
    assert not changes
    assert 1 <= exchange.body.count(b'"recorded_at"') <= 4
    assert accept != JSONL or not exchange.whole, "who reads it knows that this was not all"


@CHANGES
def test_lines_are_taken_as_long_as_who_sends_them_is_admitted(server: Server, change: str) -> None:
    headers, take_away = let_in(server, change)
    sent = [{"contact": "pos:1", **registration()}]
    sent += [{"contact": "pos:1", **purchase(f"p-{n}")} for n in range(3)]
    lines = [json.dumps(one).encode() + b"\n" for one in sent]

    def received() -> dict[str, Any]:
        if len(lines) == 2:
            take_away()
        return {"body": lines.pop(0), "more_body": bool(lines)}

    more = {"content-type": JSONL, "accept": JSONL}
    exchange = Exchange("POST", {**headers, **more}, received, lambda: None)
    exchange.run(server)
    outcomes = [json.loads(line) for line in exchange.body.splitlines()]
    assert [one["status"] for one in outcomes] == [201, 201]
    assert not exchange.whole
    assert server.ledger("main").ledger.head() == 3


def test_the_same_idempotency_key_of_two_tills_does_not_meet_in_lines(server: Server) -> None:
    secrets = [server.keys.make(name, [APPEND])[1] for name in ("one", "two")]
    found = []
    with listening(create_app(server)) as url:
        for secret, contact in zip((*secrets, secrets[0]), ("a:1", "b:1", "a:1"), strict=True):
            answer = httpx.post(
                url + PATH,
                content=json.dumps({"contact": contact, **registration()}),
                headers={
                    "authorization": f"Bearer {secret}",
                    "content-type": JSONL,
                    "idempotency-key": "the-same-key-for-all",
                },
                timeout=END_SECONDS,
            )
            found.append((answer.json()["status"], answer.json().get("position")))
    assert found == [(201, 2), (201, 3), (200, 2)]


def test_a_rebuild_is_cancelled_by_who_may_begin_one(server: Server) -> None:
    work = server.ledger("main").projections.rebuild("status")
    path = f"/v1/ledgers/main/operations/{work.id}"
    with listening(create_app(server)) as url:
        for scope, status in ((READ, 403), (APPEND, 403), (REBUILD, 202), (ADMIN, 202)):
            _, secret = server.keys.make(scope, [scope])
            headers = {"authorization": f"Bearer {secret}"}
            assert (
                httpx.delete(url + path, headers=headers, timeout=END_SECONDS).status_code == status
            ), scope


def test_reading_the_whole_log_stands_in_the_trail(server: Server) -> None:
    with listening(create_app(server)) as url:
        assert (
            httpx.get(url + PATH, headers={"accept": JSONL}, timeout=END_SECONDS).status_code == 200
        )
        assert done(
            httpx.get(f"{url}/v1/ledgers/main/trail", timeout=END_SECONDS).json()["items"]
        ) == [("log-exported", "log")]


@pytest.mark.parametrize("ledger", [None, "main"])
@pytest.mark.parametrize("emptied", [True, False])
def test_losing_the_file_of_keys_opens_no_door(
    tmp_path: Path, ledger: str | None, emptied: bool
) -> None:
    settings = Settings(folder=tmp_path / "data")
    with (
        closing(build(settings)) as server,
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, timeout=END_SECONDS) as client,
    ):
        refused = {"name": "x", "scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z"}
        problem_of(client.post("/v1/keys", json=refused), 422, "invalid-time")
    with closing(build(settings)) as server:
        assert server.keys.is_open(), "none was made"
        with listening(create_app(server)) as url:
            sent = {"name": "owner", "scopes": list(SCOPES), "ledger": ledger}
            assert httpx.post(url + "/v1/keys", json=sent, timeout=END_SECONDS).status_code == 201
    for file in settings.folder.glob(f"{ACCESS_FILE}*"):
        file.unlink()
    if emptied:
        (settings.folder / ACCESS_FILE).touch()
    for _ in range(2):
        with pytest.raises(Corrupt, match="rapport keys create"):
            build(settings)


def test_a_restored_trail_tells_of_the_keys_of_where_it_was(tmp_path: Path) -> None:
    with built(tmp_path / "data", Clock()) as server:
        trail = server.trails.of("main")
        trail.record(COMMAND_LINE, "key-made", "owner")
        trail.record(COMMAND_LINE, LEDGER_RESTORED, "main")
    with built(tmp_path / "data", Clock()) as server:
        assert server.keys.is_open()
        server.trails.server().record(COMMAND_LINE, "key-made", "owner")
        server.trails.server().record(COMMAND_LINE, LEDGER_RESTORED, "main")
    with pytest.raises(Corrupt, match="keys create"), built(tmp_path / "data", Clock()):
        pass


def test_rotating_a_key_gives_nobody_more_than_they_have(server: Server) -> None:
    """Whoever rotates a key learns its new secret."""
    make, end = server.keys.make, server.clock() + 3_600_000_000
    _, narrow = make("narrow", [ADMIN, READ], expires_at=end, per_minute=60)
    within, _ = make("within", [READ], expires_at=end, per_minute=60)
    more = [
        make("more scopes", [READ, APPEND], expires_at=end, per_minute=60)[0],
        make("longer", [READ], per_minute=60)[0],
        make("more often", [READ], expires_at=end, per_minute=61)[0],
    ]
    headers = {"authorization": f"Bearer {narrow}"}
    with (
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, headers=headers, timeout=END_SECONDS) as admin,
    ):
        for key in more:
            answer = admin.post(f"/v1/keys/{key.id}/rotate", json={})
            problem_of(answer, 403, "forbidden")
            assert server.keys.find(key.id).digest == key.digest
        assert admin.post(f"/v1/keys/{within.id}/rotate", json={}).status_code == 200


@pytest.mark.parametrize("more", ["expires_at", "per_minute"])
def test_a_key_outlives_and_outpaces_no_key_that_makes_it(server: Server, more: str) -> None:
    hour = 3_600_000_000
    ends = server.clock() + hour
    _, secret = server.keys.make("brief", [ADMIN, READ], expires_at=ends, per_minute=60)
    body = {"name": "x", "scopes": [READ], "per_minute": 60, "expires_at": format_instant(ends)}
    beyond = {"expires_at": format_instant(ends + 1), "per_minute": 61}
    headers = {"authorization": f"Bearer {secret}"}
    with (
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, headers=headers, timeout=END_SECONDS) as admin,
    ):
        assert admin.post("/v1/keys", json=body).status_code == 201
        for value in (beyond[more], None):
            answer = admin.post("/v1/keys", json={**body, more: value})
            problem_of(answer, 403, "forbidden")
