"""What is personal stands nowhere in clear: not in a file, a log line, a metric or a problem."""

from __future__ import annotations

import tarfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

from tests.cli.running import attempts, rapport, serving
from tests.fixtures.patience import END_SECONDS
from tests.privacy.markers import Markers, story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE = "/v1/ledgers/main"
OTHER = "00000000-0000-4000-8000-000000000001"


@dataclass
class Person:
    """Somebody with a marker in every personal field, and in the reference they are called by."""

    markers: Markers
    contact: str
    recorded: set[str]

    @property
    def path(self) -> str:
        return f"{BASE}/contacts/{quote(self.contact, safe='')}"


class Server:
    """A server on a data folder, and everything that it let out."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=END_SECONDS)
        self.said: list[str] = []

    def ok(self, method: str, path: str, **asked: Any) -> httpx.Response:
        answer = self.http.request(method, path, **asked)
        assert answer.status_code < 300, (path, answer.text)
        return answer

    def problem(self, method: str, path: str, **asked: Any) -> None:
        answer = self.http.request(method, path, **asked)
        assert answer.status_code >= 400, path
        self.said.append(answer.text)

    def finished(self, path: str, body: object) -> httpx.Response:
        """The result of long work, once there is one."""
        started = self.ok("POST", path, json=body).headers["location"]
        for _ in attempts():
            work = self.ok("GET", started).json()
            if work["state"] != "running":
                break
        assert work["state"] == "succeeded", work
        return self.ok("GET", started)


@contextmanager
def served(data: Path, said: list[str]) -> Iterator[Server]:
    """The server, whose every line is kept, also what it says at its end."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAPPORT_LOG_LEVEL", "debug")
        with serving("serve", "--port", 0, "--data", data) as running:
            process = running.process
            assert process.stderr is not None
            # Read all the while, since lines that nobody reads are left out in the end.
            reading = threading.Thread(target=said.extend, args=(process.stderr,))
            reading.start()
            server = Server(running.url)
            yield server
            server.http.close()
            process.terminate()
            process.wait(END_SECONDS)
            reading.join(END_SECONDS)
            said += server.said


def planted(server: Server, name: str, other: str) -> Person:
    markers = Markers(name)
    person = Person(markers, f"pos:{markers.new('reference in the path')}", set())
    for event in story(markers, other):
        answer = server.http.post(f"{person.path}/events", json=event)
        if answer.status_code == 201:
            person.recorded.add(event["type"])
        else:
            server.said.append(answer.text)
    return person


def provoked(server: Server, person: Person) -> None:
    """Refusals, bad data, and repetitions that contradict, with markers wherever they fit."""
    new = person.markers.new
    wrong = [
        {"type": "contact-registered", "data": {"kind": 7, "name": [new("name, no text")]}},
        {"type": "preference-learned", "data": {"key": "k", "value": new("too long") * 900}},
        {"type": "stage-overridden", "data": {"reason": new("why"), "expires_at": "x"}},
        {"type": "event-retracted", "data": {"target": "no", "reason": new("bad target")}},
        {"type": "purchase-made", "data": {"purchase_id": "p1", "items": [[new("deep")]]}},
        {"type": "visit-made", "data": {"guests": 0}, "actor": new("actor, control") + "\x00"},
    ]
    for event in wrong:
        server.problem("POST", f"{person.path}/events", json=event)
    server.problem("POST", f"{person.path}/erasure", json={"reason": new("erasure, incomplete")})
    server.problem("POST", f"{BASE}/contacts/pos:nobody/events", json=wrong[1])


def used(server: Server, person: Person) -> dict[str, str]:
    """Everything that reads, follows, folds or is built from events; answers that must not hold
    anything personal are kept with what the server said, and those that may are answered."""
    log = server.ok("GET", f"{BASE}/events", params={"limit": 1000})
    newest = {"min_position": log.json()["items"][-1]["position"]}
    for path in ("/contacts", "/standings", "/restatements", "/agenda"):
        server.ok("GET", BASE + path, params=newest)
    for path in ("/metrics", f"{BASE}/statuses", f"{BASE}/standings", f"{BASE}/restatements",
                 f"{BASE}/projections", f"{BASE}/trail", f"{BASE}/log/checkpoint"):  # fmt: skip
        server.said.append(server.ok("GET", path).text)
    for rest in ("/status", "/status/history", "/standing", "/referrals"):
        server.said.append(server.ok("GET", person.path + rest, params={}).text)
    for name in ("status", "standing", "agenda"):
        server.said.append(server.finished(f"{BASE}/projections/{name}/rebuilds", {}).text)
    server.said.append(server.finished(f"{BASE}/replays", {}).text)
    lines = {"Accept": "application/jsonl"}
    return {
        "contact": server.ok("GET", person.path).text,
        "export": server.ok("GET", f"{person.path}/export").text,
        "page": server.ok("GET", f"{person.path}/export", headers={"Accept": "text/html"}).text,
        "events": server.ok("GET", f"{person.path}/events", params={"limit": 1000}).text,
        "log": log.text,
        "lines": server.ok("GET", f"{BASE}/events", headers=lines).text,
        "contacts": server.ok("GET", f"{BASE}/contacts").text,
        "names": server.ok("GET", f"{BASE}/contacts", params={"name": "zq"}).text,
        "search": server.ok("GET", f"{BASE}/contacts", params={"q": "zq"}).text,
        "duplicates": server.ok("GET", f"{BASE}/duplicates").text,
    }


