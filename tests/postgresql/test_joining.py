"""A second server beside the first: it reads, hands over, and records when that one has ended."""

from __future__ import annotations

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import httpx
import pytest

from tests.api.shop import problem_of, purchase, registration
from tests.cli.running import serving
from tests.console.forms import fields_of
from tests.fixtures.patience import END_SECONDS
from tests.postgresql.serving import ANNA, READ

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEDGER = "/v1/ledgers/main"
PATH = f"{LEDGER}/contacts/{ANNA}/events"


class Key(NamedTuple):
    id: str
    secret: str

    @property
    def headers(self) -> dict[str, str]:
        return _authority(self.secret)


class Pair:
    """The server that records, and one that joined it."""

    def __init__(self, data: Path, opened: ExitStack) -> None:
        self.admin: dict[str, str] = {}
        self.first = opened.enter_context(serving("serve", "--port", 0, "--data", data))
        self.second = opened.enter_context(
            serving("serve", "--join", "--port", 0, "--data", data),
        )
        self.recording, self.joined = (
            opened.enter_context(httpx.Client(base_url=one.url, timeout=END_SECONDS))
            for one in (self.first, self.second)
        )

    def answers(self, path: str, **headers: str) -> list[httpx.Response]:
        """What each of them answers, the one that records first."""
        both = (self.recording, self.joined)
        return [client.get(path, headers=headers) for client in both]

    def statuses(self, path: str, key: Key | None = None) -> list[int]:
        """The status of what each of them answers."""
        headers = {} if key is None else key.headers
        return [one.status_code for one in self.answers(path, **headers)]

    def new_key(self, **more: object) -> Key:
        """A key to read and to audit, made by way of the server that joined."""
        body = {"name": "staff", "scopes": ["read", "audit"], **more}
        made = self.joined.post("/v1/keys", json=body, headers=self.admin)
        assert made.is_success, made.text
        return Key(made.json()["id"], made.json()["secret"])


@pytest.fixture(params=["database", "files"])
def pair(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pair]:
    if request.param == "database":
        monkeypatch.setenv("RAPPORT_DATABASE_URL", request.getfixturevalue("url"))
    with ExitStack() as opened:
        yield Pair(tmp_path / "data", opened)


def test_what_either_server_takes_both_read_at_once(pair: Pair) -> None:
    made = pair.joined.post(PATH, json=registration("Anna"))
    assert made.status_code == 201, made.text
    for number in range(10):
        by, at = [pair.joined, pair.recording][:: 1 if number % 2 else -1]
        position = by.post(PATH, json=purchase(f"sale-{number}")).json()["position"]
        log = at.get(f"{LEDGER}/events", params={"after_position": position - 1}).json()
        assert [one["position"] for one in log["items"]] == [position]
    assert pair.joined.get(f"{LEDGER}/statuses?min_position={position}").status_code == 200
    for path in (*READ, f"/contacts/{ANNA}/card", "/contacts?q=anna", "/book", "/log/checkpoint"):
        answers = pair.answers(LEDGER + path)
        assert [one.status_code for one in answers] == [answers[0].status_code] * 2, path
        assert _lasting(answers[0]) == _lasting(answers[1]), path
    wrong = purchase("sale-0", occurred_at="tomorrow")
    answers = [client.post(PATH, json=wrong) for client in (pair.recording, pair.joined)]
    problems = [problem_of(one, 422, "invalid-time") for one in answers]
    assert problems[0]["detail"] == problems[1]["detail"]
    assert [one.status_code for one in pair.answers("/console/sign-in")] == [303, 303]
    _bulk_and_tail(pair)
    _erase(pair)
    _delete(pair)
    _keys(pair)


def _lasting(answer: httpx.Response) -> Any:
    """The answer without what is a matter of moments."""
    if "json" not in answer.headers["content-type"]:
        return answer.content
    momentary = ("as_of", "index", "instance")
    return {name: one for name, one in answer.json().items() if name not in momentary}


