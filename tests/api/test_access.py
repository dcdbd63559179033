"""Every operation with every kind of key: what is declared beside the route is what happens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from api.http import access
from api.http.access import ANYONE, PUBLIC
from api.http.app import create_app
from api.service.errors import RateLimited
from api.service.rate_limits import RateLimits
from ledger.access import keys as keys_module
from ledger.access.scopes import ADMIN, APPEND, AUDIT, KEY_SCOPES, READ, REBUILD, SCOPES
from tests.api.endpoints import ENDPOINTS, Endpoint
from tests.api.shop import Clock, built, listening, problem_of, purchase, registration
from tests.fixtures.patience import END_SECONDS
from tests.trail_entries import done

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.service.server import Server

VALUES = {
    "ledger": "main",
    "contact": "pos:1",
    "position": "1",
    "version": "1",
    "name": "status",
    "level": "0",
    "tile": "000.p/1",
    "import": "01890a5d-ac96-574b-bcce-b302099a8057",
    "list": "lost",
    "operation": "01890a5d-ac96-774b-bcce-b302099a8057",
    "type": "purchase-made",
    "id": "0123456789abcdef",
    "valuation": "01890a5d-ac96-574b-bcce-b302099a8057",
}
BY_NAME = {f"{one.method} {one.path}": one for one in ENDPOINTS}
FOR_KEYS_OF_EVERY_LEDGER = (
    "POST /v1/ledgers",
    "DELETE /v1/ledgers/{ledger}",
    "POST /v1/ledgers/{ledger}/archive",
    "DELETE /v1/ledgers/{ledger}/archive",
)


class Keyed:
    """A server with keys of every kind, by name."""

    def __init__(self, client: httpx.Client, server: Server, clock: Clock) -> None:
        self.client = client
        self.server = server
        make = server.keys.make
        self.secrets = {scope: make(scope, [scope], ledger="main")[1] for scope in KEY_SCOPES}
        self.secrets["everything"] = make("everything", SCOPES)[1]
        self.secrets["foreign"] = make("foreign", SCOPES, ledger="other")[1]
        revoked, self.secrets["revoked"] = make("revoked", SCOPES)
        server.keys.revoke(revoked.id)
        self.secrets["expired"] = make("expired", SCOPES, expires_at=clock.instant + 1)[1]
        clock.instant += 1

    def ask(self, method: str, path: str, key: str | None, **more: Any) -> httpx.Response:
        headers = {} if key is None else {"Authorization": f"Bearer {self.secrets[key]}"}
        if method == "POST" and "content" not in more:
            more = {"json": {}, **more}
        url = re.sub("{([a-z]+)}", lambda found: VALUES[found[1]], path)
        return self.client.request(method, url, headers=headers, **more)


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    clock = Clock()
    with built(tmp_path_factory.mktemp("keyed") / "data", clock) as server:
        server.create("other")
        with (
            listening(create_app(server)) as url,
            httpx.Client(base_url=url, timeout=END_SECONDS) as client,
        ):
            yield Keyed(client, server, clock)


def cases() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for one in ENDPOINTS:
        yield one.method, one.path, one.scopes


def name_of(case: object) -> str:
    return " ".join(case[:2]) if isinstance(case, tuple) else str(case)


CASES = pytest.mark.parametrize("case", list(cases()), ids=name_of)


@CASES
@pytest.mark.parametrize("key", [None, "revoked", "expired"])
def test_without_a_valid_key_only_what_is_public_is_answered(
    keyed: Keyed, case: tuple[str, str, tuple[str, ...]], key: str | None
) -> None:
    method, path, scopes = case
    answer = keyed.ask(method, path, key)
    if scopes == PUBLIC:
        assert answer.status_code not in (401, 403)
        return
    problem_of(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@CASES
@pytest.mark.parametrize("key", KEY_SCOPES)
def test_a_key_with_one_scope_may_do_what_that_scope_is_declared_for(
    keyed: Keyed, case: tuple[str, str, tuple[str, ...]], key: str
) -> None:
    method, path, scopes = case
    answer = keyed.ask(method, path, key)
    is_servers = path in ("/metrics", "/v1/trail")
    if scopes == PUBLIC or (key in scopes and not is_servers):
        if f"{method} {path}" in FOR_KEYS_OF_EVERY_LEDGER:
            problem_of(answer, 403, "forbidden")
        else:
            assert answer.status_code not in (401, 403)
    else:
        problem_of(answer, 403, "forbidden")


@CASES
def test_a_key_of_another_ledger_cannot_tell_which_ledgers_exist(
    keyed: Keyed, case: tuple[str, str, tuple[str, ...]]
) -> None:
    method, path, scopes = case
    if "{ledger}" not in path or scopes == PUBLIC:
        return
    there = keyed.ask(method, path, "foreign")
    missing = keyed.ask(method, path.replace("{ledger}", "nowhere"), "foreign")
    first, second = problem_of(there, 403, "forbidden"), problem_of(missing, 403, "forbidden")
    assert {**first, "instance": ""} == {**second, "instance": ""}


def test_every_path_that_is_served_says_who_may_ask(keyed: Keyed) -> None:
    described = keyed.client.get("/openapi.json").json()["paths"]
    for path, methods in described.items():
        for method, operation in methods.items():
            assert "x-scopes" in operation, f"{method} {path}"
            assert operation["security"] == ([{"accessKey": []}] if operation["x-scopes"] else [])
    served = {f"{one.method} {one.path}" for one in ENDPOINTS}
    documented = {f"{method.upper()} {path}" for path in described for method in described[path]}
    assert served == documented


PROMISED = {
    "POST /v1/ledgers/{ledger}/contacts/{contact}/events": (APPEND,),
    "POST /v1/ledgers/{ledger}/events": (APPEND,),
    "GET /v1/ledgers/{ledger}/contacts/{contact}/status": (READ, AUDIT),
    "GET /v1/ledgers/{ledger}/log/checkpoint": (AUDIT,),
    "POST /v1/ledgers/{ledger}/projections/{name}/rebuilds": (REBUILD,),
    "POST /v1/ledgers/{ledger}/policies": (ADMIN,),
    "DELETE /v1/ledgers/{ledger}": (ADMIN,),
    "POST /v1/ledgers/{ledger}/archive": (ADMIN,),
    "DELETE /v1/ledgers/{ledger}/archive": (ADMIN,),
    "POST /v1/keys": (ADMIN,),
    "GET /livez": PUBLIC,
}


@pytest.mark.parametrize("name", PROMISED)
def test_what_the_contract_promises_is_declared(name: str) -> None:
    """Said a second time, so that a declaration cannot be changed by the way."""
    assert BY_NAME[name].scopes == PROMISED[name]


def test_nothing_public_tells_of_a_ledger() -> None:
    public: list[Endpoint] = [one for one in ENDPOINTS if one.scopes == PUBLIC]
    assert {one.path for one in public} == {
        "/livez",
        "/readyz",
        "/v1/event-types",
        "/v1/event-types/{type}",
    }


def test_a_key_sees_the_ledgers_and_keys_of_its_own(keyed: Keyed) -> None:
    listed = keyed.ask("GET", "/v1/ledgers", "foreign").json()["items"]
    assert [one["name"] for one in listed] == ["other"]
    names = {one["name"] for one in keyed.ask("GET", "/v1/keys", "foreign").json()["items"]}
    assert names == {"foreign"}
    assert len(keyed.ask("GET", "/v1/keys", "everything").json()["items"]) > len(SCOPES)


def test_a_key_is_made_shown_once_used_rotated_and_revoked(keyed: Keyed) -> None:
    sent = {"name": "till", "scopes": ["append", "read"], "ledger": "main", "per_minute": 60}
    answer = keyed.ask("POST", "/v1/keys", "everything", json=sent)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    keyed.secrets["till"] = made["secret"]
    append = keyed.ask("POST", "/v1/ledgers/main/contacts/pos:7/events", "till",
                       json=registration())  # fmt: skip
    assert append.status_code == 201
    url = f"/v1/keys/{made['id']}"
    rotated = keyed.client.post(
        f"{url}/rotate", json={}, headers={"Authorization": f"Bearer {keyed.secrets['everything']}"}
    )
    assert rotated.status_code == 200
    problem_of(keyed.ask("GET", "/v1/ledgers/main", "till"), 401, "unauthenticated")
    keyed.secrets["till"] = rotated.json()["secret"]
    assert keyed.ask("GET", "/v1/ledgers/main", "till").status_code == 200
    everything = {"Authorization": f"Bearer {keyed.secrets['everything']}"}
    revoked = keyed.client.delete(url, headers=everything)
    assert revoked.json()["revoked_at"] is not None
    problem_of(keyed.ask("GET", "/v1/ledgers/main", "till"), 401, "unauthenticated")
    listed = keyed.ask("GET", "/v1/keys", "everything").text
    assert made["secret"] not in listed
    acts = keyed.ask("GET", "/v1/ledgers/main/trail", "everything").json()["items"]
    assert done(one for one in acts if one["subject"] in ("till", made["id"])) == [
        ("key-made", "till"), ("key-rotated", made["id"]), ("key-revoked", made["id"]),
    ]  # fmt: skip
    assert made["id"] in {one["detail"].get("key") for one in acts}


@pytest.mark.parametrize(
    "sent",
    [
        {"name": "more", "scopes": ["admin"]},
        {"name": "more", "scopes": ["admin"], "ledger": "main"},
        {"name": "more", "scopes": ["rebuild"], "ledger": "other"},
    ],
)
def test_nobody_gives_away_more_than_they_have(keyed: Keyed, sent: dict[str, object]) -> None:
    """The key ``narrow`` is an administrator of the ledger ``other``, and nothing else."""
    if "narrow" not in keyed.secrets:
        keyed.secrets["narrow"] = keyed.server.keys.make("narrow", [ADMIN], ledger="other")[1]
    problem_of(keyed.ask("POST", "/v1/keys", "narrow", json=sent), 403, "forbidden")


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({}, "/name"),
        ({"name": "x"}, "/scopes"),
        ({"name": "x", "scopes": []}, "/scopes"),
        ({"name": "x", "scopes": ["root"]}, "/scopes"),
        ({"name": "x", "scopes": "admin"}, "/scopes"),
        ({"name": 5, "scopes": ["read"]}, "/name"),
        ({"name": "x", "scopes": ["read"], "more": 1}, "/more"),
        ({"name": "x", "scopes": ["read"], "per_minute": 0}, "/per_minute"),
        ({"name": "x", "scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
    ],
)
def test_a_key_that_cannot_be_is_refused_by_its_field(
    keyed: Keyed, sent: dict[str, object], pointer: str
) -> None:
    answer = keyed.ask("POST", "/v1/keys", "everything", json=sent)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Basic cms6eA==", "rk_x", "Bearer rk_0123456789abcdef_x", "Bearer é"],
)
def test_a_header_that_is_no_key_is_refused(keyed: Keyed, header: str) -> None:
    raw = {b"Authorization": header.encode("latin-1")}
    answer = keyed.client.get("/v1/ledgers", headers=raw)
    problem_of(answer, 401, "unauthenticated")


def test_two_keys_in_one_request_are_refused(keyed: Keyed) -> None:
    one = ("Authorization", f"Bearer {keyed.secrets['everything']}")
    problem_of(keyed.client.get("/v1/ledgers", headers=[one, one]), 401, "unauthenticated")


def test_a_key_comes_before_the_body_and_the_query(keyed: Keyed) -> None:
    path = "/v1/ledgers/main/contacts/pos:1/events"
    problem_of(keyed.ask("POST", path, None, content=b"{"), 401, "unauthenticated")
    problem_of(keyed.ask("GET", path + "?nonsense=1", None), 401, "unauthenticated")


def test_with_keys_any_host_is_answered(keyed: Keyed) -> None:
    headers = {
        "Authorization": f"Bearer {keyed.secrets['read']}",
        "Host": "ledger.example.org",
        "Origin": "https://elsewhere.example.org",
    }
    assert keyed.client.get("/v1/ledgers", headers=headers).status_code == 200


def test_whoever_asks_too_often_is_told_when_to_come_again(keyed: Keyed) -> None:
    keyed.secrets["seldom"] = keyed.server.keys.make("seldom", [READ], per_minute=2)[1]
    for _ in range(2):
        assert keyed.ask("GET", "/v1/ledgers", "seldom").status_code == 200
    answer = keyed.ask("GET", "/v1/ledgers", "seldom")
    problem_of(answer, 429, "rate-limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 30
    assert keyed.ask("GET", "/v1/ledgers", "read").status_code == 200


def test_a_rate_is_saved_up_for_a_minute_and_no_longer() -> None:
    now = 0.0
    rates = RateLimits(lambda: now)
    for _ in range(6):
        rates.take("a", 6)
    with pytest.raises(RateLimited) as caught:
        rates.take("a", 6)
    assert caught.value.retry_after_seconds == 10
    rates.take("b", 6)
    now = 10.0
    rates.take("a", 6)
    now = 10_000.0
    for _ in range(6):
        rates.take("a", 6)
    with pytest.raises(RateLimited):
        rates.take("a", 6)
    rates.take("a", None)


def test_idempotency_keys_are_each_callers_own(keyed: Keyed) -> None:
    """Two tills that chose the same key for different requests do not meet."""
    for name in ("first", "second"):
        keyed.secrets[name] = keyed.server.keys.make(name, [APPEND], ledger="main")[1]
    positions = set()
    for number, name in enumerate(("first", "second", "first")):
        headers = {
            "Authorization": f"Bearer {keyed.secrets[name]}",
            "Idempotency-Key": "the-same-key-for-all",
        }
        contact = "pos:30"
        if number == 0:
            keyed.ask("POST", f"/v1/ledgers/main/contacts/{contact}/events", "append",
                      json=registration())  # fmt: skip
        answer = keyed.client.post(
            f"/v1/ledgers/main/contacts/{contact}/events",
            json=purchase(f"p-{name}"),
            headers=headers,
        )
        assert answer.status_code == (200 if number == 2 else 201), answer.text
        positions.add(answer.json()["position"])
    assert len(positions) == 2


def test_open_mode_ends_with_the_first_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys_module, "FRESH_SECONDS", 0.0)
    with (
        built(tmp_path / "data", Clock()) as server,
        listening(create_app(server)) as url,
        httpx.Client(base_url=url, timeout=END_SECONDS) as client,
    ):
        assert client.get("/v1/ledgers").status_code == 200
        made = client.post("/v1/keys", json={"name": "owner", "scopes": list(SCOPES)})
        assert made.status_code == 201
        problem_of(client.get("/v1/ledgers"), 401, "unauthenticated")
        headers = {"Authorization": f"Bearer {made.json()['secret']}"}
        assert client.get("/v1/ledgers", headers=headers).status_code == 200


def test_a_tail_ends_when_its_key_is_revoked(keyed: Keyed) -> None:
    key, secret = keyed.server.keys.make("reader", [READ], ledger="main")
    headers = {"Authorization": f"Bearer {secret}", "Accept": "text/event-stream"}
    with keyed.client.stream("GET", "/v1/ledgers/main/events", headers=headers) as tail:
        assert tail.status_code == 200
        lines = tail.iter_lines()
        assert next(lines) == "retry: 1000"
        keyed.server.keys.revoke(key.id)
        path = "/v1/ledgers/main/contacts/pos:50/events"
        keyed.ask("POST", path, "append", json=registration())
        assert len(list(lines)) < 1000, "it came to an end"


def test_every_answer_keeps_browsers_from_guessing(keyed: Keyed) -> None:
    for path in ("/livez", "/v1/ledgers", "/nowhere"):
        answer = keyed.client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"


def test_who_asks_for_nothing_in_particular_has_no_scope() -> None:
    assert not ANYONE.scopes
    assert access.PUBLIC == ()


def test_a_key_for_audits_alone_reads_sentences_without_the_name(keyed: Keyed) -> None:
    path = "/v1/ledgers/main/contacts/pos:named"
    event = {"type": "contact-registered", "data": {"kind": "person", "name": "Ada Jansen"}}
    assert keyed.ask("POST", f"{path}/events", "append", json=event).status_code == 201
    told = {
        key: keyed.ask("GET", f"{path}/status?explain=text", key).json()["explanation"]
        for key in ("read", "audit", "everything")
    }
    assert told["read"].startswith("Ada Jansen has been a contact since ")
    assert told["everything"] == told["read"]
    assert told["audit"].startswith("Contact since ")