def receipt(server: Server, person: Person) -> bytes:
    for _ in attempts():
        answer = server.http.get(f"{person.path}/status/receipt")
        if answer.status_code == 200:
            return answer.content
    raise AssertionError


def in_files(folder: Path, markers: Markers) -> dict[str, dict[str, str]]:
    found = {
        str(file.relative_to(folder)): markers.found_in(file.read_bytes())
        for file in folder.rglob("*")
        if file.is_file()
    }
    assert len(found) > 5
    return {name: markers for name, markers in found.items() if markers}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Two people recorded and read, one of them erased, a restart, and all that came of it."""
    folder = tmp_path_factory.mktemp("privacy")
    data = folder / "data"
    said: list[str] = []
    told: dict[str, Any] = {}
    with served(data, said) as server:
        sent = {"type": "contact-registered", "data": {"kind": "person", "name": "Somebody"}}
        server.ok("POST", f"{BASE}/contacts/{OTHER}/events", json=sent)
        gone, kept = planted(server, "gone", OTHER), planted(server, "kept", OTHER)
        provoked(server, gone)
        told["before"] = used(server, gone)
        told["receipt"] = receipt(server, gone)
        told["files, while it ran"] = [in_files(data, one.markers) for one in (gone, kept)]
        wish = {"requested_by": "the person", "reason": gone.markers.new("erasure, reason")}
        server.said.append(server.ok("POST", f"{gone.path}/erasure", json=wish).text)
        provoked(server, gone)
        told["after"] = used(server, gone)
        told["receipt after"] = receipt(server, gone)
        used(server, kept)
        told["key"] = server.ok("GET", f"{BASE}/log/key").text.split()[0]
    with served(data, said) as server:
        told["after a restart"] = used(server, gone)
    told["files"] = [in_files(data, one.markers) for one in (gone, kept)]
    return {"folder": folder, "data": data, "said": said, "gone": gone, "kept": kept, **told}


def test_every_type_with_a_personal_field_was_recorded_with_markers(town: dict[str, Any]) -> None:
    """Else the absence of a marker would tell nothing."""
    kept: Person = town["kept"]
    fields = {field.partition(".")[0] for field in kept.markers.planted.values() if "." in field}
    assert fields <= kept.recorded
    read = set(kept.markers.found_in(town["before"]["log"]).values())
    assert {field for field in kept.markers.planted.values() if "." in field} <= read


def test_no_file_holds_a_word_of_anybody(town: dict[str, Any]) -> None:
    assert town["files, while it ran"] == [{}, {}]
    assert town["files"] == [{}, {}]


def test_no_log_line_metric_problem_or_answer_of_the_rules_does(town: dict[str, Any]) -> None:
    said = "\n".join(town["said"])
    assert "event=request" in said
    assert "urn:rapport:problem:refused" in said
    assert town["gone"].markers.found_in(said) == {}
    assert town["kept"].markers.found_in(said) == {}


def test_after_the_erasure_no_read_holds_a_word_of_that_person(town: dict[str, Any]) -> None:
    gone, kept = town["gone"].markers, town["kept"].markers
    for moment in ("after", "after a restart"):
        for name, text in town[moment].items():
            assert gone.found_in(text) == {}, (moment, name)
        for name in ("log", "lines", "names", "search"):
            assert kept.found_in(town[moment][name]), (moment, name)


def test_receipts_of_before_and_after_verify(town: dict[str, Any]) -> None:
    for name in ("receipt", "receipt after"):
        file = town["folder"] / f"{name}.json"
        file.write_bytes(town[name])
        ended = rapport("verify", file, "--key", town["key"])
        assert ended.code == 0, ended.err
        assert town["gone"].markers.found_in(town[name]) == {}


def test_the_folder_verifies_and_its_projections_are_as_rebuilt(town: dict[str, Any]) -> None:
    ended = rapport("verify", town["data"], "--drift")
    assert ended.code == 0, (ended.out, ended.err)
    assert town["gone"].markers.found_in(ended.out + ended.err) == {}
    assert town["kept"].markers.found_in(ended.out + ended.err) == {}


def test_an_archive_holds_nothing_in_clear(town: dict[str, Any]) -> None:
    archive = town["folder"] / "main.tar"
    ended = rapport("export", archive, "--data", town["data"])
    assert ended.code == 0, ended.err
    assert town["gone"].markers.found_in(archive.read_bytes()) == {}
    assert town["kept"].markers.found_in(archive.read_bytes()) == {}
    with tarfile.open(archive) as members:
        assert any(name.startswith("events/") for name in members.getnames())