def _bulk_and_tail(pair: Pair) -> None:
    """A tail of the server that joined tells of what a bulk append hands over by the same way."""
    head = pair.joined.get(f"{LEDGER}/events?limit=1000").json()["items"][-1]["position"]
    count, seen = 3000, []

    def follow() -> None:
        streaming = pair.joined.stream(
            "GET",
            f"{LEDGER}/events",
            params={"after_position": head},
            headers={"Accept": "text/event-stream"},
        )
        with streaming as told:
            for line in told.iter_lines():
                if line.startswith("id:"):
                    seen.append(int(line[3:]))
                if len(seen) == count:
                    return

    following = Thread(target=follow)
    following.start()
    lines = (
        json.dumps({"contact": ANNA, "id": str(UUID(int=5000 + one)), **purchase(f"bulk-{one}")})
        for one in range(count)
    )
    answer = pair.joined.post(
        f"{LEDGER}/events",
        content=(f"{line}\n".encode() for line in lines),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert answer.status_code == 200, answer.text
    following.join(END_SECONDS)
    assert seen == list(range(head + 1, head + count + 1))


def _erase(pair: Pair) -> None:
    """Who was erased by way of one server has no name at the other from then on."""
    path = f"{LEDGER}/contacts/{ANNA}"
    assert [one.json()["name"] for one in pair.answers(path)] == ["Anna", "Anna"]
    wish = {"requested_by": "the contact", "reason": "asked for it"}
    assert pair.recording.post(f"{path}/erasure", json=wish).status_code == 200
    assert [one.json()["name"] for one in pair.answers(path)] == [None, None]
    for one in pair.answers(f"{LEDGER}/contacts?q=anna"):
        assert one.json()["items"] == []


def _delete(pair: Pair) -> None:
    """A ledger that was deleted is gone everywhere, and another one of its name is another one."""
    for name in ("Cas", "Dee"):
        assert pair.joined.post("/v1/ledgers", json={"name": "shop"}).status_code == 201
        path = "/v1/ledgers/shop/contacts/till:1"
        made = pair.joined.post(f"{path}/events", json=registration(name))
        assert made.status_code == 201
        assert [one.json()["name"] for one in pair.answers(path)] == [name, name]
        asked = pair.recording.delete("/v1/ledgers/shop")
        sure = problem_of(asked, 409, "confirmation-needed")["token"]
        gone = pair.recording.delete("/v1/ledgers/shop", params={"confirm": sure})
        assert gone.status_code == 200, gone.text
        for one in pair.answers(path):
            problem_of(one, 404, "ledger-not-found")


def _keys(pair: Pair) -> None:
    """Once a key was made by way of one server, both ask for one; limits are those of both."""
    scopes = ["admin", "read", "audit"]
    made = pair.joined.post("/v1/keys", json={"name": "all", "scopes": scopes})
    path = f"{LEDGER}/policies"
    assert pair.statuses(path) == [401, 401]
    pair.admin = _authority(made.json()["secret"])
    limited, free = (pair.new_key(per_minute=limit) for limit in (2, None))
    for headers in (free, limited):
        assert pair.statuses(path, headers) == [200, 200]
    for client in (pair.recording, pair.joined):
        answer = client.get(path, headers=limited.headers)
        problem_of(answer, 429, "rate-limited")
        assert 0 < int(answer.headers["retry-after"]) <= 30
    assert pair.statuses(path, free) == [200, 200]
    for client in (pair.recording, pair.joined):
        gone = pair.new_key()
        assert pair.statuses(path, gone) == [200, 200]
        revoked = client.delete(f"/v1/keys/{gone.id}", headers=pair.admin)
        assert revoked.is_success, revoked.text
        assert pair.statuses(path, gone) == [401, 401], "at once, and not after a second"
    _sessions(pair)
    _figures(pair)


def _sessions(pair: Pair) -> None:
    """Who signs in at one is signed in at both, and who signs out at one is out at both.

    Both have one name, as behind a proxy, because a cookie is for one host and port.
    """
    key, one_name = pair.new_key(), {"Host": "127.0.0.1:8400", "Sec-Fetch-Site": "same-origin"}
    page = "/console/ledgers/main"
    for at, other in ((pair.joined, pair.recording), (pair.recording, pair.joined)):
        signed_in = at.post("/console/sign-in", data={"key": key.secret}, headers=one_name)
        assert signed_in.status_code == 303, signed_in.text
        cookie = {**one_name, "Cookie": signed_in.headers["set-cookie"].partition(";")[0]}
        at.cookies.clear()
        pages = [client.get(page, headers=cookie) for client in (at, other)]
        assert [one.status_code for one in pages] == [200, 200]
        token = fields_of(pages[1].text, "/console/sign-out")
        out = other.post("/console/sign-out", data=token, headers=cookie)
        assert out.status_code == 303, out.text
        again = [client.get(page, headers=cookie) for client in (at, other)]
        assert [one.headers["location"].split("?")[0] for one in again] == ["/console/sign-in"] * 2


def _figures(pair: Pair) -> None:
    """A scrape of either tells what both answered; what one answered itself is there once."""
    headers, route = pair.new_key().headers, "/v1/ledgers/{ledger}/policies"
    sample = f'rapport_http_request_seconds_count{{method="GET",route="{route}",status="200"}} '
    before = [_sample(one, sample) for one in pair.answers("/metrics", **headers)]
    assert before[0] == before[1] > 0
    for _ in range(3):
        assert [one.status_code for one in pair.answers(f"{LEDGER}/policies", **headers)]
    after = pair.answers("/metrics", **headers)
    assert [_sample(one, sample) for one in after] == [before[0] + 6] * 2
    assert [_sample(one, "rapport_processes ") for one in after] == [2, 2]
    assert {"# TYPE process_cpu_seconds_total counter" in one.text for one in after} == {True}


def _sample(scrape: httpx.Response, name: str) -> float:
    (line,) = (line for line in scrape.text.splitlines() if line.startswith(name))
    return float(line.removeprefix(name))


def _authority(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_joined_server_records_once_the_first_was_killed(pair: Pair) -> None:
    sale = purchase("a", id=str(UUID(int=7)))
    assert pair.joined.post(PATH, json=registration("Anna")).status_code == 201
    _stop(pair, sale)
    first = pair.joined.post(PATH, json=sale)
    assert first.status_code in (200, 201), first.text
    assert first.json()["position"] == 3
    pair.first.process.kill()
    again = pair.joined.post(PATH, json=sale)
    assert again.json()["position"] == first.json()["position"]
    assert pair.joined.post(PATH, json=purchase("b")).json()["position"] == 4
    assert pair.joined.get(f"{LEDGER}/statuses?min_position=4").status_code == 200
    assert pair.joined.get("/readyz").json()["recording"] is True
    pair.first.process.wait(END_SECONDS)


def _stop(pair: Pair, sale: object) -> None:
    """While the first server is stopped, the other one reads, and lets nobody wait for long."""
    pair.first.process.send_signal(signal.SIGSTOP)
    try:
        with ThreadPoolExecutor() as asking:
            append = asking.submit(pair.joined.post, PATH, json=sale)
            ready = asking.submit(httpx.get, f"{pair.second.url}/readyz", timeout=END_SECONDS)
            assert pair.joined.get(f"{LEDGER}/contacts/{ANNA}").status_code == 200
        told = problem_of(append.result(), 503, "unavailable")
        assert told["detail"] == "the server that records does not answer: send it again, same ids"
        assert append.result().headers["retry-after"] == "1"
        told = problem_of(ready.result(), 503, "unavailable")
        assert (told["stopped"], told["recording"]) == ({"recorder": 1}, False)
    finally:
        pair.first.process.send_signal(signal.SIGCONT)
